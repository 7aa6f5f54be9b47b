"""What a port's TLS looks like: versions and suites that it takes, asked with ClientHellos of our own.

Each hello is a connection that passes the gate as mode plain. The conversation ends before keys are made.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

from primum.exposure.probe.dialling import Unanswered, spoken_suites
from primum.exposure.probe.model import Identity, Mode, Rung
from primum.exposure.probe.speaking import Asking
from primum.exposure.probe.tls.certificate import Certificate, read_certificate
from primum.exposure.probe.tls.der import NotDer
from primum.exposure.probe.tls.grading import Grade, Seen, grade
from primum.exposure.probe.tls.hello import (
    SSL30,
    TLS10,
    TLS11,
    TLS12,
    TLS13,
    VERSIONS,
    Flight,
    FlightReader,
    NotTls,
    client_hello,
    group_of,
)
from primum.exposure.probe.tls.suites import BY_NUMBER, CLASSIC, MODERN, WEAK, Suite

_EACH: Final = ((TLS13, MODERN), *((one, (*CLASSIC, *WEAK)) for one in (TLS12, TLS11, TLS10, SSL30)))
"""What each version is offered; of the older ones only what the newer ones did not show."""


@dataclass(slots=True)
class TlsSight:
    """What was seen. `suites` in the order in which the port chose them."""

    versions: list[int] = field(default_factory=list)
    suites: list[Suite] = field(default_factory=list)
    asks_for_certificate: bool | None = None
    """None where it cannot be told before keys are made (TLS 1.3)."""
    groups: dict[str, int] = field(default_factory=dict)
    """The least bits of an ephemeral key exchange, by its kind."""
    certificate: Certificate | None = None
    unreadable: bool = False
    """A certificate was shown that is none, or longer than is read."""
    undetermined: bool = False
    """Some hello got no answer: there may be more than was seen."""

    def graded(self, now: datetime) -> Grade:
        """Grade it against PS3.15."""
        names = [VERSIONS[one] for one in sorted(self.versions)]
        return grade(Seen(names, self.suites, self.groups, self.certificate), now)

    def conversable(self) -> bool:
        """Tell whether this Python's own TLS takes anything that the port takes."""
        return any(one >= TLS10 for one in self.versions) and any(one.number in spoken_suites() for one in self.suites)

    def as_json(self, now: datetime) -> dict[str, Any]:
        """Give it as plain values, graded."""
        return {
            "versions": [VERSIONS[one] for one in sorted(self.versions)],
            "suites": [one.name for one in self.suites],
            "groups": dict(self.groups),
            "asks_for_certificate": self.asks_for_certificate,
            "certificate": None if self.certificate is None else self.certificate.as_json(),
            "certificate_unreadable": self.unreadable,
            "grade": self.graded(now).as_json(),
            "undetermined": self.undetermined,
        }


def look(asking: Asking) -> TlsSight | None:
    """Look; None where TLS is not spoken. Raises ProbeRefused."""
    first = _greet(asking, TLS12, (*CLASSIC, *WEAK))
    if first is None or first is _CLOSED:
        return None
    seen = TlsSight()
    until = time.monotonic() + asking.limits.step_seconds
    for version, offered in _EACH:
        flight = first if version == TLS12 else _greet(asking, version, offered)
        if flight is None:
            seen.undetermined = True
        elif flight.version == version:
            seen.versions.append(version)
            if flight.whole and version != TLS13:
                seen.asks_for_certificate = bool(seen.asks_for_certificate) or flight.asks_for_certificate
            left = [one for one in offered if one not in seen.suites]
            seen.suites += _enumerated(asking, seen, left, flight, until)
    if seen.certificate is None and not seen.unreadable and TLS13 in seen.versions:
        _shown_within(asking, seen)
    return seen


def _shown_within(asking: Asking, seen: TlsSight) -> None:
    """Look at the certificate that TLS 1.3 enciphers, with this Python's own TLS."""
    try:
        with asking.connect(Mode.TLS, Rung.CONNECT, Identity.NOBODY, "which certificate is shown") as wire:
            side = wire.tls()
            shown = side.getpeercert(binary_form=True) if side is not None else None
    except (Unanswered, ValueError):
        return
    if shown:
        _keep(asking, seen, shown)


def _keep(asking: Asking, seen: TlsSight, shown: bytes) -> None:
    try:
        seen.certificate = read_certificate(shown, asking.limits)
    except NotDer:
        seen.unreadable = True


def _note(asking: Asking, seen: TlsSight, flight: Flight) -> None:
    """Keep what came with a choice: the group, and once the certificate."""
    suite = BY_NUMBER[flight.suite]
    if suite.exchange in {"dhe", "ecdhe"} and flight.exchange:
        kind, bits = group_of(flight, elliptic=suite.exchange == "ecdhe")
        if bits:
            seen.groups[kind] = min(bits, seen.groups.get(kind, bits))
    if flight.certificates and seen.certificate is None:
        _keep(asking, seen, flight.certificates[0])


def _enumerated(
    asking: Asking, seen: TlsSight, offered: Sequence[Suite], flight: Flight | None, until: float
) -> Iterator[Suite]:
    """Take away what was chosen and ask again, until nothing is chosen any more."""
    version = flight.version if flight is not None else 0
    if flight is not None and flight.suite not in {one.number for one in offered}:
        flight = _greet(asking, version, offered) if offered else None
        if not offered:
            return
    left = {one.number: one for one in offered}
    while flight is not None and flight.version == version and flight.suite in left:
        _note(asking, seen, flight)
        yield left.pop(flight.suite)
        if not left:
            return
        if time.monotonic() > until:
            seen.undetermined = True
            return
        flight = _greet(asking, version, tuple(left.values()))
    seen.undetermined = seen.undetermined or flight is None


def _greet(asking: Asking, version: int, suites: Sequence[Suite]) -> Flight | None:
    """Send one hello; return what answered it, `_CLOSED` where it hung up, None where it was not TLS or nothing."""
    hello = client_hello(version, [one.number for one in suites], asking.dialler.server_name())
    reader = FlightReader(asking.limits.certificate_bytes)
    ended = True
    try:
        purpose = f"which suites of {VERSIONS[version]} are taken"
        with asking.connect(Mode.PLAIN, Rung.CONNECT, Identity.NOBODY, purpose) as wire:
            wire.send(hello)
            while True:
                data = wire.receive(_AT_ONCE)
                if not data or reader.feed(data):
                    break
    except Unanswered as unanswered:
        ended = unanswered.how == "reset"
    except NotTls:
        ended = False
    flight = reader.flight
    if flight.suite in BY_NUMBER or flight.alert:
        return flight
    return _CLOSED if ended else None


_AT_ONCE: Final = 16 * 1024
_CLOSED: Final = Flight(alert="closed")
"""Old servers say no more than that to a version that they do not take."""
