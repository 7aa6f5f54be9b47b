"""The rooms of exposure as the worker has them: mandates of this home, interventions, findings, stations."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sqlalchemy.engine import Engine

    from primum.app.rooms import Rooms
    from primum.exposure.mandates.service import Mandates
    from primum.journal import Signer


@dataclass(frozen=True, slots=True)
class Exposed:
    """What is kept of exposure, and what may be asked of it."""

    mandates: Mandates


def open_exposed(rooms: Rooms, records: Engine, signer: Signer, secret: bytes) -> Exposed:
    """Open it on records.db; `secret` is the sub-key of which tokens are made."""
    from primum.app.joints import Recorder  # noqa: PLC0415 (no other process needs these)
    from primum.exposure.mandates.service import Mandates  # noqa: PLC0415

    record = Recorder(rooms.journal)
    return Exposed(mandates=Mandates(records, rooms.clock, record, signer, secret))


def prepare_exposed(records: Engine) -> None:
    """Bring the tables of exposure to their newest shape."""
    from primum.exposure.findings.store import prepare_findings  # noqa: PLC0415
    from primum.exposure.interventions.store import prepare_interventions  # noqa: PLC0415
    from primum.exposure.mandates.service import prepare_mandates  # noqa: PLC0415

    prepare_mandates(records)
    prepare_findings(records)
    prepare_interventions(records)
