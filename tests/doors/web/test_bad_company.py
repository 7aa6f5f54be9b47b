"""Callers who take a place and give nothing back: bounded, and nobody else notices."""

from __future__ import annotations

import os
import socket
import ssl
import time
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from pathlib import Path

import httpx
import pytest
from tests.descriptors import no_descriptor_left
from tests.doors import web_kit
from tests.doors.small import Study
from tests.doors.web.conftest import browser, reading

from primum.doors.http.limits import Limits

BIG = Study(7)
QUICK = Limits(
    strangers=12, strangers_per_address=6, handshake_seconds=1, head_seconds=1, body_grace_seconds=0.6,
    body_floor_rate=1 << 20, send_seconds=0.4, keep_alive_seconds=30,
)  # fmt: skip


@pytest.fixture(scope="module")
def house(tmp_path_factory):
    door = web_kit.build(tmp_path_factory.mktemp("company") / "home")
    door = replace(door, services=replace(door.services, limits=QUICK))
    door.add(BIG.files())
    with web_kit.serving(door):
        yield door


@pytest.fixture(scope="module")
def full_house(tmp_path_factory):
    """The same with all the time that a busy machine may need: here places are few, not seconds."""
    door = web_kit.build(tmp_path_factory.mktemp("full") / "home")
    few = Limits(strangers=12, strangers_per_address=6)
    door = replace(door, services=replace(door.services, limits=few))
    with web_kit.serving(door):
        yield door


@pytest.fixture(scope="module")
def doctor(house):
    """The browser of somebody who has signed in."""
    with reading(house) as client:
        yield client


def knock(house, source="127.0.0.1", receives=None):
    """A TCP connection from an address of loopback, and nothing on it."""
    caller = socket.socket()
    if receives:
        caller.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receives)
    caller.settimeout(8)
    caller.bind((source, 0))
    caller.connect(("127.0.0.1", house.services.settings.web_port))
    return caller


@contextmanager
def secured(house, source="127.0.0.1", receives=None):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    with context.wrap_socket(knock(house, source, receives)) as line:
        yield line


def ended(line):
    """Wait until the door hangs up; give how long that took. What it says before that is not looked at."""
    begun = time.monotonic()
    try:
        while line.recv(1 << 16):
            pass
    except TimeoutError:
        raise AssertionError("the door goes on waiting") from None
    except OSError:
        pass
    return time.monotonic() - begun


def dripped(line, drop):
    """Say it again and again until the door hangs up; tell whether it did."""
    begun = time.monotonic()
    while time.monotonic() - begun < 8:
        try:
            line.sendall(drop)
        except OSError:
            return True
        time.sleep(0.02)
    return False


def host(house):
    return f"localhost:{house.services.settings.web_port}"


def counted(house, reason):
    house.services.strangers.close()
    return sum(f'"{reason}"' in line for line in house.lines())


def test_a_handshake_that_never_begins_is_let_go_of_and_counted(house):
    with knock(house) as line:
        assert ended(line) < 5
    assert counted(house, "tls.timeout")


def test_a_handshake_that_never_ends_is_let_go_of(house):
    with knock(house) as line:
        line.sendall(b"\x16\x03\x01\x02\x00\x01")
        assert ended(line) < 5


@pytest.mark.parametrize("said", [b"", b"GET / HTTP/1.1\r\nHos"], ids=["nothing", "half of a head"])
def test_a_request_that_is_never_whole_is_cut(house, said):
    with secured(house) as line:
        line.sendall(said)
        assert ended(line) < 5
    assert counted(house, "web.too-slow")


def test_a_head_that_comes_byte_by_byte_is_cut_however_diligently_it_comes(house):
    with secured(house) as line:
        line.sendall(f"GET /sign-in HTTP/1.1\r\nHost: {host(house)}\r\n".encode())
        assert dripped(line, b"X")


def test_a_second_request_has_no_more_time_than_the_first(house):
    with secured(house) as line:
        line.sendall(f"GET /sign-in HTTP/1.1\r\nHost: {host(house)}\r\n\r\n".encode())
        assert line.recv(1 << 16).startswith(b"HTTP/1.1 200")
        line.sendall(b"GET /sig")
        assert ended(line) < 5


def test_a_body_below_the_floor_rate_is_cut(house):
    with secured(house) as line:
        head = f"POST /sign-in HTTP/1.1\r\nHost: {host(house)}\r\nContent-Length: 9000\r\n\r\n"
        line.sendall(head.encode())
        assert dripped(line, b"a")


def test_a_reader_who_stalls_amid_an_answer_is_cut_and_what_it_read_from_is_closed(house, doctor, monkeypatch):
    from primum.doors.http import streams

    closed = []
    real = streams._close
    monkeypatch.setattr(streams, "_close", lambda *them: (real(*them), closed.append(True)))
    endless = (bytes(1 << 20) for _ in range(200))
    monkeypatch.setattr("primum.doors.dicomweb.retrievals.counted", lambda _study, _pieces: endless)
    with secured(house, receives=1 << 16) as line:
        cookie = "; ".join(f"{one.name}={one.value}" for one in doctor.cookies.jar)
        asked = f"GET /dicom-web/studies/{BIG.uid} HTTP/1.1\r\nHost: {host(house)}\r\nCookie: {cookie}\r\n"
        line.sendall(f'{asked}Accept: multipart/related; type="application/dicom"; transfer-syntax=*\r\n\r\n'.encode())
        assert line.recv(100).startswith(b"HTTP/1.1 200")
        begun = time.monotonic()
        while not closed and time.monotonic() - begun < 8:
            time.sleep(0.02)
        assert closed
        ended(line)


def test_whoever_opens_more_than_the_limit_loses_the_oldest_and_an_honest_caller_gets_in(full_house):
    """A bound that refused newcomers would let one address shut everybody out."""
    with ExitStack() as stack:
        idle = [stack.enter_context(knock(full_house, f"127.0.0.{2 + n % 4}")) for n in range(60)]
        with browser(full_house) as client:
            for _ in range(5):
                assert client.get("/sign-in").status_code == httpx.codes.OK
        assert ended(idle[0]) < 5
    assert counted(full_house, "web.crowded")


def test_who_is_signed_in_keeps_their_connection_whoever_else_comes(full_house):
    with reading(full_house) as doctor, ExitStack() as stack:
        assert doctor.get("/").status_code == httpx.codes.OK
        (before,) = doctor._transport._pool.connections
        for n in range(40):
            stack.enter_context(knock(full_house, f"127.0.0.{1 + n % 5}"))
        assert doctor.get("/").status_code == httpx.codes.OK
        assert doctor._transport._pool.connections == [before]


def test_no_more_are_accepted_at_a_time_than_can_be_sent_away(house):
    """asyncio takes a quarter of a MiB for each TLS state, and accepts all that wait before it looks at any."""
    descriptors = Path(f"/proc/{os.getpid()}/fd")
    most, before = 0, len(list(descriptors.iterdir()))  # other tests in this process may have left some
    with ExitStack() as stack:
        for n in range(300):
            stack.enter_context(knock(house, f"127.0.0.{2 + n % 50}"))
            most = max(most, len(list(descriptors.iterdir())) - n)
    assert most - before < 80


def test_who_came_when_no_descriptor_was_left_is_served_once_there_is_one(house):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    plain = socket.socket()
    plain.settimeout(10)
    with no_descriptor_left():
        plain.connect(("127.0.0.1", house.services.settings.web_port))
    with context.wrap_socket(plain) as line:
        line.sendall(f"GET /sign-in HTTP/1.1\r\nHost: {host(house)}\r\n\r\n".encode())
        assert line.recv(1 << 16).startswith(b"HTTP/1.1 200")
