"""The worker's hand: carries out what was decided, and nothing else. Every step may be repeated.

Order: tombstones and the state `erasing` in one transaction, then the vault, then the index, then the fact and the
state `done`. A crash between two is finished at the next run (docs/design/retention.md).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Protocol

from sqlalchemy.engine import Engine

from primum.ground.clock import Clock
from primum.ground.errors import PrimumError
from primum.ground.ids import new_id
from primum.ground.log import Log
from primum.identity import Recorder
from primum.imaging.corrections import By, Corrections
from primum.imaging.indexer import Indexer
from primum.imaging.reports.store import forget_reports
from primum.imaging.retention import store
from primum.imaging.retention.followers import (
    forget_followers,
    forget_late,
    forget_promises,
    forget_told,
    indexed,
    told_promises,
)
from primum.imaging.retention.leaving import OnLeaving, leaving
from primum.imaging.retention.model import MACHINE, Decision, Erasure, Part, Return, State
from primum.imaging.retention.notes import Doomed, naming
from primum.imaging.store import reading
from primum.imaging.tombstones import WHOLE, Buried, buried
from primum.vault import StudyInUse, Vault

_log = Log("retention")


class Indexing(Protocol):
    """Does something with the indexer while nobody else writes the index."""

    def __call__(self, step: Callable[[Indexer], object]) -> None:
        """Run `step`."""
        ...


class Eraser:
    """Erases what was approved. One per home, in the process that writes the index."""

    def __init__(  # noqa: PLR0917
        self, records: Engine, index: Engine, vault: Vault, clock: Clock, record: Recorder, indexing: Indexing,
        on_leaving: OnLeaving | None = None,
    ) -> None:  # fmt: skip
        """Destroy in `vault`, forget by `indexing`; `on_leaving` is told of patients of whom no study is left."""
        self._records, self._index, self._vault, self._clock = records, index, vault, clock
        self._record, self._indexing, self._on_leaving = record, indexing, on_leaving

    def carry_out(self, now: datetime) -> int:
        """Erase what is approved or whose day is over (a job); what cannot be now is tried at the next run."""
        with reading(self._records) as tx:
            due, told = store.to_carry_out(tx, now), told_promises(tx)
        if told:
            with self._records.begin() as tx:
                forget_told(tx, told)
        return sum(self._tried(self._erase, one) for one in due)

    def note_returned(self, now: datetime) -> int:
        """Note what came back after its erasure, and do as was decided about it (a job)."""
        with reading(self._index) as index:
            found = store.returned_counts(index)
        if found:
            self._note(found, now)
        with reading(self._records) as tx:
            decided = [one for one in store.returns(tx) if one.decision is not None]
        return sum(self._tried(self._settle, one) for one in decided)

    def _note(self, found: list[tuple[str, str, int]], now: datetime) -> None:
        with self._records.begin() as tx:
            erasing = {one.study_ref for one in store.live(tx) if one.state is State.ERASING}
            for ref, controller_id, count in found:
                if ref in erasing:
                    continue  # sent while the erasure goes on: it goes too
                one = Return(new_id("ret"), ref, controller_id, count, now, None, "")
                if store.note_return(tx, one):
                    told: dict[str, str | int] = {"instances": count, "controller": controller_id}
                    self._record("erasure:returned", MACHINE, ref, told)

    def _tried(self, step: Callable[..., None], one: Erasure | Return) -> int:
        try:
            step(one)
        except StudyInUse:
            _log.info("erasure.waits", study=one.study_ref)  # somebody stores into it: the next minute
        except (PrimumError, OSError) as error:
            _log.failure("erasure.failed", error, study=one.study_ref, code=getattr(error, "code", ""))
        else:
            return 1
        return 0

    # -- an erasure --

    def _erase(self, one: Erasure) -> None:
        if one.state is not State.ERASING and not self._begin(one):
            return
        with reading(self._records) as tx:
            touched = store.buried_by(tx, one.id)
        for ref in dict.fromkeys((one.study_ref, *touched)):
            self._destroy(ref, one.id)
        with reading(self._index) as index:
            kept = [sop for _, sop in store.sop_uids(index, one.study_ref, Part())]
        with self._records.begin() as tx:
            now = self._clock.now()
            forget_late(tx, one, kept, now)
            store.finish(tx, one.id, now)
            done = store.erasure(tx, one.id)
            if done is not None:
                self._tell(done.decided_by or done.proposed_by, one, done.bytes)

    def _begin(self, one: Erasure) -> bool:
        """Look once more for a hold, then pass the point of no return; False where a hold was found."""
        now, whole = self._clock.now(), one.part.level == "study"
        with reading(self._index) as index:
            goes = [sop for _, sop in store.sop_uids(index, one.study_ref, one.part)]
            subject = store.subject(index, one.study_ref)
            said = indexed(index, one, goes)
            doomed = naming(index, one.study_ref, goes, whole=whole)
        # whose it is now: it may have been moved since it was proposed
        patient_id = subject.patient_id if subject is not None else one.patient_id
        doomed = self._said_again(self._free(doomed, now))
        with self._records.begin() as tx:
            held = store.hold_on(tx, one.study_ref, patient_id, now.date())
            fresh = store.erasure(tx, one.id)
            if fresh is None or fresh.state not in {State.WAITING, State.APPROVED}:
                return False  # refused a moment ago
            if held is not None:
                store.decide(tx, one.id, State.REFUSED, MACHINE, now)
                told = {"erasure": one.id, "level": one.part.level, "reason": "held", "controller": one.controller_id}
                self._record("erasure:refused", MACHINE, one.study_ref, dict(told))
                return False
            store.begin(tx, one, now)
            if whole and self._on_leaving is not None:
                for each in leaving(tx, one.controller_id, one.study_ref):
                    self._on_leaving(tx, each, now)
            store.bury_records(tx, one, doomed.records, now)
            notes = len(doomed.records)
            store.note_followed(tx, one.id, forget_followers(tx, one, said, notes, now).as_json())
        return True

    def _free(self, doomed: Doomed, now: datetime) -> Doomed:
        """Leave alone what stands in the packs of another study that is held."""
        sources = sorted({source for source, _ in doomed.records})
        with reading(self._records) as tx, reading(self._index) as index:
            subjects = {source: store.subject(index, source) for source in sources}
            held = {
                source for source, found in subjects.items()
                if store.hold_on(tx, source, found.patient_id if found else "", now.date()) is not None
            }  # fmt: skip
        if not held:
            return doomed
        return Doomed(tuple(one for one in doomed.records if one[0] not in held), doomed.restated)

    def _said_again(self, doomed: Doomed) -> Doomed:
        """Write what a note that goes says of instances that stay, before it goes. Written twice it says no more."""

        def step(indexer: Indexer) -> None:
            corrections = Corrections(self._index, self._records, self._vault, self._clock, indexer)
            for one in doomed.restated:
                corrections.restate(one.study_ref, one.code, one.sops, By(MACHINE))

        if doomed.restated:
            self._indexing(step)
        return doomed

    def _destroy(self, ref: str, erasure_id: str) -> None:
        """Make vault and index agree with the study's tombstones."""
        with reading(self._records) as tx:
            grave = buried(tx, [ref]).get(ref, Buried(ref, frozenset()))
        if WHOLE in grave.marks:
            size, kept = self._vault.erase(ref).bytes, 0
        else:
            done = self._vault.erase_part(ref, lambda facts: not grave.covers(facts))
            size, kept = done.bytes, done.kept
        with self._records.begin() as tx:
            store.note_bytes(tx, erasure_id, size)
        self._indexing(lambda indexer: indexer.renew(ref) if kept else indexer.forget(ref))

    def _tell(self, by: str, one: Erasure, size: int) -> None:
        told: Mapping[str, str | int] = {
            "erasure": one.id, "level": one.part.level, "reason": one.reason.value, "controller": one.controller_id,
            "series": one.series, "instances": one.instances, "bytes": size,
        }  # fmt: skip
        self._record("study:erased", by, one.study_ref, dict(told))

    # -- what came back --

    def _settle(self, one: Return) -> None:
        if one.decision is Decision.KEEP:
            with self._records.begin() as tx:
                store.lift(tx, one.study_ref)
            self._indexing(lambda indexer: indexer.renew(one.study_ref))
        else:
            with reading(self._index) as index:
                goes = store.returned_uids(index, one.study_ref)
            with self._records.begin() as tx:
                forget_promises(tx, one.erasure_id, goes)
                forget_reports(tx, one.study_ref, goes, whole=False)
            self._destroy(one.study_ref, one.erasure_id)
            told: dict[str, str | int] = {
                "erasure": one.erasure_id, "reason": "returned", "controller": one.controller_id,
                "instances": one.instances,
            }  # fmt: skip
            self._record("study:erased", one.decided_by, one.study_ref, told)
        with self._records.begin() as tx:
            store.settle_return(tx, one.id, self._clock.now())
