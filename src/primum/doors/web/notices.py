"""What everybody in the house is told: who proposes which right for whom, and what is erased at its hour."""

from __future__ import annotations

from dataclasses import dataclass

from starlette.responses import Response

from primum.doors.http.visit import Visit
from primum.doors.web.language import say, write_instant
from primum.doors.web.render import Pages, language_of
from primum.identity import NoSuchPerson, Notice, Permission, Thing, decide
from primum.imaging.retention.model import Erasure


@dataclass(frozen=True, slots=True)
class Told:
    """A notice in words."""

    sentence: str
    date: str
    erasure: str = ""
    """An erasure that whoever reads this may refuse."""


class Notices:
    """The page."""

    def __init__(self, pages: Pages) -> None:
        """Render with `pages`."""
        self._pages = pages

    def page(self, visit: Visit) -> Response:
        """Show what there is."""
        told = [_announced(visit, one) for one in visit.services.retention.announced()]
        told += [_told(visit, one) for one in visit.services.people.notices()]
        return self._pages.page(visit, "notices.html", here="notices", notices=told)


def _told(visit: Visit, notice: Notice) -> Told:
    language, one = language_of(visit), notice.proposal
    what = say(language, f"role.{one.wish.role}") if one.wish else ""
    key = "grant" if one.wish else "factors"
    sentence = say(
        language,
        f"notices.{key}",
        proposer=_named(visit, notice.proposer) or say(language, "notices.operator"),
        beneficiary=_named(visit, notice.beneficiary),
        role=what,
    )
    return Told(sentence, _when(visit, notice))


def _announced(visit: Visit, one: Erasure) -> Told:
    language = language_of(visit)
    sentence = say(
        language,
        "notices.erasure",
        proposer=_named(visit, one.proposed_by),
        reason=say(language, f"erasures.reason_{one.reason.value.replace('-', '_')}"),
        study=one.study_ref,
    )
    due = say(language, "notices.due", date=write_instant(language, one.effective_at)) if one.effective_at else ""
    actor = visit.services.people.actor(visit.person)
    mine = one.proposed_by == actor.person_id
    may = mine or decide(actor, Permission.ERASURE_REFUSE, Thing("erasure", one.controller_id)).allowed
    return Told(sentence, due, one.id if may else "")


def _when(visit: Visit, notice: Notice) -> str:
    language, one = language_of(visit), notice.proposal
    if one.cancelled_at is not None:
        return say(language, "notices.cancelled", date=write_instant(language, one.cancelled_at))
    if one.effective_at is None:
        return say(language, "notices.waiting")
    key = "effective" if one.effective_at <= visit.services.clock.now() else "due"
    return say(language, f"notices.{key}", date=write_instant(language, one.effective_at))


def _named(visit: Visit, who: str) -> str:
    if not who.startswith("per_"):
        return who
    try:
        return visit.services.people.person(who).full_name
    except NoSuchPerson:
        return who
