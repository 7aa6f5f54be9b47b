"""One line of the clock: what is due, from which instant, until when, and where it stands. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

from primum.incidents.rules.dated import From, Rule


class DutyState(StrEnum):
    """Where a duty stands."""

    DUE = "due"
    """Without a due instant: at once."""
    OVERDUE = "overdue"
    DONE = "done"
    """`over_by`: how late it was done; None in time."""
    TO_DECIDE = "to-decide"
    """A person has to say first whether it applies; `reason` says what is asked."""
    NOT_APPLICABLE = "not-applicable"


OPEN: Final = frozenset({DutyState.DUE, DutyState.OVERDUE})


@dataclass(frozen=True, slots=True)
class Duty:
    """One line of the clock. Instants are aware, in UTC."""

    rule: Rule
    """Name, label, article, source, confidence."""
    counts_from: From
    state: DutyState
    starts_at: datetime | None = None
    due_at: datetime | None = None
    """None: at once, where the state is open."""
    done_at: datetime | None = None
    over_by: timedelta | None = None
    reason: Mapping[str, str] = field(default_factory=dict)
    """French and English; empty where nothing has to be said."""
    ref: str = ""
    """The entry that asks, for an order or a letter."""
    known_at: datetime | None = None
    """When it could be known that it is due."""
    corrected: tuple[datetime, ...] = ()
    """Due instants by what was said before a correction, oldest first."""

    @property
    def prudent(self) -> bool:
        """Whether it counts from the first detection."""
        return self.counts_from is From.DETECTED

    @property
    def open(self) -> bool:
        """Whether it waits to be done."""
        return self.state in OPEN
