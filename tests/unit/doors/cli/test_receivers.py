"""Receiving processes: forked, started anew when they fall, ended together, and never left without their parent."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

PROGRAM = """
import os, signal, sys, time
from primum.doors.cli.receivers import NotAllStarted, Receivers
from primum.ground.process import Order

def say(*words):
    os.write(1, (" ".join(map(str, words)) + "\\n").encode())  # one call: lines of several processes

def receive(number, ready):
    if sys.argv[1] == "refuses" and number == 1:
        return 1
    if sys.argv[1] == "raises" and number == 1:
        raise RuntimeError
    stop = Order()
    signal.signal(signal.SIGTERM, lambda *_: stop.give())
    ready()
    say("receiver", number, os.getpid())
    stop.wait()
    say("ended", number)
    return 0

def told_at_once():
    # told to stop in the first process that is forked, before it has done anything
    if len(forks) == 1 and sys.argv[2:] == ["slowly"]:
        while not signal.sigpending() and not receivers._watch.stopping:
            time.sleep(0.01)

forks = []
os.register_at_fork(before=lambda: forks.append(1), after_in_child=told_at_once)
receivers = Receivers(2, receive, fallen=lambda number: say("fallen", number))
try:
    receivers.run(lambda: say("ready"))
except NotAllStarted:
    say("not all started")
finally:
    receivers.end(lambda: say("no more"))
say("end")
"""


@pytest.fixture
def run():
    running = []

    def start(*way):
        command = [sys.executable, "-c", PROGRAM, *way]
        path = str(Path(__file__).parents[4] / "src")
        process = subprocess.Popen(
            command,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
            env={**os.environ, "PYTHONPATH": path},
        )
        running.append(process)
        return process

    yield start
    for process in running:
        process.kill()
        process.communicate()


def lines(process, count):
    return [process.stdout.readline().strip() for _ in range(count)]


def pids(said):
    return {int(line.split()[1]): int(line.split()[2]) for line in said if line.startswith("receiver")}


def gone(pid):
    for _ in range(200):
        try:
            if Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z":
                return True
        except OSError:
            return True
        time.sleep(0.05)
    return False


def test_all_serve_then_all_are_told_then_all_end(run):
    process = run("serves")
    said = lines(process, 3)
    assert set(pids(said)) == {0, 1}
    assert "ready" in said
    process.send_signal(signal.SIGTERM)
    rest, _ = process.communicate(timeout=30)
    ended = rest.splitlines()
    assert ended[-1] == "end"
    assert sorted(ended[:-1]) == ["ended 0", "ended 1", "no more"]
    assert process.returncode == 0
    assert all(gone(pid) for pid in pids(said).values())


def test_one_that_falls_is_started_anew_and_the_other_is_left_alone(run):
    process = run("serves")
    before = pids(lines(process, 3))
    os.kill(before[1], signal.SIGKILL)
    assert lines(process, 1) == ["fallen 1"]
    again = pids(lines(process, 1))
    assert set(again) == {1}
    assert again[1] != before[1]
    assert not Path(f"/proc/{before[1]}").exists()
    os.kill(before[0], 0)
    process.send_signal(signal.SIGTERM)
    rest, _ = process.communicate(timeout=30)
    assert {"ended 0", "ended 1"} <= set(rest.splitlines())


def test_one_that_is_told_to_stop_before_it_has_begun_ends_too(run):
    process = run("refuses", "slowly")
    said, _ = process.communicate(timeout=30)
    assert said.splitlines()[-1] == "end"
    assert not pids(said.splitlines())


@pytest.mark.parametrize("way", ["refuses", "raises"])
def test_one_that_cannot_start_ends_the_start(run, way):
    process = run(way)
    said, _ = process.communicate(timeout=30)
    assert "ready" not in said.splitlines()
    assert said.splitlines().count("end") == 1  # a receiver's stack ends in the receiver
    assert "not all started" in said.splitlines()


@pytest.mark.skipif(sys.platform != "linux", reason="the kernel's word to a child is Linux's own")
def test_a_parent_that_is_killed_leaves_no_receiver_behind(run):
    process = run("serves")
    left = pids(lines(process, 3))
    process.kill()
    assert all(gone(pid) for pid in left.values())
