"""Orders as a process of ours has them: their tables, the journal, and the index, which tells whose images came."""

from __future__ import annotations

import json
from collections.abc import Sequence

from sqlalchemy.engine import Engine

from primum.app.joints import Recorder
from primum.app.rooms import Rooms
from primum.imaging.orders import Entry, Orders


def open_orders(rooms: Rooms, records: Engine, index: Engine) -> Orders:
    """Open them on records.db; `index` is read."""
    return Orders(
        records,
        rooms.clock,
        Recorder(rooms.journal),
        prefix=rooms.settings.accession_prefix,
        arrived=lambda entries: arrived(index, entries),
    )


def arrived(index: Engine, entries: Sequence[Entry]) -> set[str]:
    """Tell which steps have images: a study of their UID or accession number, with a series of their modality."""
    asked = [
        (
            one.step.id,
            one.order.controller_id,
            one.order.facts.study_uid,
            one.order.facts.accession,
            one.step.facts.modality,
        )
        for one in entries
    ]
    with index.connect().execution_options(reading=True) as connection:
        rows = connection.exec_driver_sql(_ARRIVED, (json.dumps(asked),))
        return {str(row[0]) for row in rows}


_ARRIVED = """
    SELECT j.value->>0 FROM json_each(?) j JOIN studies s ON s.id IN (
      SELECT id FROM studies WHERE study_uid = j.value->>2
      UNION ALL SELECT id FROM studies WHERE accession = j.value->>3
    )
    WHERE s.controller_id = j.value->>1 AND EXISTS (
      SELECT 1 FROM series e WHERE e.study_id = s.id AND e.modality = j.value->>4
    )
"""
