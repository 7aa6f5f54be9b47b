"""Interventions and findings as pages: who touched the box, the server or the network, and what was found since when.

The worker decides, writes and probes; these pages ask it, for the person of the session (docs/design/exposure.md).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from starlette.responses import RedirectResponse, Response

from primum.doors.http.forms import FormUnreadable, field
from primum.doors.http.statuses import status_of
from primum.doors.http.visit import Visit
from primum.doors.web.language import say, write_instant
from primum.doors.web.render import Pages, language_of
from primum.exposure.interventions.model import MOST_BYTES
from primum.exposure.interventions.rules import intervention_rules
from primum.exposure.interventions.service import FIELD, PURPOSE
from primum.ground.clock import from_text
from primum.ground.errors import PrimumError
from primum.identity import Permission, Thing, decide

HERE: Final = "/interventions"
_FIELDS: Final = {"kind": FIELD, "author": FIELD, "company": FIELD, "contract": FIELD, "purpose": PURPOSE}
_WORDED: Final = {
    "probe.bad-intervention": "bad", "probe.intervention-over": "over", "probe.under-way": "under_way",
    "probe.no-such-intervention": "missing",
}  # fmt: skip
_CHANGES: Final = ("opened", "unsure", "stayed", "unsettled", "closed")
_HOUSE: Final = Thing("house")


class InterventionPages:
    """The list, one intervention, their forms; the findings."""

    def __init__(self, pages: Pages) -> None:
        """Render with `pages`."""
        self._pages = pages

    def page(self, visit: Visit) -> Response:
        """List interventions, and offer the form that opens one."""
        return self._list(visit)

    def open(self, visit: Visit) -> Response:
        """Open one: its probe begins."""
        told = {name: field(visit.form, name, most) for name, most in _FIELDS.items()}
        try:
            made = _ask(visit, "intervention_open", told)
        except PrimumError as refusal:
            return self._list(visit, _sentence(visit, refusal), status_of(refusal), told)
        return RedirectResponse(f"{HERE}/{made['id']}", 303)

    def one(self, visit: Visit) -> Response:
        """Show one."""
        return self._one(visit)

    def close(self, visit: Visit) -> Response:
        """Close it: the second probe begins."""
        return self._act(visit, "intervention_close", {})

    def attach(self, visit: Visit) -> Response:
        """Attach the written report."""
        if len(visit.document) > MOST_BYTES:
            raise FormUnreadable
        return self._act(visit, "intervention_attach", {"name": field(visit.form, "name", FIELD)}, visit.document)

    def report(self, visit: Visit) -> Response:
        """Give a report that was attached, to be kept: never opened under our origin."""
        given = {"id": visit.request.path_params["intervention"], "report": visit.request.path_params["report"]}
        asked = {"token": visit.token, "verb": "intervention_report", "args": given}
        _, body = visit.services.intake.ask("interventions", asked)
        headers = {"content-disposition": f'attachment; filename="{given["report"]}"'}
        return Response(body, media_type="application/octet-stream", headers=headers)

    def findings(self, visit: Visit) -> Response:
        """List what was found, those that are open first."""
        found = [_finding(visit, one) for one in _ask(visit, "finding_list", {})["findings"]]
        return self._pages.page(visit, "findings.html", here="interventions", findings=found)

    def _act(self, visit: Visit, verb: str, args: Mapping[str, str], document: bytes = b"") -> Response:
        number = visit.request.path_params["intervention"]
        try:
            _ask(visit, verb, {"id": number, **args}, document)
        except PrimumError as refusal:
            return self._one(visit, _sentence(visit, refusal), status_of(refusal))
        return RedirectResponse(f"{HERE}/{number}", 303)

    def _list(
        self, visit: Visit, sentence: str = "", status: int = 200, typed: Mapping[str, str] | None = None
    ) -> Response:
        listed, language = _ask(visit, "intervention_list", {})["interventions"], language_of(visit)
        return self._pages.page(
            visit, "interventions.html", status=status, here="interventions", sentence=sentence,
            lines=[_shown(visit, one) for one in listed], may=_may(visit),
            typed=dict(typed) if typed else dict.fromkeys(_FIELDS, ""),
            kinds=[(name, said[_tongue(language)]) for name, said in intervention_rules().kinds.items()],
            may_see_findings=_decided(visit, Permission.FINDING_LIST), field_most=FIELD, purpose_most=PURPOSE,
        )  # fmt: skip

    def _one(self, visit: Visit, sentence: str = "", status: int = 200) -> Response:
        found = _ask(visit, "intervention_show", {"id": visit.request.path_params["intervention"]})
        return self._pages.page(
            visit, "intervention.html", status=status, here="interventions", sentence=sentence,
            one=_shown(visit, found), may=_may(visit), most=MOST_BYTES >> 20, field_most=FIELD,
        )  # fmt: skip


def _shown(visit: Visit, one: Mapping[str, Any]) -> dict[str, Any]:
    """Put an intervention in words."""
    language = language_of(visit)
    changed = one["difference"] or {}
    return {
        **one,
        "kind": intervention_rules().kinds.get(one["kind"], {}).get(_tongue(language), one["kind"]),
        "state_said": say(language, f"interventions.state_{one['state']}"),
        "outcome_said": say(language, f"interventions.outcome_{_key(one['outcome'])}") if one["outcome"] else "",
        "opened_at": _at(language, one["opened_at"]),
        "closed_at": _at(language, one["closed_at"]),
        "probes": [
            (
                say(language, f"interventions.probe_{when}"),
                _at(language, one[when]["at"]),
                _verdict(language, one[when]),
            )
            for when in ("before", "after")
            if one[when]
        ],
        "changes": [
            (say(language, f"interventions.change_{name}"), name in {"opened", "unsure"}, changed[name])
            for name in _CHANGES
            if changed.get(name)
        ],
        "attached": [{**each, "at": _at(language, each["at"])} for each in one["attached"]],
        "waits": one["state"] in {"opening", "closing"},
    }


def _verdict(language: str, probed: Mapping[str, str]) -> str:
    if probed["verdict"]:
        return say(language, f"interventions.verdict_{_key(probed['verdict'])}")
    return say(language, "interventions.no_probe", code=probed["reason"])


def _finding(visit: Visit, one: Mapping[str, Any]) -> dict[str, Any]:
    """Put a finding in words."""
    language = language_of(visit)
    began = {name: _at(language, one[name]) for name in ("last_closed_at", "first_open_at")}
    since = say(language, "findings.since" if began["last_closed_at"] else "findings.since_unknown", **began)
    return {
        **one,
        "since": since,
        "last_open_at": _at(language, one["last_open_at"]),
        "closed_at": _at(language, one["closed_at"]),
        "place_said": say(language, f"findings.place_{one['place']}"),
        "source_said": say(language, f"findings.source_{_key(one['source'])}"),
    }


def _ask(visit: Visit, verb: str, args: Mapping[str, str], document: bytes = b"") -> dict[str, Any]:
    """Ask the worker, for the person of this session."""
    asked = {"token": visit.token, "verb": verb, "args": dict(args)}
    answer, _ = visit.services.intake.ask("interventions", asked, document)
    return answer


def _sentence(visit: Visit, refusal: PrimumError) -> str:
    """Say a refusal in the reader's language; any other goes on."""
    if refusal.code not in _WORDED:
        raise refusal
    return say(language_of(visit), f"interventions.refused_{_WORDED[refusal.code]}")


def _may(visit: Visit) -> bool:
    return _decided(visit, Permission.INTERVENTION_WRITE)


def _decided(visit: Visit, action: Permission) -> bool:
    return decide(visit.services.people.actor(visit.person), action, _HOUSE).allowed


def _at(language: str, text: str) -> str:
    return write_instant(language, from_text(text)) if text else ""


def _tongue(language: str) -> str:
    return "fr" if language == "fr" else "en"


def _key(word: str) -> str:
    return word.replace("-", "_")
