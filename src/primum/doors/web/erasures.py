"""What waits to be erased, is held, or came back: a page for those who may decide (docs/design/retention.md)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from starlette.responses import JSONResponse, RedirectResponse, Response

from primum.doors.http.forms import field
from primum.doors.http.reading import Reading
from primum.doors.http.statuses import status_of
from primum.doors.http.visit import Visit
from primum.doors.web.language import say, write_date, write_instant
from primum.doors.web.render import Pages, language_of
from primum.doors.web.rows import row
from primum.doors.web.step_up import step_up_address
from primum.ground.errors import PrimumError
from primum.identity import Actor, NotPermitted, Permission, Thing, decide, reaches
from primum.imaging.retention.certificate import Around, certificate, lines, title
from primum.imaging.retention.model import MACHINE, Decision, Erasure, Hold, Return, State

HERE: Final = "/erasures"
_SHOWN: Final = 200
"""Lines of each list: more than anybody decides at one sitting; the terminal lists all."""
_SAID: Final = frozenset({
    "retention.held", "retention.below-floor", "retention.not-due", "retention.already-proposed",
    "retention.no-such-erasure", "retention.no-such-hold", "retention.no-such-return", "retention.no-such-part",
    "retention.too-late", "retention.bad-words",
})  # fmt: skip
"""Refusals that the page says itself."""


@dataclass(frozen=True, slots=True)
class Line:
    """A line of a list. `study` is who and what for those within whose reach it is, else our own reference."""

    id: str
    study: str
    address: str
    details: Sequence[str]
    badges: Sequence[str]
    approve: bool = False
    refuse: bool = False


def refused_in_words(visit: Visit, refusal: PrimumError) -> str:
    """Say a refusal of retention in the reader's language; any other goes on."""
    if refusal.code not in _SAID:
        raise refusal
    key = refusal.code.removeprefix("retention.").replace("-", "_")
    return say(language_of(visit), f"erasures.refused_{key}", **refusal.facts)


class Erasures:
    """The page, its decisions, and certificates."""

    def __init__(self, pages: Pages, reading: Reading) -> None:
        """Render with `pages`; patients are named through `reading`, which decides and records."""
        self._pages, self._reading = pages, reading

    def page(self, visit: Visit) -> Response:
        """Show everything that concerns this person."""
        return self._page(visit)

    def decide(self, visit: Visit) -> Response:
        """Approve or refuse a proposal."""
        retention, actor = visit.services.retention, visit.services.people.actor(visit.person)
        if visit.form.get("action") == "approve":
            return self._done(visit, lambda: retention.approve(actor, self._id(visit)))
        return self._done(visit, lambda: retention.refuse(actor, self._id(visit)))

    def decide_return(self, visit: Visit) -> Response:
        """Keep what came back, or erase it again."""
        retention, actor = visit.services.retention, visit.services.people.actor(visit.person)
        decision = Decision.KEEP if visit.form.get("action") == "keep" else Decision.ERASE
        return self._done(visit, lambda: retention.decide_return(actor, self._id(visit), decision))

    def release(self, visit: Visit) -> Response:
        """End a hold."""
        retention, actor = visit.services.retention, visit.services.people.actor(visit.person)
        return self._done(visit, lambda: retention.release(actor, self._id(visit)))

    def certificate(self, visit: Visit) -> Response:
        """Show a certificate, to be printed or kept."""
        made, language = self._certificate(visit), language_of(visit)
        return self._pages.page(
            visit, "certificate.html", here="erasures", heading=title(language), lines=lines(made, language),
            number=made["certificate"],
        )  # fmt: skip

    def certificate_data(self, visit: Visit) -> Response:
        """Give a certificate as JSON."""
        made = self._certificate(visit)
        name = f'attachment; filename="{made["certificate"]}.json"'
        return JSONResponse(made, headers={"content-disposition": name})

    def _certificate(self, visit: Visit) -> dict[str, Any]:
        services = visit.services
        one = services.retention.erasure(services.people.actor(visit.person), visit.request.path_params["erasure"])
        names = {who: _named(visit, who) for who in {one.proposed_by, one.decided_by} - {"", MACHINE}}
        owners = {owner.id: owner.name for owner in services.people.controllers()}
        # generations are removed by the next daily run
        days = services.settings.backup_keep_days + 1
        around = Around(
            services.home_id, owners.get(one.controller_id, ""), names, days, services.settings.access_months
        )
        return certificate(one, around)

    @staticmethod
    def _id(visit: Visit) -> str:
        return field(visit.form, "id", visit.services.limits.field_characters)

    def _done(self, visit: Visit, act: object) -> Response:
        try:
            if callable(act):
                act()
        except PrimumError as refusal:
            return self._page(visit, refused_in_words(visit, refusal), status_of(refusal))
        return RedirectResponse(HERE, 303)

    def _page(self, visit: Visit, sentence: str = "", status: int = 200) -> Response:
        retention, actor = visit.services.retention, visit.services.people.actor(visit.person)
        if not retention.may_list(actor):
            raise NotPermitted(action=str(Permission.ERASURE_LIST), rule="silence")
        live, returns = retention.live(actor)[:_SHOWN], retention.returns(actor)[:_SHOWN]
        holds, done = retention.holds(actor)[:_SHOWN], retention.done(actor, _SHOWN)
        studies = self._studies(visit, actor, [one.study_uid for one in live])
        return self._pages.page(
            visit, "erasures.html", status=status, here="erasures", sentence=sentence,
            fresh=visit.person.fresh, step_up_address="" if visit.person.fresh else step_up_address(visit, HERE),
            waiting=[self._waiting(visit, actor, one, studies) for one in live],
            returned=[_returned(visit, one) for one in returns],
            holds=[_held(visit, one) for one in holds],
            done=[_erased(visit, one) for one in done],
        )  # fmt: skip

    def _studies(self, visit: Visit, actor: Actor, uids: Sequence[str]) -> dict[str, tuple[str, str]]:
        """Say who and what the studies are, and where each opens, as far as this person reaches."""
        if not uids or not reaches(actor, Permission.STUDY_LIST):
            return {}
        said = {}
        for at in range(0, len(uids), 50):
            some = uids[at : at + 50]
            found = self._reading.search(visit, [("StudyInstanceUID", "\\".join(some))], limit=len(some) * 2, offset=0)
            for one in found:
                study = one.study
                thing = Thing("study", study.controller_id, referrer=study.referrer, confidential=study.confidential)
                opens = decide(actor, Permission.STUDY_OPEN, thing).allowed
                address = f"/ohif/viewer?StudyInstanceUIDs={visit.aliases.cover(study.study_ref)}" if opens else ""
                shown = row(one.attributes, language_of(visit), address=address, controller="", flags=())
                parts = (shown.spoken, shown.date, " ".join(shown.modalities), shown.description)
                said[study.study_ref] = " · ".join(part for part in parts if part), address
        return said

    def _waiting(self, visit: Visit, actor: Actor, one: Erasure, studies: Mapping[str, tuple[str, str]]) -> Line:
        language, now = language_of(visit), visit.services.clock.now()
        parties = frozenset({one.proposed_by} - {MACHINE})
        may = decide(actor, Permission.ERASURE_APPROVE, Thing("erasure", one.controller_id, parties=parties))
        mine = actor.person_id == one.proposed_by
        refuse = mine or decide(actor, Permission.ERASURE_REFUSE, Thing("erasure", one.controller_id)).allowed
        waits = one.state is State.WAITING
        study, address = studies.get(one.study_ref, (one.study_ref, ""))
        key = "by_rule" if one.proposed_by == MACHINE else "by_person"
        since = write_date(language, one.proposed_at.date())
        details = [
            say(language, f"erasures.{key}", who=_named(visit, one.proposed_by), date=since),
            say(language, "erasures.kept", floor=write_date(language, one.floor_on),
                ceiling=write_date(language, one.ceiling_on), rule=one.rule),
            *([one.note] if one.note and studies.get(one.study_ref) else []),
        ]  # fmt: skip
        if waits and one.effective_at is not None:
            details.append(say(language, "erasures.by_delay", date=write_instant(language, one.effective_at)))
        badges = [say(language, f"erasures.level_{one.part.level}", count=one.instances),
                  say(language, f"erasures.reason_{one.reason.value.replace('-', '_')}")]  # fmt: skip
        badges += [say(language, "erasures.before_floor")] if one.below_floor else []
        badges += [say(language, "erasures.undecided")] if one.undecided(now) else []
        badges += [] if waits else [say(language, f"erasures.state_{one.state.value}")]
        return Line(
            one.id, study, address, details, badges,
            approve=waits and one.way.value == "approval" and may.allowed, refuse=waits and refuse,
        )  # fmt: skip


def _returned(visit: Visit, one: Return) -> Line:
    language = language_of(visit)
    since = say(language, "erasures.came_back", date=write_date(language, one.seen_at.date()))
    badges = [say(language, "erasures.level_study", count=one.instances)]
    return Line(one.id, one.study_ref, "", [since], badges, approve=visit.person.fresh)


def _held(visit: Visit, one: Hold) -> Line:
    language = language_of(visit)
    since = write_date(language, one.opened_at.date())
    details = [say(language, "erasures.held_by", who=_named(visit, one.opened_by), date=since)]
    if one.until_on is not None:
        details.append(say(language, "erasures.held_until", date=write_date(language, one.until_on)))
    badges = [say(language, f"erasures.hold_{one.level}"), say(language, f"erasures.hold_{one.reason.value}")]
    return Line(one.id, one.study_ref or one.patient_id, "", [*details, *([one.note] if one.note else [])], badges)


def _erased(visit: Visit, one: Erasure) -> Line:
    language = language_of(visit)
    at = write_instant(language, one.done_at) if one.done_at else ""
    badges = [say(language, f"erasures.level_{one.part.level}", count=one.instances)]
    details = [say(language, f"erasures.reason_{one.reason.value.replace('-', '_')}"), at]
    return Line(one.id, one.study_ref, f"{HERE}/{one.id}", details, badges)


def _named(visit: Visit, who: str) -> str:
    try:
        return visit.services.people.person(who).full_name
    except PrimumError:
        return who
