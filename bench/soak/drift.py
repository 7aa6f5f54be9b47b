"""When an hour was flat: pure rules on series of numbers. docs/performance.md says them in words.

A rule has no leniency for noise: a run too noisy to be below its bound has not shown that it is flat.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from math import exp, log
from statistics import median

WARM_UP = 0.25
"""The share of a run that is left out: caches fill, pools start their threads."""
MEMORY_MIB_AN_HOUR = 6.0
"""What one process may grow in an hour: at twice as much it would need a restart every few weeks."""
DESCRIPTORS = 2.0
"""What a process may hold more in the last quarter than in the second: a client that happens to be connected."""
SLOWER = 1.5
"""What the median of the last quarter may be of the second's, among moments at which the machine was as loaded."""
ACTIONS = 20
"""Actions of a kind, in each of two quarters and one class of load, below which their medians say nothing."""
_CLASSES = (1.0, 2.0, 3.0, 4.5, 7.0)
"""Bounds between classes of load (how many threads run or wait for a processor, of one minute): on a machine that is
full, how many cores others use says nothing any more, and how many wait does."""
_PAIRS = 600
"""Points of a series that are paired with each other, at most."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing judged: the figure, its bound, and the noise beside it (None where there is none)."""

    subject: str
    what: str
    figure: float
    bound: float
    unit: str
    noise: float | None = None
    judged: bool = True

    @property
    def flat(self) -> bool:
        """Tell whether it stayed within its bound; what could not be judged did not."""
        return self.judged and self.figure <= self.bound


def slope(times: Sequence[float], values: Sequence[float]) -> tuple[float, float]:
    """Return the median of slopes between all pairs (Theil and Sen), and the spread around that line (1.48 MAD)."""
    step = max(1, len(times) // _PAIRS)
    points = list(zip(times[::step], values[::step], strict=True))
    slopes = [(b[1] - a[1]) / (b[0] - a[0]) for a, b in combinations(points, 2) if b[0] != a[0]]
    if not slopes:
        return 0.0, 0.0
    found = median(slopes)
    residuals = [value - found * at for at, value in points]
    middle = median(residuals)
    return found, 1.4826 * median(abs(one - middle) for one in residuals)


def memory(subject: str, times: Sequence[float], mib: Sequence[float], bound: float = MEMORY_MIB_AN_HOUR) -> Finding:
    """Judge memory: MiB an hour over all but the first quarter."""
    kept = _after_warm_up(times, mib)
    grown, noise = slope([at for at, _ in kept], [value for _, value in kept])
    return Finding(subject, "memory", grown * 3600, bound, "MiB/h", noise, judged=len(kept) > 2)


def descriptors(subject: str, times: Sequence[float], counts: Sequence[float]) -> Finding:
    """Judge descriptors: the last quarter's median less the second's."""
    second, last = _quarters(times, counts)
    if not second or not last:
        return Finding(subject, "descriptors", 0, DESCRIPTORS, "more", judged=False)
    spread = 1.4826 * median(abs(one - median(last)) for one in last)
    return Finding(subject, "descriptors", median(last) - median(second), DESCRIPTORS, "more", spread)


def latency(kind: str, times: Sequence[float], seconds: Sequence[float], loads: Sequence[float]) -> Finding:
    """Judge latency: the last quarter's median over the second's, like with like.

    `loads` says for each action how loaded the machine was just then. Actions are put in classes by it; a ratio is
    taken within each class that both quarters have enough of, and the ratios are averaged by how many there are.
    """
    end = max(times, default=0.0)
    ratios: list[tuple[float, int]] = []
    for number in range(len(_CLASSES) + 1):
        inside = [n for n, one in enumerate(loads) if sum(one > bound for bound in _CLASSES) == number]
        second, last = _quarters([times[n] for n in inside], [seconds[n] for n in inside], end)
        fewest = min(len(second), len(last))
        if fewest >= ACTIONS and median(second) > 0:
            ratios.append((median(last) / median(second), fewest))
    weight = sum(many for _, many in ratios)
    if not weight:
        return Finding(kind, "latency", 0, SLOWER, "times", judged=False)
    return Finding(kind, "latency", exp(sum(many * log(one) for one, many in ratios) / weight), SLOWER, "times")


def percentiles(values: Sequence[float]) -> tuple[float, float, float]:
    """Return p50, p95 and p99."""
    ordered = sorted(values)
    return tuple(ordered[min(len(ordered) - 1, int(share * len(ordered)))] for share in (0.5, 0.95, 0.99))  # type: ignore[return-value]


def windows(
    actions: Sequence[tuple[float, float]], minutes: float = 5
) -> Mapping[int, tuple[int, tuple[float, float, float]]]:
    """Return how many actions began in each window, and their percentiles, by the number of the window."""
    by: dict[int, list[float]] = {}
    for at, seconds in actions:
        by.setdefault(int(at // (minutes * 60)), []).append(seconds)
    return {number: (len(values), percentiles(values)) for number, values in sorted(by.items())}


def _after_warm_up(times: Sequence[float], values: Sequence[float]) -> list[tuple[float, float]]:
    begin = WARM_UP * max(times, default=0.0)
    return [(at, value) for at, value in zip(times, values, strict=True) if at >= begin]


def _quarters(
    times: Sequence[float], values: Sequence[float], end: float | None = None
) -> tuple[list[float], list[float]]:
    """Return the values of the second quarter and of the last."""
    whole = max(times, default=0.0) if end is None else end
    second = [value for at, value in zip(times, values, strict=True) if whole / 4 <= at < whole / 2]
    return second, [value for at, value in zip(times, values, strict=True) if at >= whole * 3 / 4]
