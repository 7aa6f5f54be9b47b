"""One study's retention: how long it is kept and why; a form to propose its erasure, and one to freeze it."""

from __future__ import annotations

from datetime import date
from enum import StrEnum
from typing import Final, TypeVar

from starlette.responses import RedirectResponse, Response

from primum.doors.http.forms import field
from primum.doors.http.reading import Reading
from primum.doors.http.statuses import status_of
from primum.doors.http.visit import Visit
from primum.doors.web.erasures import HERE, refused_in_words
from primum.doors.web.language import say, write_date
from primum.doors.web.render import Pages, language_of
from primum.doors.web.rows import row
from primum.doors.web.step_up import step_up_address
from primum.ground.errors import PrimumError
from primum.identity import NotPermitted, Permission
from primum.imaging.retention.errors import BadWords
from primum.imaging.retention.model import HoldReason, Reason

_NOTE: Final = 200

Word = TypeVar("Word", bound=StrEnum)


class Keeping:
    """The page of one study and its forms."""

    def __init__(self, pages: Pages, reading: Reading) -> None:
        """Render with `pages`; the study is found through `reading`."""
        self._pages, self._reading = pages, reading

    def page(self, visit: Visit) -> Response:
        """Show how long it is kept."""
        return self._page(visit)

    def propose(self, visit: Visit) -> Response:
        """Propose to erase it."""
        ref, actor = self._ref(visit), visit.services.people.actor(visit.person)
        try:
            reason = _word(Reason, visit)
            visit.services.retention.propose(actor, ref, reason, note=field(visit.form, "note", _NOTE))
        except PrimumError as refusal:
            return self._page(visit, refused_in_words(visit, refusal), status_of(refusal))
        return RedirectResponse(HERE, 303)

    def hold(self, visit: Visit) -> Response:
        """Freeze it, or all studies of its patient."""
        ref, actor = self._ref(visit), visit.services.people.actor(visit.person)
        try:
            visit.services.retention.hold(
                actor, ref, _word(HoldReason, visit), _day(visit), field(visit.form, "note", _NOTE),
                patient=visit.form.get("patient") == "yes",
            )  # fmt: skip
        except PrimumError as refusal:
            return self._page(visit, refused_in_words(visit, refusal), status_of(refusal))
        return RedirectResponse(HERE, 303)

    def _ref(self, visit: Visit) -> str:
        return self._reading.find(visit, visit.aliases.uncover(visit.request.path_params["study"])).study_ref

    def _page(self, visit: Visit, sentence: str = "", status: int = 200) -> Response:
        actor, language = visit.services.people.actor(visit.person), language_of(visit)
        if not visit.services.retention.may_list(actor):
            raise NotPermitted(action=str(Permission.ERASURE_LIST), rule="silence")
        found = self._reading.find(visit, visit.aliases.uncover(visit.request.path_params["study"]))
        verdict = visit.services.retention.judge(found.study_ref)
        (one,) = self._reading.search(visit, [("StudyInstanceUID", found.study_uid)], limit=10, offset=0)[:1]
        here = f"/retention/{visit.request.path_params['study']}"
        rules = [
            (say(language, f"keeping.{key}", date=write_date(language, day)), rule)
            for key, day, rule in (
                ("floor", verdict.floor, verdict.floor_rule), ("ceiling", verdict.ceiling, verdict.ceiling_rule)
            )
        ]  # fmt: skip
        return self._pages.page(
            visit, "keeping.html", status=status, here="erasures", sentence=sentence, address=here,
            study=row(one.attributes, language, address="", controller="", flags=()),
            period=say(language, f"keeping.period_{verdict.period}"), rules=rules,
            reasons=[(one.value, say(language, f"erasures.reason_{one.value.replace('-', '_')}")) for one in Reason],
            hold_reasons=[(one.value, say(language, f"erasures.hold_{one.value}")) for one in HoldReason],
            fresh=visit.person.fresh, step_up_address="" if visit.person.fresh else step_up_address(visit, here),
        )  # fmt: skip


def _word(kind: type[Word], visit: Visit) -> Word:
    try:
        return kind(visit.form.get("reason", ""))
    except ValueError:
        raise BadWords(what="reason") from None


def _day(visit: Visit) -> date | None:
    text = field(visit.form, "until", visit.services.limits.field_characters)
    try:
        return date.fromisoformat(text) if text else None
    except ValueError:
        raise BadWords(what="day") from None
