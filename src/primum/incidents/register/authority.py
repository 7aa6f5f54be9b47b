"""What was asked and is not answered, until when, and how late; what was ordered, and whether it is done. Pure.

Letters are ordered by when they were sent or received, not by when they were written into the file. A request is
answered by the earliest letter sent that says so. A letter that was corrected is listed, and asks for nothing any more.
An amount is never predicted: what is shown is arithmetic, and says so.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta, tzinfo
from enum import StrEnum
from typing import Final

from primum.ground.clock import from_text
from primum.ground.zones import practice_zone
from primum.incidents.correspondence import (
    Direction,
    OrderStep,
    Other,
    Procedure,
    due_instant,
    names_of,
    parts_of,
    standing,
)
from primum.incidents.dossier import evidence_of
from primum.incidents.model import Dossier, Entry, EntryKind, Evidence
from primum.incidents.register.rules import Penalty, penalty_on

_DAY: Final = timedelta(days=1)
_NONE: Final = timedelta(0)


class Stand(StrEnum):
    """Where a request, or an injunction, stands."""

    OPEN = "open"
    LATE = "late"
    """Not done, and the due date is past."""
    DONE = "done"
    DONE_LATE = "done-late"
    CLOSED = "closed"
    """An injunction alone: whoever made it said that it is over."""


@dataclass(frozen=True, slots=True)
class Letter:
    """A letter, as it is listed. `at`: when it was sent or received; `written_at`: when it came into the file."""

    entry: str
    direction: Direction
    other: Other
    reference: str
    at: datetime
    written_at: datetime
    about: str
    asked: tuple[str, ...]
    answers: str
    """The entry that it answers, in whole or part; empty for none."""
    corrected_by: str
    document: str
    """The id of the document; empty where none was attached."""


@dataclass(frozen=True, slots=True)
class Request:
    """One thing that a letter asked for. `id`: `ent_…#0`."""

    id: str
    other: Other
    reference: str
    asked: str
    asked_at: datetime
    due: datetime | None
    answered_at: datetime | None
    answered_by: str
    """The entry of the letter that answered it first."""
    stand: Stand
    late: timedelta
    """How much it was late when it was answered, or is now."""


@dataclass(frozen=True, slots=True)
class Compliance:
    """Evidence that an injunction was complied with. `complete`: whoever wrote it says that the whole is done."""

    entry: str
    at: datetime
    about: str
    complete: bool
    document: str
    evidence: tuple[Evidence, ...]
    by: str


@dataclass(frozen=True, slots=True)
class AtMost:
    """Days begun after the due date, times the daily amount, up to the order's ceiling: what could be liquidated.

    Whether and how much is liquidated is decided by whoever made the order, in a decision of its own.
    """

    days: int
    euros: int
    rule: Penalty | None
    above_the_law: bool
    """The daily amount that was typed is above what the law allows: it is to be read again."""


@dataclass(frozen=True, slots=True)
class Order:
    """An injunction. Amounts are whole euros; `daily` is 0 where it has no penalty."""

    entry: str
    reference: str
    asked: str
    notified_at: datetime
    due: datetime
    daily: int
    ceiling: int | None
    procedure: Procedure
    document: str
    compliance: tuple[Compliance, ...]
    complied_at: datetime | None
    closed_at: datetime | None
    closed_by: str
    """The other (`cnil`…); empty while it is not closed."""
    stand: Stand
    late: timedelta
    at_most: AtMost | None


@dataclass(frozen=True, slots=True)
class Dealings:
    """All that passed between a file and others, as it stands at an instant."""

    letters: tuple[Letter, ...] = ()
    requests: tuple[Request, ...] = ()
    orders: tuple[Order, ...] = ()

    def waiting(self) -> tuple[Request, ...]:
        """List what is asked and not answered, what is due first at the top."""
        found = [one for one in self.requests if one.answered_at is None]
        return tuple(sorted(found, key=lambda one: (one.due is None, one.due or one.asked_at)))


def dealings(dossier: Dossier, now: datetime, zone: tzinfo | None = None) -> Dealings:
    """Say what stands at `now`. `zone`: in which a bare day ends; Paris where none is said."""
    written, zone = dossier.of_kind(EntryKind.CORRESPONDENCE), zone or practice_zone()
    corrected = {one.body["corrects"]: one.id for one in written if one.body.get("corrects")}
    listed = sorted((_letter(one, corrected) for one in written), key=lambda one: one.at)
    stand = sorted(standing(written), key=lambda one: from_text(one.body["at"]))
    sent = [one for one in stand if one.body["direction"] == Direction.SENT]
    requests = [found for one in stand if one.body.get("asked") for found in _requests(one, sent, dossier, now, zone)]
    steps = standing(dossier.of_kind(EntryKind.ORDER))
    orders = [_order(one, steps, now, zone) for one in steps if one.body["what"] == OrderStep.ORDER]
    return Dealings(tuple(listed), tuple(requests), tuple(sorted(orders, key=lambda one: one.notified_at)))


def _letter(one: Entry, corrected: dict[str, str]) -> Letter:
    body = one.body
    return Letter(
        one.id, Direction(body["direction"]), Other(body["other"]), body.get("reference", ""), from_text(body["at"]),
        one.at, body["about"], tuple(body.get("asked") or ()), body.get("answers") or body.get("in_part_of") or "",
        corrected.get(one.id, ""), body.get("document", ""),
    )  # fmt: skip


def _requests(one: Entry, sent: list[Entry], dossier: Dossier, now: datetime, zone: tzinfo) -> Iterator[Request]:
    names, body = names_of(dossier, one), one.body
    due = due_instant(body["due"], zone) if body.get("due") else None
    for number, asked in enumerate(body["asked"]):
        answer = next((each for each in sent if number in parts_of(each.body, one, names)), None)
        at = from_text(answer.body["at"]) if answer is not None else None
        yield Request(
            f"{one.id}#{number}", Other(body["other"]), body.get("reference", ""), asked, from_text(body["at"]), due,
            at, answer.id if answer is not None else "", _stand(at, due, now), _late(at, due, now),
        )  # fmt: skip


def _stand(done_at: datetime | None, due: datetime | None, now: datetime) -> Stand:
    late = _late(done_at, due, now) > _NONE
    if done_at is None:
        return Stand.LATE if late else Stand.OPEN
    return Stand.DONE_LATE if late else Stand.DONE


def _late(done_at: datetime | None, due: datetime | None, now: datetime) -> timedelta:
    return max(_NONE, (done_at or now) - due) if due is not None else _NONE


def _order(one: Entry, every: list[Entry], now: datetime, zone: tzinfo) -> Order:
    body, steps = one.body, [step for step in every if step.body.get("order") == one.id]
    compliance = [step for step in steps if _step(step, OrderStep.COMPLIANCE)]
    postponed = [step for step in steps if _step(step, OrderStep.POSTPONED)]
    closed = next((step for step in steps if _step(step, OrderStep.CLOSED)), None)
    closed_at = from_text(closed.body["at"]) if closed is not None else None
    complied_at = _complied(compliance)
    due = due_instant((postponed[-1] if postponed else one).body["due"], zone)
    ended = min((at for at in (complied_at, closed_at) if at is not None), default=None)
    made = Order(
        entry=one.id, reference=body["reference"], asked=body["about"], notified_at=from_text(body["at"]), due=due,
        daily=body["daily"], ceiling=body.get("ceiling"), procedure=Procedure(body["procedure"]),
        document=body.get("document", ""),
        compliance=tuple(sorted(map(_compliance, compliance), key=lambda found: found.at)),
        complied_at=complied_at, closed_at=closed_at, closed_by=closed.body["other"] if closed is not None else "",
        stand=Stand.CLOSED if closed is not None else _stand(complied_at, due, now), late=_late(ended, due, now),
        at_most=None,
    )  # fmt: skip
    return _with_at_most(made, now)


def _step(one: Entry, what: OrderStep) -> bool:
    return bool(one.body["what"] == what)


def _compliance(one: Entry) -> Compliance:
    body = one.body
    return Compliance(
        one.id, from_text(body["at"]), body["about"], body["complete"], body.get("document", ""), evidence_of(body),
        one.by,
    )  # fmt: skip


def _complied(steps: Iterable[Entry]) -> datetime | None:
    """Say since when the whole is done; the last word stands: a later entry that says it is not takes it back."""
    found: datetime | None = None
    for one in steps:
        at = from_text(one.body["at"])
        found = (at if found is None else min(at, found)) if one.body["complete"] else None
    return found


def _with_at_most(order: Order, now: datetime) -> Order:
    """Count the days, only where the due date is past and nothing shows that the order was complied with."""
    if order.stand is not Stand.LATE or not order.daily:
        return order
    days = -(-(now - order.due) // _DAY)  # a day that has begun counts: it is a most
    euros = days * order.daily
    rule = penalty_on(order.procedure, order.notified_at.date())
    above = rule is not None and order.daily > rule.daily
    made = AtMost(days, euros if order.ceiling is None else min(euros, order.ceiling), rule, above)
    return replace(order, at_most=made)
