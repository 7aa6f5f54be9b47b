"""What the journal refuses."""

from __future__ import annotations

from typing import ClassVar

from primum.ground.errors import PrimumError


class JournalUnwritable(PrimumError):
    """The {ledger} ledger cannot be written ({reason}): what must leave a trace is refused until it can."""

    code: ClassVar[str] = "journal.unwritable"
    hint: ClassVar[str] = "make room on the disc that holds the home, or repair it; nothing else needs to be done"


class FactRefused(PrimumError):
    """A fact of kind {kind} does not fit the vocabulary: {what}."""

    code: ClassVar[str] = "journal.fact-refused"
    hint: ClassVar[str] = "this is a fault of the program: please report it"


class JournalClosed(PrimumError):
    """The journal of process {process} is closed."""

    code: ClassVar[str] = "journal.closed"


class HeadsDamaged(PrimumError):
    """The signed heads cannot be continued: {what}."""

    code: ClassVar[str] = "journal.heads-damaged"
    hint: ClassVar[str] = "run: primum journal verify; then restore journal/heads from the newest backup"


class JournalIll(PrimumError):
    """The journal does not verify: {count} illnesses, the first is {first} in {place}."""

    code: ClassVar[str] = "journal.ill"
    hint: ClassVar[str] = "keep a copy of the journal folder as it is, and tell the DPO"
