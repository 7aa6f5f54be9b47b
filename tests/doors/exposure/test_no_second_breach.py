"""The probe shows that names could be read, and reads none: not into its report, its log, nor its memory."""

from __future__ import annotations

import json
import logging
import subprocess
import sys
from dataclasses import asdict
from pathlib import Path

import pytest
from tests.doors.exposure.archives import ECHO, FIND, GET, MOVE, PATIENT, archive
from tests.unit.exposure.probe.kit import asking, make_dialler

from primum.exposure.probe.dialling import Purpose
from primum.exposure.probe.dicom.speaker import DicomSpeaker

# pynetdicom leaves sockets of associations that were aborted to the collector
pytestmark = pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")

SECRETS = [value.encode() for name, value in PATIENT.items() if name != "StudyDate"]

CLIMBS = """
import sys
from tests.unit.exposure.probe.kit import asking
from primum.exposure.probe.dicom.speaker import DicomSpeaker
ask = asking(int(sys.argv[1]))
service = DicomSpeaker().recognise(ask, b"")
DicomSpeaker().climb(ask, service)
print(",".join(service.readable), flush=True)
sys.stdin.read()
"""
KEEPS = """
import socket, sys
kept = sys.stdin.readline()
print("kept", flush=True)
sys.stdin.read()
"""


def memory_of(process: subprocess.Popen[bytes]) -> bytes:
    """All that it may write to: its heap, its stacks, its buffers."""
    whole = bytearray()
    with Path(f"/proc/{process.pid}/mem").open("rb") as memory:
        for line in Path(f"/proc/{process.pid}/maps").read_text("ascii").splitlines():
            place, rights = line.split()[:2]
            if rights.startswith("rw"):
                begin, end = (int(one, 16) for one in place.split("-"))
                memory.seek(begin)
                whole += memory.read(end - begin)
    return bytes(whole)


def run_and_look(script: str, *arguments: str, told: bytes = b"") -> tuple[str, bytes]:
    """Start it, wait for its line, and look into its memory while it waits."""
    process = subprocess.Popen(
        [sys.executable, "-c", script, *arguments], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    assert process.stdin is not None
    assert process.stdout is not None
    with process:
        process.stdin.write(told)
        process.stdin.flush()
        line = process.stdout.readline().decode().strip()
        memory = memory_of(process)
        process.stdin.close()
        process.stdout.close()
        assert process.wait(20) == 0
    return line, memory


def test_no_value_of_a_patient_is_left_in_the_memory_of_the_probe():
    with archive(ECHO, FIND, GET, MOVE) as it:
        line, memory = run_and_look(CLIMBS, str(it.port))
    assert line.split(",") == sorted(PATIENT)
    assert b"PatientBirthDate" in memory
    assert [one for one in SECRETS if one in memory] == []


def test_a_value_that_was_left_would_be_found():
    _, memory = run_and_look(KEEPS, told=SECRETS[0] + b"\n")
    assert SECRETS[0] in memory


def test_no_value_of_a_patient_is_in_the_report_nor_in_the_log(caplog):
    caplog.set_level(logging.DEBUG)
    logging.getLogger("pynetdicom").setLevel(logging.CRITICAL)
    log: list[Purpose] = []
    with archive(ECHO, FIND, GET, MOVE) as it:
        ask = asking(it.port, make_dialler(log=log))
        service = DicomSpeaker().recognise(ask, b"")
        assert service is not None
        DicomSpeaker().climb(ask, service)
    said = json.dumps([asdict(service), [line.as_json() for line in log], caplog.text])
    assert "PatientName" in said
    assert [one for one in SECRETS if one.decode() in said] == []


def test_of_an_image_that_is_offered_its_first_bytes_are_read_and_no_more():
    log: list[Purpose] = []
    with archive(ECHO, FIND, GET) as it:
        ask = asking(it.port, make_dialler(log=log))
        service = DicomSpeaker().recognise(ask, b"")
        assert service is not None
        DicomSpeaker().climb(ask, service)
    gets = [line for line in log if line.rung == "get"]
    assert len(gets) == 1
    # the image is 200 KB
    assert gets[0].received < 4096
