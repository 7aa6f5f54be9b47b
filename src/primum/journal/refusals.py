"""Strangers at the door, counted: one fact per source, reason and minute, however hard they knock."""

from __future__ import annotations

import threading
from collections import Counter
from datetime import datetime

from primum.journal.errors import FactRefused
from primum.journal.fact import Fact
from primum.journal.journal import Journal
from primum.journal.limits import LIMITS
from primum.journal.shapes import ADDRESS_CHARACTERS, escaped, is_word
from primum.journal.vocabulary import Kind

OTHERS = "others"
"""The address under which sources are counted that are one too many for this minute."""


class Refusals:
    """Counts the refusals of one door. The owner calls `sweep` every few seconds."""

    def __init__(self, journal: Journal, kind: Kind = Kind.STRANGER_ASSOCIATION) -> None:
        """Record into `journal` facts of `kind` (STRANGER_ASSOCIATION or STRANGER_REQUEST)."""
        self._journal = journal
        self._kind = kind
        self._turn = threading.Lock()
        self._minute = ""
        self._counts: Counter[tuple[str, str]] = Counter()

    def count(self, reason: str, address: str) -> None:
        """Count one refusal. `address` is escaped and cut. Raises FactRefused when `reason` is not a word."""
        if not is_word(reason):
            raise FactRefused(kind=self._kind.value.name, what="the reason is not a word")
        with self._turn:
            self._turn_over(self._journal.clock.now())
            key = (escaped(address, ADDRESS_CHARACTERS), reason)
            if key not in self._counts and len(self._counts) >= LIMITS.sources:
                key = (OTHERS, reason)
            self._counts[key] += 1

    def sweep(self) -> None:
        """Record the minutes that are over. Raises JournalUnwritable; nothing is forgotten then."""
        with self._turn:
            self._turn_over(self._journal.clock.now())

    def close(self) -> None:
        """Record what was counted so far, the present minute too."""
        with self._turn:
            self._record()

    def _turn_over(self, now: datetime) -> None:
        minute = now.strftime("%Y-%m-%dT%H:%MZ")
        if minute != self._minute:
            self._record()
            self._minute = minute

    def _record(self) -> None:
        for (address, reason), count in list(self._counts.items()):
            details: dict[str, str | int] = {
                "address": address,
                "reason": reason,
                "count": count,
                "minute": self._minute,
            }
            self._journal.record(Fact(self._kind, "stranger", "", details))
            del self._counts[address, reason]
