"""Where devices are kept: four tables of records.db. Reads and writes, no rule."""

from __future__ import annotations

from collections import defaultdict
from datetime import datetime
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection, Engine

from primum.ground.clock import from_text, to_text
from primum.ground.db import migrate
from primum.identity.device_model import Address, Device, Enrolment, Service

_metadata = sa.MetaData()

devices = sa.Table(
    "devices",
    _metadata,
    sa.Column("id", sa.Text, primary_key=True),
    sa.Column("name", sa.Text, nullable=False, unique=True),
    sa.Column("aet", sa.Text, nullable=False),
    sa.Column("controller_id", sa.Text, nullable=False),
    sa.Column("plain_address", sa.Text),
    sa.Column("added_at", sa.Text, nullable=False),
    sa.Column("added_by", sa.Text, nullable=False),
    sa.Column("revoked_at", sa.Text),
    sa.Column("host", sa.Text),
    sa.Column("port", sa.Integer),
    sa.Column("their_certificate", sa.Text),
    sa.Column("pinned", sa.LargeBinary),
    sa.Column("authority", sa.Boolean),
    sa.Column("ask_commitment", sa.Boolean, nullable=False, server_default=sa.true()),
    sa.Column("identity_required", sa.Boolean, nullable=False, server_default=sa.false()),
)
services = sa.Table(
    "device_services",
    _metadata,
    sa.Column("device_id", sa.Text, sa.ForeignKey("devices.id"), primary_key=True),
    sa.Column("service", sa.Text, primary_key=True),
)
certificates = sa.Table(
    "device_certificates",
    _metadata,
    sa.Column("fingerprint", sa.LargeBinary, primary_key=True),
    sa.Column("device_id", sa.Text, sa.ForeignKey("devices.id"), nullable=False),
    sa.Column("position", sa.Integer, nullable=False),
    sa.Column("public_key", sa.LargeBinary, nullable=False),
    sa.Column("not_before", sa.Text, nullable=False),
    sa.Column("not_after", sa.Text, nullable=False),
    sa.Column("ends_at", sa.Text, nullable=False),
    sa.Column("revoked_at", sa.Text),
)
snapshots = sa.Table(
    "device_snapshots",
    _metadata,
    sa.Column("id", sa.Integer, sa.CheckConstraint("id = 1"), primary_key=True),
    sa.Column("number", sa.Integer, nullable=False),
)


def migrate_devices(engine: Engine) -> None:
    """Bring these tables to the newest shape."""
    migrate(engine, Path(__file__).parent / "device_migrations", "device_version")


def insert_device(connection: Connection, device: Device) -> None:
    """Write a device and its grants, without its certificates."""
    values = {
        "id": device.id,
        "name": device.name,
        "aet": device.aet,
        "controller_id": device.controller_id,
        "plain_address": device.plain_address,
        "added_at": to_text(device.added_at),
        "added_by": device.added_by,
        "identity_required": device.identity_required,
        **_address_values(device.address),
    }
    connection.execute(devices.insert().values(**values))
    granted = [{"device_id": device.id, "service": one.value} for one in sorted(device.may)]
    if granted:
        connection.execute(services.insert(), granted)


def insert_certificate(connection: Connection, device_id: str, enrolment: Enrolment, public_key: bytes) -> None:
    """Write one more certificate of a device; `public_key` is the digest of its key."""
    count = sa.select(sa.func.count()).where(certificates.c.device_id == device_id).scalar_subquery()
    connection.execute(
        certificates.insert().values(
            fingerprint=enrolment.fingerprint,
            device_id=device_id,
            position=count,
            public_key=public_key,
            not_before=to_text(enrolment.not_before),
            not_after=to_text(enrolment.not_after),
            ends_at=to_text(enrolment.ends_at),
        )
    )


def set_address(connection: Connection, device_id: str, address: Address) -> None:
    """Write where a device is called."""
    connection.execute(devices.update().where(devices.c.id == device_id).values(**_address_values(address)))


def grant(connection: Connection, device_id: str, service: Service) -> None:
    """Write one more grant of a device."""
    connection.execute(services.insert().values(device_id=device_id, service=service.value))


def require_identity(connection: Connection, device_id: str, *, required: bool) -> None:
    """Write whether a device's associations have to say who uses it."""
    connection.execute(devices.update().where(devices.c.id == device_id).values(identity_required=required))


def end_certificates(connection: Connection, device_id: str, at: datetime) -> None:
    """Let the certificates of a device end at `at`, unless they end sooner."""
    mine = certificates.c.device_id == device_id
    connection.execute(
        certificates.update().where(mine, certificates.c.ends_at > to_text(at)).values(ends_at=to_text(at))
    )


def revoke_device(connection: Connection, device_id: str, at: datetime) -> None:
    """Mark a device and all its certificates as revoked."""
    connection.execute(devices.update().where(devices.c.id == device_id).values(revoked_at=to_text(at)))
    mine = certificates.c.device_id == device_id
    connection.execute(certificates.update().where(mine).values(revoked_at=to_text(at)))


def key_owner(connection: Connection, public_key: bytes) -> str | None:
    """Return the id of the device that has ever had this key."""
    query = sa.select(certificates.c.device_id).where(certificates.c.public_key == public_key)
    return connection.execute(query).scalar()


def next_number(connection: Connection) -> int:
    """Return the number of the next snapshot, and write it down."""
    number = (connection.execute(sa.select(snapshots.c.number)).scalar() or 0) + 1
    connection.execute(snapshots.delete())
    connection.execute(snapshots.insert().values(id=1, number=number))
    return number


def read_devices(connection: Connection) -> list[Device]:
    """Read every device, revoked ones too, in order of name."""
    granted: dict[str, set[Service]] = defaultdict(set)
    for row in connection.execute(sa.select(services)):
        granted[row.device_id].add(Service(row.service))
    held: dict[str, list[Enrolment]] = defaultdict(list)
    for row in connection.execute(sa.select(certificates).order_by(certificates.c.position.desc())):
        held[row.device_id].append(_enrolment(row))
    return [
        Device(
            id=row.id,
            name=row.name,
            aet=row.aet,
            may=frozenset(granted[row.id]),
            controller_id=row.controller_id,
            plain_address=row.plain_address,
            added_at=from_text(row.added_at),
            added_by=row.added_by,
            revoked_at=_instant(row.revoked_at),
            certificates=tuple(held[row.id]),
            address=_address(row),
            identity_required=bool(row.identity_required),
        )
        for row in connection.execute(sa.select(devices).order_by(devices.c.name))
    ]


def _address_values(address: Address | None) -> dict[str, Any]:
    if address is None:
        return {}
    return {
        "host": address.host,
        "port": address.port,
        "their_certificate": address.certificate,
        "pinned": address.pinned,
        "authority": address.authority,
        "ask_commitment": address.ask_commitment,
    }


def _address(row: sa.Row[Any]) -> Address | None:
    if row.host is None:
        return None
    return Address(row.host, row.port, row.their_certificate, row.pinned, bool(row.authority), bool(row.ask_commitment))


def _enrolment(row: sa.Row[Any]) -> Enrolment:
    return Enrolment(
        fingerprint=row.fingerprint,
        not_before=from_text(row.not_before),
        not_after=from_text(row.not_after),
        ends_at=from_text(row.ends_at),
        revoked_at=_instant(row.revoked_at),
    )


def _instant(text: str | None) -> datetime | None:
    return None if text is None else from_text(text)
