"""The two databases: opened with their sub-keys, and brought to the newest shape by the rooms that own them."""

from __future__ import annotations

from sqlalchemy.engine import Engine

from primum import imaging
from primum.ground.db import open_database
from primum.ground.home import Home


def open_records(home: Home, key: bytes) -> Engine:
    """Open records.db: truth, synced at each commit."""
    return open_database(home.folder / "records.db", key, durability="full")


def open_index(home: Home, key: bytes, *, read_only: bool = False) -> Engine:
    """Open index.db: derived, consistent after a crash, rebuilt when lost. Its owner brings it up to date too."""
    return imaging.open_index(home.folder / "index.db", key, read_only=read_only)


def migrate_records(records: Engine) -> None:
    """Bring the tables of every room in records.db to their newest shape."""
    from primum.app.exposed import prepare_exposed  # noqa: PLC0415 (a reader does not need them)
    from primum.exposure.canaries.store import prepare_canaries  # noqa: PLC0415
    from primum.exposure.checks.store import prepare_checks  # noqa: PLC0415
    from primum.exposure.outside.store import prepare_outside  # noqa: PLC0415
    from primum.identity import migrate_devices, migrate_people  # noqa: PLC0415
    from primum.imaging.commitments.store import prepare_commitments  # noqa: PLC0415
    from primum.imaging.confirmations.store import prepare_confirmations  # noqa: PLC0415
    from primum.imaging.orders import prepare_orders  # noqa: PLC0415
    from primum.incidents.store import prepare_incidents  # noqa: PLC0415
    from primum.incidents.telling.store import prepare_telling  # noqa: PLC0415

    migrate_people(records)
    migrate_devices(records)
    prepare_checks(records)
    imaging.prepare_records(records)
    prepare_commitments(records)
    prepare_confirmations(records)
    prepare_orders(records)
    imaging.prepare_sendings(records)
    prepare_exposed(records)
    prepare_outside(records)
    prepare_canaries(records)
    prepare_incidents(records)
    prepare_telling(records)
