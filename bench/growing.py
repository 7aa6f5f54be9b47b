"""What an archive of many studies holds besides its index, in bulk, and what one more hour of work brings it.

For bench/growth.py. Keys of what arrives lie among those that are there, as random ones would, so that a tree of a
million keys is entered everywhere and not at its end. (Ids of new patients are the archive's own, and lie at the end.)
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path
from typing import Any

import pydicom
from pydicom.dataset import Dataset

from bench.load import DAY
from bench.synthetic import BATCH, Made
from primum.app.databases import migrate_records
from primum.ground.db import open_database
from primum.imaging.demo import STUDIES, study_instances, wrapped
from primum.imaging.demo.headers import CT_IMAGE, encoded
from primum.imaging.model import Stored
from primum.imaging.names import name_key, parse_name
from primum.imaging.store import open_index
from primum.vault import Position, RecordFacts, Tail

RECORD = 525_000
"""Bytes of a record in its pack; the first begins after the pack's header."""
_FIRST = 4096
_CHAIN = "0" * 64


def fill_records(path: Path, key: bytes, count: int, controller: str) -> None:
    """Make records.db of the patients, decisions and tails that belong to `bench.synthetic.fill`."""
    engine = open_database(path, key, durability="normal")
    migrate_records(engine)
    raw: Any = engine.raw_connection().driver_connection
    raw.execute("PRAGMA synchronous = OFF")
    for first in range(1, count + 1, BATCH):
        made = [Made(number) for number in range(first, min(first + BATCH, count + 1))]
        one_each = {one.patient: one for one in made}
        raw.execute("BEGIN")
        raw.executemany(
            "INSERT OR IGNORE INTO patients (id, controller_id, name, name_key, birth_date, sex, collision,"
            " no_identifier, made_at) VALUES (?, ?, ?, ?, ?, ?, 0, 0, '2026-01-01T00:00:00.000Z')",
            [(_patient(one), controller, *_traits(one)) for one in one_each.values()],
        )
        raw.executemany(
            "INSERT OR IGNORE INTO patient_identifiers (patient_id, controller_id, issuer, value, kind, own)"
            " VALUES (?, ?, '', ?, '', 1)",
            [(_patient(one), controller, f"{one.patient:08}") for one in one_each.values()],
        )
        raw.executemany(
            "INSERT INTO study_patients (study_ref, controller_id, patient_id, confidential) VALUES (?, ?, ?, 0)",
            [(_ref(one.number), controller, _patient(one)) for one in made],
        )
        raw.executemany(
            "INSERT INTO vault_tails (pack, study_ref, count, chain, stop) VALUES (?, ?, 1, ?, ?)",
            [(_pack(one.number), _ref(one.number), _CHAIN, _FIRST + RECORD) for one in made],
        )
        raw.execute("COMMIT")
    raw.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    raw.close()
    engine.dispose()


def fill_packs(path: Path, key: bytes, count: int) -> None:
    """Give every study of a filled index its pack."""
    engine = open_index(path, key)
    raw: Any = engine.raw_connection().driver_connection
    raw.execute("BEGIN")
    for first in range(1, count + 1, BATCH):
        numbers = range(first, min(first + BATCH, count + 1))
        raw.executemany(
            "INSERT INTO packs (id, pack, study_ref, stop) VALUES (?, ?, ?, ?)",
            [(number, _pack(number), _ref(number), _FIRST + RECORD) for number in numbers],
        )
    raw.execute("COMMIT")
    raw.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    raw.close()
    engine.dispose()


def _ref(number: int) -> str:
    return f"ref{number:09}"


def _pack(number: int) -> str:
    return f"pack{number:09}"


def _patient(made: Made) -> str:
    return f"pat_{made.patient:026}"


def _traits(made: Made) -> tuple[str, str, str, str]:
    values = made.values
    return made.name, name_key(parse_name(made.name)).text(), values[0x00100030], values[0x00100040]


class Arrivals:
    """Hints of what arrives, as the DICOM door sends them; no two runs bring the same."""

    def __init__(self, of: int, controller: str, seed: int) -> None:
        """Let them arrive in an archive of `of` studies."""
        self._of, self._controller = of, controller
        self._chance = random.Random(seed)
        self._made = 0
        self._header = pydicom.dcmread(BytesIO(wrapped(next(iter(study_instances(STUDIES[0], DAY))))))
        del self._header.PixelData

    def slices(self, studies: int, each: int, batch: int) -> Iterator[list[Stored]]:
        """Give new studies of one series that arrive side by side, in batches."""
        arriving = [self._study() for _ in range(studies)]
        hints = [study.next() for _ in range(each) for study in arriving]
        return (hints[at : at + batch] for at in range(0, len(hints), batch))

    def studies(self, count: int, batch: int) -> Iterator[list[Stored]]:
        """Give new studies of one instance each: of ten, seven of patients who have been here before."""
        hints = [self._study().next() for _ in range(count)]
        return (hints[at : at + batch] for at in range(0, len(hints), batch))

    def _study(self) -> Study:
        self._made += 1
        beside = self._chance.randint(1, self._of)
        known = self._chance.random() < 0.7
        return Study(self._header, beside, f"{self._chance.getrandbits(48):015}", self._controller, known=known)


class Study:
    """A study that arrives: its keys are those of a study that is there, and something after them."""

    def __init__(self, header: Dataset, beside: int, more: str, controller: str, *, known: bool) -> None:
        """Place it beside the study of that number; its patient is the same one when `known`."""
        made = Made(beside)
        self._header, self._controller, self._count = header, controller, 0
        self._study_uid = f"{made.study_uid}.9{more}"
        self._ref, self._pack = f"{_ref(beside)}{more}", f"{_pack(beside)}{more}"
        self._person = (made.name, f"{made.patient:08}" if known else f"{made.patient:08}{more}", *_traits(made)[2:])

    def next(self) -> Stored:
        """Give the hint of its next instance."""
        self._count += 1
        place = Position(self._ref, self._pack, _FIRST + (self._count - 1) * RECORD, _FIRST + self._count * RECORD)
        sop, series = f"{self._study_uid}.1.{self._count}", f"{self._study_uid}.1"
        facts = RecordFacts(
            "instance", self._controller, "dev_bench", CT_IMAGE, sop, series, self._study_uid, "1.2.840.10008.1.2.1",
            f"2026-03-01T00:00:00.{self._count % 1000:03}Z", "CT1",
        )  # fmt: skip
        tail = Tail(self._ref, self._pack, self._count, _CHAIN, place.end)
        return Stored(place, facts, self._written(sop, series), tail)

    def _written(self, sop: str, series: str) -> bytes:
        header = self._header
        header.StudyInstanceUID, header.SeriesInstanceUID, header.SOPInstanceUID = self._study_uid, series, sop
        header.PatientName, header.PatientID, header.PatientBirthDate, header.PatientSex = self._person
        header.IssuerOfPatientID, header.InstanceNumber = "", self._count
        return encoded(header)
