import socket
import threading

import pytest

from primum.app.intake import PairIntake
from primum.imaging.intake import MESSAGE_BYTES, Barrier, Hint, Passed, decode, encode
from primum.vault import Position, RecordFacts

FACTS = RecordFacts("instance", "ctl_a", "dev_b", "1.2", "1.3", "1.4", "1.5", "1.2.840.10008.1.2", "2026", "CT 1", "")


def hint(number, header=None):
    return Hint(Position("a" * 26, "b" * 26, number * 4096, number * 4096 + 4096), FACTS, header)


@pytest.fixture
def pair():
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    theirs.settimeout(10)
    intake = PairIntake(ours)
    yield intake, theirs
    intake.close()
    theirs.close()


def answer(theirs, count):
    """A worker that answers `count` barriers; returns all that it was told."""
    told = []
    while count:
        message = decode(theirs.recv(MESSAGE_BYTES))
        told.append(message)
        if isinstance(message, Barrier):
            theirs.send(encode(Passed(message.number)))
            count -= 1
    return told


def test_a_barrier_passes_when_the_worker_says_so_and_hints_come_before_it(pair):
    intake, theirs = pair
    told = []
    worker = threading.Thread(target=lambda: told.extend(answer(theirs, 1)))
    worker.start()
    intake.stored(hint(1, b"header"))
    intake.stored(hint(2))
    assert intake.barrier(10)
    worker.join()
    assert told[:2] == [hint(1, b"header"), hint(2)]
    assert told[2].behind is False


def test_a_worker_that_does_not_answer_is_not_waited_for_longer_than_asked(pair):
    intake, _ = pair
    assert not intake.barrier(0.05)


def test_hints_to_a_worker_that_is_behind_are_dropped_and_the_next_barrier_says_so(pair):
    intake, theirs = pair
    for number in range(2000):
        intake.stored(hint(number, bytes(50_000)))  # never waits
    told = []
    worker = threading.Thread(target=lambda: told.extend(answer(theirs, 2)))
    worker.start()
    assert intake.barrier(10)
    assert intake.barrier(10)
    worker.join()
    first, second = [message for message in told if isinstance(message, Barrier)]
    assert len(told) < 2000
    assert (first.behind, second.behind) == (True, False)


def test_many_associations_wait_each_for_their_own_barrier(pair):
    intake, theirs = pair
    passed = []
    worker = threading.Thread(target=answer, args=(theirs, 8))
    worker.start()
    threads = [threading.Thread(target=lambda: passed.append(intake.barrier(10))) for _ in range(8)]
    for thread in [*threads]:
        thread.start()
    for thread in [*threads, worker]:
        thread.join()
    assert passed == [True] * 8


def test_an_old_answer_and_garbage_change_nothing(pair):
    intake, theirs = pair
    theirs.send(encode(Passed(1)))
    theirs.send(b"garbage")
    worker = threading.Thread(target=answer, args=(theirs, 1))
    worker.start()
    assert intake.barrier(10)
    worker.join()


def test_when_the_pair_is_gone_a_barrier_is_not_reached(pair):
    intake, theirs = pair
    theirs.close()
    assert not intake.barrier(5)
    intake.stored(hint(1))
