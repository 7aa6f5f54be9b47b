"""PS3.4 CC.2.3 and CC.2.4: who watches which workitem, and what waits for them."""

import json
from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given, strategies as st
from tests.unit.imaging.orders.kit import NOON, OURS, PERSON, THEIRS, an_order, someone
from tests.unit.imaging.orders.test_performers import MINE, to
from tests.unit.imaging.orders.test_performing import DEVICE, creation

from primum.imaging.errors import BadQuery
from primum.imaging.orders import NoSuchStep
from primum.imaging.orders.errors import NotSubscribed, StepConflict, TitleTaken, TooManySubscriptions
from primum.imaging.orders.forgetting import forget_study
from primum.imaging.orders.performers import Performers
from primum.imaging.orders.performing import Performing
from primum.imaging.orders.subscribers import Subscribers
from primum.imaging.orders.values import element, sequence, text
from primum.imaging.orders.watching.limits import LIMITS
from primum.imaging.orders.watching.messages import FILTERED, GLOBAL, EventType, Workitem, cancel_requested, progress
from primum.imaging.orders.workitems import STATE, TRANSACTION, asked

ANOTHER = "per_" + "e" * 26


@pytest.fixture
def subscribers(kit):
    return Subscribers(kit.orders)


def told(subscribers, title="DASH", person=PERSON):
    """What waits, as (type, state or None, workitem); fetched."""
    events = subscribers.waiting(person, title)
    if events:
        subscribers.fetched(title, events[-1].number)
    return [(one.kind, text(one.told, STATE) or None, one.workitem.uid) for one in events]


def state_report(state, uid):
    return (EventType.STATE_REPORT, state, uid)


def test_a_watcher_is_told_where_it_stands_and_of_every_change(kit, subscribers):
    uid = kit.place().step.workitem_uid
    other = kit.place().step.workitem_uid
    subscribers.subscribe(PERSON, [OURS], "DASH", uid, {})
    performers = Performers(kit.orders)
    performers.set_state(PERSON, [OURS], uid, to("IN PROGRESS"))
    performers.set_state(PERSON, [OURS], other, to("IN PROGRESS"))
    far = {"00741002": sequence({"00741004": element("DS", 50)}), TRANSACTION: element("UI", MINE)}
    performers.update(PERSON, [OURS], uid, far)
    performers.set_state(PERSON, [OURS], uid, to("COMPLETED"))
    assert told(subscribers) == [
        state_report("SCHEDULED", uid),
        state_report("IN PROGRESS", uid),
        (EventType.PROGRESS_REPORT, None, uid),
        state_report("COMPLETED", uid),
    ]
    assert told(subscribers) == []


def test_changes_come_from_mpps_images_hl7_and_the_form_alike(kit, subscribers):
    subscribers.subscribe(PERSON, None, "DASH", GLOBAL, {})
    by_mpps = kit.place(accession="A1")
    Performing(kit.orders).create(DEVICE, OURS, "1.2.9", creation(by_mpps))
    by_images = kit.place(patient=someone("P2"))
    kit.come.add(by_images.step.id)
    kit.orders.note_arrivals(None, "20260301", "20260401")
    by_form = kit.place(patient=someone("P3"), station_aet="CT1")
    facts = replace(by_form.order.facts, steps=(replace(by_form.order.facts.steps[0], station_aet="CT2"),))
    kit.orders.change(PERSON, by_form.order.id, None, someone("P3"), facts)
    kit.orders.cancel(PERSON, by_form.order.id, None)
    uids = [one.step.workitem_uid for one in (by_mpps, by_images, by_form)]
    assert told(subscribers) == [
        state_report("SCHEDULED", uids[0]),
        state_report("IN PROGRESS", uids[0]),
        state_report("SCHEDULED", uids[1]),
        state_report("COMPLETED", uids[1]),
        state_report("SCHEDULED", uids[2]),
        (EventType.ASSIGNED, None, uids[2]),
        (EventType.ASSIGNED, None, uids[2]),
        state_report("CANCELED", uids[2]),
    ]


def test_an_event_is_written_with_its_change_or_not_at_all(kit, subscribers):
    subscribers.subscribe(PERSON, None, "DASH", GLOBAL, {})
    with kit.engine.connect() as connection, connection.begin() as begun:
        kit.orders.place_in(connection, PERSON, OURS, someone(), an_order(), what="form", sender="form")
        begun.rollback()
    assert told(subscribers) == []


def test_a_message_holds_uids_and_states_and_nothing_of_a_patient(kit, subscribers):
    subscribers.subscribe(PERSON, None, "DASH", GLOBAL, {})
    entry = kit.place(accession="ACC77", station_aet="CT1")
    whole = "".join(one.message() for one in subscribers.waiting(PERSON, "DASH"))
    assert entry.step.workitem_uid in whole
    for secret in ("Lef", "1961", "P1", "ACC77", entry.order.facts.study_uid):
        assert secret not in whole
    first = json.loads(subscribers.waiting(PERSON, "DASH")[0].message())
    assert first["00001002"] == {"vr": "US", "Value": [1]}
    assert first["00404041"] == {"vr": "CS", "Value": ["READY"]}


def test_a_filter_is_matched_when_a_workitem_is_made_and_holds_from_then_on(kit, subscribers):
    before = kit.place(modality="MR").step.workitem_uid
    kit.place(modality="CT", patient=someone("P2"))
    wanted = asked([("WorklistLabel", "MR"), ("ProcedureStepState", "SCHEDULED")])
    subscribers.subscribe(PERSON, [OURS], "DASH", FILTERED, wanted)
    kit.place(modality="CT", patient=someone("P3"))
    after = kit.place(modality="MR", patient=someone("P4")).step.workitem_uid
    Performers(kit.orders).set_state(PERSON, [OURS], after, to("IN PROGRESS"))
    assert told(subscribers) == [
        state_report("SCHEDULED", before),
        state_report("SCHEDULED", after),
        state_report("IN PROGRESS", after),
    ]


def test_a_suspended_worklist_keeps_what_it_watches_and_takes_nothing_new(kit, subscribers):
    subscribers.subscribe(PERSON, None, "DASH", GLOBAL, {})
    old = kit.place()
    subscribers.suspend(PERSON, "DASH", GLOBAL)
    kit.place(patient=someone("P2"))
    kit.orders.cancel(PERSON, old.order.id, None)
    assert told(subscribers) == [
        state_report("SCHEDULED", old.step.workitem_uid), state_report("CANCELED", old.step.workitem_uid)
    ]  # fmt: skip
    with pytest.raises(BadQuery):
        subscribers.suspend(PERSON, "DASH", old.step.workitem_uid)


def test_ending_one_or_all(kit, subscribers):
    subscribers.subscribe(PERSON, None, "DASH", GLOBAL, {})
    one, two = kit.place(), kit.place(patient=someone("P2"))
    told(subscribers)
    subscribers.unsubscribe(PERSON, "DASH", one.step.workitem_uid)
    kit.orders.cancel(PERSON, one.order.id, None)
    assert told(subscribers) == []
    subscribers.unsubscribe(PERSON, "DASH", GLOBAL)
    kit.orders.cancel(PERSON, two.order.id, None)
    assert told(subscribers) == []
    for target in (GLOBAL, FILTERED, two.step.workitem_uid):
        with pytest.raises(NotSubscribed):
            subscribers.unsubscribe(PERSON, "DASH", target)
    with pytest.raises(NotSubscribed):
        subscribers.suspend(PERSON, "NOBODY", GLOBAL)


def test_nobody_is_told_of_another_controller(kit, subscribers):
    theirs = kit.place(controller_id=THEIRS)
    with pytest.raises(NoSuchStep):
        subscribers.subscribe(PERSON, [OURS], "DASH", theirs.step.workitem_uid, {})
    subscribers.subscribe(PERSON, [OURS], "DASH", GLOBAL, {})
    kit.orders.cancel(PERSON, theirs.order.id, None)
    kit.place(controller_id=THEIRS, patient=someone("P2"))
    assert told(subscribers) == []


def test_a_title_is_of_who_used_it_first(kit, subscribers):
    uid = kit.place().step.workitem_uid
    subscribers.subscribe(PERSON, None, "DASH", GLOBAL, {})
    for deed in (
        lambda: subscribers.subscribe(ANOTHER, None, "DASH", uid, {}),
        lambda: subscribers.unsubscribe(ANOTHER, "DASH", GLOBAL),
        lambda: subscribers.suspend(ANOTHER, "DASH", GLOBAL),
        lambda: subscribers.open(ANOTHER, None, "DASH"),
    ):
        with pytest.raises(TitleTaken):
            deed()
    assert subscribers.waiting(ANOTHER, "DASH") == []
    assert len(told(subscribers)) == 1


@pytest.mark.parametrize("title", ["", " A", "A ", "A" * 17, "A\\B", "É", "A\n"])
def test_what_is_no_ae_title_is_refused(subscribers, title):
    with pytest.raises(BadQuery):
        subscribers.subscribe(PERSON, None, title, GLOBAL, {})


def test_titles_and_watched_workitems_are_bounded(kit):
    few = Subscribers(kit.orders, replace(LIMITS, titles=1, watched=1))
    one, two = (kit.place(patient=someone(value)).step.workitem_uid for value in ("P1", "P2"))
    few.subscribe(PERSON, None, "DASH", one, {})
    with pytest.raises(TooManySubscriptions):
        few.subscribe(PERSON, None, "DASH", two, {})
    with pytest.raises(TooManySubscriptions):
        few.open(PERSON, None, "SECOND")
    few.open(ANOTHER, None, "SECOND")
    with pytest.raises(BadQuery):
        few.subscribe(PERSON, None, "DASH", FILTERED, {})
    with pytest.raises(BadQuery):
        few.subscribe(PERSON, None, "DASH", GLOBAL, asked([("WorklistLabel", "MR")]))


def test_what_nobody_fetches_is_bounded_and_its_loss_is_said_once(kit, subscribers):
    few = Subscribers(kit.orders, replace(LIMITS, queued=3))
    uid = kit.place().step.workitem_uid
    for _ in range(5):
        few.subscribe(PERSON, None, "DASH", uid, {})
    assert len(few.waiting(PERSON, "DASH")) == 3
    assert few.open(PERSON, None, "DASH") == 2
    assert few.open(PERSON, None, "DASH") == 0
    assert kit.facts[-1] == ("workitems:channel:opened", PERSON, "", {"calling_aet": "DASH", "count": 0})


def test_a_worklist_longer_than_a_queue_is_watched_wholly_and_told_of_in_part(kit):
    few = Subscribers(kit.orders, replace(LIMITS, queued=2))
    entries = [kit.place(patient=someone(f"P{number}")) for number in range(3)]
    few.subscribe(PERSON, None, "DASH", GLOBAL, {})
    assert len(told(few)) == 2
    assert few.seen(PERSON, None, "DASH") == 1
    assert few.seen(PERSON, None, "DASH") == 0
    for one in entries:
        kit.orders.cancel(PERSON, one.order.id, None)
        assert told(few) == [state_report("CANCELED", one.step.workitem_uid)]


def test_who_is_not_seen_is_forgotten_with_what_waits(kit, subscribers):
    subscribers.subscribe(PERSON, None, "DASH", GLOBAL, {})
    kit.place()
    assert subscribers.sweep(NOON + timedelta(days=29)) == 0
    assert subscribers.sweep(NOON + timedelta(days=31)) > 0
    assert subscribers.waiting(PERSON, "DASH") == []
    assert _rows(kit, "workitem_events") == _rows(kit, "workitem_watches") == _rows(kit, "workitem_queue") == 0
    subscribers.open(ANOTHER, None, "DASH")


def test_an_event_goes_when_all_have_it_and_events_of_an_erased_order_go_with_it(kit, subscribers):
    for title in ("DASH", "ROOM"):
        subscribers.subscribe(PERSON, None, title, GLOBAL, {})
    entry = kit.place(accession="A1")
    told(subscribers)
    assert _rows(kit, "workitem_events") == 1
    told(subscribers, "ROOM")
    assert _rows(kit, "workitem_events") == 0
    kit.orders.cancel(PERSON, entry.order.id, None)
    assert _rows(kit, "workitem_events") == 1
    with kit.engine.begin() as tx:
        tx.exec_driver_sql(
            "CREATE TABLE IF NOT EXISTS patient_identifiers (patient_id, value, controller_id, issuer, own)"
        )
        tx.exec_driver_sql("CREATE TABLE IF NOT EXISTS study_patients (patient_id, study_ref)")
        forget_study(tx, OURS, "ref", entry.order.facts.study_uid, "A1")
    assert _rows(kit, "workitem_events") == _rows(kit, "workitem_queue") == _rows(kit, "workitem_watches") == 0


def test_a_performer_is_asked_to_cancel_where_somebody_listens(kit, subscribers):
    uid = kit.place().step.workitem_uid
    performers = Performers(kit.orders)
    performers.set_state(PERSON, [OURS], uid, to("IN PROGRESS"))
    with pytest.raises(StepConflict):
        performers.cancel(PERSON, [OURS], uid, "DASH", {})
    subscribers.subscribe(PERSON, None, "ROOM", uid, {})
    assert performers.cancel(PERSON, [OURS], uid, "DASH", {"00741238": element("LT", "Machine broken")})
    event = subscribers.waiting(PERSON, "ROOM")[-1]
    assert event.kind is EventType.CANCEL_REQUESTED
    assert (text(event.told, "00741236"), text(event.told, "00741238")) == ("DASH", "Machine broken")
    assert text(performers.retrieve(None, uid)[1], STATE) == "IN PROGRESS"


def test_a_final_workitem_is_told_of_once_and_not_watched(kit, subscribers):
    entry = kit.place()
    kit.orders.cancel(PERSON, entry.order.id, None)
    subscribers.subscribe(PERSON, None, "DASH", entry.step.workitem_uid, {})
    assert told(subscribers) == [state_report("CANCELED", entry.step.workitem_uid)]
    assert _rows(kit, "workitem_watches") == 0


@given(st.text(max_size=6000), st.text(max_size=20))
def test_what_a_performer_says_is_cut_to_its_bounds(words, percentage):
    item = {"00741006": element("ST", words), "00741004": element("DS", percentage), "00100010": element("PN", "Leak")}
    written = json.dumps(progress({"00741002": sequence(item)}))
    assert len(written) <= LIMITS.progress_bytes + 200
    assert "Leak" not in written
    asked_for = json.dumps(cancel_requested("A", {"00741238": element("LT", words)}), ensure_ascii=False)
    assert len(json.loads(asked_for).get("00741238", {}).get("Value", [""])[0]) <= LIMITS.words


def _rows(kit, table):
    with kit.engine.connect() as connection:
        return connection.exec_driver_sql(f"SELECT count(*) FROM {table}").scalar_one()


def test_one_event_has_one_number_for_all(kit, subscribers):
    for title in ("DASH", "ROOM"):
        subscribers.subscribe(PERSON, None, title, GLOBAL, {})
    entry = kit.place()
    (one,), (two,) = subscribers.waiting(PERSON, "DASH"), subscribers.waiting(PERSON, "ROOM")
    assert one == two
    assert one.workitem == Workitem(entry.step.workitem_uid, OURS)
