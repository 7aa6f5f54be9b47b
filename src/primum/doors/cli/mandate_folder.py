"""`primum mandate --folder DIR`: mandates without an archive. The passphrase is asked for where the key is needed."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from primum.doors.cli import speech
from primum.doors.cli.confirming import line, secret
from primum.exposure.mandates import Pinned, Wish, read_held, read_ports, read_until
from primum.exposure.mandates.errors import FolderUnusable, MandateWithdrawn
from primum.exposure.mandates.folder import MandateFolder, OpenFolder
from primum.exposure.mandates.service import spoken_for
from primum.exposure.mandates.writing import facts, said
from primum.ground.clock import SystemClock
from primum.identity.passwords import check_password
from primum.identity.rules import rules_in_force


class Desk:
    """A folder, as its person uses it."""

    def __init__(self, path: Path) -> None:
        """Use the folder; it is made when a first mandate is given."""
        self._path, self._clock = path.absolute(), SystemClock()

    def give(self, options: argparse.Namespace, pinned: Pinned) -> list[str]:
        """Give a mandate, in a new folder where there is none."""
        now = self._clock.now()
        wish = Wish(
            networks=pinned.networks, names=pinned.names, ports=read_ports(options.ports),
            held=read_held(options.held), given_by="", quality=options.quality, for_whom=options.for_whom,
            until=read_until(options.until, now), reason=options.reason,
        )  # fmt: skip
        folder, opened = self._unlocked(new=True)
        given = opened.give(spoken_for(wish, by=options.by, full_name=folder.name))
        return said(facts(given, now=self._clock.now()))

    def every(self) -> list[dict[str, Any]]:
        """List what is in it; no passphrase."""
        now = self._clock.now()
        return [facts(one.mandate, now=now, withdrawn=one.withdrawn) for one in self._folder().all()]

    def show(self, mandate_id: str) -> list[str]:
        """Say one, and with which key its journal is verified."""
        folder = self._folder()
        kept = folder.one(mandate_id)
        told = said(facts(kept.mandate, now=self._clock.now(), withdrawn=kept.withdrawn))
        return [*told, f"its journal is verified with {folder.key}"]

    def withdraw(self, mandate_id: str) -> list[str]:
        """Take one back."""
        self._unlocked()[1].withdraw(mandate_id)
        return ["withdrawn; a file of it that somebody has counts for them until its end"]

    def note(self, mandate_id: str) -> str:
        """Give the file of one that was not withdrawn. Raises MandateWithdrawn."""
        folder = self._folder()
        if folder.one(mandate_id).withdrawn:
            raise MandateWithdrawn
        return folder.note(mandate_id)

    def token(self, mandate_id: str, what: str) -> str:
        """Give the secret of one."""
        return self._unlocked()[1].token(mandate_id, what).text()

    def _folder(self) -> MandateFolder:
        return MandateFolder(self._path, self._clock)

    def _unlocked(self, *, new: bool = False) -> tuple[MandateFolder, OpenFolder]:
        if new and not (self._path / "folder.json").exists():
            return self._made()
        folder = self._folder()
        return folder, folder.unlocked(secret("passphrase of the folder"))

    def _made(self) -> tuple[MandateFolder, OpenFolder]:
        name = line("your full name, as mandates will say it")
        passphrase = check_password(secret("a passphrase for its key"), (name,), rules_in_force().password)
        if secret("the same passphrase again") != passphrase:
            raise FolderUnusable(what="the two passphrases differ")
        folder = MandateFolder.create(self._path, name=name, passphrase=passphrase, clock=self._clock)
        speech.note(f"made {self._path}; nobody can open its key without the passphrase. Its key: {folder.key}")
        return folder, folder.unlocked(passphrase)
