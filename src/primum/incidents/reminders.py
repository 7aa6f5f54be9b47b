"""Reminders: a sweep of what is due, written into the file before it is mailed, so that none goes twice.

A stopped worker loses nothing: the next sweep sends the last reminder that is due and says how late it comes. A machine
that stops between the entry and the mail loses that one reminder; the next step comes, and the page counted all along.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime, tzinfo
from typing import Protocol

from primum.ground.errors import PrimumError
from primum.ground.zones import practice_zone
from primum.incidents.due_reminders import (
    NO_MAIL,
    NOBODY,
    REFUSED,
    SENDING,
    SENT,
    Reminder,
    due_reminders,
    fingerprint,
    mail_of,
)
from primum.incidents.model import Dossier, EntryKind, IncidentRefused
from primum.incidents.rules.reminding import reminder_rules
from primum.incidents.service import Incidents

Send = Callable[[Sequence[str], str, str, datetime], None]
"""Mails (addresses, subject, text, at); raises PrimumError or OSError where the server does not take it."""
Addressee = tuple[str, str]
"""An address, and the language of whoever reads there."""


class Recipients(Protocol):
    """Says who is reminded; app/ knows: those who may decide at a controller and have an address."""

    def __call__(self, controller_id: str) -> Sequence[Addressee]:
        """List them, each once."""
        ...


def remind(
    files: Incidents, send: Send | None, recipients: Recipients, now: datetime, *, zone: tzinfo | None = None
) -> int:  # fmt: skip
    """Send the reminders that are due at `now`; return how many were written. Run twice, it sends nothing twice.

    `send`: None where no mail is sent (a demo, no server): the file says so. `zone`: in which instants are said; Paris
    where none is given.
    """
    sweep = _Sweep(files, send, recipients, now, zone or practice_zone())
    return sum(sweep.one(dossier) for dossier in files.all_living() if sweep.due(dossier))


@dataclass(frozen=True, slots=True)
class _Sweep:
    files: Incidents
    send: Send | None
    recipients: Recipients
    now: datetime
    zone: tzinfo

    def due(self, dossier: Dossier) -> list[Reminder]:
        return due_reminders(dossier, self.now, reminder_rules(), self.zone)

    def one(self, dossier: Dossier) -> int:
        """Write what is due in one file, then mail it, then write what became of it."""
        addressees = self.recipients(dossier.file.controller_id)
        outcome = NO_MAIL if self.send is None else SENDING if addressees else NOBODY
        claimed = self._claim(dossier, outcome)
        if claimed and self.send is not None and addressees:
            self._write(dossier, self._mailed(dossier, claimed, addressees, self.send))
        return len(claimed)

    def _claim(self, dossier: Dossier, outcome: str) -> list[Reminder]:
        """Look again and write, in one transaction: of two sweeps at once the second finds nothing left."""
        found: list[Reminder] = []
        with suppress(IncidentRefused), self.files.transaction() as tx:
            found = self.due(self.files.dossier_within(tx, dossier.file))
            for one in found:
                self.files.write_within(tx, dossier.file, EntryKind.REMINDER, one.body(outcome))
            return found
        return []

    def _mailed(
        self, dossier: Dossier, claimed: Sequence[Reminder], addressees: Sequence[Addressee], send: Send
    ) -> list[dict[str, object]]:  # fmt: skip
        """Mail each addressee what is for them; return the bodies that say what became of each reminder."""
        outcomes = [_Outcome() for _ in claimed]
        for address, language in addressees:
            name = fingerprint(address)
            theirs = [at for at, one in enumerate(claimed) if one.only is None or name in one.only]
            if theirs:
                due = [claimed[at] for at in theirs]
                mail = mail_of(dossier, due, self.now, language=language, rules=reminder_rules(), zone=self.zone)
                taken = _taken(send, address, mail, self.now)
                for at in theirs:
                    outcomes[at].sent += taken
                    outcomes[at].refused += [] if taken else [name]
        return [
            one.body(REFUSED if became.refused else SENT, sent=became.sent, refused=became.refused)
            for one, became in zip(claimed, outcomes, strict=True)
        ]

    def _write(self, dossier: Dossier, bodies: Sequence[dict[str, object]]) -> None:
        with suppress(IncidentRefused), self.files.transaction() as tx:  # merged away meanwhile
            for body in bodies:
                self.files.write_within(tx, dossier.file, EntryKind.REMINDER, body)


@dataclass(slots=True)
class _Outcome:
    """For how many a reminder was taken, and who was refused."""

    sent: int = 0
    refused: list[str] = field(default_factory=list)


def _taken(send: Send, address: str, mail: tuple[str, str], now: datetime) -> bool:
    try:
        send([address], *mail, now)
    except (PrimumError, OSError):
        return False
    return True
