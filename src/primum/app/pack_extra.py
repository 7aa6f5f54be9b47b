"""What this house adds to a control pack: the checks made since the breach began, and how the house was set up.

Signed notes of checks as they are; facts of the account about settings, doors, devices, people, grants, by our own ids.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from primum.incidents.evidence.sources import HISTORY, interval_of
from primum.incidents.register.pack import Part
from primum.incidents.register.words import word
from primum.journal import Filter, Ledger, entries

if TYPE_CHECKING:
    from primum.incidents.evidence.sources import HouseEvidence
    from primum.incidents.model import Dossier

CHECKS: Final = 60
"""The newest of them: a check each day of two months; all are in the evidence bundle."""


@dataclass(frozen=True, slots=True)
class ExtraOfHouse:
    """Reads the house as a freezing does (incidents/register/pack.py, `Extra`)."""

    house: HouseEvidence
    language: str

    def parts(self, dossier: Dossier) -> Iterator[Part]:
        """Give the notes of checks, then the history."""
        since = interval_of(dossier) or dossier.detected_first or dossier.file.opened_at
        for check_id in self.house.checks(since)[-CHECKS:]:
            note = self.house.check(check_id)
            if note is not None:  # removed at its term, in this very moment
                yield Part(f"checks/{check_id}.note", word(self.language, "part.check"), note.encode())
        lines = [
            json.dumps(
                {"actor": one.actor, "at": one.at, "details": one.details, "kind": one.kind, "subject": one.subject},
                sort_keys=True, ensure_ascii=True,
            )
            for one in entries(self.house.journal, Filter((Ledger.ACCOUNT,), HISTORY))
        ]  # fmt: skip
        body = "".join(f"{one}\n" for one in lines).encode()
        yield Part("configuration/history.jsonl", word(self.language, "part.history"), body)
