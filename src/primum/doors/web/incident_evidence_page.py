"""The page of evidence and emergency measures: freeze, take a bundle out, close, revoke, end, reopen.

The worker is asked for what is under way, and for what may be acted on. Nothing here waits for it.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final

from starlette.responses import JSONResponse, RedirectResponse, Response

from primum.doors.http.forms import field
from primum.doors.http.nowhere import NotFound
from primum.doors.http.statuses import status_of
from primum.doors.http.visit import Visit
from primum.doors.web.incident_asking import HERE, ask, file_id, may, sentence_of
from primum.doors.web.incident_evidence import stands
from primum.doors.web.incident_values import tongue
from primum.doors.web.incidents import download, fetched, title_of
from primum.doors.web.language import catalogue, say, write_instant
from primum.doors.web.render import Pages, language_of
from primum.doors.web.step_up import step_up_address
from primum.ground.clock import from_text
from primum.ground.errors import PrimumError
from primum.identity import Permission
from primum.incidents.carried import read
from primum.incidents.containment.foreign import procedures
from primum.incidents.limits import LIMITS
from primum.incidents.model import Dossier, State

_BUNDLE: Final = re.compile(r"ent_[a-z2-7]{26}")
EVERYBODY: Final = "everybody"


class EvidencePages:
    """The page of evidence and emergency measures, and what its buttons do."""

    def __init__(self, pages: Pages) -> None:
        """Render with `pages`."""
        self._pages = pages

    def page(self, visit: Visit) -> Response:
        """Show what was frozen and done, what is under way, and what may be done. Raises NoSuchIncident."""
        return self._page(visit)

    def progress(self, visit: Visit) -> Response:
        """Say how far the work under way is."""
        work = ask(visit, "incident_containment", id=file_id(visit))["work"]
        told = {"under_way": work is not None and not work["over"], "says": _far(language_of(visit), work)}
        return JSONResponse(told, headers={"cache-control": "no-store"})

    def freeze(self, visit: Visit) -> Response:
        """Begin to freeze, and go back to the page, which follows it."""
        return self._begun(visit, "incident_freeze_begin", {})

    def contain(self, visit: Visit) -> Response:
        """Begin an emergency measure, and go back to the page. Raises StepUpNeeded."""
        subject = field(visit.form, "subject", LIMITS.line)
        everybody = subject == EVERYBODY
        told: dict[str, object] = {
            name: field(visit.form, name, LIMITS.text) for name in ("what", "override", "reason")
        }
        return self._begun(
            visit, "incident_contain_begin", {**told, "subject": "" if everybody else subject, "everybody": everybody}
        )  # fmt: skip

    def bundle(self, visit: Visit) -> Response:
        """Give a bundle to be kept, where it fits; that it left is written into the file."""
        number = visit.request.path_params["bundle"]
        if not _BUNDLE.fullmatch(number):
            raise NotFound
        try:
            body = fetched(visit, "incident_bundle", number=number)
        except PrimumError as refusal:
            return self._page(visit, sentence_of(visit, refusal), status_of(refusal))
        return download(body, "application/x-tar", f"{number}.tar")

    def _begun(self, visit: Visit, verb: str, told: Mapping[str, Any]) -> Response:
        try:
            ask(visit, verb, id=file_id(visit), **told)
        except PrimumError as refusal:
            return self._page(visit, sentence_of(visit, refusal), status_of(refusal))
        return RedirectResponse(f"{HERE}/{file_id(visit)}/contain", 303)

    def _page(self, visit: Visit, sentence: str = "", status: int = 200) -> Response:
        found, language = ask(visit, "incident_show", id=file_id(visit)), language_of(visit)
        beside, dossier = ask(visit, "incident_containment", id=file_id(visit)), read(found["file"])
        work, address = beside["work"], f"{HERE}/{dossier.file.id}"
        return self._pages.page(
            visit, "incident_contain.html", status=status, here="incidents", one=dossier, title=title_of(dossier),
            file_address=address, here_address=f"{address}/contain", most=LIMITS.text, most_bytes=beside["most"],
            sentence=sentence or (_refused(language, work["refused"]) if work is not None and work["over"] else ""),
            under_way=_far(language, work) if work is not None and not work["over"] else "",
            devices=beside["devices"], people=beside["people"], everywhere=beside["everywhere"], key=beside["key"],
            pages_here=f"https://localhost:{visit.services.settings.web_port}{address}/contain",
            everybody=EVERYBODY, alive=dossier.state is not State.MERGED, foreign=_foreign(language, dossier),
            step_up_address="" if visit.person.fresh else step_up_address(visit, f"{address}/contain"),
            may_write=may(visit, Permission.INCIDENT_WRITE), may_contain=may(visit, Permission.INCIDENT_CONTAIN),
            may_take=may(visit, Permission.JOURNAL_LIST), evidence=stands(language, dossier, found["names"]),
        )  # fmt: skip


def _far(language: str, work: Mapping[str, Any] | None) -> str:
    """Say how far the work is, in words."""
    if work is None or work["over"]:
        return ""
    what = say(language, f"incident_evidence.what_{work['what'].replace('-', '_')}")
    size = f"{work['size'] / (1 << 20):.1f}"
    size = size.replace(".", ",") if language == "fr" else size
    at = write_instant(language, from_text(work["begun_at"]))
    return say(language, "incident_evidence.far", what=what, at=at, size=size, part=work["part"] or "…")


def _refused(language: str, code: str) -> str:
    known = f"incidents.refused_{code.removeprefix('incident.').replace('-', '_')}"
    return say(language, known if known in catalogue(language) else "incidents.refused", code=code)


def _foreign(language: str, dossier: Dossier) -> dict[str, Any]:
    """Give what to keep first, and how to close, by kind of product; that of the file first."""
    found, tongued = procedures(), tongue(language)
    system = dossier.value("system")
    product = str(system.get("product", "")).lower() if isinstance(system, Mapping) else ""
    kinds = sorted(found.kinds.values(), key=lambda one: one.key != product)
    return {
        "said": found.said[tongued], "always": [one[tongued] for one in found.always],
        "kinds": [
            {
                "key": one.key, "label": one.label[tongued], "open": one.key == product,
                "first": [each[tongued] for each in one.first], "close": [each[tongued] for each in one.close],
            }
            for one in kinds
        ],
    }  # fmt: skip
