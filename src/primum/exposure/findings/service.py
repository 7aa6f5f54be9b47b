"""Findings: taken from runs and checks, each once; lasting while it is seen; closed by a proof, never by silence."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Final

from primum.exposure.findings import store
from primum.exposure.findings.model import Change, Finding, NoSuchFinding, OnFindings, Source, kept_here, key_of
from primum.exposure.probe.model import Hole, Place
from primum.exposure.ran import Ran, read_report
from primum.ground.ids import new_id
from primum.ground.log import Log
from primum.identity import Permission, Thing, require

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from datetime import datetime

    from sqlalchemy import Connection
    from sqlalchemy.engine import Engine

    from primum.ground.clock import Clock
    from primum.identity import Actor, Recorder

SHOWN: Final = 500
"""Findings of a list: what is open comes first."""
_HOUSE: Final = Thing("house")
_log = Log("findings")


@dataclass(frozen=True, slots=True)
class Taken:
    """What a report led to. `runs`: digests of the runs in it, its own first; empty changes where it was known."""

    runs: tuple[str, ...]
    changes: tuple[tuple[Finding, Change], ...]

    def of(self, change: Change) -> list[Finding]:
        """List the findings of one change."""
        return [one for one, what in self.changes if what is change]


class Findings:
    """The list. Safe to use from several threads."""

    def __init__(self, records: Engine, clock: Clock, record: Recorder, on_findings: OnFindings = kept_here) -> None:
        """Keep in `records`; what a report changes is handed to `on_findings` too, all at once."""
        self._records, self._clock, self._record, self._on_findings = records, clock, record, on_findings

    def handed_to(self, on_findings: OnFindings) -> None:
        """Say to whom changes are handed from now on: who takes them is made of this list."""
        self._on_findings = on_findings

    def take(self, report: Mapping[str, Any], source: Source) -> Taken:
        """Take the holes of a report: of this home's own run, or of one that was verified. Raises BadRun.

        A void run says nothing, and a run that was taken before changes nothing.
        """
        changes: list[tuple[Finding, Change]] = []
        runs = read_report(report)
        with self._records.begin() as tx:
            for ran in runs:
                if ran.sound and store.add_run(tx, ran, source):
                    changes += self._take(tx, ran, source)
        self._hand_on(changes)
        return Taken(tuple(one.digest for one in runs), tuple(changes))

    def take_line(self, line: str, *, bad: bool, at: datetime) -> None:
        """Take a line of a check that is bad, or good again; one that is not determined is not to be given."""
        changes: list[tuple[Finding, Change]] = []
        with self._records.begin() as tx:
            known = store.live_by_key(tx, f"check {line}")
            if bad:
                changes.append(self._again(known, at) if known else (self._line(line, at), Change.RECORDED))
            elif known is not None:
                changes.append((replace(known, closed_at=at), Change.CLOSED))
            self._keep(tx, changes)
        self._hand_on(changes)

    def every(self, by: Actor) -> list[Finding]:
        """List them, those that are open first. Raises NotPermitted."""
        require(by, Permission.FINDING_LIST, _HOUSE)
        with self._reading() as tx:
            return store.every(tx, SHOWN)

    def one(self, by: Actor, finding_id: str) -> Finding:
        """Find one. Raises NotPermitted, NoSuchFinding."""
        require(by, Permission.FINDING_LIST, _HOUSE)
        with self._reading() as tx:
            found = store.one(tx, finding_id)
        if found is None:
            raise NoSuchFinding
        return found

    def everything(self) -> list[Finding]:
        """List all of them for what the worker does by itself, in the order in which they were detected."""
        with self._reading() as tx:
            return store.everything(tx)

    def run_that_ended(self, place: Place, at: datetime) -> Ran | None:
        """Find the run from a place that ended at an instant; None where it is not kept any more."""
        with self._reading() as tx:
            return store.run_that_ended(tx, place, at)

    def run_times(self, since: datetime, until: datetime) -> list[tuple[datetime, datetime]]:
        """List from when to when a probe was at work between two instants."""
        with self._reading() as tx:
            return store.run_times(tx, since, until)

    def run(self, digest: str) -> Ran | None:
        """Find a run that was taken."""
        with self._reading() as tx:
            return store.run(tx, digest)

    def last_run(self, *places: Place) -> tuple[str, str, datetime, int] | None:
        """Tell of the last run from one of these places: digest, verdict, when, how many holes."""
        with self._reading() as tx:
            return store.last_run(tx, places)

    # -- within a transaction --

    def _take(self, tx: Connection, ran: Ran, source: Source) -> list[tuple[Finding, Change]]:
        changes: list[tuple[Finding, Change]] = []
        for hole in ran.holes:
            known = store.around(tx, key_of(ran.place, hole), ran)
            changes.append(_seen_again(known, ran, hole) if known else self._new(tx, ran, hole, source))
        for known in store.seen_from(tx, ran.place, ran.ended_at):
            if known.hole is not None and ran.settles_closed(known.hole):
                changes += _settled(known, ran)
        self._keep(tx, changes)
        return changes

    def _new(self, tx: Connection, ran: Ran, hole: Hole, source: Source) -> tuple[Finding, Change]:
        earlier = store.runs_before(tx, ran.place, ran.began_at)
        last_closed = next((one.ended_at for one in earlier if one.settles_closed(hole)), None)
        later = store.runs_after(tx, ran.place, ran.ended_at)  # a report may be read back late
        closed = next((one.ended_at for one in later if one.settles_closed(hole)), None)
        made = Finding(
            id=new_id("fnd"), source=source, place=ran.place, hole=hole, detected_at=self._clock.now(), run=ran.digest,
            last_closed_at=last_closed, first_open_at=ran.ended_at, last_open_at=ran.ended_at, closed_at=closed,
        )  # fmt: skip
        return _with_what_was_seen(made, ran, hole), Change.RECORDED

    def _line(self, line: str, at: datetime) -> Finding:
        return Finding(
            id=new_id("fnd"), source=Source.CHECK, place=Place.HERE, hole=None, line=line,
            detected_at=self._clock.now(), last_closed_at=None, first_open_at=at, last_open_at=at,
        )  # fmt: skip

    def _again(self, known: Finding, at: datetime) -> tuple[Finding, Change]:
        return replace(known, last_open_at=max(known.last_open_at, at)), Change.EXTENDED

    def _keep(self, tx: Connection, changes: list[tuple[Finding, Change]]) -> None:
        for finding, change in changes:
            store.put(tx, finding)
            if change is not Change.EXTENDED:
                self._record(f"finding:{change}", "system", finding.id, _details(finding, change))

    def _hand_on(self, changes: list[tuple[Finding, Change]]) -> None:
        if not changes:
            return
        try:
            self._on_findings(changes)
        except Exception as error:  # noqa: BLE001 (what was found is kept, whatever becomes of it elsewhere)
            _log.failure("findings.not-handed-on", error, code=getattr(error, "code", ""), count=len(changes))

    @contextmanager
    def _reading(self) -> Iterator[Connection]:
        with self._records.connect().execution_options(reading=True) as tx:
            yield tx


def _settled(known: Finding, ran: Ran) -> list[tuple[Finding, Change]]:
    """Close what a later run proves closed; a run from before, read back late, says when it was not there yet."""
    if known.closed_at is None and known.last_open_at <= ran.began_at:
        return [(replace(known, closed_at=ran.ended_at), Change.CLOSED)]
    if ran.ended_at <= known.first_open_at and (known.last_closed_at is None or known.last_closed_at < ran.ended_at):
        return [(replace(known, last_closed_at=ran.ended_at), Change.EXTENDED)]
    return []


def _seen_again(known: Finding, ran: Ran, hole: Hole) -> tuple[Finding, Change]:
    """Let it last longer; a run that is read back late may also show that it began earlier."""
    later = ran.ended_at >= known.last_open_at
    longer = replace(
        known,
        hole=hole if later else known.hole,
        last_open_at=max(known.last_open_at, ran.ended_at),
        first_open_at=min(known.first_open_at, ran.ended_at),
    )
    return _with_what_was_seen(longer, ran, hole), Change.EXTENDED


def _with_what_was_seen(finding: Finding, ran: Ran, hole: Hole) -> Finding:
    service = ran.service(hole.address, hole.port)
    if service is None:
        return finding
    refused = service.first_refused()
    counted = [one for one in (finding.studies, service.studies) if one is not None]
    return replace(
        finding,
        product=service.product or finding.product,
        refused_rung=refused.rung.value if refused is not None else "",
        refused_code=refused.code if refused is not None else "",
        readable=tuple(dict.fromkeys((*finding.readable, *service.readable))),
        studies=max(counted, default=None),
        studies_at_least=finding.studies_at_least or service.studies_at_least,
    )


def _details(finding: Finding, change: Change) -> dict[str, str | int]:
    if finding.hole is None or change is Change.CLOSED:
        return {"what": finding.what()}
    hole = finding.hole
    return {
        "what": hole.rung.value, "address": hole.address, "port": hole.port, "tls": hole.mode.value,
        "role": hole.identity.value,
    }  # fmt: skip
