"""What a report is and where it stands. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Final

PDF: Final = "1.2.840.10008.5.1.4.1.1.104.1"
CDA: Final = "1.2.840.10008.5.1.4.1.1.104.2"
BASIC_TEXT: Final = "1.2.840.10008.5.1.4.1.1.88.11"


class Format(StrEnum):
    """How a report is written."""

    PDF = "pdf"
    CDA = "cda"
    SR = "sr"


FORMATS: Final = {
    PDF: Format.PDF,
    CDA: Format.CDA,
    BASIC_TEXT: Format.SR,
    "1.2.840.10008.5.1.4.1.1.88.22": Format.SR,
    "1.2.840.10008.5.1.4.1.1.88.33": Format.SR,
    "1.2.840.10008.5.1.4.1.1.88.34": Format.SR,
    "1.2.840.10008.5.1.4.1.1.88.35": Format.SR,
}
"""The SOP classes of reports (PS3.4 B.5). Key objects, dose, CAD and logs are none."""


class Said(StrEnum):
    """What an object says of itself."""

    VERIFIED = "verified"
    UNVERIFIED = "unverified"
    NOTHING = "nothing"


class State(StrEnum):
    """Where a row stands."""

    DRAFT = "draft"
    VALIDATING = "validating"
    """Decided, and not yet stored: taken up again after a crash."""
    VALIDATED = "validated"
    RECEIVED = "received"
    """An instance that came, and that nobody here validated."""


class Status(StrEnum):
    """Where a report stands, as people are told."""

    DRAFT = "draft"
    VALIDATED = "validated"
    SENDER_VALIDATED = "sender-validated"
    SENDER_DRAFT = "sender-draft"
    UNSAID = "unsaid"


FINAL: Final = frozenset({Status.VALIDATED, Status.SENDER_VALIDATED})


class Relation(StrEnum):
    """How a report follows another one."""

    NONE = ""
    ADDENDUM = "addendum"
    VERSION = "version"


@dataclass(frozen=True, slots=True)
class Sayings:
    """What an object says of itself, as far as it could be read."""

    said: Said = Said.NOTHING
    title: str = field(default="", repr=False)
    author: str = field(default="", repr=False)
    """Who verified it, else who wrote it: as it says."""
    at: str = ""
    """When, as a DICOM DT or DA; empty where it does not say."""
    relation: Relation = Relation.NONE
    about: str = field(default="", repr=False)
    """SOP Instance UID of what it follows."""


@dataclass(frozen=True, slots=True)
class Text:
    """A report as it is typed."""

    findings: str = field(default="", repr=False)
    impression: str = field(default="", repr=False)
    language: str = "fr"


@dataclass(frozen=True, slots=True)
class Row:
    """A report as records.db keeps it. The content of a draft is apart (`store.content`)."""

    id: str
    study_ref: str
    controller_id: str
    state: State
    format: Format
    series_uid: str = field(repr=False)
    sop_uid: str = field(repr=False)
    sayings: Sayings
    place: str = ""
    """Pack and offset of the record that was read; empty for a draft."""
    sha256: str = ""
    """Of the record that was read, or validated."""
    made_by: str = ""
    made_at: datetime | None = None
    validated_by: str = ""
    validated_at: datetime | None = None
    shown_as: str = field(default="", repr=False)
    """The validating person's name at that moment, and whom they signed for, one a line: the bytes say it too."""
    validated_sha256: str = ""
    """Of the record that was validated: other bytes that come to be served under its UID are not."""

    @property
    def here(self) -> bool:
        """Tell whether it was written in the house."""
        return bool(self.made_by)

    @property
    def status(self) -> Status:
        """Where it stands."""
        match self.state:
            case State.DRAFT | State.VALIDATING:
                return Status.DRAFT
            case State.VALIDATED if self.sha256 == self.validated_sha256:
                return Status.VALIDATED
            case _:
                return _BY_WORD[self.sayings.said]


_BY_WORD: Final = {
    Said.VERIFIED: Status.SENDER_VALIDATED, Said.UNVERIFIED: Status.SENDER_DRAFT, Said.NOTHING: Status.UNSAID,
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Report:
    """A report as people see it: its row, and what follows it."""

    row: Row
    superseded_by: str = ""
    """Our id of the final version that replaces it."""
    follows: str = ""
    """Our id of the report that it adds to or replaces."""

    @property
    def status(self) -> Status:
        """Where it stands."""
        return self.row.status


def related(rows: list[Row]) -> list[Report]:
    """Put the reports of one study in order: the newest first; of one instant, what follows before what it follows."""
    by_sop = {one.sop_uid: one for one in rows}
    replaced = {
        one.sayings.about: one.id
        for one in rows
        if one.sayings.relation is Relation.VERSION and one.status in FINAL and one.sayings.about in by_sop
    }
    reports = []
    for one in rows:
        followed = _followed(one, by_sop)
        reports.append(Report(one, replaced.get(one.sop_uid, ""), followed.id if followed is not None else ""))
    return sorted(reports, key=lambda one: (_moment(one.row), _steps(one.row, by_sop), one.row.id), reverse=True)


def _followed(one: Row, by_sop: Mapping[str, Row]) -> Row | None:
    return by_sop.get(one.sayings.about) if one.sayings.relation else None


def _steps(one: Row, by_sop: Mapping[str, Row]) -> int:
    """Count how many reports lead to this one. What comes from elsewhere may follow itself: each is counted once."""
    met: set[str] = set()
    before = _followed(one, by_sop)
    while before is not None and before.id not in met:
        met.add(before.id)
        before = _followed(before, by_sop)
    return len(met)


def _moment(row: Row) -> str:
    at = row.validated_at or row.made_at
    return f"{at:%Y%m%d%H%M%S.%f}" if at is not None else f"{row.sayings.at[:14]:0<14}.000000"
