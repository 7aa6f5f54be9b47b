"""An archive with people who decide about it: the imaging tests' house, and retention on top."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

from tests.unit.identity.people_kit import Remembered
from tests.unit.imaging.conftest import CONTROLLER, House, Values, slice_of

from primum.ground.db import open_database
from primum.identity import Actor, Grant, Recorder, Role, Scope
from primum.imaging import EVERYTHING, Criteria, NotHere, open_index, prepare_records, prepare_sendings
from primum.imaging.commitments.store import prepare_commitments
from primum.imaging.confirmations.store import prepare_confirmations
from primum.imaging.orders import prepare_orders
from primum.imaging.retention.erasing import Eraser
from primum.imaging.retention.service import Retention

DAY = datetime(2026, 11, 22, 9, 0, tzinfo=UTC)


def person(letter: str, *roles: Role, controller: str = CONTROLLER, fresh: bool = True) -> Actor:
    scope = {Role.PHYSICIAN: Scope.OWN}
    grants = tuple(Grant(role, scope.get(role, Scope.SITE), controller) for role in roles)
    return Actor("per_" + letter * 26, grants, fresh=fresh)


ANNE = person("a", Role.PHYSICIAN)
BRUNO = person("b", Role.PHYSICIAN)
DPO = person("d", Role.DPO)
ADMIN = person("e", Role.ADMINISTRATOR)
SECRETARY = person("s", Role.SECRETARY)
ELSEWHERE = person("f", Role.PHYSICIAN, controller="ctl_" + "z" * 26)


def migrate_in(folder: Path) -> Path:
    """Make both databases in a folder, with every table that an erasure touches: to be copied."""
    open_index(folder / "index.db", b"i" * 32).dispose()
    records = open_database(folder / "records.db", b"r" * 32, durability="full")
    prepare_records(records)
    prepare_commitments(records)
    prepare_confirmations(records)
    prepare_orders(records)
    prepare_sendings(records)
    records.dispose()
    return folder


@dataclass
class Keeping:
    """The house, and what decides about it."""

    house: House
    journal: Remembered = field(default_factory=Remembered)
    people: list[Actor] = field(default_factory=lambda: [ANNE, BRUNO, DPO])
    record: Recorder | None = None
    """Another journal than the one that remembers."""

    def __post_init__(self) -> None:
        house, record = self.house, self.record or self.journal
        self.go_to(DAY)
        self.retention = Retention(house.records, house.index, house.clock, record, lambda: self.people)
        self.eraser = Eraser(
            house.records,
            house.index,
            house.vault,
            house.clock,
            record,
            lambda step: step(house.indexer) and None,
        )

    def go_to(self, at: datetime) -> None:
        self.house.clock.advance(at - self.house.clock.now())

    def later(self, **more: float) -> None:
        self.house.clock.advance(timedelta(**more))

    def add(self, *values: Values) -> str:
        """Store and index slices, close the device, and give the study's reference."""
        self.house.indexed(*values)
        self.house.device.close()
        return self.house.device.sent[-1].position.study

    def study(self, which: int = 1, date: str = "20200301", **more: str) -> str:
        return self.add(
            slice_of(study=f"1.2.{which}", series=f"1.2.{which}.1", sop=f"1.2.{which}.1.1", date=date, **more)
        )

    def run(self) -> int:
        """What the worker's jobs do in a minute."""
        self.later(minutes=1)
        now = self.house.clock.now()
        return self.eraser.carry_out(now) + self.eraser.note_returned(now)

    def listed(self, ref: str) -> bool:
        try:
            self.house.archive.study(ref, EVERYTHING)
        except NotHere:
            return False
        return True

    def count(self) -> int:
        return self.house.archive.count(Criteria(), EVERYTHING)
