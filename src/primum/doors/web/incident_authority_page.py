"""Letters and orders of the authority as a page with forms; the control pack, and the exports of the register."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

from starlette.responses import Response

from primum.doors.http.forms import FormUnreadable, field
from primum.doors.http.nowhere import NotFound
from primum.doors.http.statuses import status_of
from primum.doors.http.visit import Visit
from primum.doors.web.incident_asking import HERE, NoHour, ask, file_id, may, sentence_of, typed_instant
from primum.doors.web.incident_authority import stands
from primum.doors.web.incident_values import tongue
from primum.doors.web.incidents import back, download, fetched, title_of
from primum.doors.web.language import say, write_instant
from primum.doors.web.local_time import OFFSETS
from primum.doors.web.render import Pages, language_of
from primum.ground.clock import from_text
from primum.ground.errors import PrimumError
from primum.identity import Permission
from primum.incidents.carried import read
from primum.incidents.correspondence import ASKED, Direction, OrderStep, Other, Procedure
from primum.incidents.evidence.service import bundles_of
from primum.incidents.limits import LIMITS
from primum.incidents.model import Dossier, State
from primum.incidents.register.authority import Dealings, dealings
from primum.incidents.register.formats import FORMATS
from primum.incidents.register.words import known_word

_NUMBER: Final = re.compile(r"[0-9]{1,3}")
_UNFIT: Final = frozenset({"incident.bad-entry", "incident.bad-instant", "control.bad-request"})
_LETTER: Final = ("what", "about", "reference", "answers", "corrects")
_WITH: Final = "with-"
"""Before a document's id, in the names of the pack's form."""
_CHOSEN: Final = "chosen"
_ORDER: Final = (*_LETTER, "order", "daily", "ceiling", "procedure")


class AuthorityPages:
    """The page of letters and orders; the control pack; the register."""

    def __init__(self, pages: Pages) -> None:
        """Render with `pages`."""
        self._pages = pages

    def page(self, visit: Visit) -> Response:
        """Show letters and orders, and the forms that write them. Raises NoSuchIncident."""
        return self._page(visit)

    def letter(self, visit: Visit) -> Response:
        """Write a letter down, with its document."""
        told: dict[str, object] = {name: field(visit.form, name, LIMITS.text) for name in _LETTER}
        asked = [one.strip() for one in field(visit.form, "asked", LIMITS.text).splitlines() if one.strip()]
        if len(asked) > ASKED:
            return self._unfit(visit)
        parts = [str(int(one) - 1) for one in _NUMBER.findall(field(visit.form, "parts", LIMITS.line))]
        if "-1" in parts:
            return self._unfit(visit)
        return self._written(visit, "incident_letter", {**told, "asked": asked, "parts": parts})

    def order(self, visit: Visit) -> Response:
        """Write an order down, or a step of one."""
        told: dict[str, object] = {name: field(visit.form, name, LIMITS.text) for name in _ORDER}
        shown = field(visit.form, "evidence", LIMITS.line)
        return self._written(visit, "incident_order", {
            **told, "complete": bool(visit.form.get("complete")), "evidence": [shown] if shown else [],
        })  # fmt: skip

    def pack(self, visit: Visit) -> Response:
        """Give the control pack, where it fits."""
        which = field(visit.form, "documents", LIMITS.line)
        chosen = [name.removeprefix(_WITH) for name in visit.form if name.startswith(_WITH)] if which == _CHOSEN else []
        language = tongue(language_of(visit))
        try:
            body = fetched(visit, "incident_pack", all=which == "all", documents=chosen, language=language)
        except PrimumError as refusal:
            return self._page(visit, sentence_of(visit, refusal), status_of(refusal))
        return download(body, "application/zip", f"control-pack-{file_id(visit)}.zip")

    def register(self, visit: Visit) -> Response:
        """Give the register of the controllers whose files this person may see. Raises NotPermitted."""
        kind = visit.request.path_params["kind"]
        if kind not in FORMATS:
            raise NotFound
        args = {"kind": kind, "language": tongue(language_of(visit))}
        asked = {"token": visit.token, "verb": "incident_register", "args": args}
        _, body = visit.services.intake.ask("incidents", asked)
        day = f"{visit.services.clock.now().astimezone():%Y-%m-%d}"
        return download(bytes(body), FORMATS[kind], f"breach-register-{day}.{kind}")

    def _written(self, visit: Visit, verb: str, told: Mapping[str, object]) -> Response:
        if len(visit.document) > LIMITS.document_bytes:
            raise FormUnreadable
        try:
            at = typed_instant(visit)
        except NoHour as unfit:
            return self._page(visit, str(unfit), 422)
        more = {name: field(visit.form, name, LIMITS.line) for name in ("due", "other", "name")}
        try:
            ask(visit, verb, document=visit.document, id=file_id(visit), **told, **more, at=at)
        except PrimumError as refusal:
            if refusal.code in _UNFIT:
                return self._unfit(visit)
            return self._page(visit, sentence_of(visit, refusal), status_of(refusal))
        return back(visit, "authority", "/authority")

    def _unfit(self, visit: Visit) -> Response:
        return self._page(visit, say(language_of(visit), "incident_authority.unfit"), 422)

    def _page(self, visit: Visit, sentence: str = "", status: int = 200) -> Response:
        found, language = ask(visit, "incident_show", id=file_id(visit)), language_of(visit)
        dossier, now = read(found["file"]), from_text(found["now"])
        passed = dealings(dossier, now)
        typed = visit.form if status != 200 else {}  # noqa: PLR2004 (what was refused is shown to be mended)
        return self._pages.page(
            visit, "incident_authority_page.html", status=status, here="incidents", sentence=sentence, one=dossier,
            title=title_of(dossier), file_address=f"{HERE}/{dossier.file.id}", controller=found["controller"],
            here_address=f"{HERE}/{dossier.file.id}/authority", authority=stands(language, passed),
            may_write=may(visit, Permission.INCIDENT_WRITE) and dossier.state is not State.MERGED, offsets=OFFSETS,
            others=[(one.value, known_word(tongue(language), "other", one.value)) for one in Other],
            procedures=[(one.value, say(language, f"incident_authority.procedure_{one.value}")) for one in Procedure],
            correctable=_correctable(language, passed), documents=found["documents"], shown=_shown(language, dossier),
            most=LIMITS.text, line_most=LIMITS.line, steps=OrderStep, ways=Direction,
            typed=lambda what, name: typed.get(name, "") if typed.get("what") == what else "",
        )  # fmt: skip


def _correctable(language: str, passed: Dealings) -> dict[str, list[tuple[str, str]]]:
    """List what another entry may stand in the place of, newest first: letters each way, orders."""
    found: dict[str, list[tuple[str, str]]] = {one.value: [] for one in Direction}
    for one in reversed(passed.letters):
        if not one.corrected_by:
            found[one.direction.value].append((one.entry, f"{write_instant(language, one.at)} · {one.about}"))
    found["order"] = [(one.entry, one.reference) for one in reversed(passed.orders)]
    return found


def _shown(language: str, dossier: Dossier) -> list[tuple[str, str]]:
    """List what may show that an order was complied with: findings of the file, bundles."""
    found = [(f"finding:{one}", f"{say(language, 'incidents.evidence_finding')} {one}") for one in dossier.findings]
    for one in bundles_of(dossier):
        says = f"{say(language, 'incidents.evidence_bundle')} {write_instant(language, one.at)}"
        found.append((f"bundle:{one.body['digest']}", says))
    return found
