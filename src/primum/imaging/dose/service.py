"""Doses as one may ask for them: of a study, of several, of a practice. Who may is the caller's business.

Reports are read by a job after they were indexed, never in the transaction that indexes them: a report of an hour of
fluoroscopy is megabytes of content items.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from itertools import groupby

from sqlalchemy.engine import Engine

from primum.ground.log import Log
from primum.imaging.dicomjson import read_attributes
from primum.imaging.dose import store
from primum.imaging.dose.combining import StudyDose, combine
from primum.imaging.dose.limits import LIMITS, Limits
from primum.imaging.dose.model import Doubt, Report, from_json
from primum.imaging.dose.reading import read_report, unreadable
from primum.imaging.dose.rules import levels_in_force
from primum.imaging.dose.statistics import Dosed, Practice, practice
from primum.imaging.dose.store import Unread
from primum.imaging.errors import ImagingRefusal
from primum.imaging.model import Reached
from primum.imaging.syntaxes import EXPLICIT_LE, syntax_of
from primum.imaging.walker import inflate
from primum.vault import Illness, RecordAbsent, Vault

_log = Log("dose")


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
        rows = store.of_period(self._index, reach, f"{since:%Y%m%d}", f"{until:%Y%m%d}")
        taken = _Taken(self._studies(rows), self._limits.studies)
        found = practice(taken, levels_in_force(until), self._limits)
        return replace(found, cut=found.cut or taken.cut)

    def _studies(self, rows: Iterator[store.Row]) -> Iterator[Dosed]:
        for ref, of_study in groupby(rows, key=lambda one: one.ref):
            listed = list(of_study)
            reports = [from_json(one.body) for one in listed[: self._limits.reports]]
            yield Dosed(ref, listed[0].date, listed[0].birth_date, combine(reports))


class _Taken:
    """At most so many of something, and whether there was more."""

    def __init__(self, found: Iterable[Dosed], most: int) -> None:
        self._found, self._most, self.cut = found, most, False

    def __iter__(self) -> Iterator[Dosed]:
        for number, one in enumerate(self._found):
            if number >= self._most:
                self.cut = True
                return
            yield one
