"""A door asks, the worker answers: over one pair, both ends as the product has them."""

import socket
import threading

import pytest

from primum.app.intake import PairIntake, WorkerAbsent, WorkerRefused
from primum.doors.worker.intake import IntakeLoop
from primum.doors.worker.questions import Questions
from primum.ground.errors import PrimumError
from primum.imaging import CaughtUp


class Full(PrimumError):
    """There is no room for {count} more."""

    code = "test.full"
    hint = "come back with {count} less"


class Nothing:
    def take(self, batch):
        return len(batch)

    def catch_up(self, studies=None):
        return CaughtUp(0, 0)


def echo(args, data):
    return {"said": args["say"]}, data[::-1]


def refuse(args, data):
    raise Full(count=3)


def break_down(args, data):
    raise ValueError("Dupont")


@pytest.fixture
def door():
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    questions = Questions({"echo": echo, "refuse": refuse, "break": break_down})
    loop = IntakeLoop([theirs], Nothing(), list, questions.hear)
    intake = PairIntake(ours)
    loop.start()
    yield intake
    intake.close()
    loop.stop()
    questions.stop()
    theirs.close()


def test_an_answer_comes_back_whole_however_long(door):
    data = bytes(range(256)) * 4096  # a mebibyte: more than the pair holds
    assert door.ask("echo", {"say": "é"}, data) == ({"said": "é"}, data[::-1])


def test_many_ask_at_once_and_each_has_its_own_answer(door):
    found = {}

    def ask(number):
        found[number] = door.ask("echo", {"say": number}, bytes([number]) * 100_000)

    threads = [threading.Thread(target=ask, args=(number,)) for number in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == {number: ({"said": number}, bytes([number]) * 100_000) for number in range(16)}


def test_a_refusal_keeps_its_code_its_sentence_and_its_hint(door):
    with pytest.raises(WorkerRefused) as refused:
        door.ask("refuse", {})
    assert (refused.value.code, str(refused.value), refused.value.way_out()) == (
        "test.full", "There is no room for 3 more.", "come back with 3 less",
    )  # fmt: skip


def test_a_fault_is_told_without_what_it_said(door):
    with pytest.raises(WorkerRefused) as refused:
        door.ask("break", {})
    assert refused.value.code == "control.fault"
    assert "Dupont" not in str(refused.value)


def test_an_unknown_verb_is_refused(door):
    with pytest.raises(WorkerRefused, match="not one that this socket knows"):
        door.ask("erase_everything", {})


def test_a_worker_that_does_not_answer_is_not_waited_for_longer_than_asked():
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    intake = PairIntake(ours)
    with pytest.raises(WorkerAbsent):
        intake.ask("echo", {}, timeout_seconds=0.05)
    intake.close()
    theirs.close()
