"""Where chains are: their names, the segment of an instant, and what a folder holds."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import NamedTuple

from primum.journal.vocabulary import Ledger

_CHAIN = re.compile(r"([a-z]{1,16})-([1-9][0-9]{0,8})\.chain")
_SEGMENT = {Ledger.ACCESS: re.compile(r"\d{4}-\d\d"), Ledger.ACCOUNT: re.compile(r"\d{4}")}
_PROCESS = re.compile(r"[a-z]{1,16}")


class ChainName(NamedTuple):
    """A chain: ledger, segment, the process that writes it, and its number there, from 1."""

    ledger: Ledger
    segment: str
    process: str
    number: int

    def __str__(self) -> str:
        return f"{self.ledger}/{self.segment}/{self.process}-{self.number}"

    def path(self, journal: Path) -> Path:
        """Return the file of this chain."""
        return journal / f"{self}.chain"


def is_process(name: str) -> bool:
    """Tell whether a process may write under this name."""
    return bool(_PROCESS.fullmatch(name))


def segment_of(ledger: Ledger, at: datetime) -> str:
    """Return the segment of an instant: the month for access, the year for account."""
    return f"{at.year:04d}-{at.month:02d}" if ledger is Ledger.ACCESS else f"{at.year:04d}"


def segments(journal: Path, ledger: Ledger) -> list[str]:
    """List the segments of a ledger that are on disc, oldest first."""
    folder = journal / ledger
    if not folder.is_dir():
        return []
    return sorted(one.name for one in folder.iterdir() if _SEGMENT[ledger].fullmatch(one.name))


def chains(journal: Path, ledger: Ledger, segment: str) -> list[ChainName]:
    """List the chains of a segment, by process and number."""
    folder = journal / ledger / segment
    found = (_CHAIN.fullmatch(one.name) for one in folder.iterdir()) if folder.is_dir() else iter(())
    return sorted(ChainName(ledger, segment, one[1], int(one[2])) for one in found if one)


def every_chain(journal: Path) -> Iterator[ChainName]:
    """Go through all chains of both ledgers."""
    for ledger in Ledger:
        for segment in segments(journal, ledger):
            yield from chains(journal, ledger, segment)


def newest(journal: Path, ledger: Ledger, process: str) -> ChainName | None:
    """Find the newest chain of a process in a ledger: numbers go on from segment to segment."""
    every = (one for segment in segments(journal, ledger) for one in chains(journal, ledger, segment))
    return max((one for one in every if one.process == process), key=lambda one: one.number, default=None)
