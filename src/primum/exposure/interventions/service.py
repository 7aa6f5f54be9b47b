"""Interventions: opened with a probe before, closed with a probe after, every step in the account ledger.

The two probes run in the worker, one at a time, outside every transaction; a worker that dies in the middle begins
again. What was said before is never changed after.
"""

from __future__ import annotations

import hashlib
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, Final

from primum.exposure.findings.model import Source
from primum.exposure.interventions import store
from primum.exposure.interventions.model import (
    MOST_ATTACHED,
    MOST_BYTES,
    MOST_OPEN,
    Attached,
    BadIntervention,
    Difference,
    Intervention,
    InterventionOver,
    NoSuchIntervention,
    Outcome,
    Overview,
    Probed,
    Prober,
    ProbeUnderWay,
    State,
    Told,
    When,
    difference,
    judge,
)
from primum.exposure.interventions.rules import intervention_rules
from primum.exposure.ran import Ran, read_report
from primum.ground.errors import PrimumError
from primum.ground.filenames import plain_name
from primum.ground.ids import new_id
from primum.ground.log import Log
from primum.identity import Permission, Thing, require

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from datetime import datetime

    from sqlalchemy import Connection
    from sqlalchemy.engine import Engine

    from primum.exposure.findings.service import Findings
    from primum.ground.clock import Clock
    from primum.identity import Actor, Recorder

_log = Log("interventions")
SHOWN: Final = 200
FIELD: Final = 200
"""Characters of a name or a contract."""
PURPOSE: Final = 500
LOOKED_BACK: Final = timedelta(days=90)
"""How long a check tells of one that left something open."""
_HOUSE: Final = Thing("house")


class Interventions:
    """What may be asked about interventions. Safe to use from several threads; one thread probes."""

    def __init__(self, records: Engine, clock: Clock, record: Recorder, findings: Findings, probe: Prober) -> None:
        """Keep in `records`; runs of `probe` are handed to `findings`."""
        self._records, self._clock, self._record = records, clock, record
        self._findings, self._probe = findings, probe
        self._wake: Callable[[], None] = _nothing
        self.progress: dict[str, tuple[str, int, int]] = {}
        """Of the probe under way: stage, done, of how many."""

    def woken_by(self, wake: Callable[[], None]) -> None:
        """Have `wake` called when there is something to probe."""
        self._wake = wake

    # -- what people do --

    def open(self, by: Actor, told: Told, controller_id: str) -> Intervention:
        """Write down who comes and what for; the probe begins. Raises NotPermitted, BadIntervention."""
        require(by, Permission.INTERVENTION_WRITE, _HOUSE)
        _check(told)
        made = Intervention(
            id=new_id("int"), told=told, state=State.OPENING, controller_id=controller_id,
            opened_at=self._clock.now(), opened_by=by.person_id,
        )  # fmt: skip
        with self._records.begin() as tx:
            if len(store.in_state(tx, State.OPENING, State.OPEN, State.CLOSING)) >= MOST_OPEN:
                raise BadIntervention(what=f"{MOST_OPEN} are open already")
            store.add(tx, made)
            details: dict[str, str | int] = {"what": told.kind, "session": by.session_id, "controller": controller_id}
            self._record("intervention:opened", by.person_id, made.id, details)
        self._wake()
        return made

    def close(self, by: Actor, intervention_id: str) -> Intervention:
        """Say that they are done; the probe after begins.

        Raises NotPermitted, NoSuchIntervention, InterventionOver, ProbeUnderWay.
        """
        require(by, Permission.INTERVENTION_WRITE, _HOUSE)
        with self._records.begin() as tx:
            found = self._one(tx, intervention_id)
            if found.state is State.CLOSED:
                raise InterventionOver
            if found.state is not State.OPEN:
                raise ProbeUnderWay
            closing = replace(found, state=State.CLOSING, closed_by=by.person_id)
            store.change(tx, closing)
        self._wake()
        return closing

    def attach(self, by: Actor, intervention_id: str, name: str, body: bytes) -> Attached:
        """Attach the written report, open or closed. Raises NotPermitted, NoSuchIntervention, BadIntervention."""
        require(by, Permission.INTERVENTION_WRITE, _HOUSE)
        if not 0 < len(body) <= MOST_BYTES:
            raise BadIntervention(what=f"a report has at most {MOST_BYTES >> 20} MiB, and is not empty")
        digest, now = hashlib.sha256(body).hexdigest(), self._clock.now()
        made = Attached(new_id("att"), plain_name(name, "report"), len(body), digest, now, by.person_id)
        with self._records.begin() as tx:
            found = self._one(tx, intervention_id)
            if len(found.attached) >= MOST_ATTACHED:
                raise BadIntervention(what=f"it has {MOST_ATTACHED} reports already")
            store.attach(tx, intervention_id, made, body)
            details: dict[str, str | int] = {"bytes": len(body), "fingerprint": digest, "session": by.session_id}
            self._record("intervention:attached", by.person_id, intervention_id, details)
        return made

    def attachment(self, by: Actor, intervention_id: str, attached_id: str) -> tuple[Attached, bytes]:
        """Give a report back, compared with what was journaled of it. Raises NotPermitted, NoSuchIntervention."""
        found = self.one(by, intervention_id)
        known = next((one for one in found.attached if one.id == attached_id), None)
        with self._reading() as tx:
            body = store.attachment(tx, intervention_id, attached_id)
        if known is None or body is None:
            raise NoSuchIntervention
        if hashlib.sha256(body).hexdigest() != known.sha256:
            raise BadIntervention(what="the report is not the one that was attached")
        return known, body

    def every(self, by: Actor) -> list[Intervention]:
        """List them, those that are open first. Raises NotPermitted."""
        require(by, Permission.INTERVENTION_LIST, _HOUSE)
        with self._reading() as tx:
            return store.every(tx, SHOWN)

    def one(self, by: Actor, intervention_id: str) -> Intervention:
        """Find one. Raises NotPermitted, NoSuchIntervention."""
        require(by, Permission.INTERVENTION_LIST, _HOUSE)
        with self._reading() as tx:
            return self._one(tx, intervention_id)

    # -- what a check asks --

    def overview(self, now: datetime) -> Overview:
        """Tell which are open, and which left something open lately."""
        with self._reading() as tx:
            return Overview(
                open=store.in_state(tx, State.OPENING, State.OPEN, State.CLOSING),
                worse=store.ended(tx, Outcome.WORSE, now - LOOKED_BACK),
            )

    def open_interventions(self) -> list[Intervention]:
        """List those that were not closed."""
        return self.overview(self._clock.now()).open

    # -- what the worker does --

    def sweep(self, _now: datetime) -> int:
        """Probe for each that waits for it, the first opened first; return for how many."""
        with self._reading() as tx:
            waiting = store.in_state(tx, State.OPENING, State.CLOSING)
        for one in waiting:
            self._look(one, When.BEFORE if one.state is State.OPENING else When.AFTER)
        return len(waiting)

    def _look(self, one: Intervention, when: When) -> None:
        ran, reason = self._run(one.id)
        verdict = ran.verdict.value if ran is not None else ""
        probed = Probed(self._clock.now(), ran.digest if ran is not None else "", verdict, reason)
        with self._records.begin() as tx:
            store.put_probe(tx, one.id, when, probed, ran)
            details: dict[str, str | int] = {"what": when.value, "reason": verdict or reason}
            if ran is not None:
                details |= {"count": len(ran.holes), "fingerprint": ran.digest}
            self._record("intervention:probed", "system", one.id, details)
            if when is When.BEFORE:
                store.change(tx, replace(one, state=State.OPEN))
            else:
                self._end(tx, one, ran)

    def _end(self, tx: Connection, one: Intervention, after: Ran | None) -> None:
        before = store.run(tx, one.id, When.BEFORE)
        found = difference(before, after) if before is not None and after is not None else Difference()
        outcome = judge(before, after, found)
        ended = replace(
            one, state=State.CLOSED, closed_at=self._clock.now(), outcome=outcome, difference=found,
        )  # fmt: skip
        store.change(tx, ended)
        details: dict[str, str | int] = {
            "what": outcome.value, "stored": len(found.opened), "missing": len(found.closed),
        }  # fmt: skip
        self._record("intervention:closed", one.closed_by, one.id, details)

    def _run(self, intervention_id: str) -> tuple[Ran | None, str]:
        """Probe; give the run, or why there is none. A run that is void is none."""

        def progress(stage: str, done: int, total: int) -> None:
            self.progress[intervention_id] = (stage, done, total)

        try:
            report = self._probe(progress)
            ran = read_report(report)[0]
            self._findings.take(report, Source.PROBE)
        except PrimumError as refusal:
            return None, refusal.code
        except Exception as error:  # noqa: BLE001 (a probe that breaks holds up nobody, and proves nothing)
            _log.failure("probe.broken", error)
            return None, "probe.broken"
        finally:
            self.progress.pop(intervention_id, None)
        return (ran, "") if ran.sound else (None, "probe.void")

    def _one(self, tx: Connection, intervention_id: str) -> Intervention:
        found = store.one(tx, intervention_id)
        if found is None:
            raise NoSuchIntervention
        return found

    @contextmanager
    def _reading(self) -> Iterator[Connection]:
        with self._records.connect().execution_options(reading=True) as tx:
            yield tx


def _check(told: Told) -> None:
    if told.kind not in intervention_rules().kinds:
        raise BadIntervention(what=f"what is touched is one of {', '.join(intervention_rules().kinds)}")
    for text, most in ((told.author, FIELD), (told.company, FIELD), (told.contract, FIELD), (told.purpose, PURPOSE)):
        if not text.strip() or len(text) > most or not text.isprintable():
            raise BadIntervention(what="who, which company, which contract and what for are each said in one line")


def _nothing() -> None:
    """Wake nobody: the sweep comes by itself."""
