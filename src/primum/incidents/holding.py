"""While a file is open no month of the access ledger is deleted: a hold in the journal for each, until it is over.

A sweep (docs/design/journal.md, Pruning): the job that prunes runs it first, so that no file is ever opened too late.
"""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Final

from primum.incidents.model import SYSTEM
from primum.journal.pruning import open_holds

if TYPE_CHECKING:
    from pathlib import Path

    from primum.identity import Recorder
    from primum.incidents.service import Incidents

_OURS: Final = "inc_"


class Holding:
    """The journal's holds of files of breaches. Safe to use from several threads."""

    def __init__(self, files: Incidents, journal: Path, record: Recorder) -> None:
        """Hold what is written in `journal`, by `record`."""
        self._files, self._journal, self._record = files, journal, record
        self._turn = threading.Lock()
        self._known: set[str] | None = None
        """The holds of files that are open; read once, for nobody else opens or releases these."""

    def sweep(self) -> int:
        """Open and release what is due. Return how many."""
        with self._turn:
            return self._sweep()

    def _sweep(self) -> int:
        if self._known is None:
            self._known = {one for one in open_holds(self._journal) if one.startswith(_OURS)}
        wanted = {one.file.id for one in self._files.all_open()}
        opened, released = sorted(wanted - self._known), sorted(self._known - wanted)
        for file_id in opened:
            self._record("hold:opened", SYSTEM, file_id, {"reason": "incident"})
            self._known.add(file_id)
        for file_id in released:
            self._record("hold:released", SYSTEM, file_id, {"reason": "incident-over"})
            self._known.discard(file_id)
        return len(opened) + len(released)
