"""DCMTK's servers as peers: dcmqrscp takes studies from us and sends us others; wlmscpfs answers the same worklist."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from pydicom import dcmread
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.filewriter import dcmwrite
from pynetdicom import AE
from tests.doors.dimse.instances import encoded, instance, with_meta
from tests.doors.dimse.library import READS, RECEIVES, Library
from tests.doors.dimse.running import device
from tests.doors.dimse.test_retrieving import asked, move
from tests.doors.dimse.test_worklist import Desk, place, wanted
from tests.programs import accepts, find_program, free_port, started, wait_until
from tests.twins.intake import DirectIntake
from tests.unit.imaging.orders.kit import Kit

from primum.doors.worker import door_verbs_orders
from primum.identity.device_model import Service

WORKLIST = "1.2.840.10008.5.1.4.31"
EXPLICIT = "1.2.840.10008.1.2.1"


def run(program: str, *arguments: object) -> None:
    command = [str(find_program(program)), *map(str, arguments)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr


@contextmanager
def dcmqrscp(folder: Path, ours: int) -> Iterator[int]:
    """Run it as QRSCP; it knows us as PRIMUM."""
    folder.mkdir()
    port = free_port()
    (folder / "kept").mkdir()
    (folder / "qr.cfg").write_text(
        f"NetworkTCPPort = {port}\nMaxPDUSize = 16384\nMaxAssociations = 16\n"
        f"HostTable BEGIN\nprimum = (PRIMUM, 127.0.0.1, {ours})\nHostTable END\n"
        "VendorTable BEGIN\nVendorTable END\n"
        f"AETable BEGIN\nQRSCP {folder / 'kept'} RW (200, 1024mb) ANY\nAETable END\n"
    )
    with started([str(find_program("dcmqrscp")), "-c", str(folder / "qr.cfg")], folder / "log") as process:
        wait_until(lambda: accepts(port), seconds=30, running=process)
        yield port


@pytest.mark.programs("dcmqrscp", "storescu", "movescu")
def test_dcmqrscp_is_sent_a_study_and_sends_another(tmp_path: Path):
    library = Library(tmp_path / "library")
    ours, theirs = [instance(n) for n in range(1, 4)], [instance(n, study="2.25.2") for n in range(11, 13)]
    library.keep(*ours)
    try:
        with library.open() as port, dcmqrscp(tmp_path / "qr", port) as there:
            library.enrol(library.reader, library.destination("QRSCP", there, may=READS | RECEIVES | {Service.STORE}))
            status, _ = move(port, asked(StudyInstanceUID="2.25.1"), "QRSCP")[-1]
            assert status.Status == 0
            kept = [dcmread(one) for one in (tmp_path / "qr" / "kept").glob("*.dcm")]
            assert {encoded(one) for one in kept} == {encoded(one) for one in ours}
            for number, one in enumerate(theirs):
                with_meta(one).save_as(tmp_path / f"{number}.dcm", enforce_file_format=True)
            run("storescu", "-aec", "QRSCP", "127.0.0.1", there, *sorted(tmp_path.glob("*.dcm")))
            query = ["-k", "QueryRetrieveLevel=STUDY", "-k", "StudyInstanceUID=2.25.2"]
            run("movescu", "-S", "-aet", "PRIMUM", "-aec", "QRSCP", "-aem", "PRIMUM", *query, "127.0.0.1", there)
        assert set(library.stored()) == {encoded(one) for one in [*ours, *theirs]}
    finally:
        library.close()


@contextmanager
def wlmscpfs(folder: Path, entries: list[Dataset]) -> Iterator[int]:
    """Run it with these entries under the title THEIRS."""
    place_of = folder / "THEIRS"
    place_of.mkdir(parents=True)
    (place_of / "lockfile").touch()
    for number, entry in enumerate(entries):
        meta = FileMetaDataset()
        meta.TransferSyntaxUID, meta.MediaStorageSOPClassUID = EXPLICIT, WORKLIST
        meta.MediaStorageSOPInstanceUID = f"2.25.{number + 1}"
        entry.file_meta = meta
        dcmwrite(place_of / f"{number}.wl", entry, enforce_file_format=True)
    port = free_port()
    command = [str(find_program("wlmscpfs")), "-dfp", str(folder), "-dfr", "-csk", str(port)]
    with started(command, folder / "log") as process:
        wait_until(lambda: accepts(port), seconds=30, running=process)
        yield port


def found(port: int, called: str, query: Dataset) -> list[str]:
    ae = AE("CT1")
    ae.add_requested_context(WORKLIST, EXPLICIT)
    association = ae.associate("127.0.0.1", port, ae_title=called)
    assert association.is_established
    answers = list(association.send_c_find(query, WORKLIST))
    association.release()
    assert answers[-1][0].Status == 0
    return sorted(data.ScheduledProcedureStepSequence[0].ScheduledProcedureStepID for _, data in answers if data)


QUERIES = [
    {}, {"PatientName": "DUPONT*"}, {"PatientName": "*MARIE*"}, {"PatientName": "D?RAND^ZOE"}, {"PatientID": "P2"},
    {"PatientID": "P9"}, {"Modality": "CT"}, {"Modality": "US"}, {"ScheduledProcedureStepStartDate": "20260303"},
    {"ScheduledProcedureStepStartDate": "20260303-20260304"}, {"ScheduledProcedureStepStartDate": "-20260303"},
    {"ScheduledProcedureStepStartDate": "20260304-"}, {"ScheduledProcedureStepStartDate": "20270101"},
    {"ScheduledProcedureStepStartDate": "20260303", "Modality": "MR"},
    {"ScheduledProcedureStepStartDate": "20260303", "ScheduledProcedureStepStartTime": "100000-120000"},
    {"PatientName": "DUPONT^*", "ScheduledProcedureStepStartDate": "20260304", "Modality": "CT"},
]  # fmt: skip


@pytest.mark.programs("wlmscpfs")
def test_the_worklist_answers_as_wlmscpfs_does(house, tmp_path: Path):
    (tmp_path / "orders").mkdir()
    kit = Kit(tmp_path / "orders")
    scanner = device("CT1", frozenset({Service.WORKLIST}))
    house.enrol(scanner)
    desk = Desk(kit, [scanner])
    house.index = DirectIntake(None, {
        name: lambda args, data, verb=verb: verb(desk, args, data) for name, verb in door_verbs_orders.VERBS.items()
    })  # fmt: skip
    place(kit, "P1", "DUPONT^JEAN", start="202603030930", number="S1")
    place(kit, "P2", "DUPONT^MARIE", start="202603031030", number="S2", modality="MR")
    place(kit, "P3", "DURAND^ZOE", start="202603041430", number="S3")
    place(kit, "P4", "MARTIN^ANNE-MARIE", start="202603051130", number="S4", modality="MG")
    place(kit, "P5", "DUPONT^LUC", start="202603040800", number="S5")
    try:
        with house.open() as port:
            ours = {str(keys): found(port, "PRIMUM", _asked(keys)) for keys in QUERIES}
            entries = _everything(port)
        assert len(entries) == 5
        with wlmscpfs(tmp_path / "wl", entries) as port:
            theirs = {str(keys): found(port, "THEIRS", _asked(keys)) for keys in QUERIES}
        assert ours == theirs
        assert len({tuple(one) for one in ours.values()}) > 8
    finally:
        kit.engine.dispose()


def _asked(keys: dict[str, str]) -> Dataset:
    query = wanted(**keys)
    query.ScheduledProcedureStepSequence[0].ScheduledProcedureStepID = ""
    query.ScheduledProcedureStepSequence[0].ScheduledProcedureStepStartTime = keys.get(
        "ScheduledProcedureStepStartTime", ""
    )
    return query


def _everything(port: int) -> list[Dataset]:
    ae = AE("CT1")
    ae.add_requested_context(WORKLIST, EXPLICIT)
    association = ae.associate("127.0.0.1", port, ae_title="PRIMUM")
    answers = [data for _, data in association.send_c_find(_asked({}), WORKLIST) if data]
    association.release()
    return answers
