"""Which TLS our own doors take, told by hellos sent to them: this machine's own addresses are free to probe.

A door is graded by the weakest that it takes, against PS3.15: B.13 and B.12 take TLS 1.2 and 1.3 with forward secrecy
and authenticated encryption alone (RFC 9325 4.2); B.10 lets older suites in, no older version. What is below is weak.
"""

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
from primum.exposure.probe.tls.hello import TLS12, TLS13, VERSIONS
from primum.exposure.probe.tls.sight import TlsSight, look

SECONDS: Final = 12
"""For one door: some ten hellos, each answered in milliseconds on the same machine."""
_STRONG: Final = 128
_ALL_OF_13: Final = frozenset({0x1301, 0x1302, 0x1303, 0x1304})
"""Suites of TLS 1.3 that B.13 wants to be there, AES-CCM among them."""


@dataclass(frozen=True, slots=True)
class Grade:
    """What a door answered. `profile`: the strictest that it keeps, empty for none; `weak`: why."""

    profile: str
    versions: tuple[str, ...]
    weak: tuple[str, ...]


def grade_of(address: str, port: int) -> Grade:
    """Look at a door on this machine. Raises NotTold where it does not answer, or not to all that it was asked."""
    gate = Gate(is_own=is_own, mandates=(), now=lambda: datetime.now(UTC))
    asked: list[Purpose] = []
    dialler = Dialler(gate, LIMITS, log=asked.append, deadline=time.monotonic() + SECONDS)
    seen = look(Asking(dialler, address, port, LIMITS))
    if seen is None:
        raise NotTold(reason="no-tls")
    # a door of ours that hangs up at a hello has refused it; one that stalls or resets has said nothing
    if seen.undetermined and any(one.ended != "done" for one in asked):
        raise NotTold(reason="tls-not-wholly-seen")
    return grade(seen)


def grade(seen: TlsSight) -> Grade:
    """Judge what was seen."""
    names = tuple(VERSIONS[one] for one in sorted(seen.versions, reverse=True))
    weak = [VERSIONS[one] for one in sorted(seen.versions) if one not in {TLS12, TLS13}]
    weak += [one.name for one in seen.suites if one.bits < _STRONG or one.exchange in {"anonymous", "export"}]
    if weak or not seen.versions:
        return Grade("", names, tuple(weak))
    if not all(one.forward_secret and one.authenticated for one in seen.suites):
        return Grade("B.10", names, ())
    modern = {one.number for one in seen.suites if one.exchange == "any"}
    return Grade("B.13" if modern >= _ALL_OF_13 else "B.12", names, ())
