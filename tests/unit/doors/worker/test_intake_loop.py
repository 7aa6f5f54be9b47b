"""Hints become batches, barriers are answered when what came before is committed, sweeps leave room for both."""

import socket
import threading

import pytest

from primum.doors.worker.intake import DOZE, GATHER, SHORT_BYTES, STEADY, SWEPT, IntakeLoop
from primum.imaging import CaughtUp, Stored
from primum.imaging.intake import MESSAGE_BYTES, Barrier, Passed, Piece, decode, encode
from primum.vault import Position, RecordFacts


class Shelf:
    """An indexer that only remembers what it was asked."""

    def __init__(self):
        self.taken, self.caught_up, self.fails = [], [], 0
        self.moved = threading.Event()

    def take(self, batch):
        if self.fails:
            self.fails -= 1
            raise OSError
        self.taken += [one.position.offset for one in batch]
        self.moved.set()
        return len(batch)

    def catch_up(self, studies=None):
        self.caught_up.append(None if studies is None else len(list(studies)))
        return CaughtUp(1, 0)


@pytest.fixture
def loop():
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    shelf = Shelf()
    running = IntakeLoop([theirs], shelf, lambda: (str(n) for n in range(3 * SWEPT + 1)))
    running.start()
    ours.settimeout(10)
    yield ours, shelf, running
    running.stop()
    ours.close()
    theirs.close()


def hint(offset, header=b"header"):
    facts = RecordFacts("instance", "ctl_" + "a" * 26, "dev_" + "a" * 26, "1", "2", "3", "4", "5", "at", "CT1")
    return encode(Stored(Position("s" * 26, "p" * 26, offset, offset + 4096), facts, header))


def test_a_barrier_is_answered_after_what_came_before_it(loop):
    ours, shelf, _ = loop
    for offset in (0, 4096, 8192):
        ours.send(hint(offset))
    ours.send(encode(Barrier(7, behind=False)))
    assert decode(ours.recv(MESSAGE_BYTES)) == Passed(7)
    assert shelf.taken == [0, 4096, 8192]
    assert shelf.caught_up == [None]  # once, at the start


def test_a_sender_that_lost_a_hint_has_the_packs_read(loop):
    ours, shelf, _ = loop
    ours.send(encode(Barrier(8, behind=True)))
    assert decode(ours.recv(MESSAGE_BYTES)) == Passed(8)
    assert shelf.caught_up == [None, None]


def test_a_batch_that_fails_stops_nothing(loop):
    ours, shelf, _ = loop
    shelf.fails = 1
    ours.send(hint(0))
    ours.send(hint(4096))
    while not shelf.moved.wait(0.1):
        ours.send(hint(8192))
    assert 8192 in shelf.taken


def test_what_cannot_be_read_stops_nothing(loop):
    ours, shelf, _ = loop
    ours.send(b"\xff\xffgarbage")
    ours.send(hint(0))
    assert shelf.moved.wait(10)


def test_a_sweep_takes_a_few_studies_at_a_time(loop, clock):
    _, shelf, running = loop
    assert running.sweep(clock.now()) == 4
    assert shelf.caught_up[-4:] == [SWEPT, SWEPT, SWEPT, 1]


class Patience(threading.Event):
    """Remembers how long it was waited for, and lets nobody wait."""

    def __init__(self):
        super().__init__()
        self.waited = []

    def wait(self, timeout=None):
        self.waited.append(round(timeout, 6))
        return True


@pytest.mark.parametrize(("committing", "left"), [(0.0, [GATHER]), (0.05, [GATHER - 0.05]), (GATHER, []), (9.0, [])])
def test_a_hint_that_waited_for_the_batch_before_it_does_not_wait_as_long_for_others(committing, left):
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    now = [100.0]
    loop = IntakeLoop([theirs], Shelf(), list, now=lambda: now[0])
    loop._urgent = patience = Patience()
    for offset in (0, 4096):
        ours.send(hint(offset))
    loop._drain(theirs)
    now[0] += committing
    hints, _ = loop._gather()
    assert [one.position.offset for one in hints] == [0, 4096]
    assert patience.waited == [round(one, 6) for one in left]
    for end in (ours, theirs):
        end.close()


class Listening:
    """A loop that is not running, of which each turn is asked for; it remembers when it dozed."""

    def __init__(self):
        self.ours, self.theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self.dozed, self.steady = [], 0
        self.loop = IntakeLoop([self.theirs], Shelf(), list, doze=self.dozed.append)

    def hear(self, *packets):
        for one in packets:
            self.ours.send(one)
        self.steady = self.loop._listen(self.steady)


@pytest.fixture
def listening():
    made = Listening()
    yield made
    made.ours.close()
    made.theirs.close()


def test_a_steady_sender_is_listened_to_now_and_then_and_not_for_each_hint(listening):
    for offset in range(STEADY):
        listening.hear(hint(offset))
    assert listening.dozed == []
    listening.hear(hint(90))
    listening.hear(hint(91), hint(92))
    assert listening.dozed == [DOZE, DOZE]
    hints, _ = listening.loop._gather()
    assert len(hints) == STEADY + 3


@pytest.mark.parametrize(
    "other",
    [
        encode(Barrier(7, behind=False)),
        encode(Piece(7, more=False, part=b"{}")),
        hint(0, b"h" * SHORT_BYTES),
        b"\xff\xffgarbage",
    ],
    ids=["barrier", "question", "long hint", "garbage"],
)
def test_whoever_waits_or_fills_the_pair_is_listened_to_at_once(listening, other):
    for offset in range(STEADY):
        listening.hear(hint(offset))
    listening.hear(hint(90), other)
    assert (listening.dozed, listening.steady) == ([], 0)


def test_after_a_silence_a_sender_must_prove_steady_again(listening, monkeypatch):
    monkeypatch.setattr("primum.doors.worker.intake.LOOK", 0)
    for offset in range(STEADY):
        listening.hear(hint(offset))
    listening.hear()
    listening.hear(hint(90))
    assert (listening.dozed, listening.steady) == ([], 1)


def test_a_pair_holds_what_comes_while_nobody_listens():
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    with ours, theirs:
        ours.setblocking(False)
        short = hint(0, b"h" * (SHORT_BYTES - 400))
        assert len(short) <= SHORT_BYTES
        for _ in range(int(1200 * DOZE)):  # 1200 a second from one receiver
            ours.send(short)
