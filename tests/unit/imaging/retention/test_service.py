"""Who proposes, who decides, what a hold stops. Nothing is erased here."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from tests.unit.imaging.conftest import slice_of
from tests.unit.imaging.retention.kit import ADMIN, ANNE, BRUNO, DAY, DPO, ELSEWHERE, SECRETARY, Keeping, person

from primum.identity import NotPermitted, Role, StepUpNeeded, Way
from primum.imaging import NotHere
from primum.imaging.retention.errors import (
    AlreadyProposed,
    BadWords,
    BelowFloor,
    Held,
    NoSuchErasure,
    NoSuchHold,
    NoSuchPart,
    NotDue,
)
from primum.imaging.retention.model import HoldReason, Part, Reason, State
from primum.imaging.retention.rules import Kind


def test_the_sweep_proposes_what_is_due_and_nothing_else(keeping: Keeping):
    due = keeping.study(1, "20010310", birth="19500615", number="P1")
    keeping.study(2, "20200310", birth="19500615", number="P2")
    keeping.study(3, "20010310", birth="19990701", number="P3")
    assert keeping.retention.sweep(DAY) == 1
    (one,) = keeping.retention.live(ANNE)
    assert (one.study_ref, one.reason, one.proposed_by, one.way) == (due, Reason.RETENTION, "system", Way.APPROVAL)
    assert (one.ceiling_on, one.rule) == (date(2021, 3, 10), "r1112-7.twenty-years")
    assert keeping.journal.last("erasure:proposed")[:2] == ("system", due)
    # again: nothing
    assert keeping.retention.sweep(DAY) == 0


def test_a_later_visit_of_the_same_patient_keeps_the_earlier_studies(keeping: Keeping):
    keeping.study(1, "20010310", birth="19500615")
    keeping.study(2, "20150310", birth="19500615")
    assert keeping.retention.sweep(DAY) == 0


def test_a_death_makes_due_what_was_not(keeping: Keeping):
    ref = keeping.study(1, "20130310", birth="19500615")
    assert keeping.retention.sweep(DAY) == 0
    keeping.retention.state_death(ANNE, ref, date(2014, 1, 5))
    assert keeping.retention.sweep(DAY) == 1
    (one,) = keeping.retention.live(ANNE)
    assert (one.ceiling_on, one.rule) == (date(2024, 1, 5), "r1112-7.death")
    with pytest.raises(BadWords):
        keeping.retention.state_death(ANNE, ref, date(2027, 1, 1))


def test_the_sweep_goes_through_more_studies_than_a_batch(keeping: Keeping, monkeypatch: pytest.MonkeyPatch):
    from primum.imaging.retention import service

    monkeypatch.setattr(service, "BATCH", 2)
    for number in range(7):
        keeping.study(number, "20010310", birth="19500615", number=f"P{number}")
    monkeypatch.setattr(service, "MOST", 5)
    assert keeping.retention.sweep(DAY) == 5
    assert keeping.retention.sweep(DAY) == 2


def test_what_was_refused_is_not_proposed_again_for_a_year(keeping: Keeping):
    keeping.study(1, "20010310", birth="19500615")
    keeping.retention.sweep(DAY)
    (one,) = keeping.retention.live(ANNE)
    keeping.retention.refuse(BRUNO, one.id)
    assert keeping.retention.sweep(DAY) == 0
    keeping.later(days=366)
    assert keeping.retention.sweep(DAY + timedelta(days=366)) == 1


def test_below_the_floor_only_the_lawful_reasons_count(keeping: Keeping):
    ref = keeping.study()
    for reason in (Reason.RETENTION, Reason.NO_LONGER_NEEDED):
        with pytest.raises(BelowFloor) as refusal:
            keeping.retention.propose(ANNE, ref, reason)
        assert refusal.value.facts["floor"] == "2040-03-01"
    one = keeping.retention.propose(ANNE, ref, Reason.WRONG_PATIENT, note="sent twice")
    assert one.way is Way.APPROVAL
    assert one.below_floor
    with pytest.raises(AlreadyProposed):
        keeping.retention.propose(BRUNO, ref, Reason.COURT_ORDER)


def test_a_practice_may_let_go_between_floor_and_ceiling_but_not_by_age(keeping: Keeping):
    ref = keeping.study(1, "20200301")
    keeping.retention.set_kind(ADMIN, ANNE.grants[0].controller_id, Kind.PRACTICE)
    with pytest.raises(NotDue):
        keeping.retention.propose(ANNE, ref, Reason.RETENTION)
    assert keeping.retention.propose(ANNE, ref, Reason.NO_LONGER_NEEDED).rule == "cnil-2020-081.twenty-years"
    assert keeping.journal.last("configuration:changed")[2]["after"] == "practice"


def test_nobody_approves_what_they_proposed(keeping: Keeping):
    one = keeping.retention.propose(ANNE, keeping.study(), Reason.STORED_BY_ERROR)
    with pytest.raises(NotPermitted):
        keeping.retention.approve(ANNE, one.id)
    assert keeping.retention.approve(BRUNO, one.id).state is State.APPROVED
    with pytest.raises(NoSuchErasure):
        keeping.retention.approve(DPO, one.id)


@pytest.mark.parametrize("who", [ADMIN, SECRETARY, ELSEWHERE])
def test_who_has_no_such_right_neither_proposes_nor_approves_nor_sees(keeping: Keeping, who):
    ref = keeping.study()
    with pytest.raises(NotPermitted):
        keeping.retention.propose(who, ref, Reason.WRONG_PATIENT)
    one = keeping.retention.propose(ANNE, ref, Reason.WRONG_PATIENT)
    with pytest.raises(NotPermitted):
        keeping.retention.approve(who, one.id)
    with pytest.raises(NotPermitted):
        keeping.retention.refuse(who, one.id)
    assert keeping.retention.live(who) == []
    with pytest.raises(NoSuchErasure):
        keeping.retention.erasure(who, one.id)


def test_a_plain_session_changes_nothing(keeping: Keeping):
    ref, plain = keeping.study(), person("a", Role.PHYSICIAN, fresh=False)
    for ask in (
        lambda: keeping.retention.propose(plain, ref, Reason.WRONG_PATIENT),
        lambda: keeping.retention.hold(plain, ref, HoldReason.LITIGATION),
        lambda: keeping.retention.state_death(plain, ref, date(2020, 1, 1)),
    ):
        with pytest.raises(StepUpNeeded):
            ask()
    assert keeping.retention.live(plain) == []


def test_a_doctor_alone_waits_a_day_in_the_open(keeping: Keeping):
    keeping.people = [ANNE, ADMIN, SECRETARY]
    ref = keeping.study()
    one = keeping.retention.propose(ANNE, ref, Reason.DATA_SUBJECT_RIGHT)
    assert (one.way, one.effective_at) == (Way.DELAY, keeping.house.clock.now() + timedelta(hours=24))
    # somebody who comes later does not turn the delay into an approval
    with pytest.raises(NoSuchErasure):
        keeping.retention.approve(BRUNO, one.id)
    keeping.retention.refuse(ANNE, one.id)
    assert keeping.retention.live(ANNE) == []


def test_a_held_study_is_neither_proposed_nor_approved(keeping: Keeping):
    ref = keeping.study(1, "20010310", birth="19500615")
    held = keeping.retention.hold(ANNE, ref, HoldReason.LITIGATION, note="letter of 3 May")
    assert keeping.retention.sweep(DAY) == 0
    with pytest.raises(Held) as refusal:
        keeping.retention.propose(ANNE, ref, Reason.COURT_ORDER)
    assert refusal.value.facts["reason"] == "litigation"
    keeping.retention.release(BRUNO, held.id)
    assert keeping.retention.sweep(DAY) == 1
    with pytest.raises(NoSuchHold):
        keeping.retention.release(BRUNO, held.id)


def test_a_hold_on_a_patient_covers_what_comes_later(keeping: Keeping):
    ref = keeping.study(1, "20010310", birth="19500615")
    keeping.retention.hold(ANNE, ref, HoldReason.REQUEST, patient=True)
    other = keeping.study(2, "20010311", birth="19500615")
    with pytest.raises(Held):
        keeping.retention.propose(ANNE, other, Reason.STORED_BY_ERROR)
    stranger = keeping.study(3, "20010311", birth="19600101", number="P9", name="AUTRE^X")
    assert keeping.retention.propose(ANNE, stranger, Reason.STORED_BY_ERROR)


def test_opening_a_hold_refuses_what_waits(keeping: Keeping):
    ref = keeping.study()
    one = keeping.retention.propose(ANNE, ref, Reason.STORED_BY_ERROR)
    keeping.retention.approve(BRUNO, one.id)
    keeping.retention.hold(DPO, ref, HoldReason.INCIDENT)
    assert keeping.retention.live(ANNE) == []
    assert keeping.journal.last("erasure:refused")[2]["reason"] == "held"


def test_a_hold_with_a_last_day_ends_by_itself(keeping: Keeping):
    ref = keeping.study()
    keeping.retention.hold(ANNE, ref, HoldReason.INCIDENT, date(2026, 11, 23))
    with pytest.raises(Held):
        keeping.retention.propose(ANNE, ref, Reason.STORED_BY_ERROR)
    keeping.later(days=2)
    assert keeping.retention.propose(ANNE, ref, Reason.STORED_BY_ERROR)


def test_what_waits_for_ninety_days_is_said(keeping: Keeping):
    keeping.study(1, "20010310", birth="19500615")
    keeping.retention.sweep(DAY)
    assert (keeping.retention.standing().waiting, keeping.retention.standing().undecided) == (1, 0)
    keeping.later(days=90)
    assert keeping.retention.standing(ANNE).undecided == 1
    assert keeping.retention.standing(ELSEWHERE).waiting == 0


def test_part_of_a_study_must_be_there(keeping: Keeping):
    ref = keeping.add(slice_of(), slice_of(sop="1.2.3.4.6"), slice_of(series="1.2.3.5", sop="1.2.3.5.1"))
    for part in (Part("series", "9.9"), Part("instance", "9.9")):
        with pytest.raises(NoSuchPart):
            keeping.retention.propose(ANNE, ref, Reason.WRONG_PATIENT, part=part)
    one = keeping.retention.propose(ANNE, ref, Reason.WRONG_PATIENT, part=Part("series", "1.2.3.4"))
    assert (one.series, one.instances) == (1, 2)


def test_a_note_is_a_short_line(keeping: Keeping):
    ref = keeping.study()
    for note in ("x" * 201, "two\nlines", "\x1b[2J"):
        with pytest.raises(BadWords):
            keeping.retention.propose(ANNE, ref, Reason.WRONG_PATIENT, note=note)


def test_a_study_that_is_not_there_is_not_there(keeping: Keeping):
    with pytest.raises(NotHere):
        keeping.retention.propose(ANNE, "a" * 26, Reason.WRONG_PATIENT)
    with pytest.raises(NotHere):
        keeping.retention.judge("a" * 26)


def test_the_journal_holds_no_note_and_no_uid(keeping: Keeping):
    ref = keeping.study()
    keeping.retention.hold(ANNE, ref, HoldReason.LITIGATION, note="CANARI")
    keeping.retention.release(ANNE, keeping.retention.holds(ANNE)[0].id)
    one = keeping.retention.propose(ANNE, ref, Reason.WRONG_PATIENT, note="CANARI")
    keeping.retention.refuse(ANNE, one.id)
    told = repr(keeping.journal.facts)
    assert "CANARI" not in told
    assert "1.2.1" not in told
    assert "CANARI" not in repr(one)
