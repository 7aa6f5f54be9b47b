"""What an hour says: findings, a table, an object, a drawing."""

from __future__ import annotations

import os
import platform
from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from statistics import median
from typing import Any

from bench.soak import drift
from bench.soak.drift import Finding
from bench.soak.pace import Action, Diary
from bench.soak.samples import OfProcess, Sample
from bench.timeline import Panel, draw

SUM_MIB_AN_HOUR = 2 * drift.MEMORY_MIB_AN_HOUR
JOBS = ("journal verify", "backup", "export", "vault check", "status")
"""Too few of each in an hour for medians of quarters, and they grow with what there is to verify: not judged."""


@dataclass
class Hour:
    """What was seen and done, and what was wrong at the end."""

    diary: Diary
    samples: list[Sample]
    wrong: list[str]
    instances: int

    @property
    def all_wrong(self) -> list[str]:
        """Say what went wrong on the way, and what was found at the end."""
        return [*self.diary.wrong, *self.wrong]


def findings(hour: Hour) -> list[Finding]:
    """Judge each process's memory and descriptors, their sum, and each kind of action."""
    times = [one.at for one in hour.samples]
    whole = [sum(process.pss for process in one.processes.values()) for one in hour.samples]
    found = [drift.memory("all processes", times, whole, SUM_MIB_AN_HOUR)]
    for name in names(hour.samples):
        seen = [(one.at, one.processes[name]) for one in hour.samples if name in one.processes]
        at = [when for when, _ in seen]
        found.append(drift.memory(name, at, [float(process.pss) for _, process in seen]))
        found.append(drift.descriptors(name, at, [float(process.descriptors) for _, process in seen]))
    load = [one.load for one in hour.samples]
    for kind, actions in by_kind(hour.diary.actions).items():
        if kind not in JOBS:
            then = [load[min(bisect_right(times, one.at), len(load) - 1)] for one in actions]
            found.append(drift.latency(kind, [one.at for one in actions], [one.seconds for one in actions], then))
    return found


def restarts(samples: Sequence[Sample]) -> list[str]:
    """Say which process was not the same to the end."""
    return [
        f"{name} was not one process for the whole run"
        for name in names(samples)
        if len({one.processes[name].pid for one in samples if name in one.processes}) > 1
    ]


def names(samples: Sequence[Sample]) -> list[str]:
    """Name the processes that were there at least half of the time; others came and went."""
    every = {name for one in samples for name in one.processes}
    return sorted(name for name in every if sum(name in one.processes for one in samples) * 2 >= len(samples))


def by_kind(actions: Sequence[Action]) -> dict[str, list[Action]]:
    """Sort actions by kind."""
    found: dict[str, list[Action]] = {}
    for one in sorted(actions, key=lambda one: one.at):
        found.setdefault(one.kind, []).append(one)
    return found


def verdict(hour: Hour, found: Sequence[Finding]) -> str:
    """Say in one word: wrong, drifted, unjudged or flat."""
    if hour.all_wrong:
        return "wrong"
    if any(one.judged and not one.flat for one in found):
        return "drifted"
    return "flat" if all(one.judged for one in found) else "unjudged"


def as_table(hour: Hour, found: Sequence[Finding]) -> str:
    """Return Markdown: what was judged, then latencies."""
    seconds = hour.samples[-1].at - hour.samples[0].at
    busy, others, load = (median(getattr(one, what) for one in hour.samples[1:]) for what in ("busy", "others", "load"))
    said = (
        f"{seconds / 60:.0f} minutes, {hour.instances} instances, {len(hour.diary.actions)} actions; Primum used "
        f"{busy:.2f} cores, other work on the machine {others:.2f}, its load {load:.1f} (medians; our clients "
        f"are in neither). Verdict: **{verdict(hour, found)}**."
    )
    heads = ("process", "PSS at a quarter, at the end", "grows, MiB/h", "noise", "descriptors by quarter", "threads")
    lines = [said, "", "| " + " | ".join(heads) + " |", "|---" * len(heads) + "|"]
    bounds = {(one.subject, one.what): one for one in found}
    for name in ["all processes", *names(hour.samples)]:
        grown = bounds[name, "memory"]
        cells = [name, _memory(hour, name), f"{_marked(grown, '+.1f')} (≤ {grown.bound:g})", f"{grown.noise:.1f} MiB"]
        cells += [_descriptors(hour, name), _threads(hour, name)]
        lines.append("| " + " | ".join(cells) + " |")
    headings = ("action", "how many", "p50 / p95 / p99, ms", "p50 by fifths, ms", "last quarter over second")
    lines += ["", "| " + " | ".join(headings) + " |", "|---" * len(headings) + "|"]
    for kind, actions in by_kind(hour.diary.actions).items():
        judged = bounds.get((kind, "latency"))
        ratio = (
            "not judged" if judged is None or not judged.judged else f"{_marked(judged, '.2f')} (≤ {judged.bound:g})"
        )
        figures = " / ".join(f"{1000 * one:.1f}" for one in drift.percentiles([one.seconds for one in actions]))
        fifths = drift.windows([(one.at, one.seconds) for one in actions], seconds / 60 / 5 + 0.01)
        curve = ", ".join(f"{1000 * figure[0]:.1f}" for _, figure in fifths.values())
        lines.append(f"| {kind} | {len(actions)} | {figures} | {curve} | {ratio} |")
    for words in hour.all_wrong[:20]:
        lines += ["", f"wrong: {words}"]
    return "\n".join(lines)


def _marked(one: Finding, form: str) -> str:
    return format(one.figure, form) if one.flat else f"**{format(one.figure, form)}**"


def _memory(hour: Hour, name: str) -> str:
    def held(one: Sample) -> float:
        return sum(process.pss for key, process in one.processes.items() if name in {"all processes", key})

    end = hour.samples[-1].at
    early = [held(one) for one in hour.samples if 0.2 * end <= one.at <= 0.3 * end]
    late = [held(one) for one in hour.samples if one.at >= 0.9 * end]
    return f"{median(early or [0]):.0f}, {median(late or [0]):.0f} MiB"


def _descriptors(hour: Hour, name: str) -> str:
    end = hour.samples[-1].at
    seen = [(one.at, one.processes[name].descriptors) for one in hour.samples if name in one.processes]
    second = [count for at, count in seen if end / 4 <= at < end / 2]
    last = [count for at, count in seen if at >= end * 3 / 4]
    return f"{median(second or [0]):g}, {median(last or [0]):g}" if seen else ""


def _threads(hour: Hour, name: str) -> str:
    last = hour.samples[-1].processes
    return str(last[name].threads) if name in last else ""


def as_object(hour: Hour, found: Sequence[Finding]) -> dict[str, Any]:
    """Return everything that somebody may want to look at again."""
    return {
        "machine": f"{os.cpu_count()} cores, {platform.platform()}, Python {platform.python_version()}",
        "verdict": verdict(hour, found),
        "wrong": hour.all_wrong,
        "instances": hour.instances,
        "turns_skipped": hour.diary.skipped,
        "findings": [{**asdict(one), "flat": one.flat} for one in found],
        "windows": {
            kind: {
                number: {"count": count, "p50_p95_p99_ms": [round(1000 * one, 2) for one in figures]}
                for number, (count, figures) in drift.windows([(one.at, one.seconds) for one in actions]).items()
            }
            for kind, actions in by_kind(hour.diary.actions).items()
        },
        "samples": [asdict(one) for one in hour.samples],
        "actions": [[round(one.at, 2), one.kind, round(one.seconds, 5)] for one in hour.diary.actions],
    }


def from_object(told: dict[str, Any]) -> Hour:
    """Read what `as_object` wrote."""
    samples = [
        Sample(**{**one, "processes": {name: OfProcess(**of) for name, of in one["processes"].items()}})
        for one in told["samples"]
    ]
    actions = [Action(at, kind, seconds) for at, kind, seconds in told["actions"]]
    return Hour(Diary(actions=actions, skipped=told["turns_skipped"]), samples, told["wrong"], told["instances"])


def as_drawing(hour: Hour) -> str:
    """Return an SVG of memory, descriptors, latencies, and how busy the machine was."""
    samples, every = hour.samples, names(hour.samples)
    latencies = {
        kind: [
            (number * 60 + 30, 1000 * figures[0])
            for number, (_, figures) in drift.windows([(one.at, one.seconds) for one in actions], 1).items()
        ]
        for kind, actions in by_kind(hour.diary.actions).items()
        if kind not in JOBS
    }
    held = {name: [(one.at, one.processes[name]) for one in samples if name in one.processes] for name in every}
    panels = [
        Panel("Memory, PSS, MiB", {name: [(at, one.pss) for at, one in seen] for name, seen in held.items()}),
        Panel("Descriptors", {name: [(at, float(one.descriptors)) for at, one in seen] for name, seen in held.items()}),
        Panel("Latency, median of each minute, ms (logarithmic)", latencies, logarithmic=True),
        Panel(
            "Processor: cores in use, and load of the machine (threads that run or wait)",
            {
                "Primum": [(one.at, one.busy) for one in samples],
                "other work": [(one.at, one.others) for one in samples],
                "load": [(one.at, one.load) for one in samples],
            },
        ),
    ]
    return draw("An hour of mixed load: memory, descriptors, latency and the machine's other work", panels)
