"""What names an erased study goes with it: orders, performed steps, sendings, promises, notes that reject it."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest
from tests.unit.imaging.conftest import CONTROLLER, slice_of
from tests.unit.imaging.orders.kit import an_order, someone
from tests.unit.imaging.retention.kit import ANNE, Keeping
from tests.unit.imaging.retention.test_erasing import AROUND, approved, corrections, sops, three_instances

from primum.ground.clock import to_text
from primum.imaging import EVERYTHING, Sendings
from primum.imaging.amendments import RejectionCode
from primum.imaging.commitments import store as commitments
from primum.imaging.commitments.model import Commitment, Reference
from primum.imaging.corrections import By
from primum.imaging.orders import Orders
from primum.imaging.orders.forgetting import Forgetting
from primum.imaging.orders.model import Identifier, Merge
from primum.imaging.retention.certificate import certificate, lines
from primum.imaging.retention.model import HoldReason, Part
from primum.imaging.sendings.model import State
from primum.imaging.store import dump, reading

CT = "1.2.840.10008.5.1.4.1.1.2"
BY = By(ANNE.person_id, "other")


def orders_of(keeping: Keeping) -> Orders:
    return Orders(keeping.house.records, keeping.house.clock, keeping.journal)


def ordered(keeping: Keeping, study_uid: str = "1.2.3", number: str = "P1", accession: str = "A1") -> str:
    facts = an_order(study_uid=study_uid, accession=accession)
    return orders_of(keeping).place(ANNE.person_id, CONTROLLER, someone(number), facts, what="form").id


def performed(keeping: Keeping, uid: str = "1.9.1", study_uid: str = "1.2.3", state: str = "COMPLETED") -> None:
    series = [{"0020000E": {"vr": "UI", "Value": [f"{sop[:7]}"]},
               "00081140": {"vr": "SQ", "Value": [{"00081155": {"vr": "UI", "Value": [sop]}}]}}
              for sop in ("1.2.3.4.5", "1.2.3.4.6", "1.2.3.5.1")]  # fmt: skip
    with keeping.house.records.begin() as tx:
        tx.exec_driver_sql(
            "INSERT INTO performed_steps VALUES (?, ?, ?, ?, ?, '', ?, ?, ?)",
            (uid, CONTROLLER, "dev_x", state, study_uid, json.dumps({"00400340": {"vr": "SQ", "Value": series}}),
             *[to_text(keeping.house.clock.now())] * 2),
        )  # fmt: skip


def asked(keeping: Keeping, *sop_uids: str, told: bool | None) -> str:
    """A device asked for commitment: not checked yet (None), checked and to be told, or told."""
    now = keeping.house.clock.now()
    number = f"cmt_{told}"
    one = Commitment(
        number, "dev_x", CONTROLLER, f"2.25.{len(number)}.{told is None:d}{bool(told):d}", now, None, None, 0, None,
        tuple(Reference(CT, sop) for sop in sop_uids),
    )  # fmt: skip
    with keeping.house.records.begin() as tx:
        commitments.add(tx, one)
        if told is not None:
            due = None if told else to_text(now)
            commitments.change(tx, number, checked_at=to_text(now), next_try_at=due)
    return number


def rows(keeping: Keeping, table: str) -> list[tuple[object, ...]]:
    with reading(keeping.house.records) as tx:
        return [tuple(row) for row in tx.exec_driver_sql(f"SELECT * FROM {table}")]


def references(keeping: Keeping, number: str) -> list[tuple[str, int | None]]:
    with reading(keeping.house.records) as tx:
        one = commitments.by_id(tx, number)
    assert one is not None
    return [(ref.sop_instance_uid, ref.reason) for ref in one.references]


def test_an_order_its_steps_and_what_was_performed_go_with_their_study(keeping: Keeping):
    ref = three_instances(keeping)
    keeping.study(2, number="P2", accession="A2")
    ordered(keeping)
    ordered(keeping, "1.2.2", "P2", "A2")
    performed(keeping)
    erasure_id = approved(keeping, ref)
    keeping.run()
    assert [row[7] for row in rows(keeping, "orders")] == ["1.2.2"]
    assert [row[3] for row in rows(keeping, "order_patients")] == ["P2"]
    assert len(rows(keeping, "order_steps")) == 1
    assert rows(keeping, "performed_steps") == []
    made = certificate(keeping.retention.erasure(ANNE, erasure_id), AROUND)
    assert (made["with_it"]["orders"], made["with_it"]["performed"]) == (1, 1)
    for language in ("fr", "en"):
        assert "{" not in repr(lines(made, language))


def test_an_order_of_the_same_accession_number_goes_too_unless_another_study_has_it(keeping: Keeping):
    ref = keeping.study(1, accession="A1")
    ordered(keeping, "1.9.9", accession="A1")
    approved(keeping, ref)
    keeping.run()
    assert rows(keeping, "orders") == []
    ref = keeping.study(3, accession="A3")
    keeping.study(4, accession="A3")
    ordered(keeping, "1.9.8", accession="A3")
    approved(keeping, ref)
    keeping.run()
    assert len(rows(keeping, "orders")) == 1


def test_a_patient_of_orders_who_has_another_study_stays(keeping: Keeping):
    ref = keeping.study(1, accession="A1")
    keeping.study(2, accession="A2")
    ordered(keeping, "1.2.1")
    approved(keeping, ref)
    keeping.run()
    assert rows(keeping, "orders") == []
    assert [row[3] for row in rows(keeping, "order_patients")] == ["P1"]


def test_part_of_a_study_leaves_the_order_and_takes_its_instances_out_of_what_was_performed(keeping: Keeping):
    ref = three_instances(keeping)
    ordered(keeping)
    performed(keeping)
    approved(keeping, ref, Part("series", "1.2.3.4"))
    keeping.run()
    assert len(rows(keeping, "orders")) == 1
    left = repr(rows(keeping, "performed_steps"))
    assert "1.2.3.5.1" in left
    assert "1.2.3.4.5" not in left
    assert "1.2.3.4.6" not in left


@pytest.mark.parametrize("part", [None, Part("series", "1.2.3.4")])
def test_what_goes_is_taken_out_of_the_queue(keeping: Keeping, part: Part | None):
    ref = three_instances(keeping)
    queue = Sendings(keeping.house.records)
    now = keeping.house.clock.now()
    both = queue.add(ref, CONTROLLER, "dev_x", ANNE.person_id, "send", ["1.2.3.4.5", "1.2.3.5.1"], now)
    one = queue.add(ref, CONTROLLER, "dev_x", ANNE.person_id, "send", ["1.2.3.4.5"], now)
    approved(keeping, ref, part)
    keeping.run()
    assert (queue.one(one.id).state, queue.one(one.id).reason) == (State.GIVEN_UP, "erased")
    assert queue.left(both.id) == ({"1.2.3.5.1"} if part else set())
    assert queue.one(both.id).state is (State.WAITING if part else State.GIVEN_UP)


def test_a_promise_still_to_be_told_becomes_a_failure_and_goes_once_it_is_told(keeping: Keeping):
    ref = three_instances(keeping)
    told = asked(keeping, "1.2.3.4.5", "1.2.3.5.1", told=True)
    waits = asked(keeping, "1.2.3.4.5", "1.2.3.5.1", told=False)
    approved(keeping, ref, Part("series", "1.2.3.4"))
    keeping.run()
    assert references(keeping, told) == [("1.2.3.5.1", None)]
    assert references(keeping, waits) == [("1.2.3.4.5", 0x0112), ("1.2.3.5.1", None)]
    keeping.run()
    assert len(references(keeping, waits)) == 2
    with keeping.house.records.begin() as tx:
        commitments.change(tx, waits, delivered_at=to_text(keeping.house.clock.now()), next_try_at=None)
    keeping.run()
    assert references(keeping, waits) == [("1.2.3.5.1", None)]
    assert rows(keeping, "erasure_promises") == []


def test_nothing_in_records_names_an_instance_of_an_erased_study(keeping: Keeping):
    ref = three_instances(keeping)
    ordered(keeping)
    performed(keeping)
    asked(keeping, "1.2.3.4.5", told=True)
    Sendings(keeping.house.records).add(
        ref, CONTROLLER, "dev_x", ANNE.person_id, "send", ["1.2.3.4.5"], keeping.house.clock.now()
    )
    approved(keeping, ref)
    keeping.run()
    with reading(keeping.house.records) as tx:
        tables = tx.exec_driver_sql("SELECT name FROM sqlite_schema WHERE type = 'table'").scalars().all()
    for table in tables:
        assert "1.2.3.4" not in repr(rows(keeping, table)), table


# -- notes --


def rejected(keeping: Keeping, ref: str) -> dict[str, str]:
    listed = keeping.house.archive.rejected(ref, EVERYTHING)
    return {one.entry.sop_uid: one.code for one in listed if one.entry.sop_class_uid == CT}


def notes(keeping: Keeping, ref: str) -> int:
    return sum(one.entry.sop_class_uid != CT for one in keeping.house.archive.rejected(ref, EVERYTHING))


def test_a_note_that_names_what_goes_and_what_stays_is_said_again_without_it(keeping: Keeping):
    ref = three_instances(keeping)
    corrections(keeping).reject(ref, RejectionCode.QUALITY, BY, sop_uids=["1.2.3.4.5", "1.2.3.5.1"])
    keeping.house.device.close()
    erasure_id = approved(keeping, ref, Part("instance", "1.2.3.4.5"))
    assert keeping.run() == 1
    assert rejected(keeping, ref) == {"1.2.3.5.1": "113001"}
    assert notes(keeping, ref) == 1
    assert "1.2.3.4.5" not in repr(dump(keeping.house.index))
    assert sops(keeping, ref) == ["1.2.3.4.6"]
    assert keeping.retention.erasure(ANNE, erasure_id).followed["notes"] == 1
    before = dump(keeping.house.index)
    keeping.house.indexer.rebuild()
    assert dump(keeping.house.index) == before, "the packs say the same"


def test_a_rejection_that_was_undone_is_not_said_again(keeping: Keeping):
    ref = three_instances(keeping)
    done = corrections(keeping).reject(ref, RejectionCode.QUALITY, BY, sop_uids=["1.2.3.4.5", "1.2.3.5.1"])
    corrections(keeping).undo(ref, done.id, BY)
    approved(keeping, ref, Part("instance", "1.2.3.4.5"))
    keeping.run()
    assert (rejected(keeping, ref), notes(keeping, ref)) == ({}, 0)
    assert sops(keeping, ref) == ["1.2.3.4.6", "1.2.3.5.1"]


def test_a_choice_of_a_version_goes_with_the_instance(keeping: Keeping):
    ref = keeping.add(slice_of(), slice_of(pixels=b"another!"), slice_of(sop="1.2.3.4.6"))
    versions = corrections(keeping).versions(ref)
    corrections(keeping).choose_version(ref, "1.2.3.4.5", str(versions[-1]["sha256"]), BY)
    approved(keeping, ref, Part("instance", "1.2.3.4.5"))
    keeping.run()
    assert "1.2.3.4.5" not in repr(dump(keeping.house.index))


def test_a_note_in_another_studys_packs_goes_too(keeping: Keeping):
    from primum.imaging.rejection_notes import KEY_OBJECTS, Reference as Named, write_note

    ref, other = keeping.study(1), keeping.study(2)
    note = write_note(
        "1.2.1", {}, [Named("1.2.1.1", CT, "1.2.1.1.1", image=True)], RejectionCode.PATIENT_SAFETY,
        keeping.house.clock.now(),
    )  # fmt: skip
    facts = keeping.house.device.sent[-1].facts._replace(
        sop_class_uid=KEY_OBJECTS, sop_instance_uid=note.sop_uid, series_instance_uid=note.series_uid,
        received_at=to_text(keeping.house.clock.now() + timedelta(seconds=5)),
    )  # fmt: skip
    from primum.imaging import Stored

    with keeping.house.vault.writer() as writer:
        position = writer.store(other, facts, note.data)
    keeping.house.indexer.take([Stored(position, facts, note.data)])
    assert rejected(keeping, ref) == {"1.2.1.1.1": "113037"}
    approved(keeping, ref)
    assert keeping.run() == 1
    assert sops(keeping, other) == ["1.2.2.1.1"]
    assert "1.2.1.1.1" not in repr(dump(keeping.house.index))
    assert note.sop_uid not in repr(dump(keeping.house.index))


# -- what no study keeps --


@pytest.fixture
def forgetting(keeping: Keeping):
    one = Forgetting(orders_of(keeping), keeping.house.index)
    return lambda **later: one.sweep(keeping.house.clock.now() + timedelta(**later))


def test_an_order_that_was_never_performed_goes_after_a_year_with_its_patient(keeping: Keeping, forgetting):
    ordered(keeping)
    assert forgetting(days=365) == 0
    assert forgetting(days=367) == 2
    assert rows(keeping, "orders") + rows(keeping, "order_patients") + rows(keeping, "order_steps") == []
    assert keeping.journal.last("orders:forgotten")[2]["rule"].startswith("orders.")


@pytest.mark.parametrize("kept_by", ["images", "accession", "performed", "hold", "day-to-come"])
def test_an_order_stays_where_anything_was_done_or_its_patient_is_held(keeping: Keeping, forgetting, kept_by: str):
    start = "202810010800" if kept_by == "day-to-come" else "202603031030"
    facts = an_order(start=start, study_uid="1.2.1", accession="A1")
    orders_of(keeping).place(ANNE.person_id, CONTROLLER, someone("P1"), facts, what="form")
    if kept_by in {"images", "accession"}:
        keeping.study(1 if kept_by == "images" else 7, number="P9", accession="A1")
    elif kept_by == "performed":
        performed(keeping, study_uid="1.2.1")
    elif kept_by == "hold":
        other = keeping.study(5, number="P1", accession="A5")
        keeping.retention.hold(ANNE, other, HoldReason.LITIGATION, patient=True)
    forgetting(days=500)
    assert len(rows(keeping, "orders")) == 1


def test_a_step_that_came_to_nothing_goes_and_one_that_was_completed_is_counted_for_a_person(
    keeping: Keeping, forgetting
):
    performed(keeping, "1.9.1", "1.7.1", "IN PROGRESS")
    performed(keeping, "1.9.2", "1.7.2", "COMPLETED")
    forgetting(days=400)
    assert [row[0] for row in rows(keeping, "performed_steps")] == ["1.9.2"]
    counted = Forgetting(orders_of(keeping), keeping.house.index).kept_for_a_person
    assert counted(keeping.house.clock.now() + timedelta(days=7000)) == 0
    assert counted(keeping.house.clock.now() + timedelta(days=7400)) == 1


def test_a_decided_proposal_goes_after_a_year_and_one_that_waits_does_not(keeping: Keeping, forgetting):
    orders = orders_of(keeping)
    with keeping.house.records.begin() as tx:
        for number in ("1", "2"):
            orders.propose_merge(tx, "dev_x", CONTROLLER, Merge(Identifier("", number), Identifier("", "9")))
    first = orders.merges(None)[0]
    orders.settle_merge(ANNE.person_id, first.id, None, decision="refused", reason="two-people")
    assert forgetting(days=364) == 0
    assert forgetting(days=366) == 1
    assert len(rows(keeping, "merge_proposals")) == 1
