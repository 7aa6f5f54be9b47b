"""Orders on a real database, with a journal that remembers; and fictional orders to place."""

from __future__ import annotations

import functools
import tempfile
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from primum import imaging
from primum.ground.clock import FixedClock
from primum.ground.db import open_database
from primum.ground.ids import new_id
from primum.imaging.orders import (
    Code,
    Entry,
    Identifier,
    OrderFacts,
    Orders,
    PatientFacts,
    StepFacts,
    prepare_orders,
)

OURS, THEIRS = "ctl_" + "a" * 26, "ctl_" + "b" * 26
PERSON, DEVICE = "per_" + "c" * 26, "dev_" + "d" * 26
NOON = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)


@functools.cache
def _tables() -> bytes:
    """Made once for all tests: bringing tables up to date takes longer than what is tested."""
    with tempfile.TemporaryDirectory() as folder:
        engine = open_database(Path(folder) / "records.db", bytes(32), durability="normal")
        imaging.prepare_records(engine)
        prepare_orders(engine)
        engine.dispose()  # the last one to close brings everything into the one file
        return (Path(folder) / "records.db").read_bytes()


@dataclass
class Kit:
    folder: Path
    facts: list[tuple[str, str, str, dict[str, Any]]] = field(default_factory=list)
    come: set[str] = field(default_factory=set)

    def __post_init__(self) -> None:
        (self.folder / "records.db").write_bytes(_tables())
        self.engine = open_database(self.folder / "records.db", bytes(32), durability="normal")
        self.clock = FixedClock(NOON)
        self.orders = Orders(
            self.engine, self.clock, self._record, arrived=lambda found: {one.step.id for one in found} & self.come
        )

    def _record(self, kind: str, actor: str, subject: str, details: Any) -> None:
        self.facts.append((kind, actor, subject, dict(details)))

    def kinds(self) -> list[str]:
        return [kind for kind, *_ in self.facts]

    def place(self, patient: PatientFacts | None = None, controller_id: str = OURS, **changes: Any) -> Entry:
        order = self.orders.place(PERSON, controller_id, patient or someone(), an_order(**changes), what="form")
        return self.orders.order(order.id, None)[0]

    def entry(self, order_id: str) -> Entry:
        return self.orders.order(order_id, None)[0]


def someone(value: str = "P1", name: str = "Lefèvre^Hélène", born: str = "19610314", **more: Any) -> PatientFacts:
    return replace(PatientFacts(Identifier("HOP", value), name, born, "F"), **more)


def an_order(start: str = "202603031030", modality: str = "CT", **changes: Any) -> OrderFacts:
    step = {name: changes.pop(name) for name in list(changes) if name in StepFacts.__slots__}
    facts = OrderFacts((StepFacts(modality, start, **step),), Code("TDM1", "99LOCAL", "Scanner thoracique"))
    return replace(facts, **changes)


def new_device() -> str:
    return new_id("dev")
