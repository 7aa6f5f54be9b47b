"""What one may ask of the check: make one, look at the last, declare, bring a database; and what it does by itself.

Who may is asked by the doors. A run: gather, judge, compare, sign, keep, journal, in this order.
"""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Final

from sqlalchemy.engine import Engine

from primum.exposure.checks import store
from primum.exposure.checks.advisories import Advisories, bring
from primum.exposure.checks.catalogue import Rule, catalogue
from primum.exposure.checks.errors import BadDeclaration, CheckInterrupted, CheckUnderWay, NoCheckYet, NoSuchDeclaration
from primum.exposure.checks.gathering.parts import Part
from primum.exposure.checks.limits import LIMITS, Limits
from primum.exposure.checks.making import Made, Tell, make
from primum.exposure.checks.model import Declaration, Json
from primum.exposure.checks.signing import Sign, read, sign
from primum.exposure.checks.sources import Sources
from primum.exposure.checks.store import Run
from primum.ground.clock import Clock
from primum.ground.errors import PrimumError
from primum.ground.ids import new_id
from primum.ground.jobs import Job
from primum.ground.log import Log
from primum.identity import Recorder

EVERY: Final = timedelta(hours=23)
"""A daily job, asked every hour: a machine that is turned off at night still makes one a day."""
_PATIENCE: Final = 15.0
"""Seconds that a stop waits for the line under way; its thread ends with the process."""
_SUBJECT: Final = 200
_log = Log("check")


@dataclass(frozen=True, slots=True)
class Home:
    """Whose checks these are."""

    id: str
    version: str
    sign: Sign


@dataclass(frozen=True, slots=True)
class Kept:
    """A run as it was kept: its report and the note it was read from."""

    run: Run
    report: Json
    note: str


class Checks:
    """The checks of one home."""

    def __init__(
        self, engine: Engine, clock: Clock, record: Recorder, *, home: Home, gather: Callable[[], Sources],
        limits: Limits = LIMITS, found: Callable[[Json, datetime], None] | None = None,
    ) -> None:  # fmt: skip
        """Keep them in `engine`; `gather` gives sources anew for each run, so that each is asked once in it.

        `found` is given each report once it is kept: what turned bad is a finding.
        """
        self._engine, self._clock, self._record = engine, clock, record
        self._home, self._gather, self._limits = home, gather, limits
        self._found = found
        self._turn = threading.Lock()
        self._ending = threading.Event()
        self._done: tuple[int, int] = (0, 0)

    def make(self, by: str, tell: Tell | None = None) -> Kept:
        """Make a check now. Raises CheckUnderWay, CheckInterrupted, ReportTooLarge, and what the journal raises."""
        with self._alone():
            return self._make(by, tell)

    def start(self, by: str) -> None:
        """Begin a check in a thread of its own. Raises CheckUnderWay."""
        if not self._turn.acquire(blocking=False):
            raise CheckUnderWay
        self._done = (0, 0)
        threading.Thread(target=self._by_itself, args=(by,), name="check", daemon=True).start()

    def progress(self) -> tuple[int, int] | None:
        """Tell how many lines of how many are done of the check under way; None where there is none."""
        return self._done if self._turn.locked() else None

    def last(self) -> Kept:
        """Return the newest. Raises NoCheckYet."""
        with self._engine.begin() as tx:
            return _kept(store.last_run(tx))

    def of(self, run_id: str) -> Kept:
        """Return one by its id. Raises NoCheckYet."""
        with self._engine.begin() as tx:
            return _kept(store.run(tx, run_id))

    def runs(self) -> list[Run]:
        """List the newest."""
        with self._engine.begin() as tx:
            return store.runs(tx, self._limits.runs_listed)

    def declarations(self) -> list[Declaration]:
        """List what is declared now."""
        with self._engine.begin() as tx:
            return store.declarations(tx)

    def declare(self, by: str, named: str, value: str, until: date | None) -> Declaration:
        """Declare a line (`NAME`, or `NAME/SUBJECT` where it is about several). Raises BadDeclaration."""
        rule, subject = _declarable(named)
        now = self._clock.now()
        today = now.astimezone().date()
        most = today + timedelta(days=min(rule.declared_days, self._limits.declaration_days))
        if value not in rule.declared:
            raise BadDeclaration(what="value")
        if until is not None and not today <= until <= most:
            raise BadDeclaration(what="until")
        one = Declaration(new_id("dcl"), rule.name, subject, value, until or most, now, by)
        with self._engine.begin() as tx:
            store.declare(tx, one)
            details: dict[str, str | int] = {
                "what": rule.name, "before": subject, "after": value, "expires_at": f"{one.until}T23:59:59Z",
            }  # fmt: skip
            self._record("check:declared", by, one.id, details)
        return one

    def withdraw(self, by: str, named: str) -> None:
        """End a declaration. Raises BadDeclaration, NoSuchDeclaration."""
        rule, subject = _declarable(named)
        with self._engine.begin() as tx:
            if not store.end(tx, rule.name, subject, self._clock.now()):
                raise NoSuchDeclaration
            self._record("check:withdrawn", by, "", {"what": rule.name, "before": subject})

    def bring(self, by: str, source: Path) -> Advisories:
        """Keep what a database of vulnerabilities says of our parts. Raises AdvisoriesUnfit, OSError."""
        parts: list[Part] = list(self._gather().inventory().parts)[: self._limits.parts]
        found = bring(source, parts, self._clock.now(), self._limits)
        with self._engine.begin() as tx:
            store.keep_advisories(tx, found)
            details: dict[str, str | int] = {"count": found.records, "found": len(found.advisories)}
            self._record("check:advisories:brought", by, "", details)
        return found

    def jobs(self) -> list[Job]:
        """List what it does by itself; the run has a thread of its own, so that no other job waits for it."""
        return [
            Job("exposure.check", timedelta(hours=1), self._sweep),
            Job("exposure.forget-checks", timedelta(days=1), self.forget),
        ]

    def forget(self, now: datetime) -> int:
        """Remove the runs whose time is over, by the dated rule; return how many."""
        keeping = catalogue().keeping
        with self._engine.begin() as tx:
            gone = past(store.times(tx), now, keeping.days, keeping.years)
            if gone:
                store.drop_runs(tx, gone)
                self._record(
                    "checks:pruned", "system", "", {"count": len(gone), "rule": f"check.keeping.{keeping.days}-days"}
                )
        return len(gone)

    def stop(self) -> None:
        """End a check that is under way: nothing of it is kept."""
        self._ending.set()
        if self._turn.acquire(timeout=_PATIENCE):
            self._turn.release()

    def _make(self, by: str, tell: Tell | None) -> Kept:
        now = self._clock.now()
        with self._engine.begin() as tx:
            before, declared = store.last_run(tx), store.declarations(tx)
        made = Made(
            new_id("chk"), self._home.id, now, now.astimezone().date(), by, self._home.version, declared,
            read(before[1]) if before else None,
        )  # fmt: skip

        def done(lines: int, of: int) -> None:
            if self._ending.is_set():
                raise CheckInterrupted
            self._done = (lines, of)
            if tell is not None:
                tell(lines, of)

        report = make(made, self._gather(), done, self._limits)
        note = sign(report, self._home.sign, self._limits)
        count = report["summary"]
        run = Run(
            made.id, now, by, count["good"], count["attention"], count["bad"], count["not-determined"],
            hashlib.sha256(note.encode()).hexdigest(),
        )  # fmt: skip
        with self._engine.begin() as tx:
            store.add_run(tx, run, note)
        details: dict[str, str | int] = {
            "good": run.good, "attention": run.attention, "bad": run.bad, "undetermined": run.undetermined,
            "fingerprint": run.hash,
        }  # fmt: skip
        self._record("check:made", by, run.id, details)
        if self._found is not None:
            self._found(report, now)
        return Kept(run, report, note)

    def _sweep(self, now: datetime) -> int:
        with self._engine.begin() as tx:
            last = store.last_run(tx)
        if self._turn.locked() or (last is not None and timedelta() <= now - last[0].made_at < EVERY):
            return 0
        with suppress(CheckUnderWay):
            self.start("system")
        return 1

    def _by_itself(self, by: str) -> None:
        try:
            self._make(by, None)
        except PrimumError as refusal:
            _log.warning("check.refused", code=refusal.code)
        except Exception as error:  # noqa: BLE001 (the worker outlives it)
            _log.failure("check.failed", error)
        finally:
            self._turn.release()

    @contextmanager
    def _alone(self) -> Iterator[None]:
        if not self._turn.acquire(blocking=False):
            raise CheckUnderWay
        try:
            yield
        finally:
            self._turn.release()


def past(times: list[tuple[str, datetime]], now: datetime, days: int, years: int) -> list[str]:
    """Choose which runs go: after `days`, all but the first of each month; after `years`, those too."""
    recent, oldest = now - timedelta(days=days), now - timedelta(days=366 * years)
    months: set[tuple[int, int]] = set()
    gone = []
    for run_id, at in sorted(times, key=lambda one: one[1]):
        first = (at.year, at.month) not in months
        months.add((at.year, at.month))
        if at < oldest or (at < recent and not first):
            gone.append(run_id)
    return gone


def _declarable(named: str) -> tuple[Rule, str]:
    name, _, subject = named.partition("/")
    rule = catalogue().rules.get(name)
    if rule is None or not rule.declared:
        raise BadDeclaration(what="name")
    fit = 0 < len(subject) <= _SUBJECT and subject.isprintable() and subject.isascii() and " " not in subject
    if rule.per_subject != bool(subject) or (subject and not fit):
        raise BadDeclaration(what="subject")
    return rule, subject


def _kept(found: tuple[Run, str] | None) -> Kept:
    if found is None:
        raise NoCheckYet
    return Kept(found[0], read(found[1]), found[1])
