"""Work that a room does by itself: a sweep of what is due, safe to run twice and by hand."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta


@dataclass(frozen=True, slots=True)
class Job:
    """A job: its name (`room.verb`), how often, and the sweep. The sweep returns how much it did."""

    name: str
    every: timedelta
    sweep: Callable[[datetime], int]
