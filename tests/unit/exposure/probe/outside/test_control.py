"""The control: only its key's holder answers, each answer for one port and challenge, and nobody can fill it."""

from __future__ import annotations

import contextlib
import dataclasses
import secrets
import socket
import threading
import time
from collections.abc import Iterator

import pytest
from tests.programs import free_port
from tests.unit.exposure.probe.outside.router_twin import dialler

from primum.exposure.probe.gate import NotMandated
from primum.exposure.probe.outside.control import BOUNDS, Bounds, Control, TooManyPorts, everywhere, is_true, reached

KEY = bytes(range(32))


@contextlib.contextmanager
def _serving(key: bytes = KEY, ports: int = 1, bounds: Bounds = BOUNDS) -> Iterator[Control]:
    control = Control([("127.0.0.1", 0)] * ports, key, bounds=bounds)
    thread = threading.Thread(target=control.run)
    thread.start()
    try:
        yield control
    finally:
        control.stop()
        thread.join()


def test_the_control_is_reached_on_each_of_its_ports_and_says_from_where() -> None:
    before = int(time.time())
    with _serving(ports=3) as control:
        answers = [reached(dialler(), "127.0.0.1", port, KEY) for port in control.ports]
    assert [one.port for one in answers if one is not None] == list(control.ports)
    assert all(one is not None and one.seen_as == "127.0.0.1" and one.instant >= before for one in answers)


def test_an_answer_can_be_checked_again_and_no_part_of_it_can_be_changed() -> None:
    with _serving() as control:
        answer = reached(dialler(), "127.0.0.1", control.ports[0], KEY)
    assert answer is not None
    assert is_true(answer, KEY)
    assert not is_true(answer, bytes(32))
    for change in ({"port": 1}, {"challenge": "0" * 32}, {"instant": 1}, {"seen_as": "192.0.2.1"}):
        assert not is_true(dataclasses.replace(answer, **change), KEY)


def test_a_listener_with_another_key_is_no_control() -> None:
    with _serving(secrets.token_bytes(32)) as control:
        assert reached(dialler(), "127.0.0.1", control.ports[0], KEY) is None


def test_a_port_on_which_nothing_listens_is_not_reached() -> None:
    with _serving() as control:
        port = control.ports[0]
    assert reached(dialler(), "127.0.0.1", port, KEY) is None


def test_a_control_of_somebody_else_needs_a_mandate() -> None:
    with _serving() as control, pytest.raises(NotMandated):
        reached(dialler(own=lambda _: False), "127.0.0.1", control.ports[0], KEY)
    assert control.answered == 0


@pytest.mark.parametrize("said", [b"", b"GET / HTTP/1.0\r\n\r\n", b"PRIMUM-CONTROL/1 short\n", b"x" * 4000, b"\0" * 50])
def test_what_is_no_question_gets_no_answer(said: bytes) -> None:
    with _serving() as control, socket.create_connection(("127.0.0.1", control.ports[0]), 5) as connection:
        connection.sendall(said)
        with contextlib.suppress(OSError):
            connection.shutdown(socket.SHUT_WR)
        with contextlib.suppress(ConnectionResetError):
            assert connection.recv(100) == b""
    assert control.answered == 0


def test_thousands_of_silent_connections_keep_nobody_out() -> None:
    bounds = Bounds(at_once=32, seconds=30)
    with _serving(bounds=bounds) as control, contextlib.ExitStack() as stack:
        for _ in range(1000):
            one = socket.create_connection(("127.0.0.1", control.ports[0]), 5)
            stack.callback(one.close)
            if len(stack._exit_callbacks) > 500:  # type: ignore[attr-defined]
                stack.pop_all().close()
        assert reached(dialler(), "127.0.0.1", control.ports[0], KEY) is not None
        assert len(control._open) <= bounds.at_once


def test_who_says_nothing_is_ended_after_the_time() -> None:
    quick = Bounds(seconds=0.1)
    with _serving(bounds=quick) as control, socket.create_connection(("127.0.0.1", control.ports[0]), 5) as connection:
        assert connection.recv(1) == b""


def test_a_control_listens_on_every_address_over_both_versions_of_ip() -> None:
    port = free_port()
    control = Control([(address, port) for address in everywhere()], KEY)
    thread = threading.Thread(target=control.run)
    thread.start()
    try:
        seen = [reached(dialler(), one, port, KEY) for one in ("127.0.0.1", "::1")[: len(everywhere())]]
    finally:
        control.stop()
        thread.join()
    assert [one.seen_as for one in seen if one is not None] == ["127.0.0.1", "::1"][: len(everywhere())]


def test_a_control_has_so_many_listeners_and_no_more() -> None:
    with pytest.raises(TooManyPorts):
        Control([("127.0.0.1", 0)] * (BOUNDS.ports + 1), KEY)
