"""The two databases: opened with their sub-keys, and brought to the newest shape by the rooms that own them."""

from __future__ import annotations

from pathlib import Path

from sqlalchemy.engine import Engine

import primum
from primum.ground.db import migrate, open_database
from primum.ground.home import Home

_ROOMS = Path(primum.__file__).parent
_RECORDS = (
    ("identity/migrations", "identity_version"),
    ("identity/device_migrations", "device_version"),
    ("imaging/migrations_records", "imaging_version"),
)


def open_records(home: Home, key: bytes) -> Engine:
    """Open records.db: truth, synced at each commit."""
    return open_database(home.folder / "records.db", key, durability="full")


def open_index(home: Home, key: bytes, *, read_only: bool = False) -> Engine:
    """Open index.db: derived, consistent after a crash, rebuilt when lost."""
    return open_database(home.folder / "index.db", key, durability="normal", read_only=read_only)


def migrate_all(records: Engine, index: Engine | None = None) -> None:
    """Bring every table to its newest shape."""
    for scripts, table in _RECORDS:
        migrate(records, _ROOMS / scripts, table)
    if index is not None:
        migrate(index, _ROOMS / "imaging/migrations_index", "index_version")
