from __future__ import annotations

import errno
import selectors
import socket
import time
from contextlib import ExitStack
from dataclasses import replace
from typing import ClassVar

import pytest
from tests.programs import free_port
from tests.unit.exposure.probe.probe_kit import QUICK, dialler, gate, hangs_up, mandate, resets, server

from primum.exposure.probe.limits import LIMITS
from primum.exposure.probe.sweep import State, Sweep


def sweep(pairs, the_dialler=None, found=lambda *_: None):
    return Sweep(the_dialler or dialler(), pairs, found).run()


def test_open_and_closed_are_told_and_the_open_one_at_once():
    found = []
    with server(hangs_up) as port:
        closed = free_port()
        swept = sweep({"127.0.0.1": (closed, port)}, found=lambda *one: found.append(one))
    assert swept["127.0.0.1"].states == {closed: State.CLOSED, port: State.OPEN}
    assert found == [("127.0.0.1", port)]


class Late(selectors.DefaultSelector):
    """Looks when the other side has long done what it does."""

    def select(self, timeout=None):
        time.sleep(0.1)
        return super().select(timeout)


def test_a_port_that_accepts_and_then_resets_is_open():
    log = []
    with server(resets) as port:
        swept = Sweep(dialler(log=log), {"127.0.0.1": (port,)}, lambda *_: None, _selector=Late()).run()
    assert swept["127.0.0.1"].states == {port: State.OPEN}
    assert [one.ended for one in log] == ["reset"]


def test_every_connection_is_a_line_of_the_log():
    log = []
    ports = tuple(free_port() for _ in range(5))
    sweep({"127.0.0.1": ports}, dialler(log=log))
    assert sorted(one.port for one in log) == sorted(ports)
    assert {(one.purpose, one.ended, one.mandate) for one in log} == {("sweep", "refused", "own")}


def test_a_port_that_does_not_answer_is_silent():
    """A listener whose queue is full answers no SYN."""
    with socket.socket() as listener, ExitStack() as callers:
        listener.bind(("127.0.0.1", 0))
        listener.listen(0)
        for _ in range(3):
            caller = callers.enter_context(socket.socket())
            caller.setblocking(False)
            assert caller.connect_ex(listener.getsockname()) in {0, errno.EINPROGRESS}
        port = listener.getsockname()[1]
        swept = sweep({"127.0.0.1": (port, free_port())})
    assert swept["127.0.0.1"].states[port] is State.SILENT
    assert State.CLOSED in swept["127.0.0.1"].states.values()


def test_all_ports_of_a_host_are_asked_within_the_budget():
    with server(hangs_up) as port:
        swept = sweep({"127.0.0.1": tuple(range(1, 65_536))}, dialler(replace(LIMITS, rate_own=30_000)))
    states = swept["127.0.0.1"].states
    assert len(states) == 65_535
    assert states[port] is State.OPEN
    assert State.NOT_TRIED not in states.values()


def test_what_the_budget_did_not_reach_is_told_as_not_tried():
    began = time.monotonic()
    slow = replace(QUICK, budget_seconds=0.5, rate_own=20)
    swept = sweep({"127.0.0.1": tuple(range(20_000, 20_200))}, dialler(slow))
    assert len(swept["127.0.0.1"].of(State.NOT_TRIED)) > 100
    assert time.monotonic() - began < 2


def test_the_rate_is_kept():
    began = time.monotonic()
    sweep({"127.0.0.1": tuple(free_port() for _ in range(20))}, dialler(replace(QUICK, rate_own=50)))
    assert time.monotonic() - began > 0.35


def test_a_full_log_ends_the_sweep():
    from primum.exposure.probe.run import Purposes

    purposes = Purposes(10)
    one = dialler()
    one._log = purposes.note
    swept = sweep({"127.0.0.1": tuple(free_port() for _ in range(20))}, one)
    assert len(swept["127.0.0.1"].of(State.NOT_TRIED)) == 10
    assert len(purposes.lines) == 10


def test_what_the_gate_refuses_is_never_connected():
    class Never(socket.socket):
        def connect_ex(self, _where):
            raise AssertionError("a packet")

    log = []
    nobody = dialler(the_gate=gate(mandate(ports=((105, 105),)), is_own=lambda _: False), log=log)
    swept = sweep({"192.0.2.1": (104,)}, nobody)
    assert (swept["192.0.2.1"].states, log) == ({104: State.NOT_TRIED}, [])


class Links(socket.socket):
    """A socket whose link answers as the test says: how long after, and with which error."""

    script: ClassVar[dict[str, tuple[float, int]]] = {}

    def connect_ex(self, where):
        after, number = self.script[where[0]]
        if not after:
            return number
        self._ready_at, self._number = time.monotonic() + after, number
        return super().connect_ex(("127.0.0.1", where[1]))

    def getsockopt(self, *what):
        time.sleep(max(0.0, self._ready_at - time.monotonic()))
        return self._number


@pytest.fixture
def links(monkeypatch):
    def run(script, pairs, limits=QUICK):
        log = []
        monkeypatch.setattr(Links, "script", script)
        monkeypatch.setattr(socket, "socket", Links)
        swept = sweep(pairs, dialler(limits, gate(is_own=lambda _: True), log))
        return swept, [(one.address, one.port) for one in log]

    return run


def test_an_address_that_the_link_says_is_not_there_is_asked_on_no_further_port(links):
    """Unanswered ARP takes a second and more; so does a router's word about a machine behind it."""
    swept, asked = links({"192.0.2.9": (0.2, errno.EHOSTUNREACH)}, {"192.0.2.9": (1, 2, 3)},
                         replace(QUICK, link_says_after=0.1))  # fmt: skip
    assert swept["192.0.2.9"].absent
    assert set(swept["192.0.2.9"].states.values()) == {State.UNREACHABLE}
    assert asked == [("192.0.2.9", 1)]


def test_a_firewall_that_says_unreachable_at_once_speaks_for_one_port(links):
    """The usual firewall of a hospital's servers answers so for each port that is closed, and has open ones."""
    swept, asked = links({"192.0.2.9": (0.001, errno.EHOSTUNREACH)}, {"192.0.2.9": (1, 2, 3)})
    assert not swept["192.0.2.9"].absent
    assert len(asked) == 3


def test_an_address_without_a_route_is_absent(links):
    swept, asked = links({"192.0.2.9": (0, errno.ENETUNREACH)}, {"192.0.2.9": (1, 2, 3)})
    assert swept["192.0.2.9"].absent
    assert len(asked) == 1


def test_ports_are_asked_in_turn_over_all_addresses(links):
    addresses = [f"192.0.2.{one}" for one in range(1, 6)]
    _swept, asked = links(dict.fromkeys(addresses, (0.001, errno.ECONNREFUSED)), dict.fromkeys(addresses, (1, 2)))
    assert [port for _address, port in asked[:5]] == [1] * 5
    assert len({address for address, _port in asked[:5]}) == 5


def test_a_connection_with_oneself_is_not_an_open_port(monkeypatch):
    """TCP joins the two ends of one socket where a port is asked that the system has just given to the caller."""
    port = free_port()
    real = socket.socket

    class Selfish(real):
        def connect_ex(self, where):
            self.bind(where)
            return super().connect_ex(where)

    monkeypatch.setattr(socket, "socket", Selfish)
    swept = sweep({"127.0.0.1": (port,)})
    assert swept["127.0.0.1"].states == {port: State.CLOSED}
