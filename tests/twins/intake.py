"""An intake without a worker behind it: what is stored is indexed at once, questions are answered by given verbs."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from primum.app.intake import WorkerAbsent, WorkerRefused
from primum.ground.errors import PrimumError
from primum.imaging import Indexer, Stored

Answer = tuple[dict[str, Any], bytes]


@dataclass
class DirectIntake:
    """Indexes into `indexer`; answers `verbs`."""

    indexer: Indexer
    verbs: Mapping[str, Callable[[dict[str, Any], bytes], Answer]] = field(default_factory=dict)

    def stored(self, hint: Stored) -> None:
        self.indexer.take([hint])

    def barrier(self, timeout_seconds: float) -> bool:
        return timeout_seconds > 0

    def ask(self, verb: str, args: dict[str, Any], data: bytes = b"") -> Answer:
        if verb not in self.verbs:
            raise WorkerAbsent
        try:
            return self.verbs[verb](args, data)
        except PrimumError as refusal:
            raise WorkerRefused(refusal.code, str(refusal), refusal.way_out()) from None
