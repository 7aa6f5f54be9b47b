"""Pages: templates with the facts that every page needs, and the headers of a page."""

from __future__ import annotations

from importlib.resources import files
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup
from starlette.responses import HTMLResponse

from primum.doors.http.headers import PAGE_POLICY
from primum.doors.http.tokens import FORM_FIELD
from primum.doors.http.visit import Standing, Visit
from primum.doors.web.language import LANGUAGES, preferred, say, write_instant
from primum.doors.web.static import Static
from primum.ground.clock import from_text
from primum.identity import Permission, reaches
from primum.imaging.retention.model import Tally


class Pages:
    """Renders templates. Everything is escaped; nothing reaches a page unescaped but our own markup."""

    def __init__(self, static: Static) -> None:
        """Load templates from this room's folder."""
        folder = Path(str(files("primum.doors.web"))) / "templates"
        self.static = static
        self._templates = Environment(
            loader=FileSystemLoader(folder),
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
            auto_reload=False,
        )

    def page(
        self,
        visit: Visit,
        template: str,
        *,
        status: int = 200,
        headers: dict[str, str] | None = None,
        language: str = "",
        **facts: Any,  # noqa: ANN401 (whatever the template shows)
    ) -> HTMLResponse:
        """Answer with a page in the reader's language."""
        text = self._templates.get_template(template).render({**self._common(visit, language), **facts})
        policy = {"content-security-policy": PAGE_POLICY, "vary": "Accept-Language, Cookie"}
        return HTMLResponse(text, status, headers={**policy, **(headers or {})})

    def text(self, template: str, **facts: Any) -> str:  # noqa: ANN401
        """Render what is not a page of ours."""
        return self._templates.get_template(template).render(**facts)

    def common(self, visit: Visit) -> dict[str, Any]:
        """Return what a template of its own frame needs too."""
        return self._common(visit, "")

    def _common(self, visit: Visit, language: str) -> dict[str, Any]:
        language = language or language_of(visit)
        signed_in = visit.standing is Standing.PERSON
        person = visit.services.people.person(visit.person.person_id) if signed_in else None
        standing = _standing(visit) if signed_in else None
        return {
            "standing": standing,
            "t": lambda key, **facts: say(language, key, **facts),
            "language": language,
            "static": self.static.address,
            "demo": visit.services.demo,
            "doors_closed": _closed(visit, language) if signed_in else None,
            "signed_in": signed_in,
            "person_name": person.full_name if person else "",
            "notice_count": _notices(visit) if signed_in else 0,
            "form_token": visit.form_token if visit.standing is not Standing.STRANGER else "",
            "token_field": lambda: _token_field(visit),
            "idle_minutes": visit.services.settings.session_idle_minutes,
            "here": "",
            "may_list_orders": signed_in and _may(visit, Permission.ORDER_LIST),
            "may_read": signed_in and _may(visit, Permission.STUDY_READ),
            "may_check": signed_in and _may(visit, Permission.CHECK_READ),
            "may_list_doses": signed_in and _may(visit, Permission.DOSE_LIST),
            "may_list_interventions": signed_in and _may(visit, Permission.INTERVENTION_LIST),
            "may_report_incidents": signed_in and _may(visit, Permission.INCIDENT_REPORT),
            "may_list_sendings": signed_in
            and (_may(visit, Permission.STUDY_LIST) or _may(visit, Permission.DEVICE_LIST)),
        }


def _standing(visit: Visit) -> Tally | None:
    """Count what waits to be erased, for who may decide about it; None for anybody else."""
    actor = visit.services.people.actor(visit.person)
    return visit.services.retention.standing(actor) if visit.services.retention.may_list(actor) else None


def _closed(visit: Visit, language: str) -> dict[str, str] | None:
    """Say since when the doors are closed, and where they are reopened; None while they are open."""
    found = visit.services.closed()
    if found is None:
        return None
    may_see = bool(found.incident) and _may(visit, Permission.INCIDENT_LIST)
    return {"at": _since(language, found.at), "address": f"/incidents/{found.incident}/contain" if may_see else ""}


def _since(language: str, at: str) -> str:
    try:
        return write_instant(language, from_text(at))
    except ValueError:
        return "?"


def _may(visit: Visit, action: Permission) -> bool:
    return bool(reaches(visit.services.people.actor(visit.person), action))


def _notices(visit: Visit) -> int:
    return len(visit.services.people.notices()) + len(visit.services.retention.announced())


def language_of(visit: Visit) -> str:
    """Return the person's language, or what the browser asks for, or the home's."""
    if visit.session is not None:
        chosen = visit.services.people.person(visit.session.person_id).language
        if chosen in LANGUAGES:
            return chosen
    return preferred(visit.request.headers.get("accept-language", ""), visit.services.settings.language)


def _token_field(visit: Visit) -> Markup:
    return Markup('<input type="hidden" name="{}" value="{}">').format(FORM_FIELD, visit.form_token)
