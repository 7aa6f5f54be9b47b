"""Studies on their way to devices, as pages: those of a study, the queue, and the rules that forward.

The worker decides, writes and sends: these pages ask it, for the person of the session (docs/design/sending.md).
No address says anything of a patient: studies go by the session's aliases.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final
from urllib.parse import urlencode

from starlette.responses import RedirectResponse, Response

from primum.app.shelf import StudyInReach
from primum.doors.http.forms import field
from primum.doors.http.reading import Reading
from primum.doors.http.statuses import status_of
from primum.doors.http.visit import Visit
from primum.doors.web.language import say, write_instant
from primum.doors.web.render import Pages, language_of
from primum.doors.web.rows import Row, row
from primum.doors.web.step_up import step_up_address
from primum.ground.clock import from_text
from primum.ground.errors import PrimumError
from primum.ground.ids import new_id
from primum.identity import Permission, Thing, decide, reaches
from primum.imaging import NotHere

HERE: Final = "/sendings"
STATES: Final = ("waiting", "failed", "sent", "not-committed", "cancelled")
_FAILED: Final = frozenset({"to-retry", "given-up", "not-committed"})
_AGAIN: Final = frozenset({"to-retry", "given-up", "not-committed", "cancelled"})
_PAGES_MOST: Final = 999
_WORDED: Final = frozenset({
    "control.bad-modality", "control.may-not-receive", "device.missing", "device.no-destination",
    "imaging.no-such-rule", "imaging.no-such-sending", "imaging.not-here", "imaging.nothing-to-send",
    "imaging.rule-exists", "imaging.sending-over", "imaging.too-many-rules", "imaging.too-many-sendings",
})  # fmt: skip
"""Refusals that these pages say themselves."""
_REASONS: Final = frozenset({
    "device.no-destination", "dimse.aborted", "dimse.broken-off", "dimse.call-tls", "dimse.connection-ended",
    "dimse.destination-lost", "dimse.destination-refused", "dimse.nothing-accepted", "dimse.rejected",
    "dimse.their-certificate", "dimse.too-slow", "dimse.untraced", "dimse.withdrawn", "outbound.beyond-loopback",
    "outbound.unreachable",
})  # fmt: skip
"""Why an attempt failed, where a person is told in words; any other is told by its code."""


@dataclass(frozen=True, slots=True)
class Line:
    """A sending in words. `study` is None for who does not reach it: they are told our own reference."""

    id: str
    again_id: str
    study: Row | None
    ref: str
    device: str
    at: str
    by: str
    images: int
    state: str
    details: Sequence[str]
    failed: bool
    cancels: bool
    again: bool


def line(visit: Visit, one: Mapping[str, Any], found: Row | None, *, may: bool) -> Line:
    """Say where a sending stands."""
    language, outcome = language_of(visit), str(one["outcome"])
    key = outcome.replace("-", "_")
    answered = write_instant(language, from_text(one["answered_at"])) if one["answered_at"] else ""
    facts = {"peer": one["device"], "at": answered, "count": one["refused"]}
    return Line(
        id=one["id"],
        again_id=new_id("snd"),
        study=found,
        ref=one["study"],
        device=one["device"],
        at=write_instant(language, from_text(one["at"])),
        by=_by(visit, one),
        images=one["images"],
        state=say(language, f"sendings.state_{key}", **facts),
        details=_details(language, one),
        failed=outcome in _FAILED,
        cancels=may and bool(one["waits"]),
        again=may and outcome in _AGAIN,
    )


def _details(language: str, one: Mapping[str, Any]) -> list[str]:
    told = []
    if one["outcome"] in {"to-retry", "given-up"}:
        told.append(reason(language, one["reason"]))
    if one["left"] and one["outcome"] != "waiting":
        told.append(say(language, "sendings.left", done=one["images"] - one["left"], all=one["images"]))
    if one["outcome"] == "to-retry":
        told.append(say(language, "sendings.next_try", at=write_instant(language, from_text(one["due_at"]))))
    return told


def reason(language: str, code: str) -> str:
    """Say why an attempt failed."""
    if code in _REASONS:
        return say(language, f"sendings.why_{code.replace('.', '_').replace('-', '_')}")
    if code.startswith("status-"):
        return say(language, "sendings.why_status", code=code.removeprefix("status-").upper())
    return say(language, "sendings.why_other", code=code) if code else say(language, "sendings.why_unsaid")


def _by(visit: Visit, one: Mapping[str, Any]) -> str:
    if one["channel"] in {"forward", "again"}:
        return say(language_of(visit), f"sendings.by_{one['channel']}")
    return named(visit, one["by"])


def named(visit: Visit, who: str) -> str:
    """Say who somebody is; their id where nobody is known by it."""
    try:
        return visit.services.people.person(who).full_name
    except PrimumError:
        return who


def card(visit: Visit, ref: str) -> dict[str, Any]:
    """Give what the card of a study's page shows: its sendings, and the form for who may send it."""
    shown = _ask(visit, "sending_study", study=ref)
    actor, address = visit.services.people.actor(visit.person), f"/studies/{visit.aliases.cover(ref)}/sendings"
    try:
        study = visit.services.archive.study(reaches(actor, Permission.STUDY_LIST), ref=ref)
        may = _may(visit, Permission.STUDY_SEND, _thing(study))
    except NotHere:
        may = False  # all of it is rejected
    return {
        "lines": [line(visit, one, None, may=may) for one in shown["sendings"]],
        "address": address,
        "may": may,
        "destinations": shown["destinations"],
        "series": shown["series"],
        "number": new_id("snd"),
        "typed": {"device": "", "series": ""},
    }


class SendingPages:
    """The pages and their forms."""

    def __init__(self, pages: Pages, reading: Reading) -> None:
        """Render with `pages`; studies are named through `reading`, which decides and records."""
        self._pages, self._reading = pages, reading

    # -- of a study --

    def study(self, visit: Visit) -> Response:
        """Show the sendings of a study, and the form that sends it."""
        return self._study(visit)

    def send(self, visit: Visit) -> Response:
        """Have a study sent."""
        most, ref = visit.services.limits.field_characters, self._ref(visit)
        given = {name: field(visit.form, name, most) for name in ("device", "series", "id")}
        try:
            _ask(visit, "send", study=ref, **given)
        except PrimumError as refusal:
            return self._study(visit, refused_in_words(visit, refusal), status_of(refusal), given)
        return RedirectResponse(f"/studies/{visit.aliases.cover(ref)}/sendings", 303)

    def _study(
        self, visit: Visit, sentence: str = "", status: int = 200, typed: Mapping[str, str] | None = None
    ) -> Response:
        ref = self._ref(visit)
        entry = self._reading.find(visit, ref)
        shown = card(visit, ref)
        if typed:
            shown["typed"] = {**shown["typed"], **typed}
        found = self._studies(visit, [entry])
        if ref not in found:
            raise NotHere(what="study")
        return self._pages.page(
            visit, "send.html", status=status, here="sendings", sentence=sentence, sent=shown, study=found[ref][0],
            back=shown["address"],
            step_up_address=step_up_address(visit, shown["address"]) if shown["may"] and not visit.person.fresh else "",
        )  # fmt: skip

    @staticmethod
    def _ref(visit: Visit) -> str:
        return visit.aliases.uncover(visit.request.path_params["study"])

    # -- the queue --

    def page(self, visit: Visit) -> Response:
        """Show the queue, what ended in the last 30 days, and the rules."""
        return self._page(visit)

    def cancel(self, visit: Visit) -> Response:
        """Withdraw a sending."""
        return self._done(visit, "sending_cancel", "sending")

    def again(self, visit: Visit) -> Response:
        """Send again what did not go or was not committed to."""
        return self._done(visit, "sending_again", "sending", "id")

    def add_rule(self, visit: Visit) -> Response:
        """Make a rule that forwards."""
        return self._done(visit, "forward_add", "to", "source", "modality")

    def remove_rule(self, visit: Visit) -> Response:
        """Remove a rule."""
        return self._done(visit, "forward_remove", "id")

    def _done(self, visit: Visit, verb: str, *names: str) -> Response:
        given = {name: field(visit.form, name, visit.services.limits.field_characters) for name in names}
        try:
            _ask(visit, verb, **given)
        except PrimumError as refusal:
            return self._page(visit, refused_in_words(visit, refusal), status_of(refusal), given)
        return RedirectResponse(HERE, 303)

    def _page(
        self, visit: Visit, sentence: str = "", status: int = 200, typed: Mapping[str, str] | None = None
    ) -> Response:
        query = visit.request.query_params
        state, device = query.get("state", ""), query.get("device", "")[:64]
        state = state if state in STATES else ""
        digits = query.get("page", "")
        page = int(digits) if digits.isascii() and digits.isdecimal() and len(digits) < 4 else 1  # noqa: PLR2004
        page = min(max(page, 1), _PAGES_MOST)
        try:
            shown = _ask(visit, "sending_search", state=state, device=device, page=page)
        except PrimumError as refusal:
            if refusal.code != "identity.not-permitted":
                raise
            return self._pages.page(visit, "sendings.html", status=403, here="sendings", denied=True)
        devices = shown["devices"]
        rules, changes = self._rules(visit), self._changes(visit, devices)
        lines = self._lines(visit, shown["sendings"])
        acts = any(one.cancels or one.again for one in lines) or bool(changes)
        return self._pages.page(
            visit, "sendings.html", status=status, here="sendings", denied=False, sentence=sentence, lines=lines,
            state=state, device=device, states=STATES, devices=[one["name"] for one in devices], page=page,
            more=shown["more"], narrowed=urlencode({"state": state, "device": device}), rules=rules,
            changes=changes, sources=[one["name"] for one in devices if one["active"]],
            typed={"to": "", "source": "", "modality": "", **(typed or {})},
            step_up_address=step_up_address(visit, HERE) if acts and not visit.person.fresh else "",
        )  # fmt: skip

    @staticmethod
    def _rules(visit: Visit) -> list[dict[str, Any]] | None:
        """List the rules, for who lists devices; None for anybody else."""
        actor = visit.services.people.actor(visit.person)
        if not decide(actor, Permission.DEVICE_LIST, Thing("device")).allowed:
            return None
        language = language_of(visit)
        return [
            {
                **one,
                "since": write_instant(language, from_text(one["since"])),
                "by": named(visit, one["by"]),
                "may": _may(visit, Permission.DEVICE_LET_READ, Thing("device", one["controller"])),
            }
            for one in _ask(visit, "forward_list")["rules"]
        ]

    @staticmethod
    def _changes(visit: Visit, devices: Sequence[Mapping[str, Any]]) -> list[str]:
        """Name the devices that this person may have studies forwarded to, once fresh."""
        return [
            one["name"]
            for one in devices
            if one["receives"] and _may(visit, Permission.DEVICE_LET_READ, Thing("device", one["controller"]))
        ]

    def _lines(self, visit: Visit, found: Sequence[Mapping[str, Any]]) -> list[Line]:
        reach = reaches(visit.services.people.actor(visit.person), Permission.STUDY_LIST)
        entries: dict[str, StudyInReach] = {}
        for ref in {one["study"] for one in found} if reach else ():
            try:
                entries[ref] = visit.services.archive.study(reach, ref=ref)
            except NotHere:
                continue
        shown = self._studies(visit, list(entries.values()))
        lines = []
        for one in found:
            study, may = shown.get(one["study"], (None, False))
            lines.append(line(visit, one, study, may=may))
        return lines

    def _studies(self, visit: Visit, entries: Sequence[StudyInReach]) -> dict[str, tuple[Row, bool]]:
        """Write the studies within reach, and tell which of them this person may send, once fresh."""
        if not entries:
            return {}
        uids = ",".join(dict.fromkeys(one.study_uid for one in entries))
        written = {}
        # another controller may have a study of the same UID
        for one in self._reading.search(visit, [("StudyInstanceUID", uids)], limit=len(entries) * 4, offset=0):
            ref = one.study.study_ref
            address = f"/studies/{visit.aliases.cover(ref)}/sendings"
            shown = row(one.attributes, language_of(visit), address=address, controller="", flags=())
            written[ref] = shown, _may(visit, Permission.STUDY_SEND, _thing(one.study))
        return written


def refused_in_words(visit: Visit, refusal: PrimumError) -> str:
    """Say a refusal of sending in the reader's language; any other goes on."""
    if refusal.code not in _WORDED:
        raise refusal
    return say(language_of(visit), f"sendings.refused_{refusal.code.partition('.')[2].replace('-', '_')}")


def _thing(study: StudyInReach) -> Thing:
    return Thing("study", study.controller_id, referrer=study.referrer, confidential=study.confidential)


def _may(visit: Visit, action: Permission, thing: Thing) -> bool:
    """Tell whether a form is worth showing: whether the person may, once they are fresh."""
    actor = replace(visit.services.people.actor(visit.person), fresh=True)
    return decide(actor, action, thing).allowed


def _ask(visit: Visit, verb: str, **args: str | int) -> dict[str, Any]:
    """Ask the worker, for the person of this session."""
    answer, _ = visit.services.intake.ask("sending", {"token": visit.token, "verb": verb, "args": args})
    return answer
