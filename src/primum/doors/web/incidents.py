"""The files of breaches as pages: the list, one file with its clock, its questions and its history.

The worker keeps the files and decides who may; a page folds what it was given by the same pure functions.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

from starlette.responses import RedirectResponse, Response

from primum.doors.http.forms import FormUnreadable, field
from primum.doors.http.statuses import status_of
from primum.doors.http.visit import Visit
from primum.doors.web.incident_asking import HERE, NoHour, ask, file_id, may, sentence_of, typed_instant
from primum.doors.web.incident_clock import headline
from primum.doors.web.incident_sections import every_section
from primum.doors.web.incident_stories import stories_of
from primum.doors.web.incident_values import read_form
from primum.doors.web.language import say, write_instant
from primum.doors.web.local_time import OFFSETS
from primum.doors.web.render import Pages, language_of
from primum.doors.web.step_up import step_up_address
from primum.ground.clock import from_text
from primum.ground.errors import PrimumError
from primum.identity import Permission
from primum.incidents.carried import read
from primum.incidents.limits import LIMITS
from primum.incidents.model import Dossier, State, Which

_INSTANTS: Final = (Which.AWARE, Which.CONFIRMED, Which.DETECTED, Which.PROCESSOR_AWARE, Which.AUTHORITY_WROTE,
                    Which.ATTACK_KNOWN)  # fmt: skip


class IncidentPages:
    """The list of files, one file, and the forms that write into it."""

    def __init__(self, pages: Pages) -> None:
        """Render with `pages`."""
        self._pages = pages

    def page(self, visit: Visit) -> Response:
        """List the files that this person may see. Raises NotPermitted."""
        may_list = may(visit, Permission.INCIDENT_LIST)
        lines = _lines(visit) if may_list else []
        return self._pages.page(
            visit, "incidents.html", here="incidents", lines=lines, may_list=may_list, sentence="",
            stories=stories_of(visit),
        )  # fmt: skip

    def open(self, visit: Visit) -> Response:
        """Open a file for a finding. Raises NotPermitted, NoSuchFinding."""
        made = ask(visit, "incident_open", finding=field(visit.form, "finding", LIMITS.line))
        return RedirectResponse(f"{HERE}/{made['id']}", 303)

    def one(self, visit: Visit) -> Response:
        """Show a file. Raises NotPermitted, NoSuchIncident."""
        return self.shown(visit)

    def shown(self, visit: Visit, sentence: str = "", status: int = 200) -> Response:
        """Show a file, with what became of a form."""
        found, language = ask(visit, "incident_show", id=file_id(visit)), language_of(visit)
        dossier, now = read(found["file"]), from_text(found["now"])
        return self._pages.page(
            visit, "incident.html", status=status, here="incidents", sentence=sentence, one=dossier,
            title=title_of(dossier), controller=found["controller"], here_address=f"{HERE}/{dossier.file.id}",
            instants=[(one.value, say(language, f"incidents.instant_{_key(one)}")) for one in _INSTANTS],
            offsets=OFFSETS, open=dossier.state is State.OPEN, most=LIMITS.text, line_most=LIMITS.line,
            step_up_address="" if visit.person.fresh else step_up_address(visit),
            documents=found["documents"], typed=dict(visit.form), may_write=may(visit, Permission.INCIDENT_WRITE),
            may_decide=may(visit, Permission.INCIDENT_DECIDE), may_contain=may(visit, Permission.INCIDENT_CONTAIN),
            **every_section(language, dossier, found, now),
        )  # fmt: skip

    def answer(self, visit: Visit) -> Response:
        """Write down what somebody answers to a question."""
        key, shown = (field(visit.form, name, LIMITS.line) for name in ("key", "evidence"))
        args: dict[str, Any] = {"key": key, "unknown": bool(visit.form.get("unknown"))}
        args["evidence"] = [shown] if shown else []
        try:
            if not args["unknown"]:
                args["value"] = json.dumps(read_form(key, visit.form, None), ensure_ascii=False)
            ask(visit, "incident_answer", id=file_id(visit), **args)
        except PrimumError as refusal:
            return self.refused(visit, refusal)
        return back(visit, "asked")

    def instant(self, visit: Visit) -> Response:
        """Write down when somebody was aware, or another instant."""
        try:
            at = typed_instant(visit)
        except NoHour as unfit:
            return self.shown(visit, str(unfit), 422)
        which, reason = (field(visit.form, name, LIMITS.text) for name in ("which", "reason"))
        return self.act(visit, "incident_instant", "clock", told={"which": which, "at": at, "reason": reason})

    def note(self, visit: Visit) -> Response:
        """Write a note."""
        return self.act(visit, "incident_note", "history", told={"text": field(visit.form, "text", LIMITS.text)})

    def merge(self, visit: Visit) -> Response:
        """Merge this file into another. Raises StepUpNeeded."""
        into, reason = field(visit.form, "into", LIMITS.line), field(visit.form, "reason", LIMITS.text)
        try:
            made = ask(visit, "incident_merge", id=file_id(visit), into=into, reason=reason)
        except PrimumError as refusal:
            return self.refused(visit, refusal)
        return RedirectResponse(f"{HERE}/{made['id']}", 303)

    def close(self, visit: Visit) -> Response:
        """Close the file, or open it again. Raises StepUpNeeded."""
        reason, reopen = field(visit.form, "reason", LIMITS.text), bool(visit.form.get("reopen"))
        return self.act(visit, "incident_close", "history", told={"reason": reason, "reopen": reopen})

    def attach(self, visit: Visit) -> Response:
        """Attach a document."""
        if len(visit.document) > LIMITS.document_bytes:
            raise FormUnreadable
        name = field(visit.form, "name", LIMITS.line)
        return self.act(visit, "incident_attach", "documents", told={"name": name}, document=visit.document)

    def document(self, visit: Visit) -> Response:
        """Give a document, to be kept: never opened under our origin."""
        number = visit.request.path_params["document"]
        body = fetched(visit, "incident_document", number=number)
        return download(body, "application/octet-stream", number)

    def act(
        self, visit: Visit, verb: str, where: str, *, told: Mapping[str, object], document: bytes = b""
    ) -> Response:
        """Ask for a verb about this file, then go back to a part of its page."""
        try:
            ask(visit, verb, document=document, id=file_id(visit), **told)
        except PrimumError as refusal:
            return self.refused(visit, refusal)
        return back(visit, where)

    def refused(self, visit: Visit, refusal: PrimumError) -> Response:
        """Show the file again with what was refused; a refusal that is not of files goes on."""
        return self.shown(visit, sentence_of(visit, refusal), status_of(refusal))


def title_of(dossier: Dossier) -> str:
    """Name a file: what was said when it was opened."""
    opened = next((one for one in dossier.entries if one.of == dossier.file.id), None)
    return str(opened.body.get("sentence", "")) if opened is not None else dossier.file.id


def back(visit: Visit, where: str, page: str = "") -> Response:
    """Go back to a part of the file's page, or of a further page of it."""
    return RedirectResponse(f"{HERE}/{file_id(visit)}{page}#{where}", 303)


def fetched(visit: Visit, verb: str, **args: object) -> bytes:
    """Ask for something that has bytes."""
    asked = {"token": visit.token, "verb": verb, "args": {"id": file_id(visit), **args}}
    _, body = visit.services.intake.ask("incidents", asked)
    return bytes(body)


def download(body: bytes, kind: str, name: str) -> Response:
    """Give bytes to be kept."""
    return Response(body, headers={"content-type": kind, "content-disposition": f'attachment; filename="{name}"'})


def _lines(visit: Visit) -> list[dict[str, Any]]:
    listed, language = ask(visit, "incident_list"), language_of(visit)
    now = from_text(listed["now"])
    return [_line(language, read(one), listed["controllers"], now) for one in listed["files"]]


def _line(language: str, dossier: Dossier, controllers: Mapping[str, str], now: datetime) -> dict[str, Any]:
    return {
        "id": dossier.file.id,
        "title": title_of(dossier),
        "controller": controllers.get(dossier.file.controller_id, ""),
        "origin": say(language, f"incidents.origin_{dossier.origin.value}"),
        "opened_at": write_instant(language, dossier.file.opened_at),
        "state": say(language, f"incidents.state_{dossier.state.value}"),
        "clock": headline(language, dossier, now),
        "exercise": dossier.file.exercise,
        "merged_into": dossier.merged_into,
    }


def _key(which: Which) -> str:
    return which.value.replace("-", "_")
