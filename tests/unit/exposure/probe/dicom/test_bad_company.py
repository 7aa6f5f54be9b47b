"""Whoever is no archive, or a bad one, costs bounded time and ends in no false hole and no false refusal."""

from __future__ import annotations

import struct
import threading
import time
from dataclasses import replace

import pytest
from tests.unit.exposure.probe.dicom.company import hang, listener, pours, reset, says
from tests.unit.exposure.probe.kit import QUICK, asking, make_dialler, told

from primum.exposure.probe.dialling import Purpose
from primum.exposure.probe.dicom.speaker import DicomSpeaker
from primum.exposure.probe.model import Family, Mode, Service

SHORT = replace(QUICK, step_seconds=0.5, service_seconds=1.5)
BOUNDED = 15
"""Seconds: on two busy cores; without bounds it would be a minute or for ever."""
ACCEPT_OF_NOTHING = (
    b"\x02\x00" + struct.pack(">L", 68 + 25) + b"\0\1" + bytes(66) + b"\x10\0\0\x151.2.840.10008.3.1.1.1"
)


def looked(port: int, limits=SHORT, log: list[Purpose] | None = None) -> Service | None:
    ask = asking(port, make_dialler(limits=limits, log=log))
    return DicomSpeaker().recognise(ask, b"")


def climbed(port: int, limits=SHORT) -> Service:
    ask = asking(port, make_dialler(limits=limits))
    service = Service(ask.address, port, Family.DICOM)
    DicomSpeaker().climb(ask, service)
    return service


STRANGE = {
    "hangs": hang,
    "resets": reset,
    "speaks HTTP": says(b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n"),
    "sends half a PDU": says(b"\x02\x00\x00\x00\x01\x00\0\1" + bytes(20), then_hang=True),
    "ends in half a PDU": says(b"\x02\x00\x00\x00\x01\x00\0\1" + bytes(20)),
    "announces 4 GB": says(b"\x02\x00\xff\xff\xff\xff" + bytes(200), then_hang=True),
    "pours zeros": pours(bytes(65_536)),
    "pours an endless PDU": pours(b"\x02\x00\x00\x01\xff\xff" + bytes(65_530)),
    "rejects with numbers that are none": says(b"\x03\x00\x00\x00\x00\x04\x00\x09\x09\x09"),
    "aborts with numbers that are none": says(b"\x07\x00\x00\x00\x00\x04\x00\x00\x09\x09"),
    "accepts with items that do not fit": says(
        b"\x02\x00" + struct.pack(">L", 72) + b"\0\1" + bytes(66) + b"\x10\0\xff\xff"
    ),
    "accepts another application context": says(ACCEPT_OF_NOTHING.replace(b"3.1.1.1", b"3.1.1.2")),
    "accepts at once, unasked, with data": says(b"\x04\x00\x00\x00\x00\x0a" + bytes(10)),
}


@pytest.mark.parametrize("conduct", STRANGE.values(), ids=STRANGE)
def test_it_is_not_taken_for_dicom_and_is_left_within_its_time(conduct):
    log: list[Purpose] = []
    with listener(conduct) as port:
        begun = time.monotonic()
        assert looked(port, log=log) is None
        assert time.monotonic() - begun < BOUNDED
    assert len(log) <= 2
    assert all(line.received <= SHORT.reply_bytes and line.ended for line in log)


@pytest.mark.parametrize("conduct", STRANGE.values(), ids=STRANGE)
def test_climbing_it_finds_no_hole_and_ends(conduct):
    with listener(conduct) as port:
        begun = time.monotonic()
        service = climbed(port)
        assert time.monotonic() - begun < BOUNDED
    assert service.holes() == []


def test_a_silent_host_is_not_determined():
    with listener(hang) as port:
        service = climbed(port)
    assert ("nobody", "associate", "silent", "silent") in told(service)
    assert service.undetermined()


def test_a_host_that_hangs_up_on_an_association_has_refused_it():
    with listener(reset) as port:
        service = climbed(port)
    assert ("nobody", "associate", "refused", "reset") in told(service)


@pytest.mark.parametrize("answer", [b"\x00\x02\x01\x01", b"\x00\x01\x03\x02", b"\x00\x02\x03\x01"])
def test_a_rejection_for_now_is_asked_once_more_and_then_not_determined(answer):
    seen = []

    def busy(connection):
        seen.append(connection.recv(65_536)[:1])
        connection.sendall(b"\x03\x00\x00\x00\x00\x04" + answer)

    with listener(busy) as port:
        service = climbed(port)
    assert seen.count(b"\x01") == 2
    expected = "rj-" + "-".join(str(one) for one in answer[1:])
    assert told(service) == [("nobody", "associate", "undetermined", expected)]


def test_a_limit_that_was_reached_for_a_moment_is_waited_for():
    turns = iter(range(1000))

    def busy_at_first(connection):
        connection.recv(65_536)
        connection.sendall(b"\x03\x00\x00\x00\x00\x04\x00\x02\x03\x02" if next(turns) == 0 else ACCEPT_OF_NOTHING)
        hang(connection)

    with listener(busy_at_first) as port:
        ask = asking(port, make_dialler(limits=SHORT))
        service = Service(ask.address, port, Family.DICOM)
        DicomSpeaker().climb(ask, service)
    assert ("nobody", "associate", "open", "") in told(service)


def test_who_grants_an_association_and_then_stalls_at_each_rung_ends_with_the_service():
    """A pool of such hosts would otherwise take the whole run: three titles of each rung, forty times."""
    begun = threading.Event()

    def stalls(connection):
        begun.set()
        request = connection.recv(65_536)
        if request[:1] != b"\x01":
            hang(connection)
        contexts = b"".join(
            bytes((0x21, 0, 0, 25, 2 * number + 1, 0, 0, 0, 0x40, 0, 0, 17)) + b"1.2.840.10008.1.2"
            for number in range(12)
        )
        body = ACCEPT_OF_NOTHING[6:] + contexts
        connection.sendall(b"\x02\x00" + struct.pack(">L", len(body)) + body)
        hang(connection)

    with listener(stalls) as port:
        at = time.monotonic()
        service = climbed(port, replace(SHORT, service_seconds=4))
        assert time.monotonic() - at < BOUNDED
    steps = {(who, rung): outcome for who, rung, outcome, _ in told(service, Mode.PLAIN)}
    assert steps["nobody", "associate"] == "open"
    assert steps["nobody", "echo"] == steps["nobody", "find"] == "silent"
    assert steps["nobody", "store"] == "negotiated"
    assert service.undetermined()
