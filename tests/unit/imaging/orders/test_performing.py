"""PS3.4 F.7: performed steps, their states, and what becomes of the entry that they name."""

import pytest
from tests.unit.imaging.orders.kit import DEVICE, OURS, THEIRS, someone

from primum.imaging.orders import (
    NoSuchPerformed,
    PerformedEmpty,
    PerformedExists,
    PerformedFinal,
    PerformedLacks,
    PerformedValue,
    StepState,
)
from primum.imaging.orders.performed import STATUS, PerformedState, dose, facts
from primum.imaging.orders.performing import Performing
from primum.imaging.orders.values import element, sequence

UID = "1.2.3.4"


@pytest.fixture
def performing(kit):
    return Performing(kit.orders)


def creation(entry=None, **changes):
    item = {"0020000D": element("UI", "1.2.99"), "00400009": {"vr": "SH"}}
    if entry is not None:
        item = {
            "0020000D": element("UI", entry.order.facts.study_uid),
            "00080050": element("SH", entry.order.facts.accession),
            "00400009": element("SH", entry.step.facts.number),
        }
    return {
        "00400270": sequence(item), "00400253": element("SH", "PPS1"), "00400241": element("AE", "CT1"),
        "00400244": element("DA", "20260303"), "00400245": element("TM", "103112"),
        STATUS: element("CS", "IN PROGRESS"), "00080060": element("CS", "CT"),
        "00100010": element("PN", "Lefèvre^Hélène"),
    } | changes  # fmt: skip


def status(word):
    return {STATUS: element("CS", word)}


ENDED = {"00400250": element("DA", "20260303"), "00400251": element("TM", "110000")}


def made(series="1.2.5", *instances):
    listed = [{"00081150": element("UI", "1.2"), "00081155": element("UI", one)} for one in instances]
    return {"00400340": sequence({"0020000E": element("UI", series), "00081140": sequence(*listed)})}


def test_a_step_begins_and_is_done(kit, performing):
    entry = kit.place()
    performing.create(DEVICE, OURS, UID, creation(entry))
    assert kit.entry(entry.order.id).step.state is StepState.STARTED
    performing.change(DEVICE, OURS, UID, {**status("COMPLETED"), **ENDED, **made("1.2.5", "1.2.6", "1.2.7")})
    after = kit.entry(entry.order.id)
    assert (after.step.state, after.step.done_by) == (StepState.DONE, "mpps")
    assert kit.orders.open_entries([OURS], "", "") == []


def test_a_discontinued_step_returns_to_the_worklist(kit, performing):
    entry = kit.place()
    performing.create(DEVICE, OURS, UID, creation(entry))
    performing.change(DEVICE, OURS, UID, {**status("DISCONTINUED"), **ENDED})
    (back,) = kit.orders.open_entries([OURS], "", "")
    assert back.step.state is StepState.DISCONTINUED
    performing.create(DEVICE, OURS, "1.2.3.5", creation(entry))
    performing.change(DEVICE, OURS, "1.2.3.5", status("COMPLETED"))
    assert kit.orders.open_entries([OURS], "", "") == []


def test_a_second_attempt_that_is_discontinued_does_not_undo_the_first(kit, performing):
    entry = kit.place()
    for uid, end in (("1.2.1", "COMPLETED"), ("1.2.2", "DISCONTINUED")):
        performing.create(DEVICE, OURS, uid, creation(entry))
        performing.change(DEVICE, OURS, uid, status(end))
    assert kit.orders.open_entries([OURS], "", "") == []


@pytest.mark.parametrize("final", ["COMPLETED", "DISCONTINUED"])
def test_a_final_state_is_final(kit, performing, final):
    performing.create(DEVICE, OURS, UID, creation())
    performing.change(DEVICE, OURS, UID, status(final))
    for after in PerformedState:
        with pytest.raises(PerformedFinal):
            performing.change(DEVICE, OURS, UID, status(after.value))
    assert performing.read(OURS, UID).state.value == final


@pytest.mark.parametrize("word", ["COMPLETED", "DISCONTINUED", "DONE", "in progress"])
def test_a_step_begins_in_progress_only(kit, performing, word):
    with pytest.raises(PerformedValue):
        performing.create(DEVICE, OURS, UID, creation(**status(word)))


def test_a_state_that_does_not_exist_is_refused(kit, performing):
    performing.create(DEVICE, OURS, UID, creation())
    with pytest.raises(PerformedValue):
        performing.change(DEVICE, OURS, UID, status("PAUSED"))


def test_a_second_creation_is_refused_and_changes_nothing(kit, performing):
    performing.create(DEVICE, OURS, UID, creation())
    with pytest.raises(PerformedExists):
        performing.create(DEVICE, THEIRS, UID, creation(**{"00080060": element("CS", "MR")}))
    assert performing.read(OURS, UID).attributes["00080060"]["Value"] == ["CT"]


@pytest.mark.parametrize("tag", ["00400270", "00400253", "00400241", "00400244", "00400245", STATUS, "00080060"])
def test_what_type_1_requires_is_required(kit, performing, tag):
    attributes = creation()
    attributes[tag] = {"vr": "LO"}
    with pytest.raises(PerformedEmpty):
        performing.create(DEVICE, OURS, UID, attributes)
    del attributes[tag]
    with pytest.raises(PerformedLacks):
        performing.create(DEVICE, OURS, UID, attributes)


def test_another_controllers_step_does_not_exist(kit, performing):
    performing.create(DEVICE, OURS, UID, creation())
    with pytest.raises(NoSuchPerformed):
        performing.change(DEVICE, THEIRS, UID, status("COMPLETED"))
    with pytest.raises(NoSuchPerformed):
        performing.read(THEIRS, UID)
    with pytest.raises(NoSuchPerformed):
        performing.change(DEVICE, OURS, "1.2.9", status("COMPLETED"))


def test_what_only_creation_may_set_stays_and_is_said(kit, performing):
    performing.create(DEVICE, OURS, UID, creation())
    _, refused = performing.change(DEVICE, OURS, UID, {"00100010": element("PN", "Muñoz^José"), **ENDED})
    assert refused == ["00100010"]
    kept = performing.read(OURS, UID).attributes
    assert kept["00100010"]["Value"] == [{"Alphabetic": "Lefèvre^Hélène"}]
    assert kept["00400250"]["Value"] == ["20260303"]


def test_an_entry_is_not_moved_by_a_number_alone(kit, performing):
    """Devices number their own unscheduled steps: S1 of theirs is not S1 of ours."""
    entry = kit.place(number="S1")
    unscheduled = {"00400270": sequence({"0020000D": element("UI", "1.2.99"), "00400009": element("SH", "S1")})}
    performing.create(DEVICE, OURS, UID, creation(**unscheduled))
    assert kit.entry(entry.order.id).step.state is StepState.SCHEDULED


def test_an_entry_of_another_controller_is_not_moved(kit, performing):
    entry = kit.place(controller_id=THEIRS)
    performing.create(DEVICE, OURS, UID, creation(entry))
    assert kit.entry(entry.order.id).step.state is StepState.SCHEDULED


def test_a_study_alone_names_all_its_steps(kit, performing):
    entry = kit.place()
    item = {"0020000D": element("UI", entry.order.facts.study_uid)}
    performing.create(DEVICE, OURS, UID, creation(**{"00400270": sequence(item)}))
    assert kit.entry(entry.order.id).step.state is StepState.STARTED


def test_it_tells_what_should_have_come_and_the_dose(kit, performing):
    performing.create(DEVICE, OURS, UID, creation(kit.place(someone())))
    given = {
        **status("COMPLETED"),
        **ENDED,
        **made("1.2.5", "1.2.6"),
        "0040030E": sequence({"00180060": element("DS", 80)}),
    }
    changed, _ = performing.change(DEVICE, OURS, UID, given)
    told = facts(changed)
    assert told.complete_list
    assert told.ended == "20260303110000"
    assert [(one.series_uid, one.instances) for one in told.series] == [("1.2.5", (("1.2", "1.2.6"),))]
    assert set(dose(changed)) == {"0040030E"}
    assert performing.of_study(OURS, told.study_uids[0]) == [told]


def test_what_is_too_large_or_too_deep_is_refused(kit, performing):
    with pytest.raises(PerformedValue):
        performing.create(DEVICE, OURS, UID, creation(**{"00400280": element("ST", "x" * 1_100_000)}))
    nested = {"vr": "SQ"}
    for _ in range(30):
        nested = sequence({"00400340": nested})
    with pytest.raises(PerformedValue):
        performing.create(DEVICE, OURS, UID, creation(**{"00400340": nested}))


def test_the_journal_knows_ids_only(kit, performing):
    entry = kit.place()
    performing.create(DEVICE, OURS, UID, creation(entry))
    kind, actor, subject, details = kit.facts[-1]
    assert (kind, actor, subject) == ("order:step:changed", DEVICE, entry.order.id)
    assert details == {"controller": OURS, "what": "started", "reason": "mpps"}
