"""Telling people as a page with forms: the list, the letter with what it does not say yet, what leaves, the notice.

Who may read the file sees counts. Names come up on the page of a batch alone, for who may decide.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

from starlette.responses import Response

from primum.doors.http.forms import field
from primum.doors.http.statuses import status_of
from primum.doors.http.visit import Visit
from primum.doors.web.incident_asking import HERE, NoHour, ask, file_id, may, sentence_of, typed_instant
from primum.doors.web.incident_people import asked, beside, fates, form_of, letter_of, section, unreadable
from primum.doors.web.incident_values import tongue
from primum.doors.web.incidents import back, download, title_of
from primum.doors.web.language import say, write_instant
from primum.doors.web.local_time import OFFSETS
from primum.doors.web.render import Pages, language_of
from primum.doors.web.step_up import step_up_address
from primum.ground.clock import from_text
from primum.ground.errors import PrimumError
from primum.identity import Permission
from primum.incidents.carried import read
from primum.incidents.limits import LIMITS
from primum.incidents.model import Dossier, Role, State
from primum.incidents.telling.letter import LANGUAGES
from primum.incidents.telling.limits import LIMITS as TELLING
from primum.incidents.telling.model import Channel
from primum.incidents.telling.permits import EACH, PUBLIC, approved
from primum.incidents.telling.wording import public

PAGE: Final = "/people"
_NUMBER: Final = re.compile(r"[0-9]{1,6}")
_OK: Final = 200
_UNFIT: Final = 422
_REFUSED: Final = 403
_MAIL_TERMINAL: Final = 2_000
"""Letters by post from which the page says how they are printed at the terminal: an answer has 15 MiB."""


class TellingPages:
    """The page of people to be told."""

    def __init__(self, pages: Pages) -> None:
        """Render with `pages`."""
        self._pages = pages

    def page(self, visit: Visit) -> Response:
        """Show how far telling people is. Raises NotPermitted, NoSuchIncident."""
        return self._page(visit)

    def take(self, visit: Visit) -> Response:
        """Take a list of people."""
        source = field(visit.form, "source", TELLING.source)
        try:
            ask(visit, "incident_people_list", document=visit.document, id=file_id(visit), source=source)
        except PrimumError as refusal:
            why = unreadable(language_of(visit), str(refusal)) if refusal.code == "incident.list-unreadable" else []
            return self._page(visit, sentence_of(visit, refusal), status_of(refusal), why=why)
        return back(visit, "list", PAGE)

    def letter(self, visit: Visit) -> Response:
        """Show a letter as nobody would get it, print that, or sign it: whichever button was pressed."""
        letter = letter_of(visit.form)
        body = json.dumps(letter, ensure_ascii=False).encode()
        do = field(visit.form, "do", LIMITS.line)
        typed = {name: text for name, text in visit.form.items() if "-" in name}
        try:
            seen = ask(visit, "incident_people_preview", document=body, id=file_id(visit))
            if do == "pdf" and not seen["complaints"]:
                return _printed(visit, body)
            if do == "approve" and not seen["complaints"]:
                return self._approved(visit, body, typed, seen)
        except PrimumError as refusal:
            return self._page(visit, sentence_of(visit, refusal), status_of(refusal), typed=typed)
        sentence = say(language_of(visit), "incident_telling.not_yet") if seen["complaints"] else ""
        return self._page(visit, sentence, _UNFIT if sentence else _OK, typed=typed, seen=seen)

    def _approved(self, visit: Visit, body: bytes, typed: Mapping[str, str], seen: dict[str, Any]) -> Response:
        """Sign; what was typed is not lost where password and code are asked for first."""
        if not visit.person.fresh:
            sentence = say(language_of(visit), "incident_telling.confirm_first")
            return self._page(visit, sentence, _REFUSED, typed=typed, seen=seen)
        ask(visit, "incident_people_approve", document=body, id=file_id(visit))
        return back(visit, "letter", PAGE)

    def send(self, visit: Visit) -> Response:
        """Start a batch. Raises StepUpNeeded."""
        told = {"id": file_id(visit), "channel": field(visit.form, "channel", LIMITS.line)}
        return self.act(visit, "incident_people_send", "batches", told)

    def publish(self, visit: Visit) -> Response:
        """Say where the public notice stands. Raises StepUpNeeded."""
        try:
            since = typed_instant(visit, "since")
        except NoHour as unfit:
            return self._page(visit, str(unfit), _UNFIT)
        told = {"id": file_id(visit), "where": field(visit.form, "where", TELLING.source), "since": since}
        name = field(visit.form, "name", LIMITS.line)
        return self.act(visit, "incident_people_publish", "notice", {**told, "name": name}, visit.document)

    def returned(self, visit: Visit) -> Response:
        """Say that letters came back."""
        told = {name: field(visit.form, name, LIMITS.line) for name in ("address", "batch")}
        more = {"id": file_id(visit), "numbers": numbers(visit, "numbers")}
        return self.act(visit, "incident_people_returned", "batches", {**told, **more})

    def act(self, visit: Visit, verb: str, where: str, told: Mapping[str, object], document: bytes = b"") -> Response:
        """Ask for a verb, then go back to a part of the page; or show it again with what was refused."""
        try:
            ask(visit, verb, document=document, **told)
        except PrimumError as refusal:
            return self.refused(visit, refusal)
        return back(visit, where, PAGE)

    def refused(self, visit: Visit, refusal: PrimumError) -> Response:
        """Show the page again with what was refused."""
        return self._page(visit, sentence_of(visit, refusal), status_of(refusal))

    def _page(  # noqa: PLR0917 (what is shown)
        self, visit: Visit, sentence: str = "", status: int = _OK, why: list[str] | None = None,
        typed: Mapping[str, str] | None = None, seen: Mapping[str, Any] | None = None,
    ) -> Response:  # fmt: skip
        found, language = ask(visit, "incident_show", id=file_id(visit)), language_of(visit)
        stands = ask(visit, "incident_people", id=file_id(visit))
        dossier, now, said = read(found["file"]), from_text(found["now"]), tongue(language)
        ours = dossier.state is State.OPEN and dossier.file.role is not Role.PROCESSOR
        return self._pages.page(
            visit, "incident_people_page.html", status=status, here="incidents", sentence=sentence, why=why or [],
            one=dossier, title=title_of(dossier), controller=found["controller"], **common(visit, dossier),
            **section(language, dossier, found, now), counts=stands["standing"],
            fates=fates(language, stands["standing"]["fates"]), no_mail=stands["no_mail"],
            batches=[shown(language, one, found["names"]) for one in stands["batches"]],
            approved=_approval(language, stands), asked=asked(said), letter_most=TELLING.paragraph * TELLING.items,
            typed=typed if typed is not None else form_of(stands["letter"], stands["start"]),
            beside=beside(said, seen["complaints"]) if seen else {}, seen=seen,
            notices=_notices(dossier, found["controller"], stands["standing"]["decision"]),
            open=ours, may_write=ours and may(visit, Permission.INCIDENT_WRITE),
            may_decide=ours and may(visit, Permission.INCIDENT_DECIDE),
            may_send=stands["standing"]["decision"] in EACH and bool(stands["letter"]),
            may_publish=stands["standing"]["decision"] in PUBLIC and bool(stands["letter"]),
            offsets=OFFSETS, source_most=TELLING.source, mail_most=TELLING.mail, terminal_from=_MAIL_TERMINAL,
        )  # fmt: skip


def _printed(visit: Visit, letter: bytes) -> Response:
    """Give a letter as nobody would get it by post."""
    told = {"token": visit.token, "verb": "incident_people_preview_pdf", "args": {"id": file_id(visit)}}
    _, pdf = visit.services.intake.ask("incidents", told, letter)
    return download(bytes(pdf), "application/pdf", "letter.pdf")


def common(visit: Visit, dossier: Dossier) -> dict[str, Any]:
    """Give what the page and that of a batch both need."""
    return {
        "file_address": f"{HERE}/{dossier.file.id}", "here_address": f"{HERE}/{dossier.file.id}{PAGE}",
        "step_up_address": "" if visit.person.fresh else step_up_address(visit, f"{HERE}/{dossier.file.id}{PAGE}"),
        "most": LIMITS.text, "line_most": LIMITS.line,
    }  # fmt: skip


def shown(language: str, one: Mapping[str, Any], names: Mapping[str, str]) -> dict[str, Any]:
    """Say how far a batch is."""
    at: datetime = from_text(one["at"])
    return {
        **one, "at": write_instant(language, at), "by": names.get(one["by"], one["by"]),
        "says": say(language, f"incident_telling.by_{one['channel']}"), "fates": fates(language, one["letters"]),
        "waits": sum(one["letters"].get(each, 0) for each in ("uncertain", "refused", "given-up", "returned")),
        "to_post": one["letters"].get("waiting", 0) if one["channel"] == Channel.POST else 0,
        "stoppable": one["letters"].get("waiting", 0) + one["letters"].get("deferred", 0),
        "trouble_at": write_instant(language, from_text(one["trouble_at"])) if one["trouble_at"] else "",
    }  # fmt: skip


def _approval(language: str, stands: Mapping[str, Any]) -> str:
    digest = stands["standing"]["approved"]
    return say(language, "incident_telling.approved", digest=digest[:16]) if digest else ""


def _notices(dossier: Dossier, sender: str, decision: str) -> list[tuple[str, str]]:
    """Write the public notice in each language of the approved letter."""
    draft = approved(dossier)
    if draft is None or decision not in PUBLIC:
        return []
    return [(one, public(draft, one, sender)) for one in LANGUAGES if one in draft.words]


def numbers(visit: Visit, name: str) -> list[str]:
    """Take numbers of letters, however they are set apart."""
    return _NUMBER.findall(field(visit.form, name, LIMITS.text))
