"""The supervisor while a home's doors are closed: which children there are, and what becomes of them."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from primum.app.payload import Payload
from primum.doors.cli import supervisor as supervised
from primum.doors.cli.supervisor import Supervisor, _Child
from primum.ground.closed import Closed, close_doors, read_closed, reopen_doors
from primum.ground.disc import RealDisc

NAMES = ("worker", "web", "dimse", "hl7")


class Watched(Supervisor):
    """Starts processes that only wait; a test speaks for them."""

    def __init__(self, home) -> None:
        payloads = {name: Payload(name, home, {}, b"", ()) for name in NAMES}
        self.heard: list[tuple[str, str]] = []
        self.mouths: dict[str, int] = {}
        self.every: list[_Child] = []
        super().__init__(
            payloads, lambda name, facts: self.heard.append((name, facts["state"])), {}, ("hl7",),
            lambda: read_closed(home) is not None,
        )  # fmt: skip
        self._closed = self._closed_now()
        for name in self._wanted():
            self._start(name)

    def _spawn(self, name):
        theirs, ours = os.pipe()
        listening, mouth = os.pipe()
        process = subprocess.Popen([sys.executable, "-c", "import sys; sys.stdin.read()"], stdin=subprocess.PIPE)
        os.close(theirs)
        self.mouths[name] = mouth
        self.every.append(_Child(name, process, ours, os.fdopen(listening, "rb", buffering=0)))
        return self.every[-1]

    def _hand_over(self, child):
        pass

    def say(self, name, text):
        child = self._children[name]
        os.write(self.mouths[name], text.encode() + b"\n")
        self._hear(child)

    def living(self):
        return {name for name, child in self._children.items() if child.process.poll() is None}

    def end(self):
        for child in self.every:
            child.process.kill()
            child.process.communicate()
            child.status.close()


@pytest.fixture
def home(tmp_path, monkeypatch):
    monkeypatch.setattr(supervised, "CLOSING", 10.0)
    return tmp_path


@pytest.fixture
def running(home):
    one = Watched(home)
    yield one
    one.end()


def closed(home):
    close_doors(RealDisc(), home, Closed("2026-11-24T22:40:00.000Z", "per_" + "a" * 26, "inc_" + "b" * 26))


def test_closing_ends_the_doors_at_once_and_starts_the_pages_again(running, home):
    before = {name: running._children[name].process.pid for name in NAMES}
    closed(home)
    running.say("worker", '{"state": "doors"}')
    assert running.living() == {"worker", "web"}
    assert running._children["worker"].process.pid == before["worker"]
    assert running._children["web"].process.pid != before["web"]


def test_reopening_starts_them_all(running, home):
    closed(home)
    running.say("worker", '{"state": "doors"}')
    reopen_doors(RealDisc(), home)
    running.say("worker", '{"state": "doors"}')
    assert running.living() == set(NAMES)


def test_a_home_that_is_closed_starts_without_its_doors(home):
    closed(home)
    one = Watched(home)
    try:
        assert one.living() == {"worker", "web"}
    finally:
        one.end()


def test_a_worker_that_dies_before_it_says_so_has_said_so_on_disc(running, home):
    closed(home)
    worker = running._children["worker"]
    worker.process.kill()
    os.close(running.mouths["worker"])
    running._hear(worker)
    assert running.living() == {"web"}  # the worker is started again after its pause, and the doors are not


def test_a_door_that_fell_is_not_started_again_while_closed(running, home):
    closed(home)
    running.say("worker", '{"state": "doors"}')
    running._start("dimse")
    assert "dimse" not in running._children


def test_a_child_is_started_once(running):
    before = running._children["dimse"].process.pid
    running._start("dimse")
    assert running._children["dimse"].process.pid == before


def test_a_door_that_cannot_open_after_a_reopening_does_not_end_the_house(home):
    closed(home)
    one = Watched(home)
    try:
        for name in ("worker", "web"):
            one.say(name, '{"state": "ready"}')
        reopen_doors(RealDisc(), home)
        one.say("worker", '{"state": "doors"}')
        one.say("dimse", '{"state": "refused", "code": "x", "fact": "x", "hint": "x"}')
        assert one.refusal is None
    finally:
        one.end()


def test_nothing_said_about_doors_changes_nothing(running):
    before = {name: child.process.pid for name, child in running._children.items()}
    running.say("worker", '{"state": "doors"}')
    assert {name: child.process.pid for name, child in running._children.items()} == before
