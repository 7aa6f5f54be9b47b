"""What telling people refuses. Nothing here ever holds a name, an address or a value of a list."""

from __future__ import annotations

from typing import ClassVar

from primum.incidents.model import IncidentRefused


class ListUnreadable(IncidentRefused):
    """The list of people cannot be read: {what}."""

    code: ClassVar[str] = "incident.list-unreadable"
    hint: ClassVar[str] = (
        "a CSV file with a first line of names: patient number, name, e-mail, address, language; nothing was kept of it"
    )


class LetterRefused(IncidentRefused):
    """The letter does not yet say what it has to: {what}."""

    code: ClassVar[str] = "incident.letter-refused"
    hint: ClassVar[str] = "say what happened, what it can mean for the person, what was done and what they can do"


class NotToBeTold(IncidentRefused):
    """No letter may leave: {what}."""

    code: ClassVar[str] = "incident.not-to-be-told"
    hint: ClassVar[str] = "a physician decides that people are told, approves the letter, then sends it"


class NoMailLeaves(IncidentRefused):
    """No mail leaves this home: {why}."""

    code: ClassVar[str] = "incident.no-mail-leaves"
    hint: ClassVar[str] = "set smtp_host and smtp_from, or print the letters"


class NoSuchBatch(IncidentRefused):
    """There is no such batch of letters."""

    code: ClassVar[str] = "incident.no-such-batch"
    hint: ClassVar[str] = "the file lists its batches"
