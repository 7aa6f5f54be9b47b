"""kill -9 of real processes at random moments, one after another on one home (docs/design/durability.md §4).

Two kinds: processes that store straight into the vault, and processes that are a DICOM door, with senders outside.
What each round acknowledged is known to this process alone, by a pipe or by the senders' diary.
"""

from __future__ import annotations

import json
import os
import random
import signal
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path

from primum.ground.ids import token128
from primum.journal import Fact, Kind
from tests.doors.dimse.running import House as Door
from tests.doors.e2e.sender import CutOff, Diary, Mint, Sender
from tests.faults.homes import UIDS, home_in, slice_in
from tests.unit.imaging.conftest import Device, data_set
from tests.unit.journal.scene import PERSON, SESSION


@contextmanager
def process(work: Callable[[int], None]) -> Iterator[tuple[int, int]]:
    """Fork a process that does `work`, given a pipe to write to; give its id and the other end. Killed on leaving."""
    source, sink = os.pipe()
    pid = os.fork()
    if pid == 0:
        try:
            os.close(source)
            work(sink)
        except BaseException as error:  # noqa: BLE001 (told on the way out; what is lost is found by the judge)
            os.write(2, f"{type(error).__name__}: {error}\n".encode())
        finally:
            os._exit(0)
    os.close(sink)
    try:
        yield pid, source
    finally:
        os.kill(pid, signal.SIGKILL)
        os.waitpid(pid, 0)
        os.close(source)


@dataclass
class Siege:
    """A home, and what was acknowledged in it so far."""

    folder: Path
    chance: random.Random
    returned: list[dict[str, object]] = field(default_factory=list)
    rounds: int = 0
    _number: int = 0

    def round(self) -> None:
        """Two processes store, one is the worker; all three die at a random moment."""
        first, self._number = self._number, self._number + 1000
        with (
            process(lambda sink: self._store(sink, first)) as (_, one),
            process(lambda sink: self._store(sink, first + 500)) as (_, other),
            process(self._index) as (_, worker),
        ):
            until = time.monotonic() + self.chance.uniform(0.02, 0.15)
            os.read(self.chance.choice((one, other, worker)), 1)
            time.sleep(max(0.0, until - time.monotonic()) * self.chance.random())
            pipes = [os.dup(pipe) for pipe in (one, other, worker)]
        for pipe in pipes:
            with os.fdopen(pipe, "rb") as lines:
                for line in lines.read().split(b"\n")[:-1]:
                    if line:
                        self.returned.append(json.loads(line))
        self.rounds += 1

    def _store(self, sink: int, first: int) -> None:
        os.write(sink, b"\n\n")
        chance = random.Random(first)
        with home_in(self.folder, process="dimse") as home:
            device = Device(home.house.vault, home.house.clock)
            for number in range(first, first + 400):
                uid, size = chance.choice(UIDS), chance.choice((3000, 3000, 9000, 300_000, 2_300_000))
                data = data_set(slice_in(uid, number, size))
                device.store(data)
                said = {"stored": f"{uid}.1.{number}", "study": uid, "sha256": sha256(data).hexdigest()}
                os.write(sink, json.dumps(said).encode() + b"\n")
                if chance.random() < 0.2:
                    device.close()

    def _index(self, sink: int) -> None:
        os.write(sink, b"\n\n")
        with home_in(self.folder) as home:
            while True:
                home.house.indexer.catch_up()
                subject = token128(os.urandom(16))
                home.journal.record(Fact(Kind.STUDY_VIEWED, PERSON, subject, {"session": SESSION}))
                os.write(sink, json.dumps({"fact": subject}).encode() + b"\n")
                note = home.signer.sign_heads().note
                os.write(sink, json.dumps({"root": note}).encode() + b"\n")


@dataclass
class DoorSiege:
    """A DICOM door in a process of its own, killed while senders send."""

    folder: Path
    chance: random.Random
    diary: Diary
    mint: Mint
    rounds: int = 0

    def round(self) -> None:
        """Start the door; let two senders send; kill it at a random moment."""
        studies = [self.mint.study(), self.mint.study()]
        with process(self._serve) as (_, source):
            port = int(os.read(source, 16))
            threads = [threading.Thread(target=self._send, args=(port, studies, number)) for number in range(2)]
            for thread in threads:
                thread.start()
            self.diary.wait_for_status(self.diary.read + self.chance.randint(1, 12))
            time.sleep(self.chance.uniform(0, 0.02))
        for thread in threads:
            thread.join()
        self.rounds += 1

    def _serve(self, sink: int) -> None:
        house = Door(self.folder)
        with house.open() as port:
            os.write(sink, str(port).encode())
            while True:
                time.sleep(60)

    def _send(self, port: int, studies: list[str], seed: int) -> None:
        chance = random.Random(f"{seed}/{self.rounds}")
        try:
            with Sender(port, self.diary, aet="SCANNER") as sender:
                while True:
                    size = chance.choice((2000, 30_000, 200_000))
                    sender.store(self.mint.instance(chance.choice(studies), size))
        except CutOff:
            pass

    def lost(self) -> list[str]:
        """What was acknowledged and is in no pack with its bytes; and every damage."""
        found = Door(self.folder)
        try:
            there = set()
            for at in found.positions():
                record = found.vault.open(at)
                there.add((record.facts.sop_instance_uid, sha256(record.data_set()).hexdigest()))
            missing = [line.sop for line in self.diary.acknowledged().values() if (line.sop, line.sha256) not in there]
            refused = [line.sop for line in self.diary.lines() if line.status]
            damage = [one.code for one in found.vault.check({}, deep=True) if one.severity == "damage"]
            return missing + refused + damage
        finally:
            found.close()
