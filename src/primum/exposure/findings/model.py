"""A finding: a hole, or a line of a check that turned bad; from when to when, and what was seen. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import ClassVar, Protocol

from primum.exposure.probe.gate import ProbeRefused
from primum.exposure.probe.model import Hole, Identity, Mode, Place, Rung


class NoSuchFinding(ProbeRefused):
    """There is no such finding."""

    code: ClassVar[str] = "probe.no-such-finding"
    hint: ClassVar[str] = "primum finding list"


class Source(StrEnum):
    """What found it."""

    PROBE = "probe"
    """A run of this home's own."""
    READ_BACK = "read-back"
    """A report that was brought back from elsewhere, its signature or nonce verified."""
    CHECK = "check"


class Change(StrEnum):
    """What became of a finding."""

    RECORDED = "recorded"
    EXTENDED = "extended"
    CLOSED = "closed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One thing that was found, once; seen again it lasts longer.

    It began between `last_closed_at` (None: not known) and `first_open_at`, the instants of two proofs.
    """

    id: str
    source: Source
    place: Place
    hole: Hole | None
    line: str = ""
    """Of a check, its line's name."""
    detected_at: datetime
    last_closed_at: datetime | None
    first_open_at: datetime
    last_open_at: datetime
    closed_at: datetime | None = None
    product: str = ""
    refused_rung: str = ""
    """The first rung that was refused, with its code; empty where none was."""
    refused_code: str = ""
    readable: tuple[str, ...] = ()
    """Names of attributes, never a value."""
    studies: int | None = None
    studies_at_least: bool = False
    run: str = ""
    """SHA-256 of the run that saw it first."""

    @property
    def key(self) -> str:
        """What makes two findings the same."""
        return key_of(self.place, self.hole) if self.hole is not None else f"check {self.line}"

    def what(self) -> str:
        """Say it in one word, for the journal."""
        return self.hole.rung.value if self.hole is not None else f"check.{self.line}"


def key_of(place: Place, hole: Hole) -> str:
    """Write what makes a hole the same, seen from the same place: not to whom it is granted."""
    return f"{place} {hole.address} {hole.port} {hole.mode} {hole.rung}"


def read_hole(address: str, port: int, mode: str, identity: str, rung: str) -> Hole:
    """Make a hole of its words."""
    return Hole(address, port, Mode(mode), Identity(identity), Rung(rung))


class OnFindings(Protocol):
    """Where findings are handed on: the room of incidents."""

    def __call__(self, changes: Sequence[tuple[Finding, Change]], /) -> None:
        """Take what one report or one line changed, once it is kept. What this raises is logged, and goes no further.

        Whoever must not miss any looks at the list by themselves too: a crash may come between.
        """
        ...


def kept_here(changes: Sequence[tuple[Finding, Change]]) -> None:
    """Hand it to nobody: the list is what there is."""
