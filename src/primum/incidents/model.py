"""What the file of a breach is made of: entries that are never changed, on a record that files may share. Pure.

A breach has one common record of facts (`cas_…`) and one file per controller (`inc_…`). Both are lists of entries;
what stands now is folded from them (dossier.py). A correction is a further entry: what it corrects stays readable.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any, ClassVar, Final

from primum.ground.errors import PrimumError

SYSTEM: Final = "system"
"""Who wrote an entry that nobody typed."""


class IncidentRefused(PrimumError):
    """The file refuses this."""

    code: ClassVar[str] = "incident.refused"


class NoSuchIncident(IncidentRefused):
    """There is no such file."""

    code: ClassVar[str] = "incident.no-such-file"
    hint: ClassVar[str] = "primum incident list"


class BadEntry(IncidentRefused):
    """This cannot be written into the file: {what}."""

    code: ClassVar[str] = "incident.bad-entry"
    hint: ClassVar[str] = "primum incident show tells what the file asks for, and in which form"


class BadInstant(IncidentRefused):
    """The instant cannot be right: {what}."""

    code: ClassVar[str] = "incident.bad-instant"
    hint: ClassVar[str] = "check the day, the hour and the time zone; a correction is kept beside what it corrects"


class IncidentOver(IncidentRefused):
    """The file is closed, or was merged into another."""

    code: ClassVar[str] = "incident.over"
    hint: ClassVar[str] = "reopen it with a reason, or write into the file that it was merged into"


class Origin(StrEnum):
    """What opened a file."""

    FINDING = "finding"
    JOURNAL = "journal"
    PERSON = "person"
    PROCESSOR = "processor"
    AUTHORITY = "authority"
    DRILL = "drill"


class Role(StrEnum):
    """What the house is in this file: 33(1) binds the controller, 33(2) the processor."""

    CONTROLLER = "controller"
    PROCESSOR = "processor"


class State(StrEnum):
    """Where a file stands."""

    OPEN = "open"
    CLOSED = "closed"
    MERGED = "merged"


class Standing(StrEnum):
    """How a fact is known."""

    MEASURED = "measured"
    DECLARED = "declared"
    UNKNOWN = "unknown"
    """Somebody said that it is not known: an answer, not a gap."""


class Which(StrEnum):
    """The instants of a file, each distinct from the others (EDPB 9/2022, 31 to 44)."""

    DETECTED = "detected"
    """Something was seen. Starts the prudent deadline."""
    AWARE = "aware"
    """A person of the controller was reasonably certain. Only a person says so."""
    CONFIRMED = "confirmed"
    PROCESSOR_AWARE = "processor-aware"
    """A processor was; for a file in which the house is the processor, the house."""
    AUTHORITY_WROTE = "authority-wrote"
    ATTACK_KNOWN = "attack-known"
    """The insured party knew of an attack (C. assur. L12-10-1)."""


class EntryKind(StrEnum):
    """Everything that can be written into a record or a file. The bodies: docs/design/incidents.md."""

    OPENED = "opened"
    LINKED = "linked"
    """A finding, or a run, belongs to this breach."""
    FACT = "fact"
    INSTANT = "instant"
    DECISION = "decision"
    NOTICE = "notice"
    """A notification as it was drawn up, whole."""
    RECEIPT = "receipt"
    PEOPLE = "people"
    """The list of those to be told, as it was taken: counts and a digest; the list is beside it."""
    LETTER = "letter"
    """What became of a sending to people: counts."""
    CORRESPONDENCE = "correspondence"
    ORDER = "order"
    """An injunction, and what is done about it."""
    EVIDENCE = "evidence"
    """A bundle was frozen, or a document attached."""
    ACTION = "action"
    """Something was contained."""
    REMINDER = "reminder"
    NOTE = "note"
    MERGED = "merged"
    CLOSED = "closed"
    REOPENED = "reopened"


@dataclass(frozen=True, slots=True)
class Evidence:
    """What shows a fact: `kind` says where to look, `ref` is our own id or a SHA-256, `note` a few words of ours."""

    kind: str
    ref: str
    note: str = ""

    def as_json(self) -> dict[str, str]:
        """Give it as an object."""
        return {"kind": self.kind, "ref": self.ref, "note": self.note}


EVIDENCE_KINDS: Final = frozenset({
    "finding", "run", "check", "journal", "index", "records", "person", "document", "register", "rule", "bundle",
    "notice",
})  # fmt: skip
"""Where a fact may be shown: the room that knows."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry. `at`: when it was written, by our clock; `seq` orders the entries, whatever the clock did."""

    id: str
    of: str
    """The record (`cas_…`) or the file (`inc_…`) that it was written into."""
    seq: int
    kind: EntryKind
    at: datetime
    by: str
    """A person's id, or `system`."""
    body: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class File:
    """One file of one controller about one breach."""

    id: str
    case_id: str
    controller_id: str
    role: Role
    opened_at: datetime
    exercise: bool = False


@dataclass(frozen=True, slots=True)
class Document:
    """A document of a file: what was received, sent or proven."""

    id: str
    of: str
    name: str
    size: int
    """Bytes."""
    sha256: str
    at: datetime
    by: str


@dataclass(frozen=True, slots=True)
class Fact:
    """A fact as it stands: the last entry that spoke of it."""

    key: str
    value: Any
    standing: Standing
    evidence: tuple[Evidence, ...]
    at: datetime
    by: str
    entry: str
    earlier: tuple[str, ...] = ()
    """Entries that said otherwise before, oldest first."""


@dataclass(frozen=True, slots=True)
class Instant:
    """An instant as it stands. `corrected`: what was said before, oldest first."""

    which: Which
    at: datetime
    reason: str
    said_at: datetime
    by: str
    entry: str
    evidence: tuple[Evidence, ...] = ()
    corrected: tuple[datetime, ...] = ()


@dataclass(frozen=True, slots=True)
class Decision:
    """What a person decided and signed, with what was proposed to them then."""

    about: str
    choice: str
    reason: str
    ground: str
    """Of the closed list of grounds, where the choice needs one."""
    proposed: str
    at: datetime
    by: str
    entry: str


@dataclass(frozen=True, slots=True)
class Dossier:
    """All that a file says now, folded from its own entries and those of the common record."""

    file: File
    state: State
    origin: Origin
    facts: Mapping[str, Fact] = field(default_factory=dict)
    """What stands of each: what a person said, else what was measured last."""
    measured: Mapping[str, Fact] = field(default_factory=dict)
    """What was measured last of each, to be shown beside what a person said."""
    instants: Mapping[Which, Instant] = field(default_factory=dict)
    detected_first: datetime | None = None
    """The earliest instant of detection that was ever written: the prudent deadline counts from it, for good."""
    decisions: Mapping[str, Decision] = field(default_factory=dict)
    findings: tuple[str, ...] = ()
    entries: tuple[Entry, ...] = ()
    merged_into: str = ""
    merged_from: tuple[str, ...] = ()
    clock_went_back: tuple[str, ...] = ()
    """Entries that the clock dates before one that was written earlier."""

    def value(self, key: str, default: Any = None) -> Any:  # noqa: ANN401 (a fact is of its own type)
        """Give the value of a fact that is known; `default` where it is not."""
        fact = self.facts.get(key)
        return default if fact is None or fact.standing is Standing.UNKNOWN else fact.value

    def of_kind(self, *kinds: EntryKind) -> list[Entry]:
        """List the entries of some kinds, in the order in which they were written."""
        return [one for one in self.entries if one.kind in kinds]
