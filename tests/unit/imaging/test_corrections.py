"""What a person decides is what is served, can be undone, and outlives the index (docs/design/patients.md)."""

from __future__ import annotations

import hashlib
import json
import random
import tempfile
from io import BytesIO
from pathlib import Path

import pydicom
import pytest
from hypothesis import HealthCheck, settings, strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)
from tests.unit.imaging.conftest import CONTROLLER, House, data_set, open_house, slice_of

from primum.imaging import EVERYTHING, NotHere, Reach
from primum.imaging.amendments import RejectionCode
from primum.imaging.attributes import Level
from primum.imaging.corrections import By, Corrections
from primum.imaging.errors import BadValue, NothingToChange, NotInForce, OtherController, PatientMerged
from primum.imaging.overlays import read_overlay
from primum.imaging.query import parse_qido
from primum.imaging.rewriting import CannotCorrect, corrected_header
from primum.imaging.store import dump, reading

BY = By("per_" + "p" * 26, "typing-error")
ORDINARY = Reach(controllers=None)


@pytest.fixture
def corrections(house: House) -> Corrections:
    return desk(house)


def desk(house: House) -> Corrections:
    return Corrections(house.index, house.records, house.vault, house.clock, house.indexer)


def ref(house: House, study: str = "1.2.3", controller: str = CONTROLLER) -> str:
    return house.vault.study_ref(controller, study)


def patient(house: House, study: str = "1.2.3") -> str:
    return house.archive.study(ref(house, study), EVERYTHING).patient_id


def served(house: House, study: str = "1.2.3", sop: str = "1.2.3.4.5"):
    entry = house.archive.instance_of(ref(house, study), None, sop, EVERYTHING)
    return pydicom.dcmread(BytesIO(b"".join(house.archive.data_set(entry))), force=True)


def same_after_rebuild(house: House) -> None:
    before = dump(house.index)
    house.indexer.rebuild()
    after = dump(house.index)
    assert {name for name in before if before[name] != after[name]} == set()
    assert before == after


def test_a_study_that_nobody_touched_is_served_byte_for_byte(house, corrections):
    raw = data_set(slice_of())
    house.indexed(raw)
    entry = house.archive.instance_of(ref(house), None, "1.2.3.4.5", EVERYTHING)
    assert entry.overlay is None
    assert b"".join(house.archive.data_set(entry)) == raw


def test_a_corrected_name_is_served_by_every_door_and_the_original_stays(house, corrections):
    raw = data_set(slice_of())
    house.indexed(raw)
    assert b"DUPONT" in house.archive.study_metadata(ref(house), EVERYTHING)
    corrections.correct_patient(patient(house), {"name": "DURAND^JEANNE", "sex": "F", "birth_date": "19700103"}, BY)
    found = served(house)
    assert str(found.PatientName) == "DURAND^JEANNE"
    assert found.PatientBirthDate == "19700103"
    (original,) = found.OriginalAttributesSequence
    assert str(original.ModifiedAttributesSequence[0].PatientName) == "DUPONT^JEAN"
    assert "PatientSex" not in original.ModifiedAttributesSequence[0]
    assert original.ReasonForTheAttributeModification == "CORRECT"
    assert found.PixelData == b"\1\2\3\4\5\6\7\0"
    (metadata,) = json.loads(house.archive.study_metadata(ref(house), EVERYTHING))
    assert metadata["00100010"]["Value"][0]["Alphabetic"] == "DURAND^JEANNE"
    assert house.archive.study_shown(ref(house))["00100010"]["Value"][0]["Alphabetic"] == "DURAND^JEANNE"
    entry = house.archive.instance_of(ref(house), None, "1.2.3.4.5", EVERYTHING)
    assert b"".join(house.archive.original(entry)) == raw
    same_after_rebuild(house)


def test_a_deflated_data_set_is_corrected_and_deflated_again(house, corrections):
    import zlib

    packer = zlib.compressobj(wbits=-zlib.MAX_WBITS)
    pixels = random.Random(1).randbytes(3 << 20)
    raw = packer.compress(data_set(slice_of(pixels=pixels))) + packer.flush()
    house.indexer.take([house.device.store(raw, "1.2.840.10008.1.2.1.99", hint_header=False)])
    corrections.correct_patient(patient(house), {"name": "ΔΑΦΝΗ"}, BY)
    assert house.archive.study_shown(ref(house))["00100010"]["Value"][0]["Alphabetic"] == "ΔΑΦΝΗ"
    entry = house.archive.instance_of(ref(house), None, "1.2.3.4.5", EVERYTHING)
    whole = b"".join(house.archive.data_set(entry))
    assert len(whole) % 2 == 0
    found = pydicom.dcmread(BytesIO(zlib.decompressobj(-zlib.MAX_WBITS).decompress(whole)), force=True)
    assert str(found.PatientName) == "ΔΑΦΝΗ"
    assert found.PixelData == pixels
    same_after_rebuild(house)


def test_an_image_larger_than_a_segment_passes_in_pieces(house, corrections):
    pixels = random.Random(2).randbytes(5 << 20)
    house.indexed(slice_of(pixels=pixels))
    corrections.correct_patient(patient(house), {"number": "P77"}, BY)
    entry = house.archive.instance_of(ref(house), None, "1.2.3.4.5", EVERYTHING)
    pieces = list(house.archive.data_set(entry))
    assert max(map(len, pieces)) <= 1 << 20
    found = pydicom.dcmread(BytesIO(b"".join(pieces)), force=True)
    assert (found.PatientID, found.PixelData) == ("P77", pixels)


def test_a_header_that_cannot_be_rewritten_is_refused_and_never_served_uncorrected(house, corrections):
    values = slice_of()
    del values[0x7FE00010]
    raw = data_set(values)
    # an element in its middle says that it is longer than the data set: found only when the header is rewritten
    at = raw.index(b"\x28\x00\x10\x00US")
    house.indexed(raw)
    corrections.correct_patient(patient(house), {"number": "P9"}, BY)
    overlay = read_overlay(house.archive.instance_of(ref(house), None, "1.2.3.4.5", EVERYTHING).overlay)
    with pytest.raises(CannotCorrect):
        corrected_header(raw[: at + 4] + b"??" + raw[at + 6 :], "1.2.840.10008.1.2.1", overlay)
    with pytest.raises(CannotCorrect):
        corrected_header(raw[:-3], "1.2.840.10008.1.2.1", overlay)


def test_a_later_study_of_a_corrected_patient_is_corrected_too(house, corrections):
    house.indexed(slice_of())
    corrections.correct_patient(patient(house), {"name": "DURAND^JEAN"}, BY)
    house.indexed(slice_of(study="1.2.9", series="1.2.9.1", sop="1.2.9.1.1"))
    assert patient(house, "1.2.9") == patient(house)
    assert str(served(house, "1.2.9", "1.2.9.1.1").PatientName) == "DURAND^JEAN"
    same_after_rebuild(house)


def test_merging_shows_all_studies_under_the_survivor_and_unmerging_restores(house, corrections):
    house.indexed(
        slice_of(), slice_of(study="1.2.9", series="1.2.9.1", sop="1.2.9.1.1", number="P2", name="DUPOND^JEAN")
    )
    before = view(house)
    kept, gone = patient(house), patient(house, "1.2.9")
    act = corrections.merge(kept, gone, BY)
    assert patient(house, "1.2.9") == kept
    assert served(house, "1.2.9", "1.2.9.1.1").PatientID == "P1"
    with pytest.raises(PatientMerged):
        corrections.correct_patient(gone, {"sex": "M"}, BY)
    same_after_rebuild(house)
    corrections.undo_act(act, BY)
    assert view(house) == before
    with pytest.raises(NotInForce):
        corrections.undo_act(act, BY)
    same_after_rebuild(house)


def test_a_moved_study_says_nothing_of_whom_it_was_filed_under(house, corrections):
    wrong = slice_of() | {0x00101040: ("LO", b"RUE DES LILAS"), 0x00101002: ("SQ", b"")}
    house.indexed(
        wrong, slice_of(study="1.2.9", series="1.2.9.1", sop="1.2.9.1.1", number="P2", name="MARTIN^EVE", birth="")
    )
    corrections.move_study(ref(house), patient(house, "1.2.9"), BY)
    entry = house.archive.instance_of(ref(house), None, "1.2.3.4.5", EVERYTHING)
    whole = b"".join(house.archive.data_set(entry))
    assert b"MARTIN^EVE" in whole
    for trace in (b"DUPONT", b"LILAS", b"19700102", b"P1 "):
        assert trace not in whole
    by_path = [part.data for part in house.archive.bulk_of(entry, "00100010")]
    assert by_path == [b"MARTIN^EVE"]
    with pytest.raises(NotHere):
        list(house.archive.bulk_of(entry, "00101040"))
    (pixels,) = house.archive.bulk_of(entry, "7FE00010")
    assert pixels.data == wrong[0x7FE00010][1]
    assert b"DUPONT" not in house.archive.study_metadata(ref(house), EVERYTHING)
    with pytest.raises(NothingToChange):
        corrections.move_study(ref(house), patient(house), BY)
    same_after_rebuild(house)


def test_controllers_are_never_joined(house, corrections):
    other = "ctl_" + "b" * 26
    house.indexer.take([house.device.store(slice_of()), house.device.store(slice_of(study="1.2.9"), controller=other)])
    theirs = house.archive.study(ref(house, "1.2.9", other), EVERYTHING).patient_id
    with pytest.raises(OtherController):
        corrections.merge(patient(house), theirs, BY)
    with pytest.raises(OtherController):
        corrections.move_study(ref(house), theirs, BY)


@pytest.mark.parametrize(
    ("which", "text"),
    [
        ("birth_date", "19701332"),
        ("sex", "X"),
        ("number", "A\\B"),
        ("name", "A" * 65),
        ("name", "A=B=C=D"),
        ("issuer", "a\nb"),
    ],
)
def test_a_value_that_its_attribute_cannot_have_is_refused_without_repeating_it(house, corrections, which, text):
    house.indexed(slice_of())
    with pytest.raises(BadValue) as refusal:
        corrections.correct_patient(patient(house), {which: text}, BY)
    assert text not in str(refusal.value)


def test_rejected_images_are_gone_from_lists_counts_and_retrieval_until_undone(house, corrections):
    house.indexed(slice_of(), slice_of(sop="1.2.3.4.6", instance="2"))
    before = view(house)
    done = corrections.reject(ref(house), RejectionCode.QUALITY, BY, sop_uids=["1.2.3.4.6"])
    assert done.instances == 1
    assert [one.sop_uid for one in house.archive.instances_of(ref(house), ORDINARY)] == ["1.2.3.4.5"]
    assert house.archive.study(ref(house), ORDINARY).instances == 1
    with pytest.raises(NotHere):
        house.archive.instance_of(ref(house), None, "1.2.3.4.6", EVERYTHING)
    reasons = {one.entry.sop_uid: one.code for one in house.archive.rejected(ref(house), ORDINARY)}
    assert reasons["1.2.3.4.6"] == "113001"
    assert len(reasons) == 2, "the note is not for ordinary use either"
    same_after_rebuild(house)
    corrections.undo(ref(house), done.id, BY)
    assert view(house) == before
    same_after_rebuild(house)


def test_a_study_rejected_as_a_whole_is_not_there(house, corrections):
    house.indexed(slice_of())
    done = corrections.reject(ref(house), RejectionCode.WRONG_WORKLIST_ENTRY, BY)
    with pytest.raises(NotHere):
        house.archive.study(ref(house), ORDINARY)
    house.indexed(slice_of())
    with pytest.raises(NotHere):
        house.archive.study(ref(house), ORDINARY)
    same_after_rebuild(house)
    corrections.undo(ref(house), done.id, BY)
    assert house.archive.study(ref(house), ORDINARY).instances == 1


def test_a_note_that_a_device_sends_rejects_in_its_own_controllers_studies_alone(house, corrections):
    other = "ctl_" + "b" * 26
    house.indexed(slice_of())
    corrections.reject(ref(house), RejectionCode.PATIENT_SAFETY, BY)
    (note,) = [one for one in house.archive.rejected(ref(house), EVERYTHING) if one.entry.sop_uid != "1.2.3.4.5"]
    sent = b"".join(house.archive.original(note.entry))
    # the note first, its images later: the order does not matter
    house.indexer.take([house.device.store(sent, controller=other, new_pack=True)])
    house.indexer.take([house.device.store(slice_of(), controller=other), house.device.store(slice_of(study="1.2.7"))])
    with pytest.raises(NotHere):
        house.archive.study(ref(house, controller=other), ORDINARY)
    assert house.archive.study(ref(house, "1.2.7"), ORDINARY).instances == 1
    same_after_rebuild(house)


def test_a_rejection_is_told_once_and_not_again_when_the_index_is_made_again(house, corrections):
    told = []
    house.indexer._rejected = told.append
    house.indexed(slice_of())
    done = corrections.reject(ref(house), RejectionCode.QUALITY, BY)
    (one,) = told
    assert (one.amendment.id, one.amendment.by, one.amendment.code) == (done.id, BY.person_id, "113001")
    house.indexer.rebuild()
    house.indexer.renew(ref(house))
    house.indexer.catch_up()
    assert told == [one]
    same_after_rebuild(house)


def test_a_note_may_reject_another_study_and_is_forgotten_with_its_own(house, corrections):
    house.indexed(slice_of(), slice_of(study="1.2.9", series="1.2.9.1", sop="1.2.9.1.1"))
    corrections.reject(ref(house), RejectionCode.QUALITY, BY)
    (note,) = [one for one in house.archive.rejected(ref(house), EVERYTHING) if one.entry.sop_uid != "1.2.3.4.5"]
    # the same note, kept in a third study: a device keeps its notes where it likes
    raw = pydicom.dcmread(BytesIO(b"".join(house.archive.original(note.entry))), force=True)
    raw.StudyInstanceUID, raw.SOPInstanceUID = "1.2.8", "1.2.8.1.1"
    raw.CurrentRequestedProcedureEvidenceSequence[0].StudyInstanceUID = "1.2.9"
    raw.CurrentRequestedProcedureEvidenceSequence[0].ReferencedSeriesSequence[0].ReferencedSOPSequence[
        0
    ].ReferencedSOPInstanceUID = "1.2.9.1.1"
    stream = pydicom.filebase.DicomBytesIO()
    stream.is_little_endian, stream.is_implicit_VR = True, False
    pydicom.filewriter.write_dataset(stream, raw)
    house.indexed(stream.getvalue())
    with pytest.raises(NotHere):
        house.archive.study(ref(house, "1.2.9"), ORDINARY)
    same_after_rebuild(house)
    house.indexer.forget(ref(house, "1.2.8"))
    assert house.archive.study(ref(house, "1.2.9"), ORDINARY).instances == 1


def test_a_person_chooses_among_conflict_versions_and_both_are_kept(house, corrections):
    first, second = slice_of(), slice_of(description="Other")
    house.indexed(first, second)
    before = view(house)
    (row,) = house.archive.rows(EVERY_STUDY, ORDINARY)
    assert row.conflicts == 1
    chosen = hashlib.sha256(data_set(second)).hexdigest()
    done = corrections.choose_version(ref(house), "1.2.3.4.5", chosen, BY)
    assert served(house).StudyDescription == "Other"
    (row,) = house.archive.rows(EVERY_STUDY, ORDINARY)
    assert row.conflicts == 0
    assert len(house.archive.versions(ref(house), EVERYTHING)) == 1
    same_after_rebuild(house)
    house.indexed(slice_of(description="Third"))
    (row,) = house.archive.rows(EVERY_STUDY, ORDINARY)
    assert row.conflicts == 1, "what came after the choice was not chosen against"
    same_after_rebuild(house)
    corrections.undo(ref(house), done, BY)
    assert served(house).StudyDescription == "Thorax"
    assert before[0] == view(house)[0]
    with pytest.raises(NotHere):
        corrections.choose_version(ref(house), "1.2.3.4.5", "00" * 32, BY)


def test_an_amendment_that_the_index_missed_is_found_by_the_sweep(house, corrections):
    house.indexed(slice_of())
    with house.vault.writer() as writer:
        from primum.imaging.amendments import Amendment, Kind, write
        from primum.vault import RecordFacts

        amendment = Amendment("amd_" + "c" * 26, Kind.CORRECT, "2026-01-03T00:00:00.000Z", set={"00080050": "NEW"})
        facts = RecordFacts("amendment", CONTROLLER, "", "", amendment.id, "", "1.2.3", "", amendment.at, "")
        writer.store(ref(house), facts, write(amendment).encode())
    house.indexer.catch_up()
    assert served(house).AccessionNumber == "NEW"


def test_an_act_that_the_index_missed_is_found_by_the_sweep(house, corrections, monkeypatch):
    house.indexed(slice_of())
    monkeypatch.setattr(house.indexer, "follow_acts", lambda: 0)
    corrections.correct_patient(patient(house), {"number": "P9"}, BY)
    assert served(house).PatientID == "P1"
    monkeypatch.undo()
    house.indexer.catch_up()
    assert served(house).PatientID == "P9"


def test_a_record_of_a_later_version_is_left_alone(house, corrections):
    house.indexed(slice_of())
    with house.vault.writer() as writer:
        from primum.vault import RecordFacts

        facts = RecordFacts("amendment", CONTROLLER, "", "", "x", "", "1.2.3", "", "2026-01-03T00:00:00.000Z", "")
        writer.store(ref(house), facts, b'{"format": 2}')
    house.indexer.catch_up()
    assert str(served(house).PatientName) == "DUPONT^JEAN"


def test_forgetting_the_last_study_of_merged_patients_forgets_them_and_what_was_decided(house, corrections):
    house.indexed(slice_of(), slice_of(study="1.2.9", series="1.2.9.1", sop="1.2.9.1.1", number="P2"))
    kept, gone = patient(house), patient(house, "1.2.9")
    corrections.merge(kept, gone, BY)
    corrections.correct_patient(kept, {"name": "DURAND^EVE"}, BY)
    house.indexer.forget(ref(house))
    assert str(served(house, "1.2.9", "1.2.9.1.1").PatientName) == "DURAND^EVE"
    house.indexer.forget(ref(house, "1.2.9"))
    with reading(house.records) as records:
        for table in ("patients", "patient_identifiers", "patient_acts", "study_patients", "study_moves"):
            assert records.exec_driver_sql(f"SELECT count(*) FROM {table}").scalar() == 0


EVERY_STUDY = parse_qido([], Level.STUDY)


def view(house: House):
    """What is served: rows without what only our own records add, and the bytes of each instance."""
    tables = dump(house.index)
    data = {}
    for row in tables["instances"]:
        entry = house.archive.instance_of(row[0], row[1], row[2], EVERYTHING)
        data[row[0], row[2]] = hashlib.sha256(b"".join(house.archive.data_set(entry))).hexdigest()
    return data, tables["studies"], tables["instances"], tables["versions"]


SOPS = ("1", "2")
STUDIES = ("1.2.1", "1.2.2", "1.2.3")
NAMES = ("DUPONT^JEAN", "DUPOND^JEAN", "MARTIN^EVE", "ÉLUARD^PAUL", "Ωνάσης^Νίκος")


class Decisions(RuleBasedStateMachine):
    """Any decisions, undone in any order, while studies arrive: nothing is lost, and the index can be made again."""

    @initialize()
    def begin(self) -> None:
        self.folder = tempfile.TemporaryDirectory()
        self.opened = open_house(Path(self.folder.name))
        self.house = self.opened.__enter__()
        self.desk = desk(self.house)
        self.stack: list[tuple[str, str, object]] = []
        self.sent: set[str] = set()
        self.arrive("1.2.1", "1", "DUPONT^JEAN", "P1", "a", False)

    def teardown(self) -> None:
        if hasattr(self, "opened"):
            self.opened.__exit__(None, None, None)
            self.folder.cleanup()

    @rule(
        study=st.sampled_from(STUDIES), sop=st.sampled_from(SOPS), name=st.sampled_from(NAMES),
        number=st.sampled_from(["", "P1", "P2"]), more=st.sampled_from("ab"), new_pack=st.booleans(),
    )  # fmt: skip
    def arrive(self, study, sop, name, number, more, new_pack) -> None:
        values = slice_of(study, f"{study}.1", f"{study}.1.{sop}", name=name, number=number, description=more)
        raw = data_set(values)
        self.house.indexer.take([self.house.device.store(raw, new_pack=new_pack)])
        self.sent.add(hashlib.sha256(raw).hexdigest())
        self.stack.clear()

    def studies(self) -> list[str]:
        return sorted(row[0] for row in dump(self.house.index)["studies"])

    def patients(self) -> list[str]:
        with reading(self.house.records) as records:
            return [row[0] for row in records.exec_driver_sql("SELECT id FROM patients ORDER BY rowid")]

    def decide(self, where: str, step) -> None:
        before = view(self.house)
        try:
            made = step()
        except (NothingToChange, PatientMerged, NotHere):
            return
        self.stack.append((where, getattr(made, "id", made), before))

    @rule(data=st.data(), text=st.sampled_from(["A9", "É9"]))
    def correct_study(self, data, text) -> None:
        study = data.draw(st.sampled_from(self.studies()))
        self.decide(study, lambda: self.desk.correct_study(study, {"accession": text}, BY))

    @rule(data=st.data(), name=st.sampled_from(NAMES))
    def correct_patient(self, data, name) -> None:
        one = data.draw(st.sampled_from(self.patients()))
        self.decide("", lambda: self.desk.correct_patient(one, {"name": name, "issuer": "HOSP"}, BY))

    @rule(data=st.data())
    def move(self, data) -> None:
        study, one = data.draw(st.sampled_from(self.studies())), data.draw(st.sampled_from(self.patients()))
        self.decide(study, lambda: self.desk.move_study(study, one, BY))

    @rule(data=st.data())
    def merge(self, data) -> None:
        one, other = data.draw(st.sampled_from(self.patients())), data.draw(st.sampled_from(self.patients()))
        self.decide("", lambda: self.desk.merge(one, other, BY))

    @rule(data=st.data(), code=st.sampled_from(list(RejectionCode)))
    def reject(self, data, code) -> None:
        study = data.draw(st.sampled_from(self.studies()))
        found = [row[2] for row in dump(self.house.index)["instances"] if row[0] == study]
        if found:
            sop = data.draw(st.sampled_from(found))
            self.decide(study, lambda: self.desk.reject(study, code, BY, sop_uids=[sop]))

    @rule(data=st.data())
    def choose(self, data) -> None:
        versions = dump(self.house.index)["versions"]
        if versions:
            row = data.draw(st.sampled_from(versions))
            self.decide(row[0], lambda: self.desk.choose_version(row[0], row[2], row[15].lower(), BY))

    @precondition(lambda self: self.stack)
    @rule()
    def undo_the_last(self) -> None:
        where, made, before = self.stack.pop()
        self.desk.undo(where, made, BY) if where else self.desk.undo_act(made, BY)
        assert view(self.house) == before

    @precondition(lambda self: len(self.stack) > 1)
    @rule(data=st.data())
    def undo_any(self, data) -> None:
        where, made, _ = self.stack[data.draw(st.integers(0, len(self.stack) - 1))]
        self.desk.undo(where, made, BY) if where else self.desk.undo_act(made, BY)
        self.stack.clear()

    @invariant()
    def nothing_is_lost(self) -> None:
        kept = set()
        for study in self.house.vault.studies():
            for pack in self.house.vault.packs(study):
                for position in self.house.vault.replay(study, pack.pack):
                    kept.add(self.house.vault.open(position).digest_by("sha256").hex())
        assert self.sent <= kept
        tables = dump(self.house.index)
        rows = tables["instances"] + tables["versions"] + tables["rejected"]
        assert len({(row[0], row[2], row[12], row[13]) for row in rows}) == len(rows)

    @rule(seed=st.integers(0, 9))
    def made_again_in_another_order(self, seed) -> None:
        before = dump(self.house.index)
        self.house.indexer.rebuild()
        assert dump(self.house.index) == before
        name = f"other-{seed}-{random.random()}.db"
        engine, indexer = self.house.fresh_index(name)
        studies = list(self.house.vault.studies())
        random.Random(seed).shuffle(studies)
        for study in studies:
            indexer.catch_up([study])
        assert dump(engine) == before
        engine.dispose()


def test_any_decisions_in_any_order():
    run_state_machine_as_test(
        Decisions,
        settings=settings(
            max_examples=6, stateful_step_count=14, deadline=None,
            suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.filter_too_much],
        ),
    )  # fmt: skip
