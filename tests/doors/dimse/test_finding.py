"""C-FIND from outside: what a device may find out, at each level, and how each query ends."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest
from pydicom import config
from pydicom.datadict import dictionary_VR
from pydicom.dataelem import DataElement
from pydicom.dataset import Dataset
from pydicom.tag import Tag
from pynetdicom import AE, build_context
from pynetdicom.pdu_primitives import SOPClassExtendedNegotiation
from tests.doors.dimse.instances import CT, instance
from tests.doors.dimse.orthanc import orthanc
from tests.doors.dimse.running import CONTROLLER, device
from tests.doors.dimse.shelf import add, shelve
from tests.programs import find_program

from primum.doors.dimse.limits import Limits
from primum.identity.device_model import Service
from primum.imaging.store import open_index

PATIENT_ROOT, STUDY_ROOT, PATIENT_STUDY = (f"1.2.840.10008.5.1.4.1.2.{n}.1" for n in (1, 2, 3))
IMPLICIT, EXPLICIT, BIG = "1.2.840.10008.1.2", "1.2.840.10008.1.2.1", "1.2.840.10008.1.2.2"


def made(study: str, series: int = 1, images: int = 2, **more: object) -> list[Dataset]:
    found = []
    for number in range(series * images):
        one = instance(int(study) * 100 + number, study=f"2.25.{study}")
        one.SeriesInstanceUID = f"2.25.{study}.{number // images}"
        one.SeriesNumber = number // images
        one.SpecificCharacterSet = "ISO_IR 192"
        for keyword, value in more.items():
            setattr(one, keyword, value)
        found.append(one)
    return found


def requested(step: str, procedure: str) -> Dataset:
    item = Dataset()
    item.ScheduledProcedureStepID, item.RequestedProcedureID = step, procedure
    return item


STUDIES = [
    *made("1", PatientName="DUPONT^JEAN", PatientID="P1", PatientBirthDate="19700101", AccessionNumber="A1"),
    *made("2", PatientName="Lefèvre^Anne", PatientID="P2", StudyDate="20260102", StudyTime="233000",
          StudyDescription="Thorax", series=2, RequestAttributesSequence=[requested("S7", "R7")]),
    *made("3", PatientName="DUPONT^JEAN", PatientID="P1", PatientBirthDate="19700101", StudyDate="20260103",
          StudyTime="010000", TimezoneOffsetFromUTC="+0200", Modality="MR", OtherPatientIDs="OLD1"),
    *made("4", PatientName="山田^太郎", PatientID="P4", Modality="US"),
    *made("5", PatientName="SECRET^ONE", PatientID="P5"),
]  # fmt: skip


@pytest.fixture
def finder(house, tmp_path):
    house.enrol(device("FINDER", frozenset({Service.FIND})))
    folder = tmp_path / "shelf"
    folder.mkdir()
    house.archive = shelve(folder, STUDIES, confidential="2.25.5")
    index = open_index(folder / "index.db", b"i" * 32)
    add(index, folder, made("9", PatientName="OTHER^HOUSE", PatientID="P1"), "ctl_" + "z" * 26)
    index.dispose()
    return house


class Finding:
    """A pynetdicom caller, with one association."""

    def __init__(self, port, syntax=EXPLICIT, extended=()):
        ae = AE("FINDER")
        ae.requested_contexts = [build_context(one, syntax) for one in (PATIENT_ROOT, STUDY_ROOT, PATIENT_STUDY)]
        self.association = ae.associate("127.0.0.1", port, ae_title="PRIMUM", ext_neg=list(extended))
        assert self.association.is_established

    def ask(self, level, model=STUDY_ROOT, **keys):
        asked = Dataset()
        asked.QueryRetrieveLevel = level
        for keyword, value in keys.items():
            tag = Tag(keyword)
            asked[tag] = DataElement(tag, dictionary_VR(tag), value, validation_mode=config.IGNORE)
        answers = list(self.association.send_c_find(asked, model))
        return [data for status, data in answers if data is not None], answers[-1][0], {s.Status for s, _ in answers}


@pytest.fixture
def ask(finder):
    with finder.open(archive=lambda: finder.archive) as port:
        caller = Finding(port)
        yield caller.ask
        caller.association.release()


def uids(found):
    return {one.StudyInstanceUID[5:] for one in found}


def test_a_study_is_found_by_name_whatever_its_accents_and_carries_what_was_asked(ask):
    (one,), last, _ = ask("STUDY", PatientName="lefevre*", StudyDescription="", NumberOfStudyRelatedInstances="",
                          SpecificCharacterSet="ISO_IR 192", PatientComments="", Modality="")  # fmt: skip
    assert (one.PatientName, one.StudyDescription, one.NumberOfStudyRelatedInstances) == ("Lefèvre^Anne", "Thorax", 4)
    assert (one.QueryRetrieveLevel, one.RetrieveAETitle, one.InstanceAvailability) == ("STUDY", "PRIMUM", "ONLINE")
    assert (one.StudyInstanceUID, one.PatientComments, last.Status) == ("2.25.2", "", 0)
    assert "PatientID" not in one


def test_only_the_devices_controller_is_within_reach_and_nothing_confidential(ask):
    found, last, _ = ask("STUDY", PatientID="")
    assert uids(found) == {"1", "2", "3", "4"}
    assert last.Status == 0
    assert ask("STUDY", StudyInstanceUID="2.25.9")[0] == ask("STUDY", StudyInstanceUID="2.25.5")[0] == []


def test_patients_are_found_once_each_with_their_counts(ask):
    found, _, _ = ask("PATIENT", PATIENT_ROOT, PatientID="P1", PatientName="", NumberOfPatientRelatedStudies="",
                      NumberOfPatientRelatedInstances="", StudyDescription="")  # fmt: skip
    (one,) = found
    assert (one.PatientName, one.NumberOfPatientRelatedStudies, one.NumberOfPatientRelatedInstances) == (
        "DUPONT^JEAN", 2, 4,
    )  # fmt: skip
    assert {one.PatientID for one in ask("PATIENT", PATIENT_STUDY, PatientID="")[0]} == {"P1", "P2", "P4"}


def test_series_and_images_are_found_under_their_study(ask):
    series, _, _ = ask("SERIES", StudyInstanceUID="2.25.2", SeriesNumber="", Modality="",
                       NumberOfSeriesRelatedInstances="")  # fmt: skip
    assert [(one.SeriesNumber, one.NumberOfSeriesRelatedInstances, one.Modality) for one in series] == [
        (0, 2, "CT"), (1, 2, "CT"),
    ]  # fmt: skip
    images, _, _ = ask("IMAGE", StudyInstanceUID="2.25.2", SeriesInstanceUID="2.25.2.1", InstanceNumber="", Rows=None)
    assert [(one.SOPInstanceUID, one.Rows) for one in images] == [("2.25.1000.202", 8), ("2.25.1000.203", 8)]


def test_an_item_of_a_sequence_is_matched_and_returned(ask):
    found, _, _ = ask("SERIES", StudyInstanceUID="2.25.2", RequestAttributesSequence=[requested("S7", "")])
    assert len(found) == 2
    (item,) = found[0].RequestAttributesSequence
    assert (item.ScheduledProcedureStepID, item.RequestedProcedureID) == ("S7", "R7")
    assert ask("SERIES", StudyInstanceUID="2.25.2", RequestAttributesSequence=[requested("S8", "")])[0] == []


def test_an_offset_from_utc_is_the_clock_that_the_query_is_written_in(ask):
    """At one in the morning of the third at +0200 it was eleven in the evening of the second in London."""
    assert uids(ask("STUDY", StudyDate="20260102", StudyTime="22-2359", TimezoneOffsetFromUTC="+0000")[0]) == {"2", "3"}
    assert uids(ask("STUDY", StudyDate="20260102", StudyTime="22-2359")[0]) == {"2"}


def test_a_patient_is_found_by_an_older_number(ask):
    assert uids(ask("STUDY", OtherPatientIDs="OLD1", PatientName="")[0]) == {"3"}


def test_modalities_and_sop_classes_of_a_study_are_told(ask):
    (one,), _, _ = ask("STUDY", ModalitiesInStudy="MR", SOPClassesInStudy="")
    assert (one.StudyInstanceUID, one.ModalitiesInStudy) == ("2.25.3", "MR")
    assert one.SOPClassesInStudy == "1.2.840.10008.5.1.4.1.1.2"


def test_a_key_that_is_not_matched_here_is_said_to_be_so(ask):
    found, last, statuses = ask("STUDY", PatientID="P2", PerformingPhysicianName="X")
    assert (len(found), last.Status, statuses) == (1, 0, {0xFF01, 0})
    assert ask("STUDY", PatientID="P2")[2] == {0xFF00, 0}


@pytest.mark.parametrize(
    ("level", "model", "keys", "blamed"),
    [
        ("PATIENT", STUDY_ROOT, {}, 0x00080052),
        ("FRAME", STUDY_ROOT, {}, 0x00080052),
        ("SERIES", PATIENT_STUDY, {"StudyInstanceUID": "1"}, 0x00080052),
        ("SERIES", STUDY_ROOT, {"Modality": "CT"}, 0x0020000D),
        ("IMAGE", STUDY_ROOT, {"StudyInstanceUID": "2.25.1"}, 0x0020000E),
        ("STUDY", PATIENT_ROOT, {"PatientName": "A*"}, 0x00100020),
        ("STUDY", STUDY_ROOT, {"StudyInstanceUID": "2.25.*"}, 0x0020000D),
        ("STUDY", STUDY_ROOT, {"StudyDate": "2026-01-01"}, 0x00080020),
        ("STUDY", STUDY_ROOT, {"PatientName": "*a" * 9}, 0x00100010),
    ],
)
def test_what_cannot_be_asked_is_refused_with_the_element_to_blame(ask, level, model, keys, blamed):
    found, last, _ = ask(level, model, **keys)
    assert (found, last.Status, last.ErrorComment) == ([], 0xA900, "imaging.bad-identifier")
    assert last.OffendingElement == blamed


def test_a_uid_stands_for_the_levels_above_it(ask):
    assert len(ask("IMAGE", PATIENT_ROOT, SOPInstanceUID="2.25.1000.200")[0]) == 1
    assert len(ask("SERIES", STUDY_ROOT, SeriesInstanceUID="2.25.2.1")[0]) == 1


def test_a_range_backwards_finds_nothing(ask):
    found, last, _ = ask("STUDY", StudyDate="20260103-20260101")
    assert (found, last.Status) == ([], 0)


def test_ten_thousand_uids_are_looked_up_and_more_are_refused(finder):
    many = [f"2.25.77.{n}" for n in range(9998)] + ["2.25.1", "2.25.2"]
    with finder.open(archive=lambda: finder.archive) as port:
        caller = Finding(port, IMPLICIT)
        assert uids(caller.ask("STUDY", StudyInstanceUID=many)[0]) == {"1", "2"}
        assert caller.ask("STUDY", StudyInstanceUID=[*many, "2.25.3"])[1].Status == 0xA900
        caller.association.release()


def test_a_blank_query_is_bounded_and_says_so(finder):
    limits = Limits(blank_query_answers=2, query_answers=3, query_page=1)
    with finder.open(archive=lambda: finder.archive, limits=limits) as port:
        caller = Finding(port)
        found, last, _ = caller.ask("STUDY", PatientName="")
        assert (len(found), last.Status, last.ErrorComment) == (2, 0xA700, "dimse.more-matches")
        found, last, _ = caller.ask("STUDY", StudyDate="20260101-")
        assert (len(found), last.Status) == (3, 0xA700)
        assert caller.ask("STUDY", PatientID="P1")[1].Status == 0
        caller.association.release()


def test_who_asked_and_how_much_was_found_is_in_the_journal(ask, finder):
    ask("STUDY", PatientName="DUPONT*")
    (fact,) = [one for one in finder.facts() if one["kind"] == "device:list:searched"]
    assert (fact["details"]["found"], fact["details"]["level"]) == (2, "study")
    assert "DUPONT" not in str(fact)


@pytest.mark.parametrize("syntax", [IMPLICIT, EXPLICIT, BIG])
def test_each_transfer_syntax_is_spoken(finder, syntax):
    with finder.open(archive=lambda: finder.archive) as port:
        caller = Finding(port, syntax)
        (one,), _, _ = caller.ask("STUDY", PatientID="P2", NumberOfStudyRelatedSeries="", PatientName="")
        assert (one.NumberOfStudyRelatedSeries, one.PatientName) == (2, "Lefèvre^Anne")
        caller.association.release()


@pytest.mark.parametrize(
    ("declared", "number", "answered"),
    [("", "P2", "ISO_IR 100"), ("ISO_IR 100", "P2", "ISO_IR 100"), ("ISO_IR 192", "P2", "ISO_IR 192"),
     ("ISO_IR 100", "P4", "ISO_IR 192"), ("", "P4", "ISO_IR 192")],
)  # fmt: skip
def test_the_answer_is_in_the_callers_character_set_where_it_fits(ask, declared, number, answered):
    keys = {"SpecificCharacterSet": declared} if declared else {}
    (one,), _, _ = ask("STUDY", PatientID=number, PatientName="", **keys)
    assert one.SpecificCharacterSet == answered
    assert str(one.PatientName) in {"Lefèvre^Anne", "山田^太郎"}


def test_a_name_is_asked_for_in_the_callers_character_set(ask):
    assert uids(ask("STUDY", SpecificCharacterSet="ISO_IR 100", PatientName="Lefèvre^*")[0]) == {"2"}


def test_a_cancel_in_the_middle_ends_the_answers(finder):
    more = [one for n in range(20, 70) for one in made(str(n), images=1, PatientID="MANY")]
    folder = Path(finder.folder) / "many"
    folder.mkdir()
    archive = shelve(folder, more)
    with finder.open(archive=lambda: archive, limits=Limits(query_page=1)) as port:
        caller = Finding(port)
        asked = Dataset()
        asked.QueryRetrieveLevel, asked.PatientID = "STUDY", "MANY"
        answers = caller.association.send_c_find(asked, STUDY_ROOT, msg_id=5)
        assert next(answers)[0].Status == 0xFF00
        caller.association.send_c_cancel(5, query_model=STUDY_ROOT)
        assert list(answers)[-1][0].Status in {0xFE00, 0}
        caller.association.release()


@pytest.mark.parametrize("level", ["STUDY", "SERIES", "IMAGE"])
def test_what_is_found_in_two_parts_is_found_once_and_written_down_before_each(finder, level):
    limits = Limits(query_first=1, query_page=1)
    key = {"SERIES": "SeriesInstanceUID", "IMAGE": "SOPInstanceUID"}.get(level, "StudyInstanceUID")
    asked = {key: ""} | ({"PatientName": "*"} if level == "STUDY" else {"StudyInstanceUID": "2.25.2"})
    asked |= {"SeriesInstanceUID": "2.25.2.0"} if level == "IMAGE" else {}
    with finder.open(archive=lambda: finder.archive) as port:
        caller = Finding(port)
        whole = sorted(str(one[key].value) for one in caller.ask(level, **asked)[0])
        caller.association.release()
    with finder.open(archive=lambda: finder.archive, limits=limits) as port:
        caller = Finding(port)
        found, last, _ = caller.ask(level, **asked)
        caller.association.release()
    assert sorted(str(one[key].value) for one in found) == whole
    assert last.Status == 0
    counts = [one["details"]["found"] for one in finder.facts() if one["kind"] == "device:list:searched"]
    assert len(whole) > 1
    assert counts == [len(whole), 1, len(whole) - 1]


def test_what_comes_between_the_parts_hides_nothing(finder, monkeypatch):
    folder = Path(finder.folder) / "many"
    folder.mkdir()
    archive = shelve(folder, [one for n in range(20, 26) for one in made(str(n), images=1, PatientID="MANY")])
    find, arrived = archive.find, []

    def finding(level, criteria, reach):
        if criteria.limit > 2:
            arrived.extend(made("19", images=1, PatientID="MANY", StudyDate="20260501"))
            add(open_index(folder / "index.db", b"i" * 32), folder, arrived, CONTROLLER)
        return find(level, criteria, reach)

    monkeypatch.setattr(archive, "find", finding)
    with finder.open(archive=lambda: archive, limits=Limits(query_first=2)) as port:
        caller = Finding(port)
        found, last, _ = caller.ask("STUDY", PatientID="MANY", StudyInstanceUID="")
        caller.association.release()
    assert arrived
    assert last.Status == 0
    assert uids(found) == {str(n) for n in range(19, 26)}
    assert len(found) == 7


@pytest.mark.programs("findscu")
def test_dcmtk_finds_what_there_is(finder):
    with finder.open(archive=lambda: finder.archive) as port:
        dcmtk = [str(find_program("findscu")), "-v", "-aet", "FINDER", "-aec", "PRIMUM"]
        keys = ["-k", "QueryRetrieveLevel=STUDY", "-k", "PatientName=DUPONT*", "-k", "StudyInstanceUID"]
        said = subprocess.run(
            [*dcmtk, "-S", "127.0.0.1", str(port), *keys], capture_output=True, text=True, timeout=20, check=True
        )
        assert (said.stdout + said.stderr).count("2.25.") == 2
        keys = ["-k", "QueryRetrieveLevel=IMAGE", "-k", "SOPInstanceUID=2.25.1000.100", "-k", "InstanceNumber"]
        said = subprocess.run(
            [*dcmtk, "-P", "127.0.0.1", str(port), *keys], capture_output=True, text=True, timeout=20, check=True
        )
        assert (said.stdout + said.stderr).count("[2.25.1000.100]") == 1


@pytest.mark.programs("Orthanc")
def test_orthanc_asks_and_finds(finder, tmp_path):
    finder.enrol(device("ORTHANC", frozenset({Service.FIND})))
    with finder.open(archive=lambda: finder.archive) as port:
        there = {"DicomModalities": {"primum": ["PRIMUM", "127.0.0.1", port]}}
        with orthanc(tmp_path / "orthanc", **there) as peer:
            found = peer.ask_modality("primum", "Study", {"PatientName": "DUPONT*", "StudyDate": ""})
            assert {one["0020,000d"] for one in found} == {"2.25.1", "2.25.3"}
            series = peer.ask_modality("primum", "Series", {"StudyInstanceUID": "2.25.2", "Modality": ""})
            assert [one["0008,0060"] for one in series] == ["CT", "CT"]


def extension(info, sop_class=STUDY_ROOT):
    item = SOPClassExtendedNegotiation()
    item.sop_class_uid, item.service_class_application_information = sop_class, info
    return item


@pytest.fixture
def extended(finder):
    """Ask with what was agreed on; and what that was."""
    with finder.open(archive=lambda: finder.archive) as port:
        callers = []

        def ask(info, level, **keys):
            caller = Finding(port, extended=[extension(bytes(info))])
            callers.append(caller)
            agreed = caller.association.acceptor.sop_class_extended.get(STUDY_ROOT, b"")
            return agreed, *caller.ask(level, **keys)

        yield ask
        for one in callers:
            one.association.release()


def test_relational_queries_are_agreed_on_and_answered(extended):
    """PS3.4 C.4.1.2.2: without a unique key above the level, where that was agreed on and nowhere else."""
    agreed, found, last, _ = extended([1], "SERIES", Modality="MR")
    assert (agreed, last.Status) == (b"\1", 0)
    assert [one.StudyInstanceUID for one in found] == ["2.25.3"]
    agreed, found, last, _ = extended([0], "SERIES", Modality="MR")
    assert (agreed, found, last.Status) == (b"\0", [], 0xA900)


def test_date_and_time_are_one_where_that_was_agreed_on(extended):
    """PS3.4 C.2.2.2.5: one night, not two evenings."""
    night = {"StudyDate": "20260102-20260103", "StudyTime": "220000-060000"}
    agreed, found, _, _ = extended([0, 1], "STUDY", **night)
    assert (agreed, uids(found)) == (b"\0\1", {"2", "3"})
    agreed, found, _, _ = extended([0, 0], "STUDY", **night)
    assert (agreed, uids(found)) == (b"\0\0", set())


def test_names_are_matched_by_their_words_where_that_was_agreed_on(extended):
    agreed, found, _, _ = extended([0, 0, 1], "STUDY", PatientName="jean dup")
    assert (agreed, uids(found)) == (b"\0\0\1", {"1", "3"})
    assert uids(extended([0, 0, 0], "STUDY", PatientName="jean dup")[1]) == set()


def test_empty_values_are_matched_where_that_was_agreed_on(extended):
    agreed, found, _, _ = extended([0, 0, 0, 1, 1, 1, 1], "STUDY", AccessionNumber='""')
    assert agreed == bytes((0, 0, 0, 1, 0, 1, 0))
    assert uids(found) == {"2", "3", "4"}


def test_what_was_not_proposed_is_not_answered(finder):
    with finder.open(archive=lambda: finder.archive) as port:
        caller = Finding(port)
        assert caller.association.acceptor.sop_class_extended == {}
        caller.association.release()


def test_storage_tells_its_level_signatures_and_coercion(house):
    ae = AE("SCANNER")
    ae.add_requested_context(CT, EXPLICIT)
    with house.open() as port:
        proposed = extension(bytes((2, 0, 0, 0, 2)), CT)
        association = ae.associate("127.0.0.1", port, ae_title="PRIMUM", ext_neg=[proposed])
        assert association.acceptor.sop_class_extended == {CT: bytes((2, 0, 1, 0, 0))}
        association.release()
