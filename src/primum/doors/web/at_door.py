"""Sign-in, lock, unlock, sign-out."""

from __future__ import annotations

from starlette.responses import RedirectResponse, Response

from primum.doors.http.disclosures import Disclosures
from primum.doors.http.forms import field
from primum.doors.http.headers import CLEAR_AT_LOCK, CLEAR_AT_SIGN_OUT
from primum.doors.http.statuses import status_of
from primum.doors.http.tokens import forget_cookie, set_cookie
from primum.doors.http.visit import Standing, Visit
from primum.doors.web.language import say, write_instant
from primum.doors.web.render import Pages, language_of
from primum.ground.clock import from_text
from primum.ground.errors import PrimumError

AGENT = "browser"


class AtDoor:
    """The pages before the house."""

    def __init__(self, pages: Pages, disclosures: Disclosures) -> None:
        """Render with `pages`; `disclosures` are closed with their session."""
        self._pages = pages
        self._disclosures = disclosures

    def sign_in_page(self, visit: Visit) -> Response:
        """Show the form; who is in already goes on."""
        if visit.standing is not Standing.STRANGER:
            return RedirectResponse("/", 303)
        return self._sign_in(visit)

    def sign_in(self, visit: Visit) -> Response:
        """Check login, password and code, all at once; one sentence for whatever is wrong."""
        form, limits = visit.form, visit.services.limits
        try:
            session = visit.services.people.sign_in(
                field(form, "login", limits.field_characters),
                secret(visit, "password"),
                field(form, "code", limits.field_characters),
                address=visit.address,
                agent=AGENT,
            )
        except PrimumError as refusal:
            if refusal.code not in {"identity.sign-in-refused", "identity.throttled"}:
                raise
            sentence = refused_sentence(visit, "sign_in", refusal)
            return self._sign_in(visit, sentence=sentence, status=status_of(refusal))
        answer = RedirectResponse("/", 303)
        answer.headers.append("set-cookie", set_cookie(session.token))
        return answer

    def locked_page(self, visit: Visit) -> Response:
        """Ask a locked session for its password."""
        if visit.standing is Standing.PERSON:
            return RedirectResponse("/", 303)
        return self._pages.page(visit, "locked.html", sentence="")

    def unlock(self, visit: Visit) -> Response:
        """Open a locked session again."""
        try:
            visit.services.people.unlock(visit.token, secret(visit, "password"), address=visit.address)
        except PrimumError as refusal:
            if refusal.code not in {"identity.sign-in-refused", "identity.throttled"}:
                raise
            sentence = refused_sentence(visit, "locked", refusal)
            return self._pages.page(visit, "locked.html", status=status_of(refusal), sentence=sentence)
        return RedirectResponse("/", 303)

    def lock(self, visit: Visit) -> Response:
        """Lock the session, and clear what the browser holds."""
        visit.services.people.lock(visit.token)
        self._disclosures.close_session(visit.person.id)
        answer = RedirectResponse("/locked", 303)
        answer.headers["clear-site-data"] = CLEAR_AT_LOCK
        return answer

    def sign_out(self, visit: Visit) -> Response:
        """End the session, and clear what the browser holds, the cookie included."""
        language = language_of(visit)
        visit.services.people.sign_out(visit.token)
        if visit.session is not None:
            self._disclosures.close_session(visit.session.id)
        stranger = Visit(visit.request, visit.services)
        answer = self._sign_in(stranger, ended=True, language=language)
        answer.headers["clear-site-data"] = CLEAR_AT_SIGN_OUT
        answer.headers.append("set-cookie", forget_cookie())
        return answer

    def active(self, visit: Visit) -> Response:
        """Note that somebody is there; looking up the session did it."""
        return Response(status_code=204 if visit.session else 401)

    def _sign_in(
        self, visit: Visit, *, sentence: str = "", status: int = 200, ended: bool = False, language: str = ""
    ) -> Response:
        return self._pages.page(visit, "sign_in.html", status=status, language=language, sentence=sentence, ended=ended)


def secret(visit: Visit, name: str) -> str:
    """Return a field as typed, spaces included; empty where it is missing or longer than any password."""
    value = visit.form.get(name, "")
    return value if len(value) <= visit.services.limits.password_characters else ""


def refused_sentence(visit: Visit, section: str, refusal: PrimumError) -> str:
    """Say that a password or code was refused, or when the next try counts."""
    language = language_of(visit)
    if refusal.code != "identity.throttled":
        return say(language, f"{section}.refused")
    retry_at = refusal.facts.get("retry_at", "")
    at = from_text(retry_at) if isinstance(retry_at, str) and retry_at else retry_at
    return say(language, f"{section}.throttled", time=write_instant(language, at) if at else "")  # type: ignore[arg-type]
