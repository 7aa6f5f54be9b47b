"""Recognises HTTP on a port, in clear or in TLS, and climbs the ladder of the web in every mode and identity."""

from __future__ import annotations

import base64
import time
from typing import TYPE_CHECKING, Final

from primum.exposure.probe.dialling import Unanswered
from primum.exposure.probe.gate import NotProven
from primum.exposure.probe.model import Family, Identity, Mode, Outcome, Rung, Service, Step
from primum.exposure.probe.web.http import Pages, Request
from primum.exposure.probe.web.ladder import Ladder
from primum.exposure.probe.web.products import credentials
from primum.exposure.probe.web.routes import RouteTable, is_primum

if TYPE_CHECKING:
    from primum.exposure.probe.speaking import Asking
    from primum.exposure.probe.web.products import Credential

_REFUSED: Final = frozenset({401, 403, 429})


class WebSpeaker:
    """HTTP/1.1: pages of products, DICOMweb, a Primum's own routes."""

    family = Family.WEB
    ports = frozenset(
        {80, 443, 591, 631, 2375, 2376, 3000, 3333, 5000, 5001, 5357, 5985, 5986, 8000, 8008, 8042, 8043, 8080, 8081}
        | {8088, 8161, 8443, 8888, 9000, 9090, 9200, 9443, 10000}
    )

    def recognise(self, asking: Asking, greeting: bytes) -> Service | None:
        """Ask for a page in clear, then in TLS; who speaks first speaks something else. Raises ProbeRefused."""
        if greeting and not greeting.startswith(b"HTTP/"):
            return None
        for mode in (Mode.PLAIN, Mode.TLS):
            with Pages(asking, mode, Identity.NOBODY) as pages:
                try:
                    answer = pages.ask(Request("/", head_only=True), Rung.PAGE, "is it HTTP")
                except Unanswered:
                    continue
            shown = asking.limits.shown_characters
            return Service(asking.address, asking.port, Family.WEB, banner=_printable(answer.value("server"), shown))
        return None

    def climb(self, asking: Asking, service: Service) -> None:
        """Climb in each mode, as nobody, then with credentials that must not do, then with those of products."""
        deadline = time.monotonic() + asking.limits.service_seconds
        for mode in asking.dialler.modes():
            first = Ladder(asking, service, mode, Identity.NOBODY, deadline=deadline)
            first.climb()
            if not first.served:
                continue
            for identity, fields in _given(asking):
                Ladder(asking, service, mode, identity, deadline=deadline, fields=(fields,)).climb()
            if first.challenged:
                _with_defaults(asking, service, mode, first.challenged, deadline)
            if is_primum(asking, service):
                RouteTable(asking, service, mode, deadline).climb()
        _settle_modes(service)


def _settle_modes(service: Service) -> None:
    """Who speaks HTTP in one mode, and is silent to the first word of another, does not speak that one."""
    if any(one.rung is not Rung.CONNECT for one in service.steps):
        service.steps = [
            Step(one.mode, one.identity, one.rung, Outcome.REFUSED, "not-spoken")
            if one.rung is Rung.CONNECT and one.outcome is Outcome.SILENT
            else one
            for one in service.steps
        ]


def _given(asking: Asking) -> list[tuple[Identity, tuple[str, str]]]:
    """List credentials that must not do."""
    expired = [(Identity.EXPIRED, one) for one in asking.known.expired]
    return expired + [(Identity.FOREIGN, one) for one in asking.known.foreign]


def _with_defaults(asking: Asking, service: Service, mode: Mode, challenged: str, deadline: float) -> None:
    """Try what products come with where HTTP Basic was asked for, until one is let in; climb with that one."""
    code = "401"
    for credential in credentials():
        fields = (("Authorization", _basic(credential)),)
        with Pages(asking, mode, Identity.DEFAULT, fields) as pages:
            try:
                answer = pages.ask(Request(challenged), Rung.PAGE, "credentials that products come with")
            except NotProven as refusal:
                service.steps.append(Step(mode, Identity.DEFAULT, Rung.PAGE, Outcome.NOT_TRIED, refusal.code))
                return
            except Unanswered as over:
                outcome = Outcome.SILENT if over.how == "silent" else Outcome.UNDETERMINED
                service.steps.append(Step(mode, Identity.DEFAULT, Rung.PAGE, outcome, over.code or over.how))
                return
        if answer.status not in _REFUSED:
            Ladder(asking, service, mode, Identity.DEFAULT, deadline=deadline, fields=fields).climb()
            return
        code = str(answer.status)
        if answer.status == 429:  # noqa: PLR2004 - too many requests: it counts, and is left alone
            break
    service.steps.append(Step(mode, Identity.DEFAULT, Rung.PAGE, Outcome.REFUSED, code))


def _basic(credential: Credential) -> str:
    """Return the value of the Authorization field (RFC 7617)."""
    return "Basic " + base64.b64encode(f"{credential.user}:{credential.password}".encode()).decode("ascii")


def _printable(text: str, most: int) -> str:
    return "".join(one for one in text if one.isascii() and one.isprintable())[:most]
