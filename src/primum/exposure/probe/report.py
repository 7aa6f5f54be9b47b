"""The report of a run: what it holds, what is open, what is not determined, its verdict, since when.

As a JSON object it is written by `writing.py` and read by `reading.py`; its sentences are in `saying.py`.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from ipaddress import ip_address
from typing import Any

from primum.exposure.probe.dialling import Purpose
from primum.exposure.probe.gate import Mandate
from primum.exposure.probe.limits import Limits
from primum.exposure.probe.model import (
    EXITS,
    LADDERS,
    Exit,
    Hole,
    Identity,
    Mode,
    Outcome,
    Place,
    Rung,
    Service,
    Step,
    Verdict,
    verdict,
)
from primum.exposure.probe.sweep import State, Swept
from primum.exposure.probe.targets import Targets


@dataclass(frozen=True, slots=True)
class AskedFor:
    """A TARGET as it was typed, what it became, and the ids of the mandates it was under."""

    asked: str
    addresses: int
    ports: tuple[tuple[int, int], ...]
    mandates: tuple[str, ...]
    left_out: int


@dataclass(frozen=True, slots=True)
class Allowed:
    """A mandate, as far as a report names it."""

    id: str
    given_by: str
    quality: str
    starts_at: str
    ends_at: str


@dataclass(frozen=True, slots=True)
class Address:
    """What was found on an address: its open ports, which ranges were asked, and how many of each other state."""

    address: str
    own: bool
    named: bool
    absent: bool
    asked: tuple[tuple[int, int], ...]
    open: tuple[int, ...]
    closed: int
    silent: tuple[tuple[int, int], ...]
    unreachable: int
    not_tried: tuple[tuple[int, int], ...]


@dataclass(frozen=True, slots=True)
class Gap:
    """Something that is not determined, and why. Port 0: the address as a whole."""

    address: str
    port: int
    code: str
    count: int = 1


@dataclass(frozen=True, slots=True)
class Log:
    """The log of purposes: the name of its file, where one was written, how many lines, and the SHA-256 of all."""

    file: str
    count: int
    sha256: str


@dataclass(frozen=True, slots=True)
class Since:
    """A hole's beginning: between the last report without it (empty: unknown) and the first with it."""

    hole: Hole
    not_before: str
    seen_at: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """A run, told. `views`: valid reports from elsewhere that were joined to it; `outside`: one was from outside."""

    program: str
    began_at: str
    ended_at: str
    place: Place
    nonce: str
    facts: Mapping[str, Any]
    limits: Mapping[str, float]
    sound: bool
    fixtures: Mapping[str, Any]
    targets: tuple[AskedFor, ...] = ()
    mandates: tuple[Allowed, ...] = ()
    addresses: tuple[Address, ...] = ()
    services: tuple[Service, ...] = ()
    purposes: Log
    outside: bool = False
    views: tuple[Report, ...] = ()
    since: tuple[Since, ...] = ()
    signature: str = ""
    """A signed note over the SHA-256 of everything else, where there is one."""

    def holes(self) -> list[Hole]:
        """List what is open, from here and from every view, each once."""
        own = [hole for one in self.services for hole in one.holes()]
        return list(dict.fromkeys(own + [hole for view in self.views for hole in view.holes()]))

    def gaps(self) -> list[Gap]:
        """List what is not determined, of this run and of every view."""
        own = [gap for one in self.addresses for gap in _gaps_of(one)]
        own += [gap for one in self.services for gap in _gaps_in(one)]
        return own + [gap for view in self.views for gap in view.gaps()]

    def verdict(self) -> Verdict:
        """Judge."""
        void = not self.sound or any(not view.sound for view in self.views)
        return verdict(void=void, holes=self.holes(), undetermined=bool(self.gaps()), outside=self.outside)

    def exit_status(self) -> Exit:
        """Return the exit status of the verdict."""
        return EXITS[self.verdict()]

    def joined(self, views: Sequence[Report], *, outside: bool) -> Report:
        """Return this report with reports from elsewhere. Who calls has judged that they are valid."""
        return replace(self, views=(*self.views, *views), outside=self.outside or outside, signature="")


def places_of(report: Report, *, with_holes: bool = False) -> list[Place]:
    """List from where one looked, the nearest first; only where something was open, if asked so."""
    each = [report, *report.views]
    seen = {one.place for one in each if not with_holes or any(service.holes() for service in one.services)}
    return [one for one in Place if one in seen]


def log_lines(purposes: Iterable[Purpose]) -> bytes:
    """Write the log of purposes: a JSON object a line."""
    lines = (json.dumps(one.as_json(), separators=(",", ":"), ensure_ascii=True) for one in purposes)
    return "".join(f"{line}\n" for line in lines).encode("ascii")


def instant(at: datetime) -> str:
    """Write an instant as reports do: UTC, whole seconds."""
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def report_of(
    *,
    program: str,
    began_at: datetime,
    ended_at: datetime,
    place: Place,
    nonce: str,
    facts: Mapping[str, Any],
    limits: Limits,
    sound: bool,
    fixtures: Mapping[str, Any],
    targets: Targets,
    mandates: Iterable[Mandate],
    swept: Mapping[str, Swept],
    services: Sequence[Service],
    purposes: Sequence[Purpose],
    own: Callable[[str], bool],
) -> Report:
    """Make the report of a run."""
    lines = log_lines(purposes)
    used = {one for target in targets.targets for one in target.mandates}
    named = targets.named()
    return Report(
        program=program,
        began_at=instant(began_at),
        ended_at=instant(ended_at),
        place=place,
        nonce=nonce,
        facts=dict(facts),
        limits={name: value for name, value in asdict(limits).items() if isinstance(value, (int, float))},
        sound=sound,
        fixtures=dict(fixtures),
        targets=tuple(
            AskedFor(one.asked, len(one.addresses), tuple(one.ports), tuple(one.mandates), one.left_out)
            for one in targets.targets
        )
        if sound
        else (),
        mandates=tuple(_allowed(one) for one in mandates if one.id in used) if sound else (),
        addresses=tuple(_address(one, named, own) for one in swept.values()),
        services=tuple(services),
        purposes=Log("", len(purposes), hashlib.sha256(lines).hexdigest()),
    )


def _allowed(mandate: Mandate) -> Allowed:
    begins, ends = instant(mandate.starts_at), instant(mandate.ends_at)
    return Allowed(mandate.id, mandate.given_by, mandate.quality, begins, ends)


def _address(swept: Swept, named: frozenset[str], own: Callable[[str], bool]) -> Address:
    return Address(
        address=swept.address,
        own=own(swept.address),
        named=swept.address in named,
        absent=swept.absent,
        asked=ranges(swept.states),
        open=tuple(swept.open()),
        closed=len(swept.of(State.CLOSED)),
        silent=ranges(swept.of(State.SILENT)),
        unreachable=len(swept.of(State.UNREACHABLE)),
        not_tried=ranges(swept.of(State.NOT_TRIED)),
    )


def ranges(ports: Iterable[int]) -> tuple[tuple[int, int], ...]:
    """Write ports as ranges, both ends included."""
    told: list[tuple[int, int]] = []
    for one in sorted(ports):
        if told and one == told[-1][1] + 1:
            told[-1] = (told[-1][0], one)
        else:
            told.append((one, one))
    return tuple(told)


def _gaps_of(one: Address) -> list[Gap]:
    if one.absent:
        # of a network, nobody being there is an answer; loopback without IPv6 too
        return [Gap(one.address, 0, "absent")] if one.named and not ip_address(one.address).is_loopback else []
    left = sum(high - low + 1 for low, high in one.not_tried)
    found = [Gap(one.address, 0, "ports-not-tried", left)] if left else []
    if one.named and one.unreachable and not one.closed and not one.open:
        found.append(Gap(one.address, 0, "unreachable", one.unreachable))
    return found


def _gaps_in(one: Service) -> list[Gap]:
    codes: dict[str, int] = {}
    for step in one.steps:
        if step.outcome in {Outcome.SILENT, Outcome.UNDETERMINED}:
            code = step.code or step.outcome.value
            codes[code] = codes.get(code, 0) + 1
    return [Gap(one.address, one.port, code, count) for code, count in codes.items()]


def refusals(service: Service) -> list[Step]:
    """List, for each mode and identity, the first rung that was refused, with its code."""
    ladder = (Rung.CONNECT, *LADDERS[service.family])
    granted = {
        (one.mode, one.identity, one.rung) for one in service.steps if one.outcome in {Outcome.OPEN, Outcome.NEGOTIATED}
    }
    first: dict[tuple[Mode, Identity], Step] = {}
    for one in service.steps:
        if one.outcome is not Outcome.REFUSED or (one.mode, one.identity, one.rung) in granted:
            continue
        key = (one.mode, one.identity)
        if key not in first or _height(one, ladder) < _height(first[key], ladder):
            first[key] = one
    return list(first.values())


def _height(step: Step, ladder: tuple[Rung, ...]) -> int:
    return ladder.index(step.rung) if step.rung in ladder else len(ladder)


def since(report: Report, earlier: Iterable[Report]) -> tuple[Since, ...]:
    """Date each hole by earlier reports from the same place: when it was last not there, when it was first seen."""
    before = sorted((one for one in earlier if one.sound and one.place is report.place), key=lambda one: one.began_at)
    before = [one for one in before if one.began_at < report.began_at]
    return tuple(_since(hole, report, before) for hole in report.holes())


def _since(hole: Hole, report: Report, before: Sequence[Report]) -> Since:
    seen_at, not_before = report.began_at, ""
    for one in reversed(before):
        if hole in one.holes():
            seen_at = one.began_at
        elif _closed_there(hole, one):
            not_before = one.began_at
            break
    return Since(hole, not_before, seen_at)


def _closed_there(hole: Hole, report: Report) -> bool:
    """Tell whether a report asked that very port, and knows all about it."""
    for one in report.addresses:
        if one.address != hole.address or one.absent or not _within(hole.port, one.asked):
            continue
        if _within(hole.port, one.not_tried) or _within(hole.port, one.silent):
            return False
        return not any(gap.port == hole.port and gap.address == hole.address for gap in report.gaps())
    return False


def _within(port: int, among: Iterable[tuple[int, int]]) -> bool:
    return any(low <= port <= high for low, high in among)
