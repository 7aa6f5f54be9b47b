"""Holds, proposals and decisions: what people and the sweep may ask of retention. Nothing is destroyed here.

Two steps, never automatic: a proposal, then somebody's decision (docs/design/retention.md). Whoever calls has signed
somebody in; whether they may is decided here, like in identity.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import Final

from sqlalchemy import Connection
from sqlalchemy.engine import Engine

from primum.ground.clock import Clock, to_text
from primum.ground.ids import new_id
from primum.identity import (
    Actor,
    NotPermitted,
    Permission,
    Recorder,
    Thing,
    Way,
    decide,
    effective_at,
    may_approve,
    reaches,
    require,
    way_for,
)
from primum.imaging.errors import NotHere
from primum.imaging.retention import store
from primum.imaging.retention.errors import (
    AlreadyProposed,
    BadWords,
    BelowFloor,
    Held,
    NoSuchErasure,
    NoSuchHold,
    NoSuchPart,
    NoSuchReturn,
    NotDue,
    TooLate,
)
from primum.imaging.retention.judging import Period, Verdict, add_years, judge
from primum.imaging.retention.model import (
    BELOW_FLOOR,
    MACHINE,
    Decision,
    Erasure,
    Hold,
    HoldReason,
    Month,
    Part,
    Reason,
    Return,
    State,
    Subject,
    Tally,
)
from primum.imaging.retention.rules import Kind, every_set, rules_in_force
from primum.imaging.store import reading
from primum.imaging.tombstones import LEVELS

NOTE: Final = 200
"""Characters of a note: a sentence for colleagues, not a file."""
AGAIN: Final = timedelta(days=365)
"""After a refusal the machine does not propose the same study again for so long."""
BATCH: Final = 200
"""Studies judged at once: some milliseconds."""
MOST: Final = 1000
"""Proposals of one sweep: more is more than somebody can look at."""

Enrolled = Callable[[], list[Actor]]
"""Who can sign in, with what each holds: who could be the second person."""


class Retention:
    """Reads the index, writes its own tables in records.db. Safe to share between threads."""

    def __init__(self, records: Engine, index: Engine, clock: Clock, record: Recorder, enrolled: Enrolled) -> None:
        """`index` may be open for reading only."""
        self._records, self._index, self._clock = records, index, clock
        self._recorder, self._enrolled = record, enrolled

    # -- judging --

    def judge(self, ref: str) -> Verdict:
        """Tell how long a study is kept. Raises NotHere."""
        with reading(self._records) as records, reading(self._index) as index:
            one = store.subject(index, ref)
            if one is None:
                raise NotHere(what="study")
            return self._judge(records, index, one, self._today())

    def _judge(self, records: Connection, index: Connection, one: Subject, today: date) -> Verdict:
        facts = store.facts_of(index, records, [one.ref], today)[one.ref]
        return judge(facts, rules_in_force(store.kind_of(records, one.controller_id), today), today)

    def subject(self, ref: str) -> Subject:
        """Find a study. Raises NotHere."""
        with reading(self._index) as index:
            one = store.subject(index, ref)
        if one is None:
            raise NotHere(what="study")
        return one

    # -- proposing --

    def propose(self, by: Actor, ref: str, reason: Reason, *, part: Part | None = None, note: str = "") -> Erasure:
        """Propose to erase a study or part of it. What comes of it, and when, is in the answer.

        Raises NotHere, NotPermitted, StepUpNeeded, Held, BelowFloor, NotDue, NoSuchPart, AlreadyProposed, BadWords.
        """
        one, part = self.subject(ref), part or Part()
        require(by, Permission.STUDY_ERASE, Thing("study", one.controller_id, one.referrer, one.confidential))
        _check_note(note)
        thing = Thing("erasure", one.controller_id, parties=frozenset({by.person_id}))
        way = way_for(thing, is_guarded=True, enrolled=self._enrolled(), action=Permission.ERASURE_APPROVE)
        with self._changing() as tx, reading(self._index) as index:
            self._refuse_held(tx, one)
            under_way = store.live_of(tx, ref)
            if under_way is not None:
                raise AlreadyProposed(erasure=under_way.id)
            verdict, today = self._judge(tx, index, one, self._today()), self._today()
            if verdict.below_floor(today) and reason not in BELOW_FLOOR:
                raise BelowFloor(rule=verdict.floor_rule.name, reason=reason.value)
            if reason is Reason.RETENTION and verdict.period is not Period.DUE:
                raise NotDue(rule=verdict.ceiling_rule.name)
            goes = store.sop_uids(index, ref, part)
            if not goes:
                raise NoSuchPart(level=part.level)
            proposed = self._proposal(one, part, reason, verdict, way, by.person_id, goes, note.strip())
            proposed = replace(proposed, committed=store.committed(tx, [sop for _, sop in goes]))
            store.add_erasure(tx, proposed)
            self._tell_proposed(proposed)
        return proposed

    def erase_planted(self, ref: str, study_uid: str) -> Erasure:
        """Have a synthetic study of one instance erased, that this archive planted in itself: nobody is asked.

        Whoever calls has noted itself that it planted it. Raises NotHere where it is not that study, Held.
        """
        one = self.subject(ref)
        with self._changing() as tx, reading(self._index) as index:
            under_way = store.live_of(tx, ref)
            if under_way is not None:
                return under_way
            goes = store.sop_uids(index, ref, Part())
            if one.study_uid != study_uid or len(goes) != 1:
                raise NotHere(what="study")
            self._refuse_held(tx, one)
            verdict = self._judge(tx, index, one, self._today())
            made = self._proposal(one, Part(), Reason.STORED_BY_ERROR, verdict, Way.APPROVAL, MACHINE, goes, "canary")
            made = replace(made, committed=store.committed(tx, [sop for _, sop in goes]))
            store.add_erasure(tx, made)
            self._tell_proposed(made)
            store.decide(tx, made.id, State.APPROVED, MACHINE, self._clock.now())
            self._tell_decided("erasure:approved", MACHINE, made, made.reason.value)
        return made

    def _proposal(  # noqa: PLR0917 (called by the two that propose)
        self,
        one: Subject,
        part: Part,
        reason: Reason,
        verdict: Verdict,
        way: Way,
        by: str,
        goes: list[tuple[str, str]],
        note: str = "",
    ) -> Erasure:
        now = self._clock.now()
        return Erasure(
            id=new_id("ers"), controller_id=one.controller_id, study_ref=one.ref, patient_id=one.patient_id,
            study_uid=one.study_uid, part=part, reason=reason, note=note, rule=verdict.ceiling_rule.name,
            floor_on=verdict.floor, ceiling_on=verdict.ceiling, below_floor=verdict.below_floor(now.date()),
            state=State.WAITING, way=way, proposed_by=by,
            proposed_at=now, effective_at=effective_at(way, now), decided_by="", decided_at=None, done_at=None,
            series=len({series for series, _ in goes}), instances=len({sop for _, sop in goes}), bytes=0,
        )  # fmt: skip

    def sweep(self, now: datetime) -> int:
        """Propose what is due and not yet proposed (a job). Each batch is a transaction of its own."""
        proposed, today = 0, now.date()
        for refs in self._candidates(today):
            if proposed >= MOST:
                break
            proposed += self._propose_due(refs, today, MOST - proposed)
        return proposed

    def _candidates(self, today: date) -> Iterator[list[str]]:
        shortest = min(one.shortest() for one in every_set())
        before, after = add_years(today, -shortest), ("", "")
        while True:
            with reading(self._index) as index:
                found = store.due_candidates(index, before, after, BATCH)
            if not found:
                break
            yield [ref for _, ref in found]
            after = found[-1]
        with reading(self._records) as records:
            dead = store.dead(records)
        for at in range(0, len(dead), BATCH):
            with reading(self._index) as index:
                yield store.studies_of_patients(index, dead[at : at + BATCH])

    def _propose_due(self, refs: list[str], today: date, most: int) -> int:
        with self._changing() as tx, reading(self._index) as index:
            known = store.not_to_propose(tx, refs, self._clock.now() - AGAIN)
            facts, kinds, proposed = store.facts_of(index, tx, refs, today), store.kinds(tx), 0
            for ref in refs:
                one = store.subject(index, ref) if ref in facts and ref not in known else None
                if one is None or proposed >= most or store.hold_on(tx, ref, one.patient_id, today):
                    continue
                rules = rules_in_force(kinds.get(one.controller_id, Kind.ESTABLISHMENT), today)
                verdict = judge(facts[ref], rules, today)
                if verdict.period is Period.DUE:
                    # somebody always has to decide: what the machine proposes never takes effect by delay
                    goes = store.sop_uids(index, ref, Part())
                    made = self._proposal(one, Part(), Reason.RETENTION, verdict, Way.APPROVAL, MACHINE, goes)
                    made = replace(made, committed=store.committed(tx, [sop for _, sop in goes]))
                    store.add_erasure(tx, made)
                    self._tell_proposed(made)
                    proposed += 1
        return proposed

    def _tell_proposed(self, one: Erasure) -> None:
        due = {"due_at": to_text(one.effective_at)} if one.effective_at else {}
        told = {"erasure": one.id, "level": one.part.level, "reason": one.reason.value, "rule": one.rule}
        self._record("erasure:proposed", one.proposed_by, one.study_ref, {**told, **_of(one.controller_id), **due})

    # -- deciding --

    def approve(self, by: Actor, erasure_id: str) -> Erasure:
        """Approve somebody else's proposal, or the machine's.

        Raises NoSuchErasure, NotPermitted, StepUpNeeded, Held.
        """
        with self._changing() as tx, reading(self._index) as index:
            one = self._waiting(tx, erasure_id)
            parties = frozenset({one.proposed_by} - {MACHINE})
            require(by, Permission.ERASURE_APPROVE, Thing("erasure", one.controller_id, parties=parties))
            if one.way is not Way.APPROVAL:
                raise NoSuchErasure
            # whose it is now: it may have been moved since it was proposed
            self._refuse_held(tx, store.subject(index, one.study_ref) or one)
            store.decide(tx, one.id, State.APPROVED, by.person_id, self._clock.now())
            self._tell_decided("erasure:approved", by.person_id, one, one.reason.value)
        return replace(one, state=State.APPROVED, decided_by=by.person_id, decided_at=self._clock.now())

    def refuse(self, by: Actor, erasure_id: str) -> None:
        """Refuse a proposal, or take one's own back.

        One that waits for its hour may be refused by anybody of the house, another one by who could approve it. Raises
        NoSuchErasure, NotPermitted.
        """
        with self._changing() as tx:
            one = self._waiting(tx, erasure_id)
            if by.person_id != one.proposed_by:
                thing = Thing("erasure", one.controller_id)
                require(by, Permission.ERASURE_REFUSE, thing)
                if one.way is Way.APPROVAL and not may_approve(by, thing, Permission.ERASURE_APPROVE):
                    raise NotPermitted(action=str(Permission.ERASURE_REFUSE), rule="silence")
            store.decide(tx, one.id, State.REFUSED, by.person_id, self._clock.now())
            self._tell_decided("erasure:refused", by.person_id, one, one.reason.value)

    def _waiting(self, tx: Connection, erasure_id: str) -> Erasure:
        one = store.erasure(tx, erasure_id)
        if one is None or one.state is not State.WAITING:
            raise NoSuchErasure
        return one

    def _tell_decided(self, kind: str, by: str, one: Erasure, reason: str) -> None:
        told = {"erasure": one.id, "level": one.part.level, "reason": reason}
        self._record(kind, by, one.study_ref, {**told, **_of(one.controller_id)})

    def _refuse_held(self, tx: Connection, one: Subject | Erasure) -> None:
        ref = one.ref if isinstance(one, Subject) else one.study_ref
        hold = store.hold_on(tx, ref, one.patient_id, self._today())
        if hold is not None:
            raise Held(reason=hold.reason.value, hold=hold.id)

    # -- holds --

    def hold(
        self,
        by: Actor,
        ref: str,
        reason: HoldReason,
        until_on: date | None = None,
        note: str = "",
        *,
        patient: bool = False,
    ) -> Hold:
        """Freeze a study, or all studies of its patient. What waits is refused.

        Raises NotHere, NotPermitted, StepUpNeeded, TooLate, BadWords.
        """
        one = self.subject(ref)
        require(by, Permission.STUDY_HOLD, Thing("study", one.controller_id))
        _check_note(note)
        now = self._clock.now()
        held = Hold(
            new_id("hld"), one.controller_id, "" if patient else ref, one.patient_id, reason, note.strip(), until_on,
            by.person_id, now,
        )  # fmt: skip
        with reading(self._index) as index:
            refs = {ref, *(store.studies_of_patients(index, [one.patient_id]) if patient else ())}
        with self._changing() as tx:
            touched = [other for other in store.live(tx) if other.study_ref in refs]
            if any(other.state is State.ERASING for other in touched):
                raise TooLate
            store.add_hold(tx, held)
            told = {"hold": held.id, "level": held.level, "reason": reason.value} | _of(one.controller_id)
            told |= {"expires_at": f"{until_on}T23:59:59Z"} if until_on else {}
            self._record("study:held", by.person_id, one.patient_id if patient else ref, told)
            for other in touched:
                store.decide(tx, other.id, State.REFUSED, by.person_id, now)
                self._tell_decided("erasure:refused", by.person_id, other, "held")
        return held

    def release(self, by: Actor, hold_id: str) -> None:
        """End a hold. Raises NoSuchHold, NotPermitted, StepUpNeeded."""
        with self._changing() as tx:
            held = next((one for one in store.holds(tx, self._today()) if one.id == hold_id), None)
            if held is None:
                raise NoSuchHold
            require(by, Permission.STUDY_HOLD, Thing("study", held.controller_id))
            store.release_hold(tx, hold_id, by.person_id, self._clock.now())
            told = {"hold": hold_id, "reason": held.reason.value} | _of(held.controller_id)
            self._record("study:released", by.person_id, held.study_ref or held.patient_id, told)

    # -- what comes back --

    def decide_return(self, by: Actor, return_id: str, decision: Decision) -> Return:
        """Keep what came back, or erase it again; the worker does it.

        Raises NoSuchReturn, NotPermitted, StepUpNeeded.
        """
        with self._changing() as tx:
            one = next((one for one in store.returns(tx) if one.id == return_id and one.decision is None), None)
            if one is None:
                raise NoSuchReturn
            require(by, Permission.ERASURE_APPROVE, Thing("erasure", one.controller_id))
            store.decide_return(tx, return_id, decision, by.person_id, self._clock.now())
            told = {"reason": decision.value} | _of(one.controller_id)
            self._record("erasure:return:decided", by.person_id, one.study_ref, told)
        return replace(one, decision=decision, decided_by=by.person_id)

    # -- controllers and deaths --

    def kinds(self) -> dict[str, Kind]:
        """Give what each controller was said to be; who is not there counts as an establishment."""
        with reading(self._records) as tx:
            return store.kinds(tx)

    def set_kind(self, by: Actor, controller_id: str, kind: Kind) -> None:
        """Say what a controller is. Raises NotPermitted, StepUpNeeded."""
        require(by, Permission.CONFIGURATION_CHANGE, Thing("house"))
        with self._changing() as tx:
            before = store.kind_of(tx, controller_id)
            store.set_kind(tx, controller_id, kind, by.person_id, self._clock.now())
            told = {"setting": "retention.kind", "before": before.value, "after": kind.value}
            self._record("configuration:changed", by.person_id, controller_id, told)

    def state_death(self, by: Actor, ref: str, died_on: date) -> None:
        """Say when the patient of a study died. Raises NotHere, NotPermitted, StepUpNeeded, BadWords."""
        one = self.subject(ref)
        require(by, Permission.STUDY_ERASE, Thing("study", one.controller_id, one.referrer, one.confidential))
        if died_on > self._today():
            raise BadWords(what="date of death")
        with self._changing() as tx:
            store.state_death(tx, one.patient_id, died_on, by.person_id, self._clock.now())
            self._record("patient:death:stated", by.person_id, one.patient_id, _of(one.controller_id))

    # -- looking --

    def live(self, by: Actor) -> list[Erasure]:
        """List the erasures under way that this person may know of."""
        with reading(self._records) as tx:
            return [one for one in store.live(tx) if self._lists(by, one.controller_id)]

    def announced(self) -> list[Erasure]:
        """List what is erased at its hour unless somebody of the house refuses it: everybody may know that much."""
        with reading(self._records) as tx:
            return [one for one in store.live(tx) if one.state is State.WAITING and one.way is Way.DELAY]

    def done(self, by: Actor, limit: int = 100) -> list[Erasure]:
        """List the erasures done, the latest first."""
        with reading(self._records) as tx:
            return [one for one in store.done(tx, limit) if self._lists(by, one.controller_id)]

    def holds(self, by: Actor) -> list[Hold]:
        """List the holds that last."""
        with reading(self._records) as tx:
            return [one for one in store.holds(tx, self._today()) if self._lists(by, one.controller_id)]

    def returns(self, by: Actor) -> list[Return]:
        """List what came back and waits for a decision."""
        with reading(self._records) as tx:
            found = [one for one in store.returns(tx) if one.decision is None]
        return [one for one in found if self._lists(by, one.controller_id)]

    def erasure(self, by: Actor, erasure_id: str) -> Erasure:
        """Find one erasure. Raises NoSuchErasure."""
        with reading(self._records) as tx:
            one = store.erasure(tx, erasure_id)
        if one is None or not self._lists(by, one.controller_id):
            raise NoSuchErasure
        return one

    def standing(self, by: Actor | None = None) -> Tally:
        """Count what waits, for one person or for the house."""
        now = self._clock.now()
        with reading(self._records) as tx:
            waiting = [
                one for one in store.live(tx)
                if one.state is State.WAITING and (by is None or self._lists(by, one.controller_id))
            ]  # fmt: skip
            returned = [
                one for one in store.returns(tx)
                if one.decision is None and (by is None or self._lists(by, one.controller_id))
            ]  # fmt: skip
        return Tally(len(waiting), sum(one.undecided(now) for one in waiting), len(returned))

    def tombstones(self, by: Actor) -> dict[str, int]:
        """Count by level what was erased and must not come back unseen."""
        with reading(self._records) as tx:
            found = [one for one in store.tombstones(tx) if self._lists(by, one[0])]
        return {level: sum(count for _, of, count in found if of == level) for level in LEVELS}

    def erased_by_month(self, by: Actor) -> list[Month]:
        """Sum what was erased, the latest month first."""
        with reading(self._records) as tx:
            found = [one for one in store.by_month(tx) if self._lists(by, one[1])]
        months = dict.fromkeys(one[0] for one in found)
        return [
            Month(month, *(sum(one[place] for one in found if one[0] == month) for place in range(2, 6)))  # type: ignore[misc]
            for month in months
        ]

    def may_list(self, by: Actor) -> bool:
        """Tell whether any of this concerns this person."""
        return bool(reaches(by, Permission.ERASURE_LIST))

    @staticmethod
    def _lists(by: Actor, controller_id: str) -> bool:
        return decide(by, Permission.ERASURE_LIST, Thing("erasure", controller_id)).allowed

    # -- inside --

    @contextmanager
    def _changing(self) -> Iterator[Connection]:
        with self._records.begin() as tx:
            yield tx

    def _today(self) -> date:
        return self._clock.now().date()

    def _record(self, kind: str, actor: str, subject: str, details: Mapping[str, str | int]) -> None:
        self._recorder(kind, actor, subject, dict(details))


def _of(controller_id: str) -> dict[str, str | int]:
    return {"controller": controller_id}


def _check_note(note: str) -> None:
    if len(note) > NOTE or not (note.isprintable() or not note):
        raise BadWords(what="note")
