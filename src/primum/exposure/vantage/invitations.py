"""Invitations to a vantage: who may ask for a look, until when, how often a day; kept in a file of the owner's alone.

An invitation is a secret that both sides have: each proves it to the other over the fingerprint of the certificate that
TLS showed, so that nobody between them can pass for either. It lets ask for a look at oneself, and nothing else.
"""

from __future__ import annotations

import contextlib
import fcntl
import hmac
import json
import os
import re
import secrets
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import ClassVar, Final

from primum.exposure.vantage.limits import LIMITS, Limits
from primum.ground.errors import PrimumError
from primum.ground.ids import is_id, new_id

SECRET_BYTES: Final = 32
_TEXT: Final = re.compile(r"primum-vantage/1 (inv_[a-z2-7]{26}) ([0-9a-f]{64})\n?")
_FILE: Final = "invitations.json"
_FORMAT: Final = 1
_FILE_BYTES: Final = 256 << 10


class InvitationRefused(PrimumError):
    """The vantage does not know this invitation, or it is over."""

    code: ClassVar[str] = "vantage.not-invited"
    hint: ClassVar[str] = "ask its owner for another: primum vantage invite"


class QuotaSpent(PrimumError):
    """This invitation is good for {quota} looks a day, and they were taken."""

    code: ClassVar[str] = "vantage.quota-spent"
    hint: ClassVar[str] = "ask again tomorrow"


class BadInvitation(PrimumError):
    """The invitation cannot be used ({what})."""

    code: ClassVar[str] = "vantage.bad-invitation"
    hint: ClassVar[str] = "primum vantage invite writes one, into a file that only you may read"


class TooManyInvitations(PrimumError):
    """{most} invitations are kept at most."""

    code: ClassVar[str] = "vantage.too-many-invitations"
    hint: ClassVar[str] = "withdraw one: primum vantage withdraw ID"


@dataclass(frozen=True, slots=True)
class Ticket:
    """What who is invited holds."""

    id: str
    secret: bytes = field(repr=False)

    def text(self) -> str:
        """Write it as its file has it."""
        return f"primum-vantage/1 {self.id} {self.secret.hex()}\n"

    def mac(self, side: str, fingerprint: str, *nonces: str) -> str:
        """Return what `side` proves with, bound to the certificate that TLS showed."""
        text = "\n".join(("primum-vantage/1", side, self.id, fingerprint, *nonces))
        return hmac.digest(self.secret, text.encode("ascii"), "sha256").hex()


def read_ticket(path: Path) -> Ticket:
    """Read an invitation's file. Raises BadInvitation, OSError."""
    with path.open("rb") as file:
        if os.name == "posix" and os.fstat(file.fileno()).st_mode & 0o077:
            raise BadInvitation(what="others may read its file")
        found = _TEXT.fullmatch(file.read(256).decode("ascii", "replace"))
    if found is None:
        raise BadInvitation(what="it is none of this version")
    return Ticket(found[1], bytes.fromhex(found[2]))


@dataclass(frozen=True, slots=True, kw_only=True)
class Invitation:
    """What the owner keeps. `used`: looks of the day `day`."""

    id: str
    secret: str = field(repr=False)
    name: str
    ends_at: str
    quota: int
    day: str = ""
    used: int = 0

    def ticket(self) -> Ticket:
        """Return what who is invited holds."""
        return Ticket(self.id, bytes.fromhex(self.secret))

    def over(self, now: datetime) -> bool:
        """Tell whether it is past its end."""
        return now >= datetime.fromisoformat(self.ends_at)


class Invitations:
    """The owner's file. Each change is written whole, under a lock: several commands may run."""

    def __init__(self, folder: Path, limits: Limits = LIMITS) -> None:
        """Keep in `folder`, made for the owner alone where it is not there."""
        self._folder, self._limits = folder, limits

    def give(self, name: str, days: int, quota: int, now: datetime) -> Ticket:
        """Invite somebody. Raises BadInvitation, TooManyInvitations."""
        if not 1 <= days <= self._limits.invitation_days or not 1 <= quota <= self._limits.quota * 24:
            raise BadInvitation(what="its days or its quota are out of bounds")
        if not name or len(name) > 80 or not name.isprintable():  # noqa: PLR2004
            raise BadInvitation(what="it says in one line for whom")
        one = Invitation(
            id=new_id("inv"),
            secret=secrets.token_bytes(SECRET_BYTES).hex(),
            name=name,
            ends_at=(now + timedelta(days=days)).astimezone(UTC).isoformat(timespec="seconds"),
            quota=quota,
        )
        with self._changing() as kept:
            for old in [old for old in kept.values() if old.over(now)]:
                del kept[old.id]
            if len(kept) >= self._limits.invitations:
                raise TooManyInvitations(most=self._limits.invitations)
            kept[one.id] = one
        return one.ticket()

    def every(self) -> list[Invitation]:
        """List them."""
        with self._changing() as kept:
            return list(kept.values())

    def withdraw(self, invitation_id: str) -> None:
        """Take one back. Raises InvitationRefused where there is none."""
        with self._changing() as kept:
            if kept.pop(invitation_id, None) is None:
                raise InvitationRefused

    def find(self, invitation_id: str, now: datetime) -> Invitation:
        """Find one that is in force. Raises InvitationRefused."""
        with self._changing() as kept:
            found = kept.get(invitation_id)
        if found is None or found.over(now):
            raise InvitationRefused
        return found

    def take(self, invitation_id: str, now: datetime) -> None:
        """Count a look of today. Raises InvitationRefused, QuotaSpent."""
        today = now.astimezone(UTC).date().isoformat()
        with self._changing() as kept:
            found = kept.get(invitation_id)
            if found is None or found.over(now):
                raise InvitationRefused
            used = found.used if found.day == today else 0
            if used >= found.quota:
                raise QuotaSpent(quota=found.quota)
            kept[found.id] = replace(found, day=today, used=used + 1)

    @contextlib.contextmanager
    def _changing(self) -> Iterator[dict[str, Invitation]]:
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        with (self._folder / "lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            kept = self._read()
            before = dict(kept)
            yield kept
            if kept != before:
                self._write(kept)

    def _read(self) -> dict[str, Invitation]:
        try:
            with (self._folder / _FILE).open("rb") as file:
                told = json.loads(file.read(_FILE_BYTES))
            found = [Invitation(**one) for one in told["invitations"]]
        except FileNotFoundError:
            return {}
        except (ValueError, KeyError, TypeError):
            raise BadInvitation(what="the owner's file is broken") from None
        if told["format"] != _FORMAT or not all(is_id(one.id, "inv") for one in found):
            raise BadInvitation(what="the owner's file is broken")
        return {one.id: one for one in found}

    def _write(self, kept: dict[str, Invitation]) -> None:
        part = self._folder / f"{_FILE}.part"
        descriptor = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "w", encoding="ascii") as file:
            json.dump({"format": _FORMAT, "invitations": [asdict(one) for one in kept.values()]}, file)
            file.flush()
            os.fsync(file.fileno())
        part.replace(self._folder / _FILE)
