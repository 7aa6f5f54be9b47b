"""The archive's two stores: index.db (derived) and its part of records.db (truth). docs/design/imaging.md."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from importlib.resources import as_file, files
from pathlib import Path

from sqlalchemy import Connection
from sqlalchemy.engine import Engine

from primum.ground.db import migrate, open_database

DERIVED = (
    "dose_events", "dose_values", "dose_groups", "dose_reports", "arrivals", "returned", "words", "terms", "versions",
    "rejected", "instances", "series", "studies", "amendments", "applied", "packs",
)  # fmt: skip
"""The tables of index.db, in the order in which they can be emptied."""


def open_index(path: Path, key: bytes, *, read_only: bool = False) -> Engine:
    """Open index.db; its owner (not `read_only`) also brings its tables up to date. Raises WrongDatabaseKey."""
    engine = open_database(path, key, durability="normal", read_only=read_only)
    if not read_only:
        _migrate(engine, "migrations_index", "index_version")
        _migrate(engine, "dose/migrations", "dose_version")
    return engine


def prepare_records(engine: Engine) -> None:
    """Bring the archive's tables in records.db up to date."""
    _migrate(engine, "migrations_records", "imaging_version")
    _migrate(engine, "migrations_patients", "patients_version")
    _migrate(engine, "retention/migrations", "retention_version")
    _migrate(engine, "completion/migrations", "completion_version")
    _migrate(engine, "toread/migrations", "toread_version")
    _migrate(engine, "reports/migrations", "reports_version")


def _migrate(engine: Engine, scripts: str, version_table: str) -> None:
    with as_file(files("primum.imaging").joinpath(scripts)) as folder:
        migrate(engine, folder, version_table)


@contextmanager
def reading(engine: Engine) -> Iterator[Connection]:
    """A transaction that only reads, and waits for nobody."""
    with engine.connect().execution_options(reading=True) as connection:
        yield connection


def dump(engine: Engine) -> dict[str, list[tuple[object, ...]]]:
    """Give all that index.db holds by natural keys: two indexes of the same packs give the same dump."""
    with reading(engine) as connection:
        return {name: sorted(map(tuple, connection.exec_driver_sql(sql)), key=repr) for name, sql in _DUMPS.items()}


_PLACED = """
    SELECT s.ref, e.series_uid, t.sop_uid, t.sop_class_uid, t.syntax, t.number, t."rows", t.columns, t.frames,
           t.bits, hex(t.person), t.received_at, p.pack, t.start, t.stop, hex(t.digest), t.copies{more}
    FROM {table} t JOIN studies s ON s.id = t.study_id JOIN series e ON e.id = t.series_id
    JOIN packs p ON p.id = t.pack_id
"""
_DUMPS = {
    "packs": "SELECT pack, study_ref, stop FROM packs",
    "studies": """
        SELECT ref, controller_id, study_uid, patient_id, confidential, first, study_date, study_time, moment, zone,
               name_a, name_i, name_p, flat_a, flat_i, flat_p, name_key, patient_number, issuer, birth_date, sex,
               accession, study_number, description, referrer_a, referrer_i, referrer_p, referrer_key, shown, flags,
               mixed, modalities, series, instances, overlay, hidden FROM studies""",
    "series": """
        SELECT s.ref, e.series_uid, e.first, e.modality, e.number, e.description, e.station, e.body_part, e.step_date,
               e.step_time, e.series_date, e.series_time, e.shown, e.instances, hex(e.person_low), hex(e.person_high)
        FROM series e JOIN studies s ON s.id = e.study_id""",
    "instances": _PLACED.format(table="instances", more=""),
    "versions": _PLACED.format(table="versions", more=", t.decided"),
    "rejected": _PLACED.format(table="rejected", more=", t.code"),
    "amendments": "SELECT study_ref, id, source_ref, first, kind, body FROM amendments",
    "applied": "SELECT number FROM applied WHERE number > 0",
    "returned": """
        SELECT r.study_ref, r.controller_id, r.study_uid, r.series_uid, r.sop_uid, r.received_at, p.pack, r.start,
               r.stop
        FROM returned r JOIN packs p ON p.id = r.pack_id""",
    "dose_reports": "SELECT study_ref, sop_uid, pack, start, stop, syntax FROM dose_reports",
    "words": "SELECT s.ref FROM words w JOIN studies s ON s.id = w.rowid",
}  # fmt: skip
