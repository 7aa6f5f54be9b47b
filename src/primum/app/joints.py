"""Small pieces that join two rooms which may not know each other."""

from __future__ import annotations

from collections.abc import Mapping

from primum import vault
from primum.identity.boxes import SealedBox
from primum.journal import BY_NAME, Fact, Journal


class Recorder:
    """How identity writes into the journal: by the name of the kind."""

    def __init__(self, journal: Journal) -> None:
        """Write into `journal`."""
        self._journal = journal

    def __call__(self, kind: str, actor: str, subject: str, details: Mapping[str, str | int]) -> None:
        """Record one fact. Raises what Journal.record raises; KeyError for a kind that does not exist."""
        self._journal.record(Fact(BY_NAME[kind], actor, subject, details))


def box(key: bytes) -> SealedBox:
    """Make a box that seals small secrets under one sub-key."""
    return SealedBox(key, vault.seal_small, vault.open_small)
