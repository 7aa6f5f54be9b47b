"""What everybody in the house is told: who proposes which right for whom."""

from __future__ import annotations

from dataclasses import dataclass

from starlette.responses import Response

from primum.doors.http.visit import Visit
from primum.doors.web.language import say, write_instant
from primum.doors.web.render import Pages, language_of
from primum.identity import NoSuchPerson, Notice


@dataclass(frozen=True, slots=True)
class Told:
    """A notice in words."""

    sentence: str
    date: str


class Notices:
    """The page."""

    def __init__(self, pages: Pages) -> None:
        """Render with `pages`."""
        self._pages = pages

    def page(self, visit: Visit) -> Response:
        """Show what there is."""
        told = [_told(visit, one) for one in visit.services.people.notices()]
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
