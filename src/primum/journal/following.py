"""What is new in the ledgers since one last looked: each chain is read on from where it was left.

For what goes by the journal every minute. Reading proves nothing (verify.py does), and a line that is not one is passed
over. Nothing is kept on disc: who follows anew says from when on.
"""

from __future__ import annotations

from contextlib import suppress
from datetime import datetime
from pathlib import Path

from primum.ground.clock import to_text
from primum.journal.limits import LIMITS
from primum.journal.names import ChainName, chains, segment_of, segments
from primum.journal.reading import Entry, read_line
from primum.journal.vocabulary import Kind


class Follower:
    """Follows facts of some kinds. Not safe for several threads."""

    def __init__(self, journal: Path, kinds: tuple[Kind, ...], since: datetime) -> None:
        """Follow from `since` on."""
        self._journal, self._since = journal, since
        self._ledgers = sorted({one.ledger for one in kinds})
        self._names = {one.value.name for one in kinds}
        self._marks = tuple(f'"kind":"{one.value.name}"'.encode("ascii") for one in kinds)
        self._read: dict[ChainName, int] = {}
        """Bytes of each chain that were read."""

    def new(self) -> list[Entry]:
        """List what was written since the last time, oldest first."""
        found = [one for name in self._chains() for one in self._grown(name)]
        return sorted(found, key=lambda one: one.at)

    def _chains(self) -> list[ChainName]:
        return [
            name
            for ledger in self._ledgers
            for segment in segments(self._journal, ledger)
            if segment >= segment_of(ledger, self._since)
            for name in chains(self._journal, ledger, segment)
        ]

    def _grown(self, name: ChainName) -> list[Entry]:
        found: list[Entry] = []
        at, since = self._read.get(name, 0), to_text(self._since)
        with suppress(FileNotFoundError), name.path(self._journal).open("rb") as file:  # pruned in this very moment
            file.seek(at)
            while data := file.readline(LIMITS.unfinished):
                if not data.endswith(b"\n") and len(data) < LIMITS.unfinished:
                    break  # being written: read whole the next time
                at += len(data)
                entry = read_line(str(name), data) if any(one in data for one in self._marks) else None
                if entry is not None and entry.kind in self._names and entry.at >= since:
                    found.append(entry)
        self._read[name] = at
        return found
