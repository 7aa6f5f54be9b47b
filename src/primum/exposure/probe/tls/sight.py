"""What a port's TLS looks like: versions and suites that it takes, asked with ClientHellos of our own.

Each hello is a connection that passes the gate as mode plain. The conversation ends before keys are made.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from primum.exposure.probe.dialling import Unanswered
from primum.exposure.probe.model import Identity, Mode, Rung
from primum.exposure.probe.speaking import Asking
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
    undetermined: bool = False
    """Some hello got no answer: there may be more than was seen."""

    def as_json(self) -> dict[str, Any]:
        """Give it as plain values."""
        return {
            "versions": [VERSIONS[one] for one in sorted(self.versions)],
            "suites": [one.name for one in self.suites],
            "asks_for_certificate": self.asks_for_certificate,
            "undetermined": self.undetermined,
        }


def look(asking: Asking) -> TlsSight | None:
    """Look; None where TLS is not spoken. Raises ProbeRefused."""
    first = _greet(asking, TLS12, (*CLASSIC, *WEAK))
    if first is None:
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
    return seen


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
        yield left.pop(flight.suite)
        if not left:
            return
        if time.monotonic() > until:
            seen.undetermined = True
            return
        flight = _greet(asking, version, tuple(left.values()))
    seen.undetermined = seen.undetermined or flight is None


def _greet(asking: Asking, version: int, suites: Sequence[Suite]) -> Flight | None:
    """Send one hello; return what answered it, None where it was not TLS or nothing."""
    hello = client_hello(version, [one.number for one in suites], asking.dialler.server_name())
    reader = FlightReader(asking.limits.certificate_bytes)
    try:
        purpose = f"which suites of {VERSIONS[version]} are taken"
        with asking.connect(Mode.PLAIN, Rung.CONNECT, Identity.NOBODY, purpose) as wire:
            wire.send(hello)
            while True:
                data = wire.receive(_AT_ONCE)
                if not data or reader.feed(data):
                    break
    except (Unanswered, NotTls):
        pass
    flight = reader.flight
    return flight if flight.suite in BY_NUMBER or flight.alert else None


_AT_ONCE: Final = 16 * 1024
