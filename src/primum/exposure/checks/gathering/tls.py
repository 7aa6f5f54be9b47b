"""Which TLS our own doors take, told by hellos of the probe: this machine's own addresses are free to be asked."""

from __future__ import annotations

import time
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from primum.exposure.checks.errors import NotTold
from primum.exposure.probe.dialling import Dialler, Purpose
from primum.exposure.probe.gate import Gate
from primum.exposure.probe.limits import LIMITS
from primum.exposure.probe.own import is_own
from primum.exposure.probe.speaking import Asking
from primum.exposure.probe.tls.hello import VERSIONS
from primum.exposure.probe.tls.sight import look

SECONDS: Final = 12
"""For one door: some fifteen hellos, each answered in milliseconds on the same machine."""

_UNHEARD: Final = frozenset({"silent", "budget", "unreachable"})
"""How a connection ended that says nothing of the door."""


@dataclass(frozen=True, slots=True)
class Grade:
    """What a door answered. `profile`: the strictest of PS3.15's that it keeps, empty for none."""

    profile: str
    versions: tuple[str, ...]
    weak: tuple[str, ...]
    advised_against: tuple[str, ...]


def grade_of(address: str, port: int) -> Grade:
    """Look at a door on this machine. Raises NotTold where it does not answer, or not to all that it was asked."""
    now, asked = datetime.now(UTC), list[Purpose]()
    gate = Gate(is_own=is_own, mandates=(), now=lambda: datetime.now(UTC))
    dialler = Dialler(gate, LIMITS, log=asked.append, deadline=time.monotonic() + SECONDS)
    seen = look(Asking(dialler, address, port, LIMITS))
    if seen is None:
        raise NotTold(reason="no-tls")
    # a door of ours that hangs up at a hello has refused it; one that stalls has said nothing
    if seen.undetermined and any(one.ended in _UNHEARD for one in asked):
        raise NotTold(reason="tls-not-wholly-seen")
    found = seen.graded(now)
    versions = tuple(VERSIONS[one] for one in sorted(seen.versions, reverse=True))
    return Grade(found.profile, versions, found.weak, found.advised_against)
