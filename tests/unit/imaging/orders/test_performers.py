"""PS3.4 CC: a step as a workitem, claimed by a transaction, completed by its performer."""

import pytest
from tests.unit.imaging.orders.kit import OURS, PERSON, THEIRS, someone
from tests.unit.imaging.orders.test_performing import DEVICE, creation

from primum.imaging.errors import BadQuery
from primum.imaging.orders import BadField, NoSuchStep, NotTheTransaction, StepState
from primum.imaging.orders.errors import StepConflict
from primum.imaging.orders.performers import Performers
from primum.imaging.orders.performing import Performing
from primum.imaging.orders.values import element, sequence, text
from primum.imaging.orders.workitems import LABEL, START, STATE, TRANSACTION, asked

MINE, ANOTHER = "1.2.3.100", "1.2.3.200"


@pytest.fixture
def performers(kit):
    return Performers(kit.orders)


def to(state, transaction=MINE):
    return {STATE: element("CS", state), TRANSACTION: element("UI", transaction)}


def state_of(performers, uid):
    return text(performers.retrieve([OURS], uid)[1], STATE)


def test_a_workitem_shows_its_order_and_never_the_transaction(kit, performers):
    entry = kit.place(accession="A1", station_aet="CT1", priority="STAT")
    uid = entry.step.workitem_uid
    performers.set_state(PERSON, [OURS], uid, to("IN PROGRESS"))
    _, told = performers.retrieve([OURS], uid)
    assert MINE not in str(told)
    assert text(told, STATE) == "IN PROGRESS"
    assert text(told, START) == "202603031030"
    assert text(told, "00741200") == "HIGH"
    assert text(told["0040A370"]["Value"][0], "00080050") == "A1"


def test_it_is_claimed_told_of_and_completed_by_one(kit, performers):
    uid = kit.place().step.workitem_uid
    performers.set_state(PERSON, [OURS], uid, to("IN PROGRESS"))
    with pytest.raises(StepConflict):
        performers.set_state(PERSON, [OURS], uid, to("IN PROGRESS", ANOTHER))
    for deed in (
        lambda: performers.set_state(PERSON, [OURS], uid, to("COMPLETED", ANOTHER)),
        lambda: performers.update(PERSON, [OURS], uid, {"00741002": sequence({}), TRANSACTION: element("UI", ANOTHER)}),
        lambda: performers.update(PERSON, [OURS], uid, {"00741002": sequence({})}),
    ):
        with pytest.raises(NotTheTransaction):
            deed()
    progress = {"00741002": sequence({"00741004": element("DS", 50)}), TRANSACTION: element("UI", MINE)}
    assert performers.update(PERSON, [OURS], uid, progress)
    assert performers.retrieve([OURS], uid)[1]["00741002"] == progress["00741002"]
    assert performers.set_state(PERSON, [OURS], uid, to("COMPLETED"))
    assert not performers.set_state(PERSON, [OURS], uid, to("COMPLETED"))
    with pytest.raises(StepConflict):
        performers.set_state(PERSON, [OURS], uid, to("CANCELED"))
    assert kit.orders.open_entries([OURS], "", "") == []


@pytest.mark.parametrize("state", ["COMPLETED", "CANCELED", "SCHEDULED"])
def test_what_is_scheduled_is_first_claimed(kit, performers, state):
    uid = kit.place().step.workitem_uid
    with pytest.raises(StepConflict):
        performers.set_state(PERSON, [OURS], uid, to(state))


@pytest.mark.parametrize(
    "given",
    [{}, {STATE: element("CS", "DONE")}, {STATE: element("CS", "IN PROGRESS")}, to("IN PROGRESS", "1.02")],
    ids=["nothing", "no such state", "no transaction", "no uid"],
)
def test_a_change_of_state_needs_a_state_and_a_transaction(kit, performers, given):
    uid = kit.place().step.workitem_uid
    with pytest.raises(BadField):
        performers.set_state(PERSON, [OURS], uid, given)


def test_what_waits_is_cancelled_by_its_scheduler_and_what_runs_is_not(kit, performers):
    uid = kit.place().step.workitem_uid
    assert performers.cancel(PERSON, [OURS], uid)
    assert not performers.cancel(PERSON, [OURS], uid)
    other = kit.place(someone("P2")).step.workitem_uid
    performers.set_state(PERSON, [OURS], other, to("IN PROGRESS"))
    with pytest.raises(StepConflict):
        performers.cancel(PERSON, [OURS], other)


def test_a_step_that_a_modality_began_is_the_modalitys(kit, performers):
    entry = kit.place()
    Performing(kit.orders).create(DEVICE, OURS, "1.2.3.4", creation(entry))
    with pytest.raises(NotTheTransaction):
        performers.set_state(PERSON, [OURS], entry.step.workitem_uid, to("COMPLETED"))


def test_another_controllers_workitem_does_not_exist(kit, performers):
    uid = kit.place(controller_id=THEIRS).step.workitem_uid
    for deed in (
        lambda: performers.retrieve([OURS], uid),
        lambda: performers.cancel(PERSON, [OURS], uid),
        lambda: performers.set_state(PERSON, [OURS], uid, to("IN PROGRESS")),
        lambda: performers.update(PERSON, [OURS], uid, {}),
        lambda: performers.retrieve([OURS], "1.2.3"),
    ):
        with pytest.raises(NoSuchStep):
            deed()
    assert performers.search([OURS], {}) == []


def given(**changes):
    return {
        "00100010": element("PN", "Lefèvre^Hélène"), "00100020": element("LO", "P9"), "00100021": element("LO", "HOP"),
        "00100030": element("DA", "19610314"), "00100040": element("CS", "F"), LABEL: element("LO", "Relecture"),
        START: element("DT", "20260303140000.000"), STATE: element("CS", "SCHEDULED"), "00741200": element("CS", "LOW"),
    } | changes  # fmt: skip


def test_a_workitem_that_is_created_is_an_order(kit, performers):
    uid = performers.create(PERSON, OURS, given())
    (entry,) = kit.orders.open_entries([OURS], "", "")
    assert (entry.step.workitem_uid, entry.step.facts.start) == (uid, "202603031400")
    assert (entry.order.facts.procedure.text, entry.order.facts.priority) == ("Relecture", "LOW")
    assert kit.facts[0][3]["what"] == "workitem"


@pytest.mark.parametrize(
    "changes",
    [to("IN PROGRESS"), {STATE: element("CS", "SCHEDULED"), TRANSACTION: element("UI", MINE)}, {START: {"vr": "DT"}},
     {LABEL: {"vr": "LO"}}, {"00100020": {"vr": "LO"}}, {"00741200": element("CS", "NOW")}],
)  # fmt: skip
def test_what_cannot_be_created_is_refused(kit, performers, changes):
    with pytest.raises(BadField):
        performers.create(PERSON, OURS, given(**changes))
    assert kit.facts == []


def test_what_waits_can_be_scheduled_otherwise(kit, performers):
    entry = kit.place(accession="A1")
    uid = entry.step.workitem_uid
    assert performers.update(PERSON, [OURS], uid, {START: element("DT", "20260304090000")})
    after = kit.entry(entry.order.id)
    assert (after.step.facts.start, after.step.workitem_uid) == ("202603040900", uid)
    assert after.order.facts.accession == "A1"
    assert not performers.update(PERSON, [OURS], uid, {"00100010": element("PN", "Autre^Nom")})
    assert kit.entry(entry.order.id).patient.name == "Lefèvre^Hélène"


@pytest.mark.parametrize(
    ("parameters", "found"),
    [
        ([], 2), ([("PatientName", "lefevre*")], 1), ([("00100020", "P1,P2")], 2), ([("PatientID", "P3")], 0),
        ([("ProcedureStepState", "SCHEDULED")], 2), ([("ProcedureStepState", "COMPLETED")], 0),
        ([("ScheduledProcedureStepStartDateTime", "20260303")], 1), ([(START, "20260303-20260304")], 2),
        ([(START, "202603031100-20260303235959")], 0), ([("AccessionNumber", "A2")], 1),
        ([("ReferencedRequestSequence.AccessionNumber", "A2")], 1), ([("WorklistLabel", "CT")], 2),
        ([("limit", "1"), ("includefield", "all"), ("PatientName", "")], 2),
    ],
)  # fmt: skip
def test_searches(kit, performers, parameters, found):
    kit.place(accession="A1")
    kit.place(someone("P2", "Durand^Zoé"), accession="A2", start="202603041000")
    assert len(performers.search([OURS], asked(parameters))) == found


def test_a_key_that_is_not_one_is_refused():
    with pytest.raises(BadQuery):
        asked([("PatientWeight", "70")])


def test_progress_is_bounded(kit, performers):
    uid = kit.place().step.workitem_uid
    performers.set_state(PERSON, [OURS], uid, to("IN PROGRESS"))
    long = {"00741002": sequence({"00741006": element("ST", "x" * 70_000)}), TRANSACTION: element("UI", MINE)}
    with pytest.raises(BadField):
        performers.update(PERSON, [OURS], uid, long)


def test_a_discontinued_step_waits_as_a_workitem_too(kit, performers):
    entry = kit.place()
    with kit.engine.begin() as connection:
        kit.orders.set_step(connection, entry.step.id, StepState.DISCONTINUED, by=DEVICE, done_by="mpps")
    assert state_of(performers, entry.step.workitem_uid) == "SCHEDULED"
