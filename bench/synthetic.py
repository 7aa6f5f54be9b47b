"""An index of studies that were never received: rows through the archive's own columns and tables, in bulk.

What is real: `study_columns`, `series_columns`, the terms and the words, computed by the archive's code from made-up
attributes, into the tables that its migrations made, sealed. What is not: there are no packs behind them, and the
order of the work (indexes are dropped first and made last, nothing is synced), which is what makes it quick.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from primum.imaging.attributes import BY_TAG, KEPT, Level
from primum.imaging.columns import series_columns, series_terms, study_columns, study_terms, words_of
from primum.imaging.extract import normal_date, normal_time
from primum.imaging.names import PersonName, parse_name
from primum.imaging.numbering import first_of
from primum.imaging.store import open_index

BATCH = 20_000
_HEADS = [
    "DU",
    "MAR",
    "LE",
    "BER",
    "RO",
    "PE",
    "MO",
    "GAR",
    "DA",
    "FOU",
    "GI",
    "BON",
    "LAM",
    "RI",
    "VIN",
    "MU",
    "FA",
    "CHE",
]
_MIDDLES = ["PON", "TI", "FE", "NAR", "BER", "RE", "RI", "LO", "VI", "CHA", "SSE", "NI", "GUE", "DE", "PAR"]
_ENDS = ["T", "N", "VRE", "D", "TO", "ZE", "EAU", "ER", "IN", "ET", "ARD", "EL", "OT", "OUX", "ON"]
_GIVEN = [f"{a}{b}" for a in ("JE", "MA", "PIER", "AN", "LU", "SO", "CLAI", "PAU", "NI", "EM") for b in
          ("AN", "RIE", "RE", "NE", "CAS", "PHIE", "LE", "COLE", "MA", "IL")]  # fmt: skip
_MODALITIES = ["CT", "MR", "DX", "US", "MG", "CR", "PT", "XA"]
_SHARES = [20, 20, 25, 20, 6, 5, 2, 2]
_DESCRIPTIONS = [f"{what} {where}" for what in ("Scanner", "IRM", "Radio", "Échographie", "Contrôle") for where in
                 ("thorax", "cérébrale", "abdomen", "genou", "rachis", "épaule", "bassin", "cheville")]  # fmt: skip


@dataclass(frozen=True, slots=True)
class Made:
    """One study, as far as queries need it: the same for the same number, wherever it goes."""

    number: int

    @property
    def patient(self) -> int:
        """Give the number of its patient: three studies each."""
        return self.number // 3

    @property
    def name(self) -> str:
        """Give its patient's name: one of some 4000 families."""
        rng = random.Random(self.patient)
        return f"{rng.choice(_HEADS)}{rng.choice(_MIDDLES)}{rng.choice(_ENDS)}^{rng.choice(_GIVEN)}"

    @property
    def values(self) -> dict[int, str]:
        """Give its attributes by tag."""
        rng = random.Random(self.number + 0.5)
        day = rng.randrange(3650)
        return {
            0x00080020: f"{2016 + day // 365}{1 + day % 365 // 31:02}{1 + day % 28:02}",
            0x00080030: f"{7 + rng.randrange(12):02}{rng.randrange(60):02}00",
            0x00080050: f"A{self.number:08}",
            0x00080060: rng.choices(_MODALITIES, _SHARES)[0],
            0x00080090: f"DOCTOR{self.number % 400}^{_GIVEN[self.number % 100]}",
            0x00081010: f"ROOM{self.number % 40}",
            0x00081030: rng.choice(_DESCRIPTIONS),
            0x0008103E: "Axial",
            0x00100010: self.name,
            0x00100020: f"{self.patient:08}",
            0x00100030: f"{1930 + self.patient % 90}{1 + self.patient % 12:02}{1 + self.patient % 28:02}",
            0x00100040: "FM"[self.patient % 2],
            0x00200010: f"S{self.number % 100_000}",
            0x00200011: "1",
            0x0020000D: self.study_uid,
            0x0020000E: f"{self.study_uid}.1",
        }

    @property
    def study_uid(self) -> str:
        """Give its UID."""
        return f"2.25.7000.{self.number}"


class _Attributes:
    """What `columns.py` asks of a header."""

    damaged, readable = False, True

    def __init__(self, values: dict[int, str]) -> None:
        self._values = values

    def text(self, tag: int) -> str:
        return self._values.get(tag, "")

    def number(self, tag: int) -> int | None:
        return int(self._values[tag]) if tag in self._values else None

    def name(self, tag: int) -> PersonName:
        return parse_name(self.text(tag))

    def date(self, tag: int) -> str:
        return normal_date(self.text(tag))

    def time(self, tag: int) -> str:
        return normal_time(self.text(tag))

    def json(self, level: Level) -> dict[str, Any]:
        return {f"{tag:08X}": _shown(tag, self._values[tag]) for tag in KEPT[level] if tag in self._values}


def _shown(tag: int, text: str) -> dict[str, Any]:
    vr = BY_TAG[tag].vr
    value: object = parse_name(text).json() if vr == "PN" else int(text) if vr == "IS" else text
    return {"vr": vr, "Value": [value]}


def fill(
    path: Path, key: bytes, count: int, controller: str, *, said: Callable[[int], None] = lambda _: None, each: int = 1
) -> None:
    """Make the index of `count` studies, each of one series of `each` instances."""
    engine = open_index(path, key)
    raw: Any = engine.raw_connection().driver_connection
    raw.execute("PRAGMA synchronous = OFF")
    raw.execute("PRAGMA cache_size = -1000000")  # a gigabyte: studies go where their date is, not one after another
    dropped = [
        row
        for row in raw.execute("SELECT name, sql FROM sqlite_master WHERE type = 'index' AND sql IS NOT NULL")
        if row[1]
    ]
    for name, _ in dropped:
        raw.execute(f"DROP INDEX {name}")
    for first in range(1, count + 1, BATCH):
        _write(raw, range(first, min(first + BATCH, count + 1)), controller, each)
        said(min(first + BATCH, count + 1) - 1)
    for _, sql in dropped:
        raw.execute(sql)
    raw.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    raw.close()
    engine.dispose()


def _write(raw: Any, numbers: Sequence[int], controller: str, each: int) -> None:  # noqa: ANN401 (not typed)
    rows = [rows_of(number, controller, each) for number in numbers]
    raw.execute("BEGIN")
    for table in rows[0]:
        listed = [row for one in rows for row in one[table]]
        columns = ", ".join(f'"{name}"' for name in listed[0])
        marks = ", ".join("?" * len(listed[0]))
        raw.executemany(
            f"INSERT OR IGNORE INTO {table} ({columns}) VALUES ({marks})", [tuple(one.values()) for one in listed]
        )
    raw.execute("COMMIT")


def rows_of(number: int, controller: str, each: int = 1) -> dict[str, list[dict[str, Any]]]:
    """Make the rows of one study, by table."""
    made = Made(number)
    values = made.values
    facts = SimpleNamespace(
        study_instance_uid=made.study_uid, series_instance_uid=f"{made.study_uid}.1", received_at=f"2026 {number:09}"
    )
    arrival: Any = SimpleNamespace(attributes=_Attributes(values), facts=facts, first=f"2026 {number:09}")
    study, series = study_columns(arrival), series_columns(arrival)
    place = first_of(study["study_date"], study["study_time"]) + number
    shown = {"00100020": {"vr": "LO", "Value": [values[0x00100020]]}}
    terms = study_terms(shown, study) | series_terms({}, series) | {(0x00080062, _CT)}
    words = dict(zip(("name", "patient_number", "accession", "description"), words_of(study), strict=True))
    return {
        "studies": [
            {
                "id": place, "ref": f"ref{number:09}", "controller_id": controller, "study_uid": made.study_uid,
                "patient_id": f"pat_{made.patient:026}", "confidential": 0, **study, "modalities": values[0x00080060],
                "series": 1, "instances": each,
            }
        ],
        "series": [
            {"id": number, "study_id": place, "series_uid": facts.series_instance_uid, **series, "instances": each}
        ],
        "instances": [
            {
                "sop_uid": f"{made.study_uid}.1.{one}", "study_id": place, "series_id": number, "sop_class_uid": _CT,
                "syntax": "1.2.840.10008.1.2.1", "number": one, "rows": 512, "columns": 512, "frames": None, "bits": 16,
                "person": b"\0" * 8, "received_at": facts.received_at, "pack_id": 1, "start": one - 1, "stop": one,
                "digest": None, "copies": 1,
            }
            for one in range(1, each + 1)
        ],
        "terms": [{"tag": tag, "value": value, "study_id": place} for tag, value in sorted(terms)],
        "words": [{"rowid": place, **words}],
    }  # fmt: skip


_CT = "1.2.840.10008.5.1.4.1.1.2"


def some(count: int, of: int, seed: int = 5) -> Iterator[Made]:
    """Pick studies to ask for."""
    rng = random.Random(seed)
    return (Made(rng.randint(1, of)) for _ in range(count))
