"""What became of sendings: one name for each, the page of a list, and what is counted as wanting a look."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, strategies as st

from primum.ground.db import open_database
from primum.imaging.commitments.model import Reference
from primum.imaging.confirmations import store
from primum.imaging.confirmations.model import DECLINED, NOT_ASKED, Confirmation, Stage
from primum.imaging.confirmations.outcomes import (
    Answer,
    Outcome,
    Tally,
    Wanted,
    Which,
    answer,
    answered_at,
    outcome,
    search,
    tally,
)
from primum.imaging.sendings.model import ERASED, NoSuchSending, Sending, SendingOver, State
from primum.imaging.sendings.store import Sendings, prepare_sendings

NOW = datetime(2026, 3, 2, 8, tzinfo=UTC)
OURS, THEIRS = "ctl_" + "a" * 26, "ctl_" + "b" * 26
PACS, BOX = "dev_" + "a" * 26, "dev_" + "b" * 26
PERSON = "per_" + "a" * 26
SENDING = Sending(
    "snd_x", "s" * 26, OURS, PACS, PERSON, "send", NOW, NOW, attempts=0, state=State.WAITING, reason="", instances=3,
    left=3,
)  # fmt: skip
ASKED = Confirmation(
    "cfm_x", "snd_x", "s" * 26, OURS, PACS, PERSON, "send", "2.25.1", NOW, None, 0, Stage.ASKED, "", None, 3, 0
)


@pytest.fixture
def records(tmp_path):
    engine = open_database(tmp_path / "records.db", bytes(32), durability="normal")
    prepare_sendings(engine)
    store.prepare_confirmations(engine)
    yield engine
    engine.dispose()


@pytest.mark.parametrize(
    ("sending", "asked", "under_way", "told"),
    [
        ({}, [], False, Outcome.WAITING),
        ({}, [], True, Outcome.UNDER_WAY),
        ({"attempts": 1, "reason": "outbound.unreachable"}, [], False, Outcome.TO_RETRY),
        ({"state": State.DONE}, [], False, Outcome.SENT),
        ({"state": State.DONE}, [{"stage": Stage.DECLINED, "reason": NOT_ASKED}], False, Outcome.SENT),
        ({"state": State.DONE}, [{"stage": Stage.DECLINED, "reason": DECLINED}], False, Outcome.SENT),
        ({"state": State.DONE}, [{}], False, Outcome.ASKED),
        ({"state": State.DONE}, [{"stage": Stage.GATHERING}], False, Outcome.SENT),
        ({"state": State.DONE}, [{"stage": Stage.GIVEN_UP}], False, Outcome.NO_ANSWER),
        ({"state": State.DONE}, [{"stage": Stage.COMMITTED, "answered_at": NOW}], False, Outcome.COMMITTED),
        ({"state": State.DONE}, [{"stage": Stage.COMMITTED, "answered_at": NOW}, {}], False, Outcome.ASKED),
        ({"state": State.DONE}, [{"stage": Stage.FAILED, "answered_at": NOW, "failed": 1}], False,
         Outcome.NOT_COMMITTED),
        ({"state": State.GIVEN_UP, "reason": "outbound.unreachable"}, [], False, Outcome.GIVEN_UP),
        ({"state": State.GIVEN_UP, "reason": ERASED}, [], False, Outcome.ERASED),
        ({"state": State.CANCELLED}, [{}], False, Outcome.CANCELLED),
    ],
)  # fmt: skip
def test_each_standing_has_one_name(sending, asked, under_way, told):
    confirmations = [replace(ASKED, **one) for one in asked]
    assert outcome(replace(SENDING, **sending), confirmations, under_way=under_way) is told


@given(st.lists(st.sampled_from(list(Stage)), max_size=4), st.integers(0, 2))
def test_committed_is_never_said_of_what_a_destination_does_not_answer_for(stages, failed):
    at = {Stage.COMMITTED: NOW, Stage.FAILED: NOW}
    asked = [
        replace(ASKED, stage=one, answered_at=at.get(one), failed=failed if one is Stage.FAILED else 0)
        for one in stages
    ]
    if answer(asked) is Answer.COMMITTED:
        assert stages
        assert all(one.answered_at for one in asked)
        assert not any(one.failed for one in asked)
        assert answered_at(asked) == NOW


def add(records, destination=PACS, controller=OURS, study="s" * 26, uids=("1.1", "1.2"), after=0, number=""):
    at = NOW + timedelta(minutes=after)
    return Sendings(records).add(study, controller, destination, PERSON, "send", uids, at, number=number)


def confirm(records, sending, failing=(), after=0):
    uids = sorted(Sendings(records).left(sending.id))
    Sendings(records).ended(sending.id, State.DONE, "")
    number = f"cfm_{sending.id.removeprefix('snd_')}"
    stage = Stage.FAILED if failing else Stage.COMMITTED
    one = replace(
        ASKED, id=number, sending_id=sending.id, study_ref=sending.study_ref, destination_id=sending.destination_id,
        transaction_uid=f"2.25.{number}", begun_at=NOW + timedelta(minutes=after), stage=stage, answered_at=NOW,
    )  # fmt: skip
    with records.begin() as tx:
        store.add(tx, one)
        store.refer(tx, one, [Reference("1.2.840", uid) for uid in uids])
        store.set_reasons(tx, number, {uid: 0x0110 if uid in failing else None for uid in uids})
        store.change(tx, number, answered_at="2026-03-02T08:00:00.000000Z")


def ids(records, limit=50, offset=0, **wanted):
    return [one.id for one in search(records, Wanted(**wanted), limit=limit, offset=offset)]


def test_a_number_is_written_once_and_is_nobody_elses(records):
    number = "snd_" + "q" * 26
    first = add(records, number=number)
    assert add(records, number=number) == first
    assert len(ids(records)) == 1
    with pytest.raises(NoSuchSending):
        add(records, destination=BOX, number=number)


def test_lists_are_by_state_destination_and_controller_and_come_in_pages(records):
    waiting, done, box = add(records, after=1), add(records, after=2), add(records, BOX, THEIRS, after=3)
    gone, failed = add(records, after=4), add(records, after=5)
    confirm(records, done, failing=("1.1",))
    sendings = Sendings(records)
    sendings.cancel(gone.id)
    sendings.postponed(failed.id, NOW, "outbound.unreachable")
    assert ids(records) == [failed.id, box.id, waiting.id, gone.id, done.id]
    assert ids(records, which=Which.WAITING) == [failed.id, box.id, waiting.id]
    assert ids(records, which=Which.FAILED) == [failed.id]
    assert ids(records, which=Which.SENT) == ids(records, which=Which.NOT_COMMITTED) == [done.id]
    assert ids(records, which=Which.CANCELLED) == [gone.id]
    assert ids(records, destination_id=BOX) == ids(records, controllers=[THEIRS]) == [box.id]
    assert ids(records, controllers=[]) == []
    assert ids(records, limit=2, offset=1) == [box.id, waiting.id]


def test_what_is_over_is_not_withdrawn_hastened_nor_brought_back(records):
    sending, sendings = add(records), Sendings(records)
    sendings.cancel(sending.id)
    for act in (lambda: sendings.cancel(sending.id), lambda: sendings.hasten(sending.id, NOW)):
        with pytest.raises(SendingOver):
            act()
    sendings.ended(sending.id, State.DONE, "")
    sendings.postponed(sending.id, NOW, "late")
    now = sendings.one(sending.id)
    assert (now.state, now.reason) == (State.CANCELLED, "")
    assert sendings.due(NOW + timedelta(days=1)) == []


def test_the_tally_forgets_what_was_committed_since(records):
    assert tally(records) == Tally(0, 0, 0, 0)
    first, given_up, erased = add(records), add(records), add(records)
    add(records, BOX)
    retried = add(records, BOX)
    sendings = Sendings(records)
    sendings.postponed(retried.id, NOW, "outbound.unreachable")
    sendings.ended(given_up.id, State.GIVEN_UP, "outbound.unreachable")
    sendings.ended(erased.id, State.GIVEN_UP, ERASED)
    confirm(records, first, failing=("1.1", "1.2"))
    assert tally(records) == Tally(2, 1, 1, 1)
    half = add(records, uids=("1.1",), after=1)
    confirm(records, half, after=1)
    assert tally(records).not_committed == 1, "1.2 is still nobody's"
    rest = add(records, uids=("1.2",), after=2)
    confirm(records, rest, after=2)
    assert tally(records).not_committed == 0
