"""The list of what is to be read, as a process has it: settings, journal, and what a study and its order say."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy.engine import Engine

from primum.app.joints import Recorder
from primum.app.rooms import Rooms
from primum.imaging import Archive, StudyEntry
from primum.imaging.orders import Orders
from primum.imaging.toread.model import Facts
from primum.imaging.toread.service import ToRead, Validated, Wish, none_validated

_DATE, _ACCESSION = "00080020", "00080050"


def open_to_read(rooms: Rooms, records: Engine, validated: Validated = none_validated) -> ToRead:
    """Open it on records.db; `validated` tells which studies have a validated report."""
    wish = Wish(rooms.settings.to_read_days, frozenset(rooms.settings.to_read_never.split()))
    return ToRead(records, rooms.clock, Recorder(rooms.journal), wish, validated)


def facts_of(archive: Archive, orders: Orders, entry: StudyEntry, fresh: Sequence[str]) -> Facts:
    """Gather what decides whether a study waits to be read, and where in the list; `fresh` are instances that came."""
    shown = archive.study_shown(entry.ref)
    date, accession = (str((shown.get(tag, {}).get("Value") or [""])[0] or "") for tag in (_DATE, _ACCESSION))
    return Facts(
        controller_id=entry.controller_id,
        study_uid=entry.study_uid,
        modalities=frozenset(archive.modalities_of(entry.ref)),
        fresh=frozenset(archive.modalities_among(entry.ref, fresh)),
        stations=frozenset(archive.stations_of(entry.ref)),
        brought_by=frozenset(archive.devices_of(entry.ref)),
        on=date,
        priority=orders.priority(entry.controller_id, entry.study_uid, accession),
    )
