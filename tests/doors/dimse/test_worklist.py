"""The worklist and performed steps, asked by DCMTK and pynetdicom over real associations."""

import subprocess

import pytest
from pydicom.dataset import Dataset
from pynetdicom import AE
from tests.doors.dimse.running import CONTROLLER, device
from tests.twins.intake import DirectIntake
from tests.unit.imaging.orders.kit import THEIRS, Kit, someone

from primum.doors.worker import door_verbs_orders
from primum.identity.device_model import Service
from primum.imaging.orders import StepState

WORKLIST, MPPS, RETRIEVE = "1.2.840.10008.5.1.4.31", "1.2.840.10008.3.1.2.3.3", "1.2.840.10008.3.1.2.3.4"


class Devices:
    def __init__(self, *listed):
        self.listed = list(listed)

    def list(self):
        return self.listed


class Desk:
    """What the worker's verbs need of a desk, on real orders."""

    def __init__(self, kit, devices):
        self.kit, self.facts = kit, []
        self.worker = self
        self.orders, self.devices = kit.orders, Devices(*devices)
        self.rooms = self.settings = self
        self.worklist_own_station = False

    def record(self, kind, actor, subject, details):
        self.facts.append((kind.value.name, actor, dict(details)))


@pytest.fixture
def practice(house, tmp_path):
    (tmp_path / "orders").mkdir()
    kit = Kit(tmp_path / "orders")
    scanner = device("CT1", frozenset({Service.WORKLIST, Service.MPPS}))
    house.enrol(scanner, device("SCANNER"))
    desk = Desk(kit, [scanner])
    verbs = {
        name: lambda args, data, verb=verb: verb(desk, args, data) for name, verb in door_verbs_orders.VERBS.items()
    }
    house.index = DirectIntake(None, verbs)
    kit.house, kit.desk = house, desk
    yield kit
    kit.engine.dispose()


def place(kit, *patient, **changes):
    return kit.place(someone(*patient), changes.pop("controller_id", CONTROLLER), **changes)


@pytest.mark.programs("findscu")
def test_dcmtk_reads_the_worklist_of_a_day(practice):
    place(practice, "P1", "Lefèvre^Hélène", start="202603030930", number="S1")
    place(practice, "P2", "Nguyen^Hanh", start="202603031030", number="S2", modality="MR")
    place(practice, "P3", "Durand^Zoé", start="202603041030", number="S3")
    place(practice, "P4", "Ailleurs^Paul", start="202603030930", number="S4", controller_id=THEIRS)
    with practice.house.open() as port:
        done = findscu(port, "0040,0002=20260303", "0040,0009", "0008,0060")
    assert "[S1" in done
    assert "[S2" in done
    assert "[S3" not in done
    assert "[S4" not in done
    (told,) = practice.desk.facts
    assert (told[0], told[2]["found"]) == ("device:worklist:searched", 2)


def findscu(port, *keys):
    command = [
        "findscu",
        "-v",
        "-W",
        "-aet",
        "CT1",
        "-aec",
        "PRIMUM",
        "127.0.0.1",
        str(port),
        "-k",
        "0010,0010",
        "-k",
        "0010,0020",
    ]
    for key in keys:
        command += ["-k", f"(0040,0100)[0].{key}"]
    done = subprocess.run(command, capture_output=True, timeout=60, check=False)
    text = (done.stdout + done.stderr).decode("latin-1")
    assert done.returncode == 0, text
    return text


def ask(port, syntax, calling="CT1"):
    ae = AE(calling)
    ae.add_requested_context(syntax, "1.2.840.10008.1.2.1")
    association = ae.associate("127.0.0.1", port, ae_title="PRIMUM")
    assert association.is_established
    return association


def wanted(**keys):
    step = Dataset()
    step.ScheduledStationAETitle = step.ScheduledProcedureStepStartDate = step.Modality = ""
    asked = Dataset()
    asked.PatientName = asked.PatientID = asked.StudyInstanceUID = asked.AccessionNumber = ""
    for name, value in keys.items():
        setattr(step if name.startswith(("Scheduled", "Modality")) else asked, name, value)
    asked.ScheduledProcedureStepSequence = [step]
    return asked


def answers(port, asked):
    association = ask(port, WORKLIST)
    found = list(association.send_c_find(asked, WORKLIST))
    association.release()
    return [status.Status for status, _ in found], [data for _, data in found if data]


def test_an_answer_is_in_the_character_set_of_the_question_or_in_utf_8(practice):
    place(practice, "P1", "Lefèvre^Hélène", number="S1")
    place(practice, "P2", "Nguyễn^Hạnh", number="S2")
    with practice.house.open() as port:
        statuses, found = answers(port, wanted(SpecificCharacterSet="ISO_IR 100"))
    assert statuses == [0xFF00, 0xFF00, 0x0000]
    assert [str(one.SpecificCharacterSet) for one in found] == ["ISO_IR 100", "ISO_IR 192"]
    assert sorted(str(one.PatientName) for one in found) == ["Lefèvre^Hélène", "Nguyễn^Hạnh"]


def test_a_question_in_utf_8_matches_without_accents(practice):
    place(practice)
    asked = wanted(SpecificCharacterSet="ISO_IR 192", PatientName="LÈFEVRE*")
    with practice.house.open() as port:
        assert len(answers(port, asked)[1]) == 1


@pytest.mark.parametrize(
    ("keys", "status"),
    [
        ({"ScheduledProcedureStepStartDate": "20260305-20260301"}, 0xA900),
        ({"PatientWeight": "70"}, 0xFF01),
    ],
)
def test_a_question_that_is_none_and_a_key_that_is_not_compared(practice, keys, status):
    place(practice)
    with practice.house.open() as port:
        assert answers(port, wanted(**keys))[0][0] == status


def test_a_blank_question_cannot_dump_the_base(practice):
    from dataclasses import replace

    place(practice)
    place(practice)
    practice.orders.limits = replace(practice.orders.limits, answers=1)
    with practice.house.open() as port:
        assert answers(port, wanted())[0] == [0xA700]


def test_a_device_may_see_its_own_station_only(practice):
    place(practice, number="S1", station_aet="CT1")
    place(practice, number="S2", station_aet="CT2")
    place(practice, number="S3")
    practice.desk.worklist_own_station = True
    with practice.house.open() as port:
        _, found = answers(port, wanted())
    assert {str(one.ScheduledProcedureStepSequence[0].ScheduledStationAETitle) for one in found} == {"CT1"}
    assert len(found) == 2


def test_the_worker_does_not_take_the_doors_word_for_a_grant(practice):
    place(practice)
    practice.desk.devices.listed.clear()
    with practice.house.open() as port:
        assert answers(port, wanted())[0] == [0x0124]


def creation(entry):
    step = Dataset()
    step.StudyInstanceUID, step.AccessionNumber = entry.order.facts.study_uid, entry.order.facts.accession
    step.ScheduledProcedureStepID = entry.step.facts.number
    begun = Dataset()
    begun.ScheduledStepAttributesSequence = [step]
    begun.PerformedProcedureStepID, begun.PerformedStationAETitle, begun.Modality = "P1", "CT1", "CT"
    begun.PerformedProcedureStepStartDate, begun.PerformedProcedureStepStartTime = "20260303", "1031"
    begun.PerformedProcedureStepStatus, begun.PerformedSeriesSequence = "IN PROGRESS", []
    begun.PatientName, begun.SpecificCharacterSet = "Lefèvre^Hélène", "ISO_IR 100"
    return begun


def ended(word):
    end = Dataset()
    end.PerformedProcedureStepStatus = word
    end.PerformedProcedureStepEndDate, end.PerformedProcedureStepEndTime = "20260303", "1045"
    return end


def test_a_modality_performs_a_step(practice):
    entry = place(practice)
    with practice.house.open() as port:
        association = ask(port, MPPS)
        assert association.send_n_create(creation(entry), MPPS, "1.2.3.9")[0].Status == 0x0000
        assert practice.entry(entry.order.id).step.state is StepState.STARTED
        again = association.send_n_create(creation(entry), MPPS, "1.2.3.9")[0]
        assert (again.Status, again.ErrorComment) == (0x0111, "mpps.exists")
        assert association.send_n_set(ended("COMPLETED"), MPPS, "1.2.3.8")[0].Status == 0x0112
        assert association.send_n_set(ended("FINISHED"), MPPS, "1.2.3.9")[0].Status == 0x0106
        assert association.send_n_set(ended("COMPLETED"), MPPS, "1.2.3.9")[0].Status == 0x0000
        late = association.send_n_set(ended("DISCONTINUED"), MPPS, "1.2.3.9")[0]
        assert (late.Status, late.ErrorID) == (0x0110, 0xA506)
        association.release()
        assert practice.entry(entry.order.id).step.state is StepState.DONE
        assert answers(port, wanted())[1] == []
        reader = ask(port, RETRIEVE)
        status, kept = reader.send_n_get([0x00400252, 0x00100010], RETRIEVE, "1.2.3.9")
        reader.release()
    assert (status.Status, kept.PerformedProcedureStepStatus) == (0x0000, "COMPLETED")
    assert str(kept.PatientName) == "Lefèvre^Hélène"


def test_a_step_without_a_uid_is_given_one(practice):
    with practice.house.open() as port:
        association = ask(port, MPPS)
        status, _ = association.send_n_create(creation(place(practice)), MPPS)
        association.release()
    assert status.Status == 0x0000
    with practice.engine.connect() as connection:
        (made,) = connection.exec_driver_sql("SELECT sop_uid FROM performed_steps").scalars()
    assert made.startswith("2.25.")


def test_a_step_that_lacks_something_is_refused(practice):
    begun = creation(place(practice))
    begun.Modality = ""
    with practice.house.open() as port:
        association = ask(port, MPPS)
        assert association.send_n_create(begun, MPPS, "1.2.3.9")[0].Status == 0x0121
        del begun.Modality
        assert association.send_n_create(begun, MPPS, "1.2.3.9")[0].Status == 0x0120
        changed = ended("COMPLETED")
        changed.PatientName = "Autre"
        assert association.send_n_create(creation(place(practice)), MPPS, "1.2.3.9")[0].Status == 0x0000
        assert association.send_n_set(changed, MPPS, "1.2.3.9")[0].Status == 0x0107
        association.release()
