"""A patient as a person sees them: within reach, with who looks alike, whatever was decided."""

from __future__ import annotations

import pytest
from tests.unit.imaging.conftest import CONTROLLER, slice_of

from primum.imaging import EVERYTHING, NotHere, Reach
from primum.imaging.corrections import By, Corrections
from primum.imaging.ins import Identity
from primum.imaging.near import Reason
from primum.imaging.patient_view import Patients

BY = By("per_" + "p" * 26, "duplicate")
OTHER = "ctl_" + "b" * 26


@pytest.fixture
def patients(house):
    return Patients(house.index, house.records)


@pytest.fixture
def corrections(house):
    return Corrections(house.index, house.records, house.vault, house.clock, house.indexer)


def study(which, controller=None, **more):
    values = slice_of(f"1.2.{which}", f"1.2.{which}.1", f"1.2.{which}.1.1", **{"number": f"P{which}"} | more)
    return values, controller


def fill(house, *studies):
    house.indexer.take([house.device.store(values, controller=controller) for values, controller in studies])
    found = []
    for values, controller in studies:
        uid = values[0x0020000D][1].decode()
        found.append(house.archive.study(house.vault.study_ref(controller or CONTROLLER, uid), EVERYTHING).patient_id)
    return found


def test_who_looks_alike_is_shown_with_reasons_and_never_merged(house, patients):
    first, *others = fill(
        house, study(1), study(2, birth="19811211"), study(3, name="DUPOND^JEAN"), study(4, name="DUPONT^MARIE"),
        study(5, name="MARTIN^EVE", birth="19500101"), study(6, OTHER),
    )  # fmt: skip
    assert len({first, *others}) == 6
    view = patients.patient(first, EVERYTHING)
    assert {one.patient_id: one.reasons for one in view.alike} == {
        others[0]: (Reason.OTHER_BIRTH_DATE,), others[1]: (Reason.ONE_LETTER,), others[2]: (Reason.TWINS,),
    }  # fmt: skip


def test_a_birth_name_that_a_person_stated_makes_two_look_alike(house, patients, corrections):
    first, married = fill(house, study(1, name="DUPONT^EVE"), study(2, name="MARTIN^EVE"))
    assert patients.patient(first, EVERYTHING).alike == ()
    corrections.identify(married, Identity(birth_name="Dupont"), BY)
    (alike,) = patients.patient(first, EVERYTHING).alike
    assert (alike.patient_id, alike.reasons) == (married, (Reason.BIRTH_NAME,))
    assert patients.patient(married, EVERYTHING).identity.birth_name == "Dupont"


def test_two_devices_that_share_a_number_are_shown_as_such(house, patients):
    first, other = fill(house, study(1, number="7"), study(2, number="7", name="MARTIN^EVE", birth="19500101"))
    assert first != other
    (alike,) = patients.patient(first, EVERYTHING).alike
    assert alike.reasons == (Reason.SAME_NUMBER,)


def test_a_corrected_patient_is_compared_as_corrected(house, patients, corrections):
    first, other = fill(house, study(1), study(2, name="MARTIN^EVE"))
    corrections.correct_patient(other, {"name": "DUPONT^JEAN"}, BY)
    (alike,) = patients.patient(first, EVERYTHING).alike
    assert alike.reasons == (Reason.SAME_PERSON,)
    corrections.merge(first, other, BY)
    assert patients.patient(first, EVERYTHING).alike == ()


def test_merged_patients_point_at_each_other_and_keep_their_identifiers(house, patients, corrections):
    kept, gone = fill(house, study(1), study(2))
    corrections.merge(kept, gone, BY)
    view = patients.patient(kept, EVERYTHING)
    assert view.merged == (gone,)
    assert {one.value for one in view.identifiers} == {"P1", "P2"}
    assert len(view.studies) == 2
    other = patients.patient(gone, EVERYTHING)
    assert (other.survivor, other.studies) == (kept, ())
    (decision,) = view.decisions
    assert (decision.kind, decision.about, decision.undoable) == ("merge", gone, True)


def test_who_is_out_of_reach_is_not_there_and_does_not_look_alike(house, patients):
    mine, theirs = fill(house, study(1, referrer="MARTIN^PAUL"), study(2, referrer="AUTRE^EVE", birth="19811211"))
    reach = Reach(referrers=("MARTIN^PAUL",))
    assert patients.patient(mine, reach).alike == ()
    with pytest.raises(NotHere):
        patients.patient(theirs, reach)
    with pytest.raises(NotHere):
        patients.patient(mine, Reach(frozenset({OTHER})))
    with pytest.raises(NotHere):
        patients.patient("pat_" + "z" * 26, EVERYTHING)


def test_a_study_says_what_was_decided_about_it(house, patients, corrections):
    fill(house, study(1))
    ref = house.vault.study_ref(CONTROLLER, "1.2.1")
    done = corrections.correct_study(ref, {"accession": "NEW"}, BY)
    corrections.undo(ref, done, BY)
    first, second = patients.decisions(ref)
    assert (first.id, first.kind, first.holds, first.fields) == (done, "correct", False, {"00080050": "NEW"})
    assert (second.kind, second.about, second.undoable) == ("undo", done, False)
