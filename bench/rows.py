"""The rows of the comparison: what is sent, over how many associations, in which way, against whom; the goals."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from bench.contenders.base import Way

TUNED, STOCK, TLS = Way(tuned=True, tls=False), Way(tuned=False, tls=False), Way(tuned=True, tls=True)

LARGE, SMALL = 512, 121
"""Rows and columns of a slice of 16 bits: 525 KB and 31 KB with its header."""

PROCESSOR_GOAL = 0.25
"""Our processor time for an instance over Orthanc's, all processes of both counted."""


@dataclass(frozen=True, slots=True)
class Row:
    """What is sent, and to whom besides Primum.

    `goals` are the ratios of Primum over a contender that we hold ourselves to; a contender without one is shown for
    comparison. `once` are contenders that a quick run measures in its first round only: what they tell is not close.
    """

    name: str
    way: Way
    associations: int
    count: int
    quick: int
    goals: Mapping[str, float] = field(default_factory=dict)
    studies: int = 1
    side: int = LARGE
    against: tuple[str, ...] = ("orthanc",)
    once: frozenset[str] = frozenset()

    def ratio(self, contender: str) -> str:
        """Name the ratio over a contender: the row's own name for Orthanc, `storescp_1` for the others."""
        if contender == "orthanc":
            return self.name
        return f"{contender}_{self.associations}" if self.name.startswith("tuned_") else f"{contender}_{self.name}"


_ALL = ("orthanc", "postgres", "storescp", "pynetdicom")
_ONCE = frozenset({"postgres", "pynetdicom"})

ROWS = (
    Row("tuned_1", TUNED, 1, 400, 200, {"orthanc": 3.0, "storescp": 0.8}, against=_ALL, once=_ONCE),
    Row("tuned_4", TUNED, 4, 1600, 800, {"orthanc": 2.5, "storescp": 0.95}, against=_ALL, once=_ONCE),
    Row("stock_1", STOCK, 1, 400, 60, {"orthanc": 15.0}),
    Row("stock_4", STOCK, 4, 400, 80, {"orthanc": 6.0}),
    Row("tls_1", TLS, 1, 400, 200, {"orthanc": 3.0}),
    Row("tls_4", TLS, 4, 400, 200, {"orthanc": 2.5}),
    Row("many_1", TUNED, 1, 400, 100, {"orthanc": 2.0}, studies=400),
    Row("small_1", TUNED, 1, 2000, 400, {"orthanc": 3.0}, side=SMALL),
    Row("small_4", TUNED, 4, 2000, 400, {"orthanc": 3.0}, side=SMALL),
)
"""TCP_NODELAY is on at both ends in all rows but stock, whose programs are untouched."""
