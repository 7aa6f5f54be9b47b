"""One process is killed, the others go on: the supervisor starts it again, and what was acknowledged is found.

The worker and the DICOM door share a pair of which the supervisor keeps both ends: hints outlive either of them.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest

import primum
from primum.doors.cli.cmd_up import MOST_RECEIVERS
from primum.doors.dimse.limits import Limits
from tests.doors.e2e.offline import Enrolled, make_enrolled_home
from tests.doors.e2e.processes import alive, children, group_of, kill_child, receivers, restarted
from tests.doors.e2e.sender import CutOff, DataSet, Diary, Mint, Sender
from tests.programs import accepts, wait_until
from tests.running import RunningPrimum

CHILDREN = {"worker", "web", "dimse"}

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]


@dataclass(frozen=True, slots=True)
class Watched:
    """A running Primum, a sender's diary, and a doctor's open session."""

    made: Enrolled
    diary: Diary
    mint: Mint
    pages: httpx.Client

    @property
    def primum(self) -> RunningPrimum:
        return self.made.primum

    def sender(self) -> Sender:
        return Sender(self.made.plain_port, self.diary, aet="PLAIN1")

    def found(self, study: str) -> set[str]:
        """Ask QIDO-RS which instances of a study there are."""
        answer = self.pages.get("/dicom-web/instances", params={"StudyInstanceUID": study, "limit": "1000"})
        answer.raise_for_status()
        return {one["00080018"]["Value"][0] for one in answer.json()}

    def must_find(self, sent: list[DataSet], seconds: float) -> None:
        """Find all that was sent: at once when `seconds` is 0."""
        (study,) = {one.study for one in sent}
        wanted = {one.sop for one in sent}
        assert wanted <= set(self.diary.acknowledged())
        if seconds:
            wait_until(lambda: wanted <= self.found(study), seconds=seconds)
        assert self.found(study) == wanted


@pytest.fixture(scope="module")
def watched(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Watched]:
    place = tmp_path_factory.mktemp("watched")
    made, diary = make_enrolled_home(place), Diary(place / "diary")
    with made.primum as running, running.signed_in(running.enrol_first_person()) as pages:
        yield Watched(made, diary, Mint(3), pages)
    diary.close()


def release(sender: Sender) -> float:
    """Release the association; return how long after it all must be found: it waited for the index, 10 s at most."""
    began = time.monotonic()
    sender.release()
    return 0 if time.monotonic() - began < Limits().barrier_seconds else 60


def store_until_cut_off(watched: Watched, data_sets: list[DataSet]) -> None:
    with watched.sender() as sender:
        for one in data_sets:
            try:
                sender.store(one)
            except CutOff:
                return
    raise AssertionError("the door was not killed in time")


def whole(primum: RunningPrimum) -> bool:
    return set(children(primum)) == CHILDREN


def test_the_worker_is_killed_while_a_sender_stores(watched: Watched) -> None:
    study = watched.mint.study()
    sent = [watched.mint.instance(study) for _ in range(120)]
    killed = []

    def kill() -> None:
        for count in (20, 50, 80):
            watched.diary.wait_for_status(before + count)
            killed.append(kill_child(watched.primum, "worker"))
            restarted(watched.primum, "worker", killed[-1])

    with watched.sender() as sender:
        before = watched.diary.read
        killer = threading.Thread(target=kill)
        killer.start()
        for one in sent[:-1]:
            assert sender.store(one) == 0
        killer.join()
        assert sender.store(sent[-1]) == 0
        seconds = release(sender)
    assert len(set(killed)) == 3
    watched.must_find(sent, seconds)


def test_the_worker_is_dead_when_the_sender_releases(watched: Watched) -> None:
    study = watched.mint.study()
    sent = [watched.mint.instance(study) for _ in range(20)]
    with watched.sender() as sender:
        for one in sent[:10]:
            assert sender.store(one) == 0
        before = kill_child(watched.primum, "worker")
        for one in sent[10:]:
            assert sender.store(one) == 0
        seconds = release(sender)
    watched.must_find(sent, seconds)
    assert restarted(watched.primum, "worker", before)


def test_the_dicom_door_is_killed_and_what_it_acknowledged_is_found_after_the_next_release(watched: Watched) -> None:
    study = watched.mint.study()
    sent = [watched.mint.instance(study) for _ in range(60)]
    before = watched.diary.read

    def kill() -> None:
        watched.diary.wait_for_status(before + 30)
        kill_child(watched.primum, "dimse")

    old = children(watched.primum)["dimse"]
    killer = threading.Thread(target=kill)
    killer.start()
    store_until_cut_off(watched, sent)
    killer.join()
    restarted(watched.primum, "dimse", old)
    wait_until(lambda: accepts(watched.made.plain_port), seconds=60)
    known = watched.diary.acknowledged()
    again = [one for one in sent if one.sop not in known]
    assert again
    with watched.sender() as sender:
        for one in again:
            assert sender.store(one) == 0
        seconds = release(sender)
    watched.must_find(sent, seconds)


def test_a_receiver_is_killed_and_the_others_go_on(watched: Watched) -> None:
    wait_until(lambda: whole(watched.primum), seconds=60)
    before, door = receivers(watched.primum), children(watched.primum)["dimse"]
    assert len(before) == min(os.cpu_count() or 1, MOST_RECEIVERS)
    study = watched.mint.study()
    sent = [watched.mint.instance(study) for _ in range(2 * len(before))]
    cut_off = []
    with ExitStack() as stack:
        # one association in each of them: whoever has none takes the next
        senders = [stack.enter_context(watched.sender()) for _ in before]
        for sender, one in zip(senders, sent, strict=False):
            assert sender.store(one) == 0
        os.kill(before[0], signal.SIGKILL)
        wait_until(lambda: len(now := receivers(watched.primum)) == len(before) and now != before, seconds=60)
        assert children(watched.primum)["dimse"] == door
        for sender, one in zip(senders, sent[len(before) :], strict=True):
            try:
                assert sender.store(one) == 0
            except CutOff:
                cut_off.append(one)
    assert len(cut_off) == 1
    with watched.sender() as again:
        assert again.store(cut_off[0]) == 0
        release(again)
    watched.must_find(sent, 60)


def test_the_web_door_is_killed_and_the_session_goes_on(watched: Watched) -> None:
    study = watched.mint.study()
    old = kill_child(watched.primum, "web")
    one = watched.mint.instance(study)
    with watched.sender() as sender:
        assert sender.store(one) == 0
        release(sender)
    restarted(watched.primum, "web", old)
    wait_until(lambda: accepts(int(watched.primum.settings["web_port"])), seconds=60)
    watched.must_find([one], 60)


def test_a_second_start_on_the_same_home_is_refused(watched: Watched) -> None:
    wait_until(lambda: whole(watched.primum), seconds=60)
    before = children(watched.primum)
    command = [sys.executable, "-m", "primum", "--home", str(watched.primum.home), "up"]
    command += ["--key-file", str(watched.made.home.key_file)]
    environment = {**os.environ, "PYTHONPATH": str(Path(primum.__file__).parent.parent)}
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False, env=environment)
    assert done.returncode != 0
    assert "[up.already-running]" in done.stderr
    assert "primum: hint:" in done.stderr
    assert children(watched.primum) == before


@contextmanager
def another(place: Path) -> Iterator[Enrolled]:
    made = make_enrolled_home(place)
    with made.primum:
        yield made


def test_told_to_stop_the_supervisor_ends_every_child(tmp_path: Path) -> None:
    with another(tmp_path) as made:
        pids = group_of(made.primum)
        assert set(children(made.primum)) == CHILDREN
        assert len(pids) == 4 + len(receivers(made.primum))
        assert made.primum.process is not None
        made.primum.process.send_signal(signal.SIGTERM)
        assert made.primum.process.wait(30) == 0
        assert not [pid for pid in pids if alive(pid)]


def test_when_the_supervisor_alone_is_killed_its_children_end_and_it_can_start_again(tmp_path: Path) -> None:
    with another(tmp_path) as made:
        pids = group_of(made.primum)
        assert made.primum.process is not None
        os.kill(made.primum.process.pid, signal.SIGKILL)
        made.primum.process.wait()
        wait_until(lambda: not any(alive(pid) for pid in pids), seconds=40)
        made.primum.start()
        made.primum.wait_ready()
        assert whole(made.primum)
