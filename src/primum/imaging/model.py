"""What the archive speaks of: what a record brought, what a reader may reach, what is found."""

from __future__ import annotations

from dataclasses import dataclass, field

from primum.vault import Position, RecordFacts


@dataclass(frozen=True, slots=True)
class Stored:
    """A hint that a record was stored: where, its sealed facts, and its header when it was at hand.

    `header` is the data set up to its pixel data (all of it when there is none).
    """

    position: Position
    facts: RecordFacts
    header: bytes | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class Reach:
    """How far a reader sees: studies of these controllers (None: of all), or referred by one of these names.

    Without `confidential`, studies marked so are not there. `Reach()` reaches nothing.
    """

    controllers: frozenset[str] | None = frozenset()
    referrers: tuple[str, ...] = ()
    confidential: bool = False


EVERYTHING = Reach(controllers=None, confidential=True)
"""For our own work (indexing, checks), never for a person."""
