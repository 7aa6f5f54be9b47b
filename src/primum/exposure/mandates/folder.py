"""Mandates without an archive: a folder with a key sealed by a passphrase, the documents, and a journal like a home's.

`folder.json` says whose it is; `key` is the root of the folder, sealed like that of a home (Argon2id); from it come the
key that signs and the tokens. The journal is verified by the same program (docs/design/exposure.md, Mandates).
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Final, Self

from primum.exposure.mandates.errors import FolderUnusable, MandateWithdrawn, NoSuchMandate, WrongPassphrase as Wrong
from primum.exposure.mandates.making import Wish, make
from primum.exposure.mandates.signing import key_id, read_note, sign, verified
from primum.exposure.mandates.tokens import token_from
from primum.exposure.mandates.writing import given_details
from primum.exposure.probe.gate import Mandate
from primum.exposure.probe.proving import Token
from primum.ground.clock import Clock
from primum.ground.disc import RealDisc, write_durably
from primum.ground.ids import is_id, new_id
from primum.journal import Fact, Filter, Journal, Kind, Ledger, Signer, create_signer, entries
from primum.vault import ROOT_BYTES, Argon2Cost, Label, PassphraseGuard, RootKey, WrongPassphrase

_FORMAT: Final = 1
_ABOUT: Final = "folder.json"
_KEY: Final = "key"
_SMALL: Final = 4096
_NAME: Final = 120
_FILE: Final = re.compile(r"mdt_[a-z2-7]{26}\.mandate")
MOST: Final = 10_000
"""Documents of a folder: one a week for two centuries."""


@dataclass(frozen=True, slots=True)
class Kept:
    """A mandate as the folder has it."""

    mandate: Mandate
    withdrawn: bool

    def stands(self, now: datetime) -> bool:
        """Tell whether it is in force."""
        return not self.withdrawn and self.mandate.starts_at <= now < self.mandate.ends_at


class MandateFolder:
    """What can be read without the passphrase: who, which key, the documents."""

    def __init__(self, path: Path, clock: Clock) -> None:
        """Open the folder. Raises FolderUnusable, OSError."""
        self.path, self._clock = path, clock
        self.id, self.person, self.name = _about(path)
        self.key = (path / "journal" / "signer.pub").read_text("ascii").strip()

    @classmethod
    def create(cls, path: Path, *, name: str, passphrase: str, clock: Clock, cost: Argon2Cost | None = None) -> Self:
        """Make a folder in an empty or absent place, for one person. Raises FolderUnusable, OSError."""
        if not name.strip() or len(name) > _NAME or not name.isprintable():
            raise FolderUnusable(what="it needs the name of its person, in one line")
        disc = RealDisc()
        path.mkdir(mode=0o700, parents=True, exist_ok=True)
        if any(path.iterdir()):
            raise FolderUnusable(what="there is something else in it")
        path.chmod(0o700)
        root, home_id = RootKey(os.urandom(ROOT_BYTES)), new_id("hom")
        guard = PassphraseGuard(passphrase, cost or Argon2Cost())
        for folder in ("journal", "mandates"):
            disc.make_folder(path / folder)
        write_durably(disc, path / _KEY, guard.seal(root, os.urandom))
        create_signer(disc, path / "journal", root.derive(Label.SIGNER), home_id)
        about = {"format": _FORMAT, "id": home_id, "person": new_id("per"), "name": name.strip()}
        write_durably(disc, path / _ABOUT, json.dumps(about).encode())
        return cls(path, clock)

    def unlocked(self, passphrase: str) -> OpenFolder:
        """Open the key. Raises WrongPassphrase."""
        try:
            root = PassphraseGuard(passphrase).open((self.path / _KEY).read_bytes())
        except WrongPassphrase:
            raise Wrong from None
        return OpenFolder(self, root, self._clock)

    def all(self) -> list[Kept]:
        """List the documents, each verified, newest first."""
        withdrawn = withdrawn_ids(self.path / "journal")
        files = sorted(one for one in (self.path / "mandates").iterdir() if _FILE.fullmatch(one.name))[:MOST]
        found = [verified(read_note(one), keys=[self.key]) for one in files]
        return [Kept(one, one.id in withdrawn) for one in sorted(found, key=lambda one: (one.starts_at, one.id))[::-1]]

    def one(self, mandate_id: str) -> Kept:
        """Find one. Raises NoSuchMandate."""
        return Kept(
            verified(self.note(mandate_id), keys=[self.key]), mandate_id in withdrawn_ids(self.path / "journal")
        )

    def note(self, mandate_id: str) -> str:
        """Return the file of one, as it is given on. Raises NoSuchMandate."""
        if not is_id(mandate_id, "mdt"):
            raise NoSuchMandate
        try:
            return read_note(self.path / "mandates" / f"{mandate_id}.mandate")
        except FileNotFoundError:
            raise NoSuchMandate from None

    @property
    def key_id(self) -> str:
        """The eight digits of its key."""
        return key_id(self.key)


class OpenFolder:
    """A folder with its key: gives, withdraws, hands out tokens. Everything is journaled and signed at once."""

    def __init__(self, folder: MandateFolder, root: RootKey, clock: Clock) -> None:
        """Hold the key of `folder`."""
        self._folder, self._root, self._clock = folder, root, clock

    def give(self, wish: Wish) -> Mandate:
        """Give a mandate: journaled first, then written. Raises BadWish, BadMandate."""
        with self._pen() as (pen, signer):
            mandate = make(wish, now=self._clock.now(), key=self._folder.key)
            note = sign(mandate, signer)
            pen.record(Fact(Kind.MANDATE_GIVEN, self._folder.person, mandate.id, given_details(mandate, note)))
            write_durably(RealDisc(), self._folder.path / "mandates" / f"{mandate.id}.mandate", note.encode())
        return mandate

    def withdraw(self, mandate_id: str) -> None:
        """Withdraw a mandate. Raises NoSuchMandate, MandateWithdrawn."""
        if self._folder.one(mandate_id).withdrawn:
            raise MandateWithdrawn
        with self._pen() as (pen, _):
            pen.record(Fact(Kind.MANDATE_WITHDRAWN, self._folder.person, mandate_id))

    def token(self, mandate_id: str, what: str = "token") -> Token:
        """Return the token of a mandate. Raises NoSuchMandate, MandateWithdrawn."""
        if self._folder.one(mandate_id).withdrawn:
            raise MandateWithdrawn
        with self._pen() as (pen, _):
            pen.record(Fact(Kind.MANDATE_TOKEN_TAKEN, self._folder.person, mandate_id, {"what": what}))
        return token_from(self._root.derive(Label.SECRETS), mandate_id)

    @contextmanager
    def _pen(self) -> Iterator[tuple[Journal, Signer]]:
        """Give a pen and the hand that signs; what was written is signed when it is put down."""
        disc, place = RealDisc(), self._folder.path / "journal"
        signer = Signer(place, self._root.derive(Label.SIGNER), self._folder.id, self._clock, disc)
        with Journal(place, "cli", self._clock, disc, self._folder.id) as pen:
            yield pen, signer
            pen.flush()
            signer.sign_and_tell(pen)
        signer.sign_heads()


def withdrawn_ids(journal: Path) -> frozenset[str]:
    """Return the mandates that a journal says were withdrawn."""
    wanted = Filter((Ledger.ACCOUNT,), (Kind.MANDATE_WITHDRAWN.value.name,))
    return frozenset(one.subject for one in entries(journal, wanted))


def _about(path: Path) -> tuple[str, str, str]:
    try:
        with (path / _ABOUT).open("rb") as file:
            about = json.loads(file.read(_SMALL))
        known = (about["format"], about["id"], about["person"], about["name"])
    except FileNotFoundError:
        raise FolderUnusable(what="there is none") from None
    except (ValueError, KeyError, TypeError, RecursionError):
        raise FolderUnusable(what="folder.json cannot be read") from None
    version, home_id, person, name = known
    if version != _FORMAT or not is_id(home_id, "hom") or not is_id(person, "per") or not isinstance(name, str):
        raise FolderUnusable(what="folder.json is not of this version")
    if os.name == "posix" and path.stat().st_mode & 0o077:
        raise FolderUnusable(what="others may look into it")
    return home_id, person, name
