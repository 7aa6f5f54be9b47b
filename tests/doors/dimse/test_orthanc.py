"""Orthanc as peer, both ways: it is sent studies by C-MOVE, and fetches them by asking for one."""

import json
from contextlib import contextmanager

import httpx
import pytest
from tests.doors.dimse.instances import encoded, instance
from tests.doors.dimse.library import READS, RECEIVES, Library
from tests.doors.dimse.test_retrieving import asked, move
from tests.programs import accepts, find_program, free_port, started, wait_until

from primum.imaging.part10 import read_meta


@contextmanager
def orthanc(folder, primum_port):
    dicom, http = free_port(), free_port()
    settings = {
        "StorageDirectory": str(folder / "storage"), "IndexDirectory": str(folder / "storage"),
        "TemporaryDirectory": str(folder), "DicomAet": "ORTHANC", "DicomPort": dicom, "HttpPort": http,
        "RemoteAccessAllowed": False, "AuthenticationEnabled": False, "Plugins": [],
        "DicomModalities": {"primum": ["PRIMUM", "127.0.0.1", primum_port]},
    }  # fmt: skip
    (folder / "orthanc.json").write_text(json.dumps(settings))
    with started([str(find_program("Orthanc")), str(folder / "orthanc.json")], folder / "log", cwd=folder) as process:
        wait_until(lambda: accepts(dicom) and accepts(http), seconds=30, running=process)
        with httpx.Client(base_url=f"http://127.0.0.1:{http}", timeout=60, trust_env=False) as client:
            yield dicom, client


def held(client):
    """The data sets that Orthanc holds."""
    found = set()
    for number in client.get("/instances").json():
        file = client.get(f"/instances/{number}/file").content
        found.add(file[read_meta(file).begins :])
    return found


@pytest.mark.programs("Orthanc")
def test_orthanc_is_sent_a_study_and_fetches_another(tmp_path):
    library = Library(tmp_path / "library")
    first, second = [instance(n) for n in range(1, 4)], [instance(n, study="2.25.2") for n in range(11, 13)]
    library.keep(*first, *second)
    try:
        with library.open() as port, orthanc(tmp_path, port) as (dicom, client):
            itself = library.destination("ORTHANC", dicom, may=READS | RECEIVES)
            library.enrol(library.reader, itself)
            status, _ = move(port, asked(StudyInstanceUID="2.25.1"), "ORTHANC")[-1]
            assert status.Status == 0
            assert held(client) == {encoded(one) for one in first}
            wanted = {"Level": "Study", "Resources": [{"StudyInstanceUID": "2.25.2"}], "TargetAet": "ORTHANC"}
            client.post("/modalities/primum/move", json=wanted).raise_for_status()
            assert held(client) == {encoded(one) for one in [*first, *second]}
    finally:
        library.close()
