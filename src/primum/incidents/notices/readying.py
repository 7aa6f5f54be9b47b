"""What would be drawn up now, and what it lacks: for the room that freezes it and the page that shows it. Pure."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta, tzinfo
from typing import Final

from primum.incidents.deadline import duties, notification_dues
from primum.incidents.model import Dossier
from primum.incidents.notices.content import Drawing, Json, content_of
from primum.incidents.notices.fields import asked, fields
from primum.incidents.notices.history import Drawn, drawn, first_filed, standing
from primum.incidents.notices.model import Draft, Question, Type
from primum.incidents.rules.dated import From

Due = Callable[[Dossier], datetime | None]
"""When something is due in a file; None where nothing runs."""

LATE: Final = {
    "lateness": "nothing was filed in time",
    "late-complement": "past its own deadline, a complementary one has a reason",
}
_FIRST: Final = frozenset({Type.INITIAL, Type.COMPLETE})
_COMPLEMENT: Final = "complete"
"""The rule of the clock (rules/notification.toml)."""


@dataclass(frozen=True, slots=True)
class Around:
    """What stands around a file when something is drawn up. `by`: who draws; `zone`: in which instants are written."""

    now: datetime
    by: str
    organisation: str
    due: Due
    zone: tzinfo


@dataclass(frozen=True, slots=True)
class Ready:
    """What would be drawn up now. `stands`: what was, since the last withdrawal; `left`: what is still asked."""

    draft: Draft
    content: Json
    stands: list[Drawn]
    left: list[Question]


def first_due(dossier: Dossier) -> datetime | None:
    """Return when the first notification is due: from the awareness that was said; without one, prudently."""
    found = notification_dues(dossier)
    return found.get(From.AWARE) or found.get(From.DETECTED)


def prudent_due(dossier: Dossier) -> datetime | None:
    """Return the prudent deadline: from the first detection, for good."""
    return notification_dues(dossier).get(From.DETECTED)


def complement_due(dossier: Dossier) -> datetime | None:
    """Return until when what was filed is completed; None where nothing was."""
    found = (one.due_at for one in duties(dossier, dossier.file.opened_at) if one.rule.name == _COMPLEMENT)
    return next(found, None)


def ready(dossier: Dossier, type_: Type, around: Around, reason: str = "") -> Ready:
    """Put together what would be drawn up. Nothing is refused."""
    every = drawn(dossier)
    stands, last = standing(every), every[-1] if every else None
    due = None if type_ is Type.ALERT else around.due(dossier)
    first = first_filed(stands)
    number = None if type_ in {Type.INITIAL, Type.ALERT} or first is None else first.number
    late = _late_by(stands, due, around.now)
    draft = Draft(
        type=type_, organisation=around.organisation, number=number, previous=last.entry.id if last else "",
        late=bool(late), zone=around.zone,
    )  # fmt: skip
    made = fields(dossier, draft)
    before = last.entry.body["content"] if last else None
    version = max((one.version for one in every), default=0) + 1
    drawing = Drawing(around.now, around.by, version, due, prudent_due(dossier), late, before, reason)
    return Ready(draft, content_of(dossier, draft, drawing, made), stands, asked(made))


def lateness_lacks(dossier: Dossier, made: Ready, reason: str, now: datetime, due: Due) -> str:
    """Name what is lacking where it is late (of `LATE`); empty where nothing is."""
    type_ = made.draft.type
    if type_ in _FIRST and made.draft.late and not dossier.value("lateness"):
        return "lateness"
    if type_ is not Type.COMPLEMENTARY or reason.strip():
        return ""
    until = complement_due(dossier) or due(dossier)
    return "late-complement" if until is not None and now > until else ""


def _late_by(stands: list[Drawn], due: datetime | None, now: datetime) -> timedelta:
    """Return how long after the deadline the first was filed; up to now, where none was."""
    filed = min((one.filed_at for one in stands if one.filed_at is not None), default=now)
    return max(filed - due, timedelta()) if due is not None else timedelta()
