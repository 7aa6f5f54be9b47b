"""Another archive taken over by C-FIND and C-MOVE: a real Orthanc, which sends to our own door."""

from __future__ import annotations

import contextlib
import json
import subprocess
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.doors.e2e.canary import make_canary, write_canary
from tests.doors.e2e.conftest import Practice
from tests.doors.e2e.kit import facts, studies, wait_for_facts
from tests.programs import accepts, find_program, free_port, stop, wait_until
from tests.running import RunningPrimum, make_real_home


@contextlib.contextmanager
def orthanc(place: Path, dicom: int, ours: int) -> Iterator[str]:
    """Run an Orthanc that knows us as PRIMUM; give the address of its REST."""
    place.mkdir()
    http = free_port()
    settings = {
        "StorageDirectory": str(place), "IndexDirectory": str(place), "HttpPort": http, "DicomPort": dicom,
        "DicomAet": "OLDPACS", "RemoteAccessAllowed": False, "AuthenticationEnabled": False,
        "DicomModalities": {"primum": ["PRIMUM", "127.0.0.1", ours]}, "TemporaryDirectory": str(place),
        "DicomAlwaysAllowFind": True, "DicomAlwaysAllowMove": True, "DicomCheckModalityHost": False,
    }  # fmt: skip
    (place / "orthanc.json").write_text(json.dumps(settings))
    program = find_program("Orthanc")
    with (place / "log").open("ab") as log:
        running = subprocess.Popen([str(program), str(place / "orthanc.json")], cwd=place, stdout=log, stderr=log)
    try:
        wait_until(lambda: accepts(http) and accepts(dicom), seconds=30, running=running)
        yield f"http://127.0.0.1:{http}"
    finally:
        stop(running, 20)


def send(address: str, file: Path) -> None:
    request = urllib.request.Request(f"{address}/instances", file.read_bytes(), {"Content-Type": "application/dicom"})
    with urllib.request.urlopen(request, timeout=20) as answer:
        assert json.load(answer)["Status"] == "Success"


@pytest.mark.programs("Orthanc")
def test_an_archive_is_asked_study_by_study_and_goes_on_where_it_was(tmp_path: Path) -> None:
    home, ours, theirs = make_real_home(tmp_path), free_port(), free_port()
    settings = {"dicom_plain_port": ours, "dicom_aet": "PRIMUM"}
    with (
        RunningPrimum(home.folder, key_file=home.key_file, settings=settings) as primum,
        orthanc(tmp_path / "orthanc", theirs, ours) as address,
    ):
        practice = Practice(primum, primum.enrol_first_person(), home)
        primum.sign_in(practice.person)
        add = ["device", "add", "oldpacs", "--aet", "OLDPACS", "--may", "store", "--plain", "127.0.0.1"]
        primum.cli(*add, "--out", str(tmp_path / "pack"))
        primum.cli("device", "destination", "oldpacs", "127.0.0.1", str(theirs))
        canary = make_canary()
        made = write_canary(tmp_path / "files", canary, studies=3, images=4, size=32)
        for one in made[:8]:
            send(address, one.file)
        done = primum.cli("migrate", "device", "oldpacs", "--all")
        assert "8 images of 2 studies in the source, all are here" in done.stderr
        assert [row.split()[1:4] for row in done.stdout.splitlines()[1:]] == [["4", "4", "0"]] * 2
        wait_for_facts(practice, "device:study:stored", 2)
        # the second run asks for what is new alone
        for one in made[8:]:
            send(address, one.file)
        done = primum.cli("migrate", "device", "oldpacs", "--rate", "600")
        assert "12 images of 3 studies in the source, all are here" in done.stderr
        wait_for_facts(practice, "device:study:stored", 3)
        assert [one["images"] for one in studies(practice, canary.patient_id)] == ["4"] * 3
        ended = facts(practice, "import:finished")[-1]["details"]
        assert (ended["stored"], ended["studies"], ended["reason"]) == (4, 3, "done")
        assert canary.patient_id not in primum.said()
    refused = primum.cli("migrate", "device", "oldpacs", check=False)
    assert refused.returncode == 1
