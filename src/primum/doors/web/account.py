"""One's own account: language, password; and what the house tells everybody."""

from __future__ import annotations

from starlette.responses import RedirectResponse, Response

from primum.doors.http.statuses import status_of
from primum.doors.http.visit import Visit
from primum.doors.web.at_door import refused_sentence, secret
from primum.doors.web.enrolment import FACTORS
from primum.doors.web.language import LANGUAGES, say
from primum.doors.web.render import Pages, language_of
from primum.ground.errors import PrimumError


class Account:
    """The account page and its forms."""

    def __init__(self, pages: Pages) -> None:
        """Render with `pages`."""
        self._pages = pages

    def page(self, visit: Visit) -> Response:
        """Show who one is and what may be changed."""
        return self._page(visit)

    def language(self, visit: Visit) -> Response:
        """Choose another language."""
        language = visit.form.get("language", "")
        if language in LANGUAGES:
            visit.services.people.set_language(visit.token, language)
        return RedirectResponse("/account", 303)

    def password(self, visit: Visit) -> Response:
        """Change the password, against the present one."""
        language, new = language_of(visit), secret(visit, "password")
        if new != visit.form.get("again", ""):
            return self._page(visit, sentence=say(language, "enrol.differ"), status=422)
        try:
            visit.services.people.change_password(visit.token, secret(visit, "current"), new, address=visit.address)
        except PrimumError as refusal:
            return self._page(visit, sentence=_sentence(visit, refusal), status=status_of(refusal))
        return self._page(visit, done=say(language, "account.changed"))

    def _page(self, visit: Visit, *, sentence: str = "", done: str = "", status: int = 200) -> Response:
        language = language_of(visit)
        roles = sorted(visit.services.people.actor(visit.person).roles)
        return self._pages.page(
            visit,
            "account.html",
            status=status,
            here="account",
            sentence=sentence,
            done=done,
            login=visit.services.people.person(visit.person.person_id).login,
            roles=[say(language, f"role.{role}") for role in roles],
        )


def _sentence(visit: Visit, refusal: PrimumError) -> str:
    if refusal.code in {"identity.sign-in-refused", "identity.throttled"}:
        return refused_sentence(visit, "account", refusal)
    if refusal.code in FACTORS:
        return say(language_of(visit), f"enrol.{FACTORS[refusal.code]}", **refusal.facts)
    raise refusal
