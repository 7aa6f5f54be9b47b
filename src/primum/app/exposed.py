"""The rooms of exposure as the worker has them: mandates of this home, interventions, findings, stations."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from primum.exposure.checks.sources import Intervention, Interventions, LastProbe, Station
from primum.exposure.probe.model import Place
from primum.ground.jobs import Job

if TYPE_CHECKING:
    from sqlalchemy.engine import Engine

    from primum.app.probing import Titles
    from primum.app.rooms import Rooms
    from primum.exposure.findings.service import Findings
    from primum.exposure.interventions.service import Interventions as Kept
    from primum.exposure.mandates.service import Mandates
    from primum.exposure.station.service import Stations
    from primum.ground.clock import Clock
    from primum.journal import Signer


@dataclass(frozen=True, slots=True)
class Exposed:
    """What is kept of exposure, and what may be asked of it."""

    mandates: Mandates
    findings: Findings
    interventions: Kept
    stations: Stations


def open_exposed(rooms: Rooms, records: Engine, signer: Signer, secret: bytes, titles: Titles) -> Exposed:
    """Open it on records.db; `secret` is the sub-key of which tokens are made, `titles` those of devices."""
    from primum.app.joints import Recorder  # noqa: PLC0415 (no other process needs these)
    from primum.app.probing import prober  # noqa: PLC0415
    from primum.exposure.findings.service import Findings  # noqa: PLC0415
    from primum.exposure.interventions.service import Interventions as Kept  # noqa: PLC0415
    from primum.exposure.mandates.service import Mandates  # noqa: PLC0415
    from primum.exposure.station.service import Stations  # noqa: PLC0415

    record = Recorder(rooms.journal)
    mandates = Mandates(records, rooms.clock, record, signer, secret)
    findings = Findings(records, rooms.clock, record)
    interventions = Kept(records, rooms.clock, record, findings, prober(rooms, mandates, titles))
    return Exposed(mandates, findings, interventions, Stations(records, rooms.clock, record))


def prepare_exposed(records: Engine) -> None:
    """Bring the tables of exposure to their newest shape."""
    from primum.exposure.findings.store import prepare_findings  # noqa: PLC0415
    from primum.exposure.interventions.store import prepare_interventions  # noqa: PLC0415
    from primum.exposure.mandates.service import prepare_mandates  # noqa: PLC0415
    from primum.exposure.station.service import prepare_stations  # noqa: PLC0415

    prepare_mandates(records)
    prepare_findings(records)
    prepare_interventions(records)
    prepare_stations(records)


def probing_jobs(exposed: Exposed) -> list[Job]:
    """List what takes minutes: the worker runs these apart from all others."""
    return [Job("exposure.interventions", timedelta(minutes=1), exposed.interventions.sweep)]


class KeptHere:
    """What a check asks of what is kept here (app/checks.py, `Kept`)."""

    def __init__(self, exposed: Exposed, clock: Clock) -> None:
        """Ask `exposed`."""
        self._exposed, self._clock = exposed, clock

    def last_probe(self) -> LastProbe | None:
        """Return the last probe of this home from here or from inside."""
        return self._last(Place.HERE, Place.INSIDE)

    def last_outside(self) -> LastProbe | None:
        """Return the last view from outside that was read back."""
        return self._last(Place.OUTSIDE)

    def stations(self) -> Sequence[Station]:
        """List the stations that were ever checked, each with its last check."""
        return [
            Station(one.id, one.checked_at, one.bad)
            for one in self._exposed.stations.stations()
            if one.checked_at is not None
        ]

    def interventions(self) -> Interventions:
        """Tell which interventions are open, and which left something open."""
        found = self._exposed.interventions.overview(self._clock.now())
        return Interventions(
            open=[Intervention(one.id, one.opened_at) for one in found.open],
            worse=[
                Intervention(one.id, one.opened_at, len(one.difference.opened) if one.difference else 0)
                for one in found.worse
            ],
        )

    def _last(self, *places: Place) -> LastProbe | None:
        found = self._exposed.findings.last_run(*places)
        if found is None:
            return None
        _digest, verdict, at, holes = found
        return LastProbe(at, verdict, holes)
