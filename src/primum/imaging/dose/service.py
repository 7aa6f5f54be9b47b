"""Doses as one may ask for them: of a study, of several, of a practice. Who may is the caller's business.

Reports are read by a job after they were indexed, never in the transaction that indexes them: a report of an hour of
fluoroscopy is megabytes of content items.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from functools import partial
from itertools import groupby

from sqlalchemy.engine import Engine

from primum.ground.log import Log
from primum.imaging.dicomjson import read_attributes
from primum.imaging.dose import store
from primum.imaging.dose.combining import StudyDose, combine
from primum.imaging.dose.limits import LIMITS, Limits
from primum.imaging.dose.model import Doubt, Report
from primum.imaging.dose.reading import read_report, unreadable
from primum.imaging.dose.rules import levels_in_force
from primum.imaging.dose.statistics import Dosed, Practice, practice
from primum.imaging.dose.store import Unread
from primum.imaging.dose.tables import groups
from primum.imaging.errors import ImagingRefusal
from primum.imaging.model import Reached
from primum.imaging.syntaxes import EXPLICIT_LE, syntax_of
from primum.imaging.walker import inflate
from primum.vault import Illness, RecordAbsent, Vault

_log = Log("dose")
_READ_AT_ONCE = 1000
"""Studies whose reports are fetched together, where values do not do."""


@dataclass(frozen=True, slots=True)
class Found:
    """The dose of a study. `waiting`: a report of it is still to be read."""

    dose: StudyDose
    waiting: bool


class Doses:
    """Reads reports, and puts together what they say. Safe to share between threads."""

    def __init__(self, index: Engine, vault: Vault, limits: Limits = LIMITS) -> None:
        """`index` may be open for reading only, where nothing is to be read out of reports."""
        self._index, self._vault, self._limits = index, vault, limits

    def sweep(self, _now: datetime) -> int:
        """Read reports that were indexed (a job); return how many."""
        store.make_values(self._index, self._limits.made_at_once)
        waiting = store.unread(self._index, self._limits.at_once)
        store.keep(self._index, [(one, self._read(one)) for one in waiting])
        return len(waiting)

    def _read(self, one: Unread) -> Report:
        try:
            record = self._vault.open(one.position)
            if record.length > self._limits.report_bytes:
                return replace(unreadable(one.sop_uid), doubts=(Doubt.TOO_LONG,))
            return read_report(self._attributes(record.read(0, record.length), one.transfer_syntax), self._limits)
        except (ImagingRefusal, Illness, RecordAbsent) as refusal:
            _log.warning("dose.unreadable", study=one.position.study, code=refusal.code)
            return unreadable(one.sop_uid)

    def _attributes(self, data: bytes, transfer_syntax: str) -> dict[str, object]:
        if syntax_of(transfer_syntax).deflated:
            data, transfer_syntax = inflate(data, self._limits.report_bytes)[0], EXPLICIT_LE
        return read_attributes(data, transfer_syntax)

    def of_study(self, ref: str) -> Found:
        """Give the dose of a study."""
        return self.of_studies([ref])[ref]

    def of_studies(self, refs: Sequence[str]) -> dict[str, Found]:
        """Give the doses of some studies, by reference; of one without a dose report, an empty one."""
        found, waiting = store.of_studies(self._index, refs, self._limits.reports)
        return {ref: Found(combine(found.get(ref, ())), ref in waiting) for ref in refs}

    def practice(self, reach: Reached, since: date, until: date) -> Practice:
        """Put together what was done within reach from one day to another, both included."""
        limits = self._limits
        period = (f"{since:%Y%m%d}", f"{until:%Y%m%d}")
        most = 2 * limits.studies  # nearly every study has one report
        rows = store.of_period(self._index, reach, *period, most)
        listed = [list(of_study) for _, of_study in groupby(rows, key=lambda one: one.ref)]
        cut = len(rows) == most or len(listed) > limits.studies
        listed = (listed[:-1] if len(rows) == most else listed)[: limits.studies]
        found = practice(self._studies(listed), levels_in_force(until), limits, partial(groups, self._index))
        return replace(found, cut=found.cut or cut)

    def _studies(self, listed: Sequence[list[store.Row]]) -> Iterator[Dosed]:
        for first in range(0, len(listed), _READ_AT_ONCE):
            batch = listed[first : first + _READ_AT_ONCE]
            said = {rows[0].ref: rows[0].said for rows in batch if len(rows) == 1 and rows[0].said is not None}
            # parsed together, which takes half as long
            plain = dict(zip(said, json.loads(f"[{','.join(said.values())}]"), strict=True))
            read = [rows[0].ref for rows in batch if rows[0].ref not in plain]
            bodies = store.of_studies(self._index, read, self._limits.reports)[0] if read else {}
            for rows in batch:
                ref, date, birth_date, _ = rows[0]
                if ref in plain:
                    yield Dosed(ref, date, birth_date, None, plain[ref])
                elif ref in bodies:  # else it was erased a moment ago
                    yield Dosed(ref, date, birth_date, combine(bodies[ref]))
