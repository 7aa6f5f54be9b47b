"""A Primum's own table of routes: each route asked by whom it must send away (docs/design/exposure.md, A Primum).

Asked are the methods that read; those that change something, of this machine's own Primum alone, with an empty body
and identifiers that exist nowhere.
"""

from __future__ import annotations

import secrets
import time
from ipaddress import ip_address
from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit

from primum.exposure.probe.dialling import Unanswered
from primum.exposure.probe.model import Identity, Outcome, Rung, Step
from primum.exposure.probe.web import notes
from primum.exposure.probe.web.http import Pages, Request
from primum.exposure.probe.web.products import primum_routes, public

if TYPE_CHECKING:
    from primum.exposure.probe.model import Mode, Service
    from primum.exposure.probe.speaking import Asking, Route
    from primum.exposure.probe.web.http import Answer

PRODUCT: Final = "Primum"
_COOKIE: Final = "__Host-primum"
_READS: Final = frozenset({"GET", "HEAD", "OPTIONS"})
_DICOMWEB: Final = ("/dicom-web", "/ohif/dicom-web", "/wado")
_SEARCHES: Final = ("/studies", "/series", "/instances", "/workitems", "/dicom-web")
_MISDIRECTED: Final = 421
_WAIT: Final = 429
_SEE_OTHER: Final = range(300, 400)


def is_primum(asking: Asking, service: Service) -> bool:
    """Tell whether the target has the table of routes: it is known to, or its sign-in page says so."""
    return bool(asking.known.routes) or service.product == PRODUCT


def _of_no_house() -> list[tuple[str, str]]:
    """Make credentials as another house's would be: of the right form, known to nobody here."""
    token = secrets.token_urlsafe(32)
    return [("Cookie", f"{_COOKIE}={token}"), ("Authorization", f"Bearer {token}")]


class RouteTable:
    """The table, asked in one mode."""

    def __init__(self, asking: Asking, service: Service, mode: Mode, deadline: float) -> None:
        """`deadline`: of the service, monotonic."""
        self._asking = asking
        self._service = service
        self._mode = mode
        self._deadline = deadline

    def climb(self) -> None:
        """Ask every route as nobody and with each credential that must not do; add what was found."""
        known = self._asking.known
        theirs = known.foreign or _of_no_house()
        nobody: list[tuple[Identity, tuple[tuple[str, str], ...]]] = [(Identity.NOBODY, ())]
        expired = [(Identity.EXPIRED, (one,)) for one in known.expired]
        foreign = [(Identity.FOREIGN, (one,)) for one in theirs]
        for identity, fields in nobody + expired + foreign:
            with Pages(self._asking, self._mode, identity, fields) as pages:
                for route in self._asked():
                    step = self._step(pages, route)
                    if step is not None:
                        self._service.steps.append(step)
                        if step.outcome in {Outcome.SILENT, Outcome.UNDETERMINED}:
                            return

    def _asked(self) -> list[Route]:
        """List the routes that may be asked."""
        routes = list(self._asking.known.routes or primum_routes())
        if self._asking.dialler.gate.is_own(ip_address(self._asking.address)):
            return routes
        reading = [one for one in routes if one.method in _READS]
        if len(reading) < len(routes):
            notes.add(self._service, "web.writes-not-asked")
        return reading

    def _step(self, pages: Pages, route: Route) -> Step | None:
        rung = rung_of(route)
        if time.monotonic() >= self._deadline:
            return Step(self._mode, pages.identity, rung, Outcome.UNDETERMINED, "budget")
        body = None if route.method in _READS else b""
        try:
            # nothing can be retrieved or written under an identifier that exists nowhere: it is asked as a page
            answer = pages.ask(
                Request(route.path, route.method, body=body, bodies=_nothing), Rung.PAGE, "a Primum's table of routes"
            )
        except Unanswered as over:
            outcome = Outcome.SILENT if over.how == "silent" else Outcome.UNDETERMINED
            return Step(self._mode, pages.identity, rung, outcome, over.code or over.how)
        return self._judged(pages, route, rung, answer)

    def _judged(self, pages: Pages, route: Route, rung: Rung, answer: Answer) -> Step | None:
        if answer.status == _MISDIRECTED:
            notes.add(self._service, "web.other-name")
        if answer.status == _WAIT:
            return Step(self._mode, pages.identity, rung, Outcome.UNDETERMINED, str(answer.status))
        if may_be_answered(route, answer) and not pages.leads_away(answer):
            return None
        return Step(self._mode, pages.identity, rung, _outcome(rung), str(answer.status))


def may_be_answered(route: Route, answer: Answer) -> bool:
    """Tell whether a Primum may answer this to somebody whom it does not know."""
    table = public()
    if answer.status in table.refused or table.may_be_seen(route.method, route.path):
        return True
    return answer.status in _SEE_OTHER and urlsplit(answer.value("location")).path in table.sign_in


def rung_of(route: Route) -> Rung:
    """Tell to which rung a route belongs."""
    if not route.path.startswith(_DICOMWEB):
        return Rung.PAGE
    if route.method not in _READS:
        return Rung.STORE
    path = route.path.partition("?")[0].rstrip("/")
    return Rung.SEARCH if path.endswith(_SEARCHES) else Rung.RETRIEVE


def _outcome(rung: Rung) -> Outcome:
    return Outcome.NEGOTIATED if rung is Rung.STORE else Outcome.OPEN


def _nothing(_: bytes) -> bool:
    """Read no body: what it says is in its status."""
    return True
