"""Enrolment: a one-time link becomes a person with a password and a code application."""

from __future__ import annotations

from typing import Final

import segno
from starlette.responses import Response

from primum.doors.http.forms import field
from primum.doors.http.statuses import status_of
from primum.doors.http.visit import Visit
from primum.doors.web.at_door import secret
from primum.doors.web.language import say
from primum.doors.web.render import Pages, language_of
from primum.ground.errors import PrimumError

_LINK: Final = {"identity.invitation-refused": "refused", "identity.enrolment-not-here": "not_here"}
FACTORS: Final = {
    "identity.wrong-code": "wrong_code",
    "identity.password-too-short": "too_short",
    "identity.password-too-long": "too_long",
    "identity.password-guessable": "guessable",
}


class Enrolment:
    """The three pages: the link, the factors, the recovery codes."""

    def __init__(self, pages: Pages) -> None:
        """Render with `pages`."""
        self._pages = pages

    def link_page(self, visit: Visit) -> Response:
        """Ask for the link's key; a script takes it out of the fragment and posts it."""
        return self._pages.page(visit, "enrol.html", sentence="")

    def begin(self, visit: Visit) -> Response:
        """Show what the code application needs, and ask for password and first code."""
        try:
            return self._factors(visit)
        except PrimumError as refusal:
            return self._link_refused(visit, refusal)

    def finish(self, visit: Visit) -> Response:
        """Take password and first code; show the recovery codes, once."""
        password = secret(visit, "password")
        if password != visit.form.get("again", ""):
            return self._factors(visit, sentence=say(language_of(visit), "enrol.differ"), status=422)
        try:
            codes = visit.services.people.enrol_finish(
                self._link(visit),
                password,
                field(visit.form, "code", visit.services.limits.field_characters),
                address=visit.address,
            )
        except PrimumError as refusal:
            return self._finish_refused(visit, refusal)
        return self._pages.page(visit, "recovery.html", codes=codes)

    def _finish_refused(self, visit: Visit, refusal: PrimumError) -> Response:
        if refusal.code not in FACTORS:
            return self._link_refused(visit, refusal)
        sentence = say(language_of(visit), f"enrol.{FACTORS[refusal.code]}", **refusal.facts)
        try:
            return self._factors(visit, sentence=sentence, status=status_of(refusal))
        except PrimumError as gone:
            return self._link_refused(visit, gone)

    def _link_refused(self, visit: Visit, refusal: PrimumError) -> Response:
        if refusal.code not in _LINK:
            raise refusal
        sentence = say(language_of(visit), f"enrol.{_LINK[refusal.code]}")
        return self._pages.page(visit, "enrol.html", status=status_of(refusal), sentence=sentence)

    def _factors(self, visit: Visit, *, sentence: str = "", status: int = 200) -> Response:
        enrolment = visit.services.people.enrol_begin(self._link(visit), address=visit.address)
        picture = segno.make(enrolment.totp_uri, error="m", micro=False)
        return self._pages.page(
            visit,
            "enrol_factors.html",
            status=status,
            sentence=sentence,
            link=self._link(visit),
            name=enrolment.full_name,
            qr=picture.svg_data_uri(scale=4, border=1, dark="#15211f", omitsize=True),
            key=_in_fours(enrolment.totp_secret),
        )

    def _link(self, visit: Visit) -> str:
        return field(visit.form, "link", visit.services.limits.field_characters).rpartition("#")[2]


def _in_fours(key: str) -> str:
    return " ".join(key[at : at + 4] for at in range(0, len(key), 4))
