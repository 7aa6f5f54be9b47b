"""The rows of the comparison: how many instances, over how many associations, in which way, against whom."""

from __future__ import annotations

from dataclasses import dataclass

from bench.contenders.base import Way

TUNED, STOCK, TLS = Way(tuned=True, tls=False), Way(tuned=False, tls=False), Way(tuned=True, tls=True)


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the table. `goal` is the ratio Primum/Orthanc that we hold ourselves to, None where there is none."""

    name: str
    way: Way
    associations: int
    count: int
    quick: int
    goal: float | None = None
    studies: int = 1
    against: tuple[str, ...] = ("orthanc",)


ROWS = (
    Row("tuned_1", TUNED, 1, 400, 200, 2.0, against=("orthanc", "storescp")),
    Row("tuned_4", TUNED, 4, 1600, 800, 2.0, against=("orthanc", "storescp")),
    Row("stock_1", STOCK, 1, 400, 60, 8.0),
    Row("stock_4", STOCK, 4, 400, 80),
    Row("tls_1", TLS, 1, 400, 200),
    Row("tls_4", TLS, 4, 400, 200),
    Row("many_1", TUNED, 1, 400, 100, studies=400),
)
"""Slices of 525 KB. TCP_NODELAY is on at both ends in the rows tuned, tls and many; stock programs are untouched."""
