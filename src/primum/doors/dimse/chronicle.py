"""What the door writes into the journal. Storing goes on when the journal cannot be written (design.md, journal.md)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from primum.ground.errors import PrimumError
from primum.ground.log import Log
from primum.journal import Fact, Kind

if TYPE_CHECKING:
    from primum.journal import Journal, Refusals

_log = Log("dimse.journal")
_STUDIES = 256
"""Studies of one association counted in memory before they are written."""
_REFUSALS_TOLD = 20
"""Refused instances of one association that are told one by one; the closing fact counts them all."""


def record(journal: Journal, fact: Fact) -> None:
    """Record a fact, or say in the log that it could not be."""
    try:
        journal.record(fact)
    except PrimumError as error:
        _log.warning("journal.unwritable", code=error.code)


def count(refusals: Refusals, reason: str, address: str) -> None:
    """Count a stranger, or say in the log that it could not be."""
    try:
        refusals.count(reason, address)
    except PrimumError as error:
        _log.warning("journal.unwritable", code=error.code)


@dataclass(slots=True)
class Chronicle:
    """The facts of one association with an admitted device."""

    journal: Journal
    association: str
    device: str
    controller: str
    stored: int = 0
    refused: int = 0
    bytes: int = 0
    _studies: dict[str, list[int]] = field(default_factory=dict)

    def opened(self, details: Mapping[str, str | int]) -> None:
        """The association was accepted."""
        self._tell(Kind.ASSOCIATION_OPENED, "", {"association": self.association, **details})

    def instance_stored(self, study: str, size: int) -> None:
        """An instance was acknowledged."""
        self.stored += 1
        self.bytes += size
        counts = self._studies.setdefault(study, [0, 0])
        counts[0] += 1
        counts[1] += size
        if len(self._studies) >= _STUDIES:
            self._tell_studies()

    def instance_refused(self, reason: str) -> None:
        """An instance got a failure status."""
        self.refused += 1
        if self.refused <= _REFUSALS_TOLD:
            self._tell(Kind.INSTANCE_REFUSED, "", {"association": self.association, "reason": reason})

    def closed(self, reason: str) -> None:
        """The association is over."""
        self._tell_studies()
        details: dict[str, str | int] = {"stored": self.stored, "refused": self.refused, "bytes": self.bytes}
        self._tell(Kind.ASSOCIATION_CLOSED, "", {"association": self.association, "reason": reason, **details})

    def _tell_studies(self) -> None:
        for study, (instances, size) in self._studies.items():
            details: dict[str, str | int] = {
                "association": self.association,
                "controller": self.controller,
                "instances": instances,
                "bytes": size,
            }
            self._tell(Kind.STUDY_STORED, study, details)
        self._studies.clear()

    def _tell(self, kind: Kind, subject: str, details: Mapping[str, str | int]) -> None:
        record(self.journal, Fact(kind, self.device, subject, details))
