"""Orders placed, changed, cancelled; numbers that are ours; homonyms that stay two."""

from dataclasses import replace
from datetime import date

import pytest
from tests.unit.imaging.orders.kit import OURS, PERSON, THEIRS, an_order, someone

from primum.imaging.orders import (
    BadField,
    HasBegun,
    Identifier,
    IdentityContradicts,
    NoSuchOrder,
    NumberTaken,
    OrderState,
    OtherPatient,
    StepState,
)
from primum.imaging.orders.model import order_from, patient_from, state_of, to_json

DAY = date(2026, 3, 3)


def test_every_number_that_is_not_given_is_ours(kit):
    first, second = kit.place(), kit.place(someone("P2", "Durand^Zoé"))
    assert first.order.facts.accession == "26000001"
    assert second.order.facts.accession == "26000002"
    assert first.order.facts.study_uid.startswith("2.25.")
    assert len(first.order.facts.study_uid) <= 64
    assert first.order.facts.procedure_id == first.order.facts.accession
    assert first.step.facts.number != second.step.facts.number


def test_a_number_that_is_given_is_kept_and_skipped_by_ours(kit):
    assert kit.place(accession="26000001").order.facts.accession == "26000001"
    assert kit.place().order.facts.accession == "26000002"


def test_accession_numbers_are_unique_within_a_controller_only(kit):
    kit.place(accession="A1")
    kit.place(accession="A1", controller_id=THEIRS)
    with pytest.raises(NumberTaken):
        kit.place(accession="A1")


def test_an_order_is_in_the_journal_before_it_is_kept(kit):
    entry = kit.place()
    assert kit.facts == [("order:placed", PERSON, entry.order.id, {"controller": OURS, "what": "form"})]

    def refuse(*_):
        raise OSError("the journal's disc is full")

    kit.orders.record = refuse
    with pytest.raises(OSError, match="full"):
        kit.place(someone("P2"))
    assert len(kit.orders.days(None, DAY, DAY)) == 1


def test_no_detail_of_the_journal_is_about_a_patient(kit):
    kit.orders.cancel(PERSON, kit.place().order.id, None)
    written = repr(kit.facts).lower()
    assert not any(word in written for word in ("lef", "hop", "1961", "26000001", "scanner"))


def test_a_list_of_days_holds_both_ends_and_only_what_is_within_reach(kit):
    kit.place(start="202603030000")
    kit.place(start="202603032359")
    kit.place(start="20260303")
    kit.place(start="202603040000")
    kit.place(controller_id=THEIRS)
    assert len(kit.orders.days([OURS], DAY, DAY)) == 3
    assert len(kit.orders.days(None, DAY, DAY)) == 4


def test_changing_an_order_keeps_its_numbers_and_its_step(kit):
    before = kit.place()
    kit.orders.change(PERSON, before.order.id, [OURS], someone(), an_order(start="202603041100", modality="MR"))
    after = kit.entry(before.order.id)
    assert after.step.facts.modality == "MR"
    assert after.step.id == before.step.id
    assert after.step.facts.number == before.step.facts.number
    assert (after.order.facts.accession, after.order.facts.study_uid) == (
        before.order.facts.accession,
        before.order.facts.study_uid,
    )


def test_a_step_that_is_no_longer_asked_for_is_cancelled(kit):
    facts = an_order()
    two = replace(facts, steps=(*facts.steps, replace(facts.steps[0], modality="US")))
    order = kit.orders.place(PERSON, OURS, someone(), two, what="form")
    assert [one.step.facts.modality for one in kit.orders.order(order.id, None)] == ["CT", "US"]
    kit.orders.change(PERSON, order.id, None, someone(), an_order())
    assert [one.step.state for one in kit.orders.order(order.id, None)] == [StepState.SCHEDULED, StepState.CANCELLED]


@pytest.mark.parametrize("state", [StepState.STARTED, StepState.DONE])
def test_what_has_begun_is_neither_changed_nor_cancelled(kit, state):
    entry = kit.place()
    with kit.engine.begin() as connection:
        kit.orders.set_step(connection, entry.step.id, state, by=PERSON, done_by="mpps")
    with pytest.raises(HasBegun):
        kit.orders.change(PERSON, entry.order.id, None, someone(), an_order())
    with pytest.raises(HasBegun):
        kit.orders.cancel(PERSON, entry.order.id, None)


def test_an_order_out_of_reach_does_not_exist(kit):
    entry = kit.place()
    for ask in (
        lambda: kit.orders.order(entry.order.id, [THEIRS]),
        lambda: kit.orders.cancel(PERSON, entry.order.id, [THEIRS]),
        lambda: kit.orders.change(PERSON, entry.order.id, [THEIRS], someone(), an_order()),
    ):
        with pytest.raises(NoSuchOrder):
            ask()


def test_an_order_does_not_change_its_patient(kit):
    entry = kit.place()
    with pytest.raises(OtherPatient):
        kit.orders.change(PERSON, entry.order.id, None, someone("P2"), an_order())


def test_one_trait_may_be_corrected_and_two_at_once_are_somebody_else(kit):
    entry = kit.place()
    kit.place(someone(born="19610315"))
    assert kit.entry(entry.order.id).patient.birth_date == "19610315"
    with pytest.raises(IdentityContradicts):
        kit.place(someone(name="Muñoz^José", born="19800101"))
    assert kit.entry(entry.order.id).patient.name == "Lefèvre^Hélène"


def test_the_same_number_of_another_issuer_is_another_patient(kit):
    kit.place()
    other = kit.place(someone(name="Muñoz^José", born="19800101", identifier=Identifier("CAB", "P1")))
    assert other.patient.name == "Muñoz^José"


def test_homonyms_are_shown_each_by_itself_without_accents(kit):
    kit.place(someone("P1"))
    kit.place(someone("P2", born="19841102"))
    kit.place(someone("P3", "Durand^Zoé"))
    found = kit.orders.alike([OURS], "LEFEVRE")
    assert [one.identifier.value for _, one in found] == ["P1", "P2"]
    assert kit.orders.alike([THEIRS], "LEFEVRE") == []
    assert [one.identifier.value for _, one in kit.orders.alike(None, "Lefevre^Jeanne", "19841102")] == ["P2"]


def test_a_new_patient_number_is_nobodys(kit):
    kit.place(someone("P000001"))
    assert kit.orders.new_patient_number(OURS) == "P000002"


def test_images_that_come_take_the_entry_off_the_worklist(kit):
    entry = kit.place()
    assert kit.orders.open_entries([OURS], "", "") == [entry]
    kit.come.add(entry.step.id)
    assert kit.orders.open_entries([OURS], "", "") == []
    after = kit.entry(entry.order.id)
    assert (after.step.state, after.step.done_by, after.order.state) == (StepState.DONE, "images", OrderState.DONE)


@pytest.mark.parametrize(
    ("states", "together"),
    [
        (["scheduled"], "scheduled"), (["cancelled", "cancelled"], "cancelled"), (["done", "cancelled"], "done"),
        (["done", "scheduled"], "started"), (["started"], "started"), (["discontinued"], "scheduled"),
    ],
)  # fmt: skip
def test_an_order_stands_where_its_steps_stand_together(states, together):
    assert state_of([StepState(one) for one in states]) == OrderState(together)


@pytest.mark.parametrize(
    "changes",
    [
        {"accession": "A" * 17}, {"modality": "ct"}, {"start": "20260230"}, {"start": "2026030324"}, {"steps": ()},
        {"reason": "a\x00b"}, {"study_uid": "1.02.3"}, {"priority": "NOW"}, {"station_aet": "A\\B"},
        {"referrer": "a^b^c^d^e^f"}, {"number": "1" * 17},
    ],
)  # fmt: skip
def test_a_value_that_a_modality_could_not_hold_is_refused(kit, changes):
    with pytest.raises(BadField):
        kit.place(**changes)
    assert kit.facts == []


@pytest.mark.parametrize("changes", [{"name": "^^"}, {"born": ""}, {"born": "19610230"}, {"sex": "X"}, {"value": " "}])
def test_a_patient_needs_a_number_a_name_and_a_birth_date(kit, changes):
    with pytest.raises(BadField):
        kit.place(someone(**changes))


def test_facts_survive_the_way_between_processes():
    import json

    order, patient = an_order(reason="Toux", station_aet="CT1"), someone(others=(Identifier("X", "1"),))
    assert order_from(json.loads(json.dumps(to_json(order)))) == order
    assert patient_from(json.loads(json.dumps(to_json(patient)))) == patient


@pytest.mark.parametrize("given", [{"steps": 3}, {"steps": [{"modality": 1}]}, {"evil": "1"}, {"procedure": ["a"]}, []])
def test_facts_of_another_shape_are_refused(given):
    with pytest.raises(BadField):
        order_from(given)
