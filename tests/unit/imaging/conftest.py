"""An archive in a temporary folder, and a device that stores into it."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy.engine import Engine

from primum.ground.clock import FixedClock, to_text
from primum.ground.db import open_database
from primum.ground.disc import Disc, RealDisc
from primum.imaging import Archive, Indexer, Peek, Stored, frames_of, open_index, peek, prepare_records
from primum.vault import Limits, RecordFacts, Vault, VaultKeys, create_layout, open_vault

CONTROLLER = "ctl_" + "a" * 26
EXPLICIT = "1.2.840.10008.1.2.1"
Values = dict[int, tuple[str, bytes]]


def element(tag: int, vr: str, value: bytes) -> bytes:
    """Write one element, explicit little endian."""
    head = struct.pack("<HH2s", tag >> 16, tag & 0xFFFF, vr.encode())
    value += b"" if len(value) % 2 == 0 else (b"\0" if vr in {"UI", "OB", "UN"} else b" ")
    if vr in {"OB", "OW", "SQ", "UN", "UT", "UC", "UR", "OD", "OF", "OL", "OV", "SV", "UV"}:
        return head + struct.pack("<HI", 0, len(value)) + value
    return head + struct.pack("<H", len(value)) + value


def data_set(values: Values) -> bytes:
    """Write a data set, explicit little endian, in order of tags."""
    return b"".join(element(tag, *values[tag]) for tag in sorted(values))


def slice_of(
    study: str = "1.2.3",
    series: str = "1.2.3.4",
    sop: str = "1.2.3.4.5",
    pixels: bytes = b"\1\2\3\4\5\6\7\0",
    **more: str,
) -> Values:
    """The elements of a small CT slice; `more` gives texts by name."""
    text = {
        "name": "DUPONT^JEAN", "number": "P1", "birth": "19700102", "date": "20260102", "time": "101112",
        "modality": "CT", "accession": "A1", "description": "Thorax", "referrer": "MARTIN^PAUL", "instance": "1",
        "charset": "ISO_IR 192", "series_number": "2", "sex": "F", "issuer": "", "series_description": "Axial",
    } | more  # fmt: skip

    def of(key: str) -> bytes:
        return text[key].encode("utf-8")

    return {
        0x00080005: ("CS", of("charset")),
        0x00080016: ("UI", b"1.2.840.10008.5.1.4.1.1.2"),
        0x00080018: ("UI", sop.encode()),
        0x00080020: ("DA", of("date")),
        0x00080030: ("TM", of("time")),
        0x00080050: ("SH", of("accession")),
        0x00080060: ("CS", of("modality")),
        0x00080090: ("PN", of("referrer")),
        0x00081030: ("LO", of("description")),
        0x0008103E: ("LO", of("series_description")),
        0x00100010: ("PN", of("name")),
        0x00100020: ("LO", of("number")),
        0x00100021: ("LO", of("issuer")),
        0x00100030: ("DA", of("birth")),
        0x00100040: ("CS", of("sex")),
        0x0020000D: ("UI", study.encode()),
        0x0020000E: ("UI", series.encode()),
        0x00200011: ("IS", of("series_number")),
        0x00200013: ("IS", of("instance")),
        0x00280002: ("US", b"\1\0"),
        0x00280010: ("US", b"\2\0"),
        0x00280011: ("US", b"\2\0"),
        0x00280100: ("US", b"\x10\0"),
        0x7FE00010: ("OW", pixels),
    }


@dataclass
class Device:
    """Stores data sets in the vault as the DICOM door would."""

    vault: Vault
    clock: FixedClock
    controller: str = CONTROLLER
    writer: object = None
    sent: list[Stored] = field(default_factory=list)

    def store(
        self,
        data: bytes | Values,
        syntax: str = EXPLICIT,
        *,
        at: datetime | None = None,
        controller: str | None = None,
        new_pack: bool = False,
        kind: str = "instance",
        hint_header: bool = True,
        sop_uid: str | None = None,
    ) -> Stored:
        """Seal one data set; each a second later than the one before, unless `at` says when."""
        raw = data if isinstance(data, bytes) else data_set(data)
        found: Peek = peek(raw, syntax)
        controller = controller or self.controller
        if at is None:
            self.clock.advance(timedelta(seconds=1))
        facts = RecordFacts(
            kind=kind,  # type: ignore[arg-type]
            controller_id=controller,
            device_id="dev_" + "b" * 26,
            sop_class_uid=found.sop_class_uid,
            sop_instance_uid=sop_uid or found.sop_uid,
            series_instance_uid=found.series_uid,
            study_instance_uid=found.study_uid,
            transfer_syntax_uid=syntax,
            received_at=to_text(at or self.clock.now()),
            calling_aet="CT",
        )
        if new_pack or self.writer is None:
            self.writer = self.vault.writer()
            self.writers.append(self.writer)
        study = self.vault.study_ref(controller, found.study_uid)
        position = self.writer.store(study, facts, raw, found.pixels_at, frames_of(found, raw, syntax))  # type: ignore[attr-defined]
        stored = Stored(position, facts, raw[: found.pixels_at] if hint_header else None)
        self.sent.append(stored)
        return stored

    def __post_init__(self) -> None:
        self.writers: list[object] = []

    def close(self) -> None:
        for writer in self.writers:
            writer.close()  # type: ignore[attr-defined]
        self.writer = None


@dataclass
class House:
    """Everything an archive needs, in one folder."""

    folder: Path
    vault: Vault
    clock: FixedClock
    index: Engine
    records: Engine
    indexer: Indexer
    archive: Archive
    device: Device

    def indexed(self, *data: bytes | Values) -> None:
        """Store data sets and index them."""
        self.indexer.take([self.device.store(one) for one in data])

    def fresh_index(self, name: str) -> tuple[Engine, Indexer]:
        """Open another, empty index of the same vault and records."""
        engine = open_index(self.folder / name, b"i" * 32)
        return engine, Indexer(engine, self.records, self.vault, self.clock)


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    with open_house(tmp_path) as one:
        yield one


@contextmanager
def open_house(tmp_path: Path) -> Iterator[House]:
    (tmp_path / "vault").mkdir()
    (tmp_path / "keyring").mkdir()
    create_layout(RealDisc(), tmp_path / "vault", tmp_path / "keyring")
    with house_in(tmp_path) as house:
        prepare_records(house.records)
        yield house


@contextmanager
def house_in(
    folder: Path, disc: Disc | None = None, limits: Limits | None = None, clock: FixedClock | None = None
) -> Iterator[House]:
    """Open what is laid out already, its databases included."""
    clock = clock or FixedClock(datetime(2026, 1, 2, 10, 0, tzinfo=UTC))
    keys = VaultKeys(b"k" * 32, b"n" * 32)
    vault = open_vault(folder / "vault", folder / "keyring", keys, disc or RealDisc(), clock, limits)
    index = open_index(folder / "index.db", b"i" * 32)
    records = open_database(folder / "records.db", b"r" * 32, durability="full")
    device = Device(vault, clock)
    try:
        yield House(
            folder, vault, clock, index, records, Indexer(index, records, vault, clock), Archive(index, vault), device
        )
    finally:
        device.close()
        index.dispose()
        records.dispose()
