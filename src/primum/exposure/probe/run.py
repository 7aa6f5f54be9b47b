"""One run: fixtures, sweep, detect, climb, report (docs/design/exposure.md, The run).

Stores nothing. The command line, the one-file probe, checks and interventions all enter here.
"""

from __future__ import annotations

import ssl
import threading
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from ipaddress import ip_address
from pathlib import Path
from typing import Any, Final, Protocol

from primum.exposure.probe.detect import detect
from primum.exposure.probe.dialling import Dialler, Purpose, Unanswered
from primum.exposure.probe.fixtures.judging import judge
from primum.exposure.probe.gate import Gate, ProbeRefused
from primum.exposure.probe.ladders import Keep, Ladders, undetermined
from primum.exposure.probe.limits import LIMITS, Limits
from primum.exposure.probe.model import Family, Identity, Mode, Outcome, Place, Rung, Service, Step
from primum.exposure.probe.report import Report, report_of
from primum.exposure.probe.speakers import SPEAKERS
from primum.exposure.probe.speaking import Asking, Known, Speaker
from primum.exposure.probe.sweep import Sweep
from primum.exposure.probe.targets import Targets

FIXTURES_GREET: Final = 0.2
"""Seconds."""

Progress = Callable[[str, int, int], None]
"""Told the stage (`fixtures`, `sweep`, `ladders`), how many are done, of how many."""


class Judgement(Protocol):
    """What the fixtures said of the probe."""

    @property
    def sound(self) -> bool:
        """Tell whether the run may go on."""

    def as_json(self) -> dict[str, Any]:
        """Give it for the report."""


LookAt = Callable[[Asking, Sequence[Speaker]], Iterable[Service]]
Judge = Callable[[Callable[[], Dialler], Sequence[Speaker], Path | None, LookAt], Judgement]
"""How the probe itself is judged before each run, by the run's own way of looking at a port."""


def judge_by_fixtures(
    make_dialler: Callable[[], Dialler], speakers: Sequence[Speaker], certificate: Path | None, look: LookAt
) -> Judgement:
    """Judge by the fixtures that come with the probe."""
    return judge(make_dialler, speakers, certificate, look=look)


def _known_nothing(_address: str, _port: int) -> Known:
    return Known()


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """What is run. `place`: None where it follows from the targets; `facts` of the vantage are shown as they are.

    `certificate`: PEM for the fixtures' own listeners; `foreign`: shows a certificate that no target enrolled.
    """

    targets: Targets
    gate: Gate
    program: str
    judge: Judge = judge_by_fixtures
    limits: Limits = LIMITS
    speakers: Sequence[Speaker] = SPEAKERS
    known: Callable[[str, int], Known] = _known_nothing
    before: tuple[Purpose, ...] = ()
    """Lines of the log from before the run: proofs of control, hints."""
    place: Place | None = None
    nonce: str = ""
    foreign: ssl.SSLContext | None = None
    certificate: Path | None = None
    facts: dict[str, Any] = field(default_factory=dict)
    now: Callable[[], datetime] = lambda: datetime.now(UTC)
    progress: Progress = lambda _stage, _done, _total: None


@dataclass(slots=True)
class Purposes:
    """The run's log, bounded: once it is full nothing more is asked."""

    most: int
    lines: list[Purpose] = field(default_factory=list)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def note(self, line: Purpose) -> None:
        """Keep a line. Raises Unanswered (`budget`) where the log is full."""
        with self._lock:
            if len(self.lines) >= self.most:
                raise Unanswered("budget", "log-full")
            self.lines.append(line)


@dataclass(frozen=True, slots=True)
class Run:
    """What a run returns: its report, and the log that the report has the hash of."""

    report: Report
    purposes: tuple[Purpose, ...]


def run(order: Order) -> Run:
    """Run. Raises nothing of a target's making; ProbeRefused only where an order was changed after it was read."""
    began = order.now()
    purposes = Purposes(order.limits.purposes)
    dialler = Dialler(
        order.gate, order.limits, log=purposes.note, deadline=time.monotonic() + order.limits.fixtures_seconds,
        nonce=order.nonce, foreign=order.foreign,
    )  # fmt: skip
    order.progress("fixtures", 0, 1)
    judgement = order.judge(lambda: _at_hand(dialler), order.speakers, order.certificate, look_at)
    order.progress("fixtures", 1, 1)
    dialler.deadline = time.monotonic() + order.limits.budget_seconds
    swept, services = _look_at_all(order, dialler) if judgement.sound else ({}, [])
    lines = tuple(sorted([*order.before, *purposes.lines], key=lambda one: one.at))
    report = report_of(
        program=order.program,
        began_at=began,
        ended_at=order.now(),
        place=order.place or place_of(order.targets, order.gate),
        nonce=order.nonce,
        facts=order.facts,
        limits=order.limits,
        sound=judgement.sound,
        fixtures=judgement.as_json(),
        targets=order.targets,
        mandates=order.gate.mandates,
        swept=swept,
        services=services,
        purposes=lines,
        own=lambda one: order.gate.is_own(ip_address(one)),
    )
    return Run(report, lines)


def _at_hand(dialler: Dialler) -> Dialler:
    """Give the dialler that judges the fixtures: they are on loopback, and greet at once if they greet."""
    own = dialler.within(dialler.limits.fixtures_seconds)
    own.limits = replace(own.limits, greeting_seconds=min(own.limits.greeting_seconds, FIXTURES_GREET))
    return own


def _look_at_all(order: Order, dialler: Dialler) -> tuple[dict[str, Any], list[Service]]:
    def look(address: str, port: int, keep: Keep) -> Service:
        known = order.known(address, port)
        if not known.host:
            known = replace(known, host=order.targets.names.get(address, ""))
        asking = Asking(dialler, address, port, order.limits, known)
        return look_at_one(asking, order.speakers, keep)

    ladders = Ladders(order.limits, look, dialler.deadline)
    sweep = Sweep(dialler, order.targets.pairs, ladders.add, lambda done, total: order.progress("sweep", done, total))
    swept = sweep.run()
    services = ladders.finish(lambda done, total: order.progress("ladders", done, total))
    return swept, services


def look_at(asking: Asking, speakers: Sequence[Speaker]) -> list[Service]:
    """Look at one port, as fixtures are looked at and targets too."""
    return [look_at_one(asking, speakers)]


def look_at_one(asking: Asking, speakers: Sequence[Speaker], keep: Keep = lambda _service: None) -> Service:
    """Say what is spoken on a port and climb its ladder, within `service_seconds`."""
    within = replace(asking, dialler=asking.dialler.within(asking.limits.service_seconds))
    try:
        service, speaker = detect(within, speakers)
    except ProbeRefused as refused:
        service, speaker = Service(asking.address, asking.port, Family.UNKNOWN), None
        service.steps.append(_not_tried(refused))
    keep(service)
    if speaker is None:
        return service
    try:
        speaker.climb(within, service)
    except ProbeRefused as refused:
        service.steps.append(_not_tried(refused))
    except Unanswered as unanswered:
        return undetermined(service, unanswered.how)
    except Exception:  # noqa: BLE001 (a stranger's bytes end one ladder, never the run)
        return undetermined(service, "fault")
    return service


def _not_tried(refused: ProbeRefused) -> Step:
    return Step(Mode.PLAIN, Identity.NOBODY, Rung.CONNECT, Outcome.NOT_TRIED, refused.code)


def place_of(targets: Targets, gate: Gate) -> Place:
    """Say from where a run looks that was not sent outside: here, where every address is this machine's own."""
    own = all(gate.is_own(ip_address(one)) for one in targets.pairs)
    return Place.HERE if own else Place.INSIDE
