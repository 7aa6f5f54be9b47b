"""The journal, as the rest of the house sees it: `record`, and what was recorded stays."""

from __future__ import annotations

from contextlib import ExitStack
from pathlib import Path
from typing import Self

from primum.ground.clock import Clock
from primum.ground.disc import Disc
from primum.journal.fact import Fact, encode
from primum.journal.ledger import LedgerWriter
from primum.journal.limits import LIMITS, Limits
from primum.journal.names import is_process
from primum.journal.opening import Place
from primum.journal.vocabulary import Ledger


class Journal:
    """One process's pen. Any number of threads may share it; each process has its own.

    `process` names the chains: lower-case letters, at most 16 (`dimse`, `web`, `worker`, `cli`).
    No thread is started: the owner calls `flush` at least every second.
    """

    def __init__(  # noqa: PLR0917 (the house hands over what each process has)
        self, folder: Path, process: str, clock: Clock, disc: Disc, home_id: str, limits: Limits = LIMITS
    ) -> None:
        """Write in `folder` (the home's `journal`); chains are taken at the first fact of each ledger."""
        if not is_process(process):
            raise ValueError("a process is named by at most 16 lower-case letters")
        self.folder = folder
        self.clock = clock
        self._places = {ledger: Place(folder, ledger, process, home_id, disc, clock, limits) for ledger in Ledger}
        self._ledgers = {ledger: LedgerWriter(place) for ledger, place in self._places.items()}

    def place(self, ledger: Ledger) -> Place:
        """Return where this process writes a ledger."""
        return self._places[ledger]

    def record(self, fact: Fact) -> None:
        """Append a fact. When its kind is durable it is on disc at return; else within a second.

        Raises FactRefused when it does not fit the vocabulary, JournalUnwritable when the disc refuses
        (what the fact tells of must then not take place), JournalClosed.
        """
        rest = encode(fact)
        self._ledgers[fact.kind.ledger].add(rest, durable=fact.kind.durable)

    def flush(self) -> None:
        """Return when every fact recorded so far is on disc. Raises JournalUnwritable, both ledgers tried."""
        with ExitStack() as stack:
            for ledger in self._ledgers.values():
                stack.callback(ledger.flush)

    def close(self) -> None:
        """Flush and give the chains back; nothing can be recorded any more. Raises JournalUnwritable."""
        with ExitStack() as stack:
            for ledger in self._ledgers.values():
                stack.callback(ledger.close)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
