"""The score of a seed: holes that the table says are there, found or missed; holes that are not; packets to nobody's.

*Not determined* is missed. A tuple is (address, port, mode, identity, rung).
"""

from __future__ import annotations

import shutil
import time
import traceback
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import asdict, dataclass, field, replace
from datetime import datetime
from pathlib import Path
from threading import Condition
from typing import Any, Final

from primum.exposure.probe.model import Exit, Hole, Place
from primum.exposure.probe.ports import usual_ports
from tests.trials import probing
from tests.trials.capture import Capture
from tests.trials.draw import Plan, draw, plan_of
from tests.trials.network import Network
from tests.trials.stage import Stage

FEW: Final = ("orthanc/open", "smb/guest", "http/printer")
"""Who is on the network that is nearly empty."""


@dataclass(slots=True)
class View:
    """What was seen from one place."""

    place: Place
    found: list[Hole] = field(default_factory=list)
    missed: list[Hole] = field(default_factory=list)
    false: list[Hole] = field(default_factory=list)
    passed_over: list[tuple[str, int]] = field(default_factory=list)
    """Places that cannot be told by anybody, of which the run did not say so."""
    beyond: list[str] = field(default_factory=list)
    """Packets that nobody had allowed."""
    canaries: list[str] = field(default_factory=list)
    """What of a patient was in what the run wrote."""
    packets: int = 0
    verdict: str = ""
    status: int = -1
    said: str = ""
    seconds: float = 0

    def right(self) -> bool:
        """Tell whether all of it is as it must be: status and verdict say what was found, too."""
        whole = not (self.missed or self.false or self.passed_over or self.beyond or self.canaries)
        open_to = bool(self.found)
        return whole and (self.status == Exit.OPEN) is open_to and self.status in {Exit.OPEN, Exit.UNSETTLED}


@dataclass(slots=True)
class Score:
    """Of one seed."""

    seed: int
    hosts: int = 0
    holes: int = 0
    lines: list[str] = field(default_factory=list)
    views: list[View] = field(default_factory=list)
    seconds: float = 0
    trouble: str = ""
    """Why the network could not be put up, where it could not: no score, and no success."""

    def right(self) -> bool:
        """Tell whether the probe found what is there, and nothing else."""
        return not self.trouble and bool(self.views) and all(one.right() for one in self.views)

    def as_json(self) -> dict[str, Any]:
        """Give it as plain values."""
        return asdict(self) | {"right": self.right()}


def score(stage: Stage, seed: int) -> Score:
    """Put the network of a seed up, probe it from inside and from outside, and compare."""
    plan, began = draw(seed), time.monotonic()
    told = Score(seed, sum(one.covered for one in plan.nodes), lines=[one.line.name for one in plan.nodes])
    told.holes = len(plan.holes(Place.INSIDE)) + len(plan.holes(Place.OUTSIDE))
    folder = stage.kit.folder / f"seed-{seed}"
    folder.mkdir()
    try:
        with stage.performed(plan, seed) as network:
            told.views = _views(stage, network, folder)
    except Exception as error:  # noqa: BLE001 - one seed that cannot be put up must not hide the others
        told.trouble = f"{type(error).__name__}: {error} {traceback.format_exc(limit=-2)}"[:1500]
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    told.seconds = round(time.monotonic() - began, 2)
    return told


def _views(stage: Stage, network: Network, folder: Path) -> list[View]:
    asked = [probing.inside(stage, network, folder), probing.outside(network, folder)]
    both = [one for one in asked if one is not None]
    with ThreadPoolExecutor(len(both)) as pool:
        return list(pool.map(lambda one: _view(network.plan, one, folder), both))


def _view(plan: Plan, asked: probing.Asked, folder: Path) -> View:
    return _looked(plan, asked, folder)[0]


def _looked(plan: Plan, asked: probing.Asked, folder: Path) -> tuple[View, dict[str, Any]]:
    with ExitStack() as held:
        capture = held.enter_context(Capture(asked.space))
        answer = probing.run(asked, folder)
    wanted, told = plan.holes(asked.place), answer.holes()
    unsure = {(one["address"], one["port"]) for one in answer.report.get("not_determined", [])}
    view = View(
        asked.place,
        found=sorted(wanted & told),
        missed=sorted(wanted - told),
        false=sorted(told - wanted),
        passed_over=sorted(plan.mute(asked.place) - unsure),
        beyond=capture.seen.beyond(set(asked.allowed)),
        canaries=probing.canaries(answer.text),
        packets=capture.seen.tcp.total(),
        verdict=str(answer.report.get("verdict", "")),
        status=answer.status,
        said=str(answer.report.get("said", "")),
        seconds=round(answer.seconds, 2),
    )
    return view, answer.report


def score_all(stage: Stage, seeds: Sequence[int], jobs: int, done: Callable[[Score], None]) -> list[Score]:
    """Score seeds, `jobs` at a time: two whose networks overlap take turns, for a Primum may stand in both."""
    waiting, free = list(seeds), Condition()
    up: dict[int, Plan] = {}
    told: list[Score] = []

    def take() -> int | None:
        with free:
            while waiting:
                for seed in waiting:
                    plan = draw(seed)
                    if not any(plan.lan.overlaps(one.lan) or plan.wan.overlaps(one.wan) for one in up.values()):
                        waiting.remove(seed)
                        up[seed] = plan
                        return seed
                free.wait()
            return None

    def work(_number: int) -> None:
        while (seed := take()) is not None:
            one = score(stage, seed)
            with free:
                del up[seed]
                told.append(one)
                done(one)
                free.notify_all()

    with ThreadPoolExecutor(jobs) as pool:
        list(pool.map(work, range(jobs)))
    return sorted(told, key=lambda one: one.seed)


@dataclass(slots=True)
class Empty:
    """A /24 in which hardly anybody is."""

    addresses: int
    hosts: int
    seconds: float
    """By the report's own clock, from its beginning to its end."""
    view: View


def empty(stage: Stage) -> Empty:
    """Probe a whole /24 of a few machines on the usual ports, proofs of control asked of every address."""
    few = plan_of(*FEW, seed=24)
    plan = replace(few, mandated=few.lan, ports=tuple(sorted({*usual_ports().ports(), *few.ports})))
    folder = stage.kit.folder / "empty"
    folder.mkdir()
    with stage.performed(plan, "empty") as network:
        asked = probing.inside(stage, network, folder)
        view, report = _looked(plan, asked, folder)
    began, ended = (datetime.fromisoformat(str(report[name])) for name in ("began_at", "ended_at"))
    return Empty(plan.lan.num_addresses - 2, len(FEW), (ended - began).total_seconds(), view)
