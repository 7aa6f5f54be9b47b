"""The rooms of exposure as the worker has them: mandates of this home, interventions, findings, stations."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from primum.ground.jobs import Job

if TYPE_CHECKING:
    from sqlalchemy.engine import Engine

    from primum.app.rooms import Rooms
    from primum.exposure.findings.service import Findings
    from primum.exposure.interventions.service import Interventions
    from primum.exposure.mandates.service import Mandates
    from primum.journal import Signer


@dataclass(frozen=True, slots=True)
class Exposed:
    """What is kept of exposure, and what may be asked of it."""

    mandates: Mandates
    findings: Findings
    interventions: Interventions


def open_exposed(rooms: Rooms, records: Engine, signer: Signer, secret: bytes) -> Exposed:
    """Open it on records.db; `secret` is the sub-key of which tokens are made."""
    from primum.app.joints import Recorder  # noqa: PLC0415 (no other process needs these)
    from primum.app.probing import prober  # noqa: PLC0415
    from primum.exposure.findings.service import Findings  # noqa: PLC0415
    from primum.exposure.interventions.service import Interventions  # noqa: PLC0415
    from primum.exposure.mandates.service import Mandates  # noqa: PLC0415

    record = Recorder(rooms.journal)
    mandates = Mandates(records, rooms.clock, record, signer, secret)
    findings = Findings(records, rooms.clock, record)
    interventions = Interventions(records, rooms.clock, record, findings, prober(rooms, mandates))
    return Exposed(mandates, findings, interventions)


def prepare_exposed(records: Engine) -> None:
    """Bring the tables of exposure to their newest shape."""
    from primum.exposure.findings.store import prepare_findings  # noqa: PLC0415
    from primum.exposure.interventions.store import prepare_interventions  # noqa: PLC0415
    from primum.exposure.mandates.service import prepare_mandates  # noqa: PLC0415

    prepare_mandates(records)
    prepare_findings(records)
    prepare_interventions(records)


def probing_jobs(exposed: Exposed) -> list[Job]:
    """List what takes minutes: the worker runs these apart from all others."""
    return [Job("exposure.interventions", timedelta(minutes=1), exposed.interventions.sweep)]
