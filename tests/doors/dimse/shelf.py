"""An index of instances that a test made up, as if they had been received; and an archive that reads it."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from pydicom.dataset import Dataset
from sqlalchemy.engine import Engine
from tests.doors.dimse.instances import encoded
from tests.doors.dimse.running import CONTROLLER

from primum.ground.clock import SystemClock
from primum.ground.db import open_database
from primum.imaging.archive import Archive
from primum.imaging.columns import Arrival
from primum.imaging.contents import Contents
from primum.imaging.extract import Attributes
from primum.imaging.patients import Assigner, Assignment, Newcomer
from primum.imaging.rows import Batch
from primum.imaging.store import open_index, prepare_records
from primum.imaging.syntaxes import EXPLICIT_LE
from primum.vault import Position, RecordFacts


def shelve(folder: Path, instances: list[Dataset], controller: str = CONTROLLER, confidential: str = "") -> Archive:
    """Index `instances` of one controller; the study `confidential` is marked so."""
    index = open_index(folder / "index.db", b"i" * 32)
    add(index, folder, instances, controller, confidential)
    return Archive(index, SimpleNamespace())  # type: ignore[arg-type]


def add(index: Engine, folder: Path, instances: list[Dataset], controller: str, confidential: str = "") -> None:
    records = open_database(folder / "records.db", b"r" * 32, durability="normal")
    prepare_records(records)
    arrivals = [_arrival(number, one, controller) for number, one in enumerate(instances)]

    def assign(firsts: list[Any]) -> list[Assignment]:
        newcomers = [Newcomer(one.facts.controller_id, one.position.study, traits) for one, traits in firsts]
        with records.begin() as connection:
            found = Assigner(connection, SystemClock()).assign(newcomers)
        return [
            Assignment(one.patient_id, confidential=arrival.facts.study_instance_uid == confidential)
            for one, (arrival, _) in zip(found, firsts, strict=True)
        ]

    with index.begin() as connection:
        positions = [(one.position.pack, one.position.study, 1 << 30) for one in arrivals]
        Batch(connection, Contents(SimpleNamespace()), assign).write(arrivals, positions)
    records.dispose()


def _arrival(number: int, one: Dataset, controller: str) -> Arrival:
    header = encoded(one)
    facts = RecordFacts(
        "instance", controller, "dev", one.SOPClassUID, one.SOPInstanceUID, one.SeriesInstanceUID,
        one.StudyInstanceUID, EXPLICIT_LE, datetime(2026, 1, 1, tzinfo=UTC).isoformat(), "SCANNER",
    )  # fmt: skip
    place = Position(f"{controller} {one.StudyInstanceUID}", f"pack {controller} {one.StudyInstanceUID}", number * 4096,
                     number * 4096 + 4096)  # fmt: skip
    return Arrival(place, facts, Attributes(header, EXPLICIT_LE))
