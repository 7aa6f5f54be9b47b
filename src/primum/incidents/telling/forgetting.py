"""Names and addresses go: with the patient who is erased, and a dated while after the file was closed. Counts stay."""

from __future__ import annotations

from typing import TYPE_CHECKING

from primum.ground.db import durable
from primum.incidents.model import EntryKind, State
from primum.incidents.telling import store
from primum.incidents.telling.desk import Desk
from primum.incidents.telling.permits import head

if TYPE_CHECKING:
    from datetime import datetime


class Forgetting(Desk):
    """What goes."""

    def forget(self, *references: str) -> int:
        """Erase whoever is listed under one of these numbers of a patient; counts stay. Return how many rows went."""
        with durable(self.records) as tx:
            return store.wipe_references(tx, references, self.clock.now())

    def forget_due(self, now: datetime) -> int:
        """Erase the lists of files that have been closed for as long as the rule says; return how many rows. A job."""
        with self.records.connect().execution_options(reading=True) as tx:
            kept = store.files_with_addresses(tx)
        return sum(self._forget_file(one, now) for one in kept)

    def _forget_file(self, file_id: str, now: datetime) -> int:
        dossier = head(self.files, file_id)
        closed = [one.at for one in dossier.of_kind(EntryKind.CLOSED) if one.of == dossier.file.id]
        if dossier.state is not State.CLOSED or max(closed) + self.rules.keep > now:
            return 0
        with self.files.transaction() as tx:
            went = store.wipe_files(tx, [file_id], now)
            last = store.lists(tx, [file_id])[-1]
            told = {
                "what": "gone", "source": "telling/rules.toml keep_days_after_closing", "count": went, "list": last.id,
                "digest": last.digest,
            }  # fmt: skip
            self.files.write_within(tx, dossier.file, EntryKind.PEOPLE, told)
        return went
