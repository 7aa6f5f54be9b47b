"""What is erased is gone everywhere, what comes back stays out of sight, and each step can be repeated."""

from __future__ import annotations

import pytest
from tests.unit.imaging.conftest import CONTROLLER, slice_of
from tests.unit.imaging.retention.kit import ANNE, BRUNO, Keeping

from primum.identity import Way
from primum.imaging import EVERYTHING, Criteria
from primum.imaging.amendments import RejectionCode
from primum.imaging.corrections import By, Corrections
from primum.imaging.retention import store as tables
from primum.imaging.retention.certificate import Around, certificate, lines
from primum.imaging.retention.errors import NoSuchReturn, NotDone, TooLate
from primum.imaging.retention.model import Decision, HoldReason, Part, Reason, State
from primum.imaging.store import dump, reading

AROUND = Around("hom_" + "h" * 26, "Cabinet", {ANNE.person_id: "Dre Anne", BRUNO.person_id: "Dr Bruno"}, 30, 12)


def approved(keeping: Keeping, ref: str, part: Part | None = None) -> str:
    one = keeping.retention.propose(ANNE, ref, Reason.WRONG_PATIENT, part=part, note="a note")
    keeping.retention.approve(BRUNO, one.id)
    return one.id


def three_instances(keeping: Keeping) -> str:
    return keeping.add(slice_of(), slice_of(sop="1.2.3.4.6"), slice_of(series="1.2.3.5", sop="1.2.3.5.1"))


def sops(keeping: Keeping, ref: str) -> list[str]:
    return sorted(one.sop_uid for one in keeping.house.archive.instances_of(ref, EVERYTHING))


def test_an_approved_erasure_is_done_and_leaves_nothing(keeping: Keeping):
    ref, other = keeping.study(1, name="CANARI^X", number="P1"), keeping.study(2, name="AUTRE^Y", number="P2")
    keeping.house.archive.study_metadata(ref, EVERYTHING)  # makes the metadata blocks
    erasure_id = approved(keeping, ref)
    assert keeping.listed(ref)
    assert keeping.run() == 1
    assert not keeping.listed(ref)
    assert keeping.listed(other)
    assert not list((keeping.house.folder / "vault").glob(f"*/{ref}"))
    assert not list((keeping.house.folder / "keyring").glob(f"*/{ref}*"))
    left = repr(dump(keeping.house.index))
    assert ref not in left
    assert "CANARI" not in left.upper()
    with reading(keeping.house.records) as tx:
        for table in ("patients", "patient_identifiers", "study_patients", "vault_tails", "erasures", "tombstones"):
            rows = repr(list(tx.exec_driver_sql(f"SELECT * FROM {table}")))
            assert "CANARI" not in rows
            assert "1.2.1" not in rows
            assert "a note" not in rows
        one = tables.erasure(tx, erasure_id)
    assert one is not None
    assert (one.state, one.series, one.instances) == (State.DONE, 1, 1)
    assert one.bytes > 0
    actor, subject, told = keeping.journal.last("study:erased")
    assert (actor, subject, told["erasure"]) == (BRUNO.person_id, ref, erasure_id)
    assert keeping.run() == 0


def test_a_delay_takes_effect_after_a_day_and_not_before(keeping: Keeping):
    keeping.people = [ANNE]
    ref = keeping.study()
    assert keeping.retention.propose(ANNE, ref, Reason.STORED_BY_ERROR).way is Way.DELAY
    keeping.later(hours=23, minutes=50)
    assert keeping.run() == 0
    assert keeping.listed(ref)
    keeping.later(minutes=10)
    assert keeping.run() == 1
    assert not keeping.listed(ref)
    assert keeping.journal.last("study:erased")[0] == ANNE.person_id


def test_nothing_waiting_is_ever_erased_however_long_it_waits(keeping: Keeping):
    ref = keeping.study(1, "20010310", birth="19500615")
    keeping.retention.sweep(keeping.house.clock.now())
    keeping.later(days=4000)
    assert keeping.run() == 0
    assert keeping.listed(ref)


def test_a_study_that_is_being_stored_into_is_erased_once_its_sender_has_gone(keeping: Keeping):
    ref = keeping.study()
    approved(keeping, ref)
    keeping.house.device.store(slice_of(study="1.2.1", series="1.2.1.1", sop="1.2.1.1.2"))
    assert keeping.run() == 0
    assert keeping.listed(ref)
    # the point of no return is passed
    with pytest.raises(TooLate):
        keeping.retention.hold(ANNE, ref, HoldReason.LITIGATION)
    keeping.house.device.close()
    assert keeping.run() == 1
    assert not keeping.listed(ref)
    assert keeping.retention.returns(ANNE) == []


def test_a_series_goes_and_the_rest_stays(keeping: Keeping):
    ref = three_instances(keeping)
    patient = keeping.retention.subject(ref).patient_id
    approved(keeping, ref, Part("series", "1.2.3.4"))
    keeping.house.indexer.mark_confidential(ref, confidential=True)
    assert keeping.run() == 1
    assert sops(keeping, ref) == ["1.2.3.5.1"]
    again = keeping.retention.subject(ref)
    assert (again.patient_id, again.confidential, again.series, again.instances) == (patient, True, 1, 1)
    assert keeping.house.archive.frame("1.2.3", "1.2.3.5", "1.2.3.5.1", 1, EVERYTHING).data
    assert "1.2.3.4.6" not in repr(dump(keeping.house.index))


def test_an_instance_goes_with_all_its_versions(keeping: Keeping):
    ref = keeping.add(slice_of(), slice_of(pixels=b"another!"), slice_of(sop="1.2.3.4.6"))
    approved(keeping, ref, Part("instance", "1.2.3.4.5"))
    assert keeping.run() == 1
    assert sops(keeping, ref) == ["1.2.3.4.6"]
    assert keeping.house.archive.versions(ref, EVERYTHING) == []


def test_a_hint_that_is_older_than_the_erasure_makes_no_ghost(keeping: Keeping):
    ref = keeping.study()
    late = keeping.house.device.sent[-1]
    approved(keeping, ref)
    keeping.run()
    keeping.house.indexer.take([late])
    assert not keeping.listed(ref)
    assert keeping.run() == 0
    assert keeping.retention.returns(ANNE) == []


def test_what_is_sent_again_is_stored_under_another_key_and_out_of_every_list(keeping: Keeping):
    ref = keeping.study(1, name="CANARI^X")
    key = next((keeping.house.folder / "keyring").glob(f"*/{ref}.key")).read_bytes()
    approved(keeping, ref)
    keeping.run()
    assert keeping.study(1, name="CANARI^X") == ref
    assert next((keeping.house.folder / "keyring").glob(f"*/{ref}.key")).read_bytes() != key
    assert not keeping.listed(ref)
    assert keeping.count() == 0
    assert keeping.house.archive.instances(Criteria(), EVERYTHING) == []
    assert "CANARI" not in repr(dump(keeping.house.index)).upper()
    keeping.run()
    (one,) = keeping.retention.returns(ANNE)
    assert (one.study_ref, one.instances, one.controller_id) == (ref, 1, CONTROLLER)
    assert keeping.journal.last("erasure:returned")[1] == ref
    # a rebuilt index hides it too
    before = dump(keeping.house.index)
    keeping.house.indexer.rebuild()
    assert dump(keeping.house.index) == before


def test_what_came_back_is_kept_where_somebody_says_so(keeping: Keeping):
    ref = keeping.study()
    approved(keeping, ref)
    keeping.run()
    keeping.study()
    keeping.run()
    (one,) = keeping.retention.returns(ANNE)
    keeping.retention.decide_return(ANNE, one.id, Decision.KEEP)
    with pytest.raises(NoSuchReturn):
        keeping.retention.decide_return(BRUNO, one.id, Decision.ERASE)
    keeping.run()
    assert keeping.listed(ref)
    keeping.study()
    assert keeping.retention.returns(ANNE) == []
    assert keeping.retention.subject(ref).instances == 1


def test_what_came_back_is_erased_again_where_somebody_says_so(keeping: Keeping):
    ref = keeping.study()
    first = approved(keeping, ref)
    keeping.run()
    keeping.study()
    keeping.run()
    (one,) = keeping.retention.returns(ANNE)
    keeping.retention.decide_return(BRUNO, one.id, Decision.ERASE)
    keeping.run()
    assert not list((keeping.house.folder / "vault").glob(f"*/{ref}"))
    assert keeping.journal.last("study:erased")[2]["erasure"] == first
    # and a third time it is not silent either
    keeping.study()
    keeping.run()
    assert len(keeping.retention.returns(ANNE)) == 1


def test_a_part_that_comes_back_is_hidden_and_the_rest_of_the_study_is_not(keeping: Keeping):
    ref = three_instances(keeping)
    approved(keeping, ref, Part("series", "1.2.3.4"))
    keeping.run()
    keeping.add(slice_of(), slice_of(series="1.2.3.5", sop="1.2.3.5.2"))
    assert sops(keeping, ref) == ["1.2.3.5.1", "1.2.3.5.2"]
    keeping.run()
    (one,) = keeping.retention.returns(ANNE)
    assert one.instances == 1
    keeping.retention.decide_return(BRUNO, one.id, Decision.ERASE)
    keeping.run()
    assert sops(keeping, ref) == ["1.2.3.5.1", "1.2.3.5.2"]
    assert keeping.retention.returns(ANNE) == []


@pytest.mark.parametrize("part", [None, Part("series", "1.2.3.4")])
def test_a_crash_after_any_step_is_finished_at_the_next_run(keeping: Keeping, part: Part | None):
    """The worker dies in the vault, in the index, or in the journal: the next minute does the rest, once."""
    ref = three_instances(keeping)
    approved(keeping, ref, part)

    class Gone(BaseException):
        pass

    def die(*_: object, **__: object) -> None:
        raise Gone

    honest = keeping.eraser
    for step in ("_destroy", "_indexing", "_record"):
        broken = type(honest).__new__(type(honest))
        broken.__dict__.update(honest.__dict__)
        setattr(broken, step, die)
        with pytest.raises(Gone):
            broken.carry_out(keeping.house.clock.now())
        with reading(keeping.house.records) as tx:
            assert [one.state for one in tables.live(tx)] == [State.ERASING]
    assert keeping.run() == 1
    assert keeping.listed(ref) is (part is not None)
    if part is not None:
        assert sops(keeping, ref) == ["1.2.3.5.1"]
    assert keeping.journal.kinds().count("study:erased") == 1
    assert keeping.journal.last("study:erased")[2]["bytes"] > 0


def test_a_journal_that_cannot_be_written_certifies_nothing(keeping: Keeping):
    ref = keeping.study()
    erasure_id = approved(keeping, ref)
    keeping.journal.full = True
    with pytest.raises(Exception):  # noqa: B017, PT011 (the twin's own)
        keeping.run()
    keeping.journal.full = False
    with pytest.raises(NotDone):
        certificate(keeping.retention.erasure(ANNE, erasure_id), AROUND)
    keeping.run()
    assert certificate(keeping.retention.erasure(ANNE, erasure_id), AROUND)


def test_the_certificate_says_what_went_who_decided_and_which_copies_are_reached_when(keeping: Keeping):
    ref = keeping.study(1, name="CANARI^X", number="CANARI-1")
    erasure_id = approved(keeping, ref)
    keeping.run()
    made = certificate(keeping.retention.erasure(ANNE, erasure_id), AROUND)
    assert made["erased"]["study"] == ref
    assert made["who"]["proposed_by"]["name"] == "Dre Anne"
    assert made["who"]["decided_by"]["name"] == "Dr Bruno"
    assert made["why"]["before_the_floor"] is True
    assert made["copies"]["keyring_generations"].startswith("2026-12-22")
    assert made["proof"]["kind"] == "study:erased"
    for language in ("fr", "en"):
        said = lines(made, language)
        assert all(text for _, text in said)
        whole = repr(said) + repr(made)
        assert "CANARI" not in whole
        assert "1.2.1" not in whole
        assert "{" not in repr(said)


def corrections(keeping: Keeping) -> Corrections:
    house = keeping.house
    return Corrections(house.index, house.records, house.vault, house.clock, house.indexer)


def test_what_was_rejected_is_erased_too_and_what_was_decided_of_the_rest_stays(keeping: Keeping):
    ref = three_instances(keeping)
    by = By(ANNE.person_id, "worklist")
    corrections(keeping).correct_study(ref, {"description": "Genou"}, by)
    corrections(keeping).reject(ref, RejectionCode.WRONG_WORKLIST_ENTRY, by, series_uid="1.2.3.4")
    keeping.house.device.close()
    approved(keeping, ref, Part("series", "1.2.3.4"))
    assert keeping.run() == 1
    assert "1.2.3.5.1" in sops(keeping, ref)
    assert not {"1.2.3.4.5", "1.2.3.4.6"} & set(sops(keeping, ref))
    assert keeping.house.archive.rejected(ref, EVERYTHING) == []
    (row,) = keeping.house.archive.rows(Criteria(), EVERYTHING)
    assert row.text("00081030") == "Genou"


def test_a_study_of_which_all_is_rejected_can_be_erased(keeping: Keeping):
    ref = three_instances(keeping)
    corrections(keeping).reject(ref, RejectionCode.PATIENT_SAFETY, By(ANNE.person_id, "safety"))
    erasure_id = approved(keeping, ref)
    assert keeping.run() == 1
    assert keeping.retention.erasure(ANNE, erasure_id).instances >= 3
    assert not list((keeping.house.folder / "vault").glob(f"*/{ref}"))


def test_a_hold_on_the_patient_whose_a_study_has_become_stops_its_erasure(keeping: Keeping):
    ref = keeping.study(1, number="P1", name="UN^X", birth="19500101")
    other = keeping.study(2, number="P2", name="AUTRE^Y", birth="19600101")
    erasure_id = approved(keeping, ref)
    keeping.retention.hold(ANNE, other, HoldReason.LITIGATION, patient=True)
    corrections(keeping).move_study(ref, keeping.retention.subject(other).patient_id, By(ANNE.person_id, "other"))
    assert keeping.run() == 1
    assert keeping.listed(ref)
    assert keeping.retention.erasure(ANNE, erasure_id).state is State.REFUSED
