"""The keys whose tokens say who uses a device, and the tokens that were used: two tables of records.db.

A token is good once (RFC 7519, jti): its digest is remembered until it ends. docs/design/devices.md.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.dialects.sqlite import insert as upsert
from sqlalchemy.engine import Connection, Engine

from primum.ground.clock import Clock, from_text, to_text
from primum.ground.ids import new_id
from primum.identity.device_model import (
    LIMITS,
    Device,
    IdentityRefused,
    NoSuchIdentityKey,
    Record,
    TooManyIdentityKeys,
)

_metadata = sa.MetaData()

_keys = sa.Table(
    "device_identity_keys",
    _metadata,
    sa.Column("id", sa.Text, primary_key=True),
    sa.Column("device_id", sa.Text, nullable=False),
    sa.Column("algorithm", sa.Text, nullable=False),
    sa.Column("kid", sa.Text, nullable=False),
    sa.Column("public_key", sa.LargeBinary, nullable=False),
    sa.Column("added_at", sa.Text, nullable=False),
)
_used = sa.Table(
    "device_identity_used",
    _metadata,
    sa.Column("digest", sa.LargeBinary, primary_key=True),
    sa.Column("device_id", sa.Text, nullable=False),
    sa.Column("ends_at", sa.Text, nullable=False),
)


@dataclass(frozen=True, slots=True)
class PublicKeyFile:
    """A public key as it was given: its algorithm, its own name if it has one, and itself (DER)."""

    algorithm: str
    kid: str
    der: bytes


@dataclass(frozen=True, slots=True)
class TrustedKey:
    """A key whose tokens say who uses a device."""

    id: str
    device_id: str
    algorithm: str
    kid: str
    der: bytes
    added_at: datetime


class IdentityKeys:
    """What is trusted to say who uses a device. Safe for many threads."""

    def __init__(self, engine: Engine, clock: Clock, record: Record) -> None:
        """Keep them in `engine` (records.db)."""
        self._engine = engine
        self._clock = clock
        self._record = record

    def of(self, device_id: str) -> list[TrustedKey]:
        """List the keys of a device, oldest first."""
        with self._engine.connect().execution_options(reading=True) as tx:
            return _of(tx, device_id)

    def add(self, by: str, device: Device, given: list[PublicKeyFile]) -> None:
        """Trust keys from now on; one that is trusted already stays as it is. Raises TooManyIdentityKeys."""
        with self._engine.begin() as tx:
            held = _of(tx, device.id)
            new = [one for one in given if one.der not in {key.der for key in held}]
            if len(held) + len(new) > LIMITS.identity_keys:
                raise TooManyIdentityKeys(count=len(held))
            for one in new:
                row = {"algorithm": one.algorithm, "kid": one.kid, "public_key": one.der}
                now = to_text(self._clock.now())
                tx.execute(_keys.insert().values(id=new_id("dik"), device_id=device.id, added_at=now, **row))
                self._tell(by, device, "identity-key-added", one.der)

    def drop(self, by: str, device: Device, key_id: str) -> None:
        """Trust a key no more. Raises NoSuchIdentityKey."""
        with self._engine.begin() as tx:
            found = next((one for one in _of(tx, device.id) if one.id == key_id), None)
            if found is None:
                raise NoSuchIdentityKey
            tx.execute(_keys.delete().where(_keys.c.id == key_id))
            self._tell(by, device, "identity-key-dropped", found.der)

    def use_once(self, device_id: str, digest: bytes, ends_at: datetime) -> None:
        """Use a token up. Raises IdentityRefused for one that was used, or when too many are remembered."""
        now = to_text(self._clock.now())
        with self._engine.begin() as tx:
            # a little longer than its end: clocks may differ by so much
            tx.execute(_used.delete().where(_used.c.device_id == device_id, _used.c.ends_at < now))
            held = tx.execute(sa.select(sa.func.count()).where(_used.c.device_id == device_id)).scalar_one()
            kept_until = to_text(ends_at + LIMITS.clock_drift)
            row = upsert(_used).values(digest=digest, device_id=device_id, ends_at=kept_until)
            if held >= LIMITS.json_tokens_used or tx.execute(row.on_conflict_do_nothing()).rowcount != 1:
                raise IdentityRefused

    def _tell(self, by: str, device: Device, what: str, der: bytes) -> None:
        fingerprint = hashlib.sha256(der).hexdigest()
        told: dict[str, str | int] = {"controller": device.controller_id, "what": what, "fingerprint": fingerprint}
        told |= {"services": ",".join(sorted(device.may))} if device.may else {}
        self._record("device:changed", by, device.id, told)


def _of(tx: Connection, device_id: str) -> list[TrustedKey]:
    rows = tx.execute(sa.select(_keys).where(_keys.c.device_id == device_id).order_by(_keys.c.added_at, _keys.c.id))
    return [
        TrustedKey(row.id, row.device_id, row.algorithm, row.kid, row.public_key, from_text(row.added_at))
        for row in rows
    ]
