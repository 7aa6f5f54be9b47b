"""From a report that came back to what is judged of it, and from a judged one to a view that is joined to others."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime
from ipaddress import ip_address
from typing import Any, Final

from primum.exposure.outside.model import Returned
from primum.exposure.probe.outside.control import Reached
from primum.exposure.probe.report import Address, Report

_CHALLENGE: Final = re.compile(r"[0-9a-f]{32}")
_MAC: Final = re.compile(r"[0-9a-f]{64}")
_CONTROLS: Final = 1024
"""Answers of controls in one report: one a port."""
_PORTS: Final = 65_536


def returned_of(report: Report, *, vouched: bool = False) -> Returned:
    """Take what is judged out of a report that was read. `vouched`: by a vantage that proved itself."""
    plan = report.facts.get("plan")
    controls = report.facts.get("controls")
    return Returned(
        nonce=report.nonce,
        plan_digest=plan if isinstance(plan, str) else "",
        started_at=datetime.fromisoformat(report.began_at),
        ended_at=datetime.fromisoformat(report.ended_at),
        void=not report.sound,
        undetermined=bool(report.gaps()),
        holes=tuple(report.holes()),
        asked=frozenset(_asked(report.addresses)),
        controls=tuple(_answers(controls if isinstance(controls, list) else [])),
        vouched=vouched,
    )


def as_view(report: Report, blocked: Iterable[tuple[int, int]]) -> Report:
    """Return the report as it counts once it is accepted: who reached the control, and nobody there, knows.

    `blocked`: (IP version, port) that were not let out: they are not tried, whatever they looked like.
    """
    ports = {(version, port) for version, port in blocked}
    return replace(report, addresses=tuple(_counted(one, ports) for one in report.addresses))


def as_found(report: Report, blocked: Iterable[tuple[int, int]], *, counts: bool) -> Report:
    """Return the report for the list of findings: one that does not count says what is open, and settles nothing."""
    if counts:
        return replace(as_view(report, blocked), outside=True)
    return replace(report, addresses=(), services=tuple(one for one in report.services if one.holes()))


def _asked(addresses: Iterable[Address]) -> Iterable[tuple[str, int]]:
    for one in addresses:
        untried = {port for low, high in one.not_tried for port in range(low, high + 1)}
        for low, high in one.asked:
            yield from ((one.address, port) for port in range(low, high + 1) if port not in untried)


def _counted(one: Address, blocked: set[tuple[int, int]]) -> Address:
    version = ip_address(one.address).version
    closed = {port for other, port in blocked if other == version and port not in one.open}
    within = {port for port in closed if any(low <= port <= high for low, high in one.asked)}
    tried = {port for low, high in one.not_tried for port in range(low, high + 1)}
    return replace(one, absent=False, not_tried=_ranges(within | tried))


def _ranges(ports: Iterable[int]) -> tuple[tuple[int, int], ...]:
    found: list[tuple[int, int]] = []
    for port in sorted(ports):
        if found and found[-1][1] == port - 1:
            found[-1] = (found[-1][0], port)
        else:
            found.append((port, port))
    return tuple(found)


def _answers(told: list[Any]) -> Iterable[Reached]:
    """Take the control's answers, those in their shape."""
    for one in told[:_CONTROLS]:
        match one:
            case {
                "port": int(port), "challenge": str(challenge), "instant": int(instant), "seen_as": str(seen_as),
                "mac": str(mac),
            } if _fits(port, challenge, instant, seen_as, mac):  # fmt: skip
                yield Reached(port, challenge, instant, seen_as, mac)


def _fits(port: int, challenge: str, instant: int, seen_as: str, mac: str) -> bool:
    try:
        plain = str(ip_address(seen_as)) == seen_as
    except ValueError:
        return False
    shapes = _CHALLENGE.fullmatch(challenge) and _MAC.fullmatch(mac)
    return plain and shapes is not None and 0 < port < _PORTS and 0 < instant < 1 << 40
