"""What is done while `strace` looks: each scene in a home of its own, each return marked in a file.

Run by tests/faults/recorder.py as `python -m tests.faults.workload PLACE SCENE…`; PLACE/SCENE is the home.
"""

from __future__ import annotations

import json
import os
import pickle
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from hashlib import sha256
from pathlib import Path
from typing import Final

from primum.ground.clock import FixedClock
from primum.ground.disc import Handle, RealDisc
from primum.ground.ids import token128
from primum.imaging import Stored
from primum.imaging.retention.model import Part, Reason
from primum.journal import Fact, Journal, Kind
from primum.journal.limits import Limits as JournalLimits
from primum.vault import RecordFacts
from tests.faults.homes import UIDS, Home, home_in, slice_in, study_ref
from tests.unit.imaging.conftest import Device, data_set
from tests.unit.imaging.retention.kit import ANNE, BRUNO
from tests.unit.journal.scene import PERSON, SESSION, a_journal

MARKS: Final = ".marks"
LARGE: Final = 2_300_000
"""Streamed, in three writes."""


class Marks:
    """Says what has returned."""

    def __init__(self, home: Path) -> None:
        self._fd = os.open(home.with_name(home.name + MARKS), os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)

    def __call__(self, **facts: object) -> None:
        os.write(self._fd, json.dumps(facts).encode() + b"\n")


@dataclass
class Scene:
    """A home at work."""

    home: Home
    mark: Callable[..., None]

    def store(self, uid: str, number: int, size: int = 3000, device: Device | None = None) -> Stored:
        data = data_set(slice_in(uid, number, size))
        stored = (device or self.home.house.device).store(data)
        self.mark(stored=f"{uid}.1.{number}", study=uid, sha256=sha256(data).hexdigest())
        return stored

    def index(self, *hints: Stored) -> None:
        self.home.house.indexer.take(hints)

    def settle(self) -> None:
        """Bring index.db to the disc, as SQLite does by itself after a while."""
        with self.home.house.index.connect() as connection:
            connection.exec_driver_sql("COMMIT")
            connection.exec_driver_sql("PRAGMA wal_checkpoint(PASSIVE)").fetchall()

    def approve(self, uid: str, *gone: int, part: Part | None = None) -> None:
        """Have an erasure proposed and approved."""
        keeping = self.home.keeping
        one = keeping.retention.propose(ANNE, study_ref(uid), Reason.WRONG_PATIENT, part=part)
        keeping.retention.approve(BRUNO, one.id)
        self.mark(approved=uid, gone=[f"{uid}.1.{number}" for number in gone], whole=part is None)

    def erase(self, uid: str, *gone: int) -> None:
        assert self.home.keeping.run() == 1
        self.mark(erased=uid, gone=[f"{uid}.1.{number}" for number in gone])

    def fact(self, journal: Journal | None = None) -> None:
        subject = token128(os.urandom(16))
        (journal or self.home.journal).record(Fact(Kind.STUDY_VIEWED, PERSON, subject, {"session": SESSION}))
        self.mark(fact=subject)


def studies(scene: Scene) -> None:
    """New studies, and further records of them; one is marked confidential."""
    for number in range(1, 4):
        scene.index(scene.store("1.2.0", number))
        scene.store("1.2.1", number, 9000)
    scene.home.house.indexer.catch_up()
    scene.settle()
    scene.home.house.indexer.mark_confidential(study_ref("1.2.1"), confidential=True)
    scene.mark(confidential="1.2.1")
    scene.index(scene.store("1.2.0", 4, 70_000))


def streams(scene: Scene) -> None:
    """Small, large, abandoned, small: on one pack, which becomes full."""
    scene.index(scene.store("1.2.0", 1))
    scene.index(scene.store("1.2.0", 2, LARGE))
    device = scene.home.house.device
    stream = device.writer.stream(study_ref("1.2.0"), _facts("1.2.0", 3), 1000)  # type: ignore[attr-defined]
    stream.append(bytes(LARGE))
    stream.abandon()
    scene.store("1.2.0", 4)
    scene.index(scene.store("1.2.0", 5, LARGE))
    scene.index(scene.store("1.2.0", 6))


def _facts(uid: str, number: int) -> RecordFacts:
    return RecordFacts(
        "instance", "ctl_" + "a" * 26, "dev_" + "b" * 26, "1.2.840.10008.5.1.4.1.1.2", f"{uid}.1.{number}", f"{uid}.1",
        uid, "1.2.840.10008.1.2.1", "2026-01-02T10:00:00.000Z", "CT",
    )  # fmt: skip


def two_writers(scene: Scene) -> None:
    """Two processes store into the same studies at once; a third indexes what they tell."""
    pipes = [_writer(scene, first) for first in (1, 11)]
    for source in pipes:
        with os.fdopen(source, "rb") as hints:
            while True:
                try:
                    scene.index(pickle.load(hints))
                except EOFError:
                    break
    for _ in pipes:
        os.wait()
    scene.home.house.indexer.catch_up()


def _writer(scene: Scene, first: int) -> int:
    source, sink = os.pipe()
    if os.fork():
        os.close(sink)
        return source
    status = 1
    try:
        os.close(source)
        house = scene.home.house
        device = Device(house.vault, FixedClock(house.clock.now()))
        for number in range(first, first + 4):
            for uid in ("1.2.0", "1.2.1"):
                os.write(sink, pickle.dumps(scene.store(uid, number, device=device)))
        device.close()
        status = 0
    finally:
        os._exit(status)


def taken_over(scene: Scene) -> None:
    """Each writer ends, and another process's takes its pack over."""
    house = scene.home.house
    for number in range(1, 5):
        with home_in(house.folder, process="dimse") as other:
            other.house.clock.advance(house.clock.now() - other.house.clock.now() + timedelta(seconds=number))
            scene.store("1.2.0", number, 3000 * number, device=other.house.device)
            scene.store("1.2.1", number, device=other.house.device)
        house.indexer.catch_up()


def erasure(scene: Scene) -> None:
    """A study goes, another stays; the one that went is sent again."""
    hints = [scene.store(uid, number) for uid in ("1.2.0", "1.2.1") for number in (1, 2)]
    scene.index(*hints)
    scene.settle()
    scene.home.house.device.close()
    scene.approve("1.2.0", 1, 2)
    scene.erase("1.2.0", 1, 2)
    scene.index(scene.store("1.2.0", 3))
    scene.index(scene.store("1.2.1", 3))


def rewriting(scene: Scene) -> None:
    """An instance of a study goes, the others are copied under another key."""
    hints = [scene.store("1.2.0", number, size) for number, size in ((1, 3000), (2, 70_000), (3, 500_000), (4, 3000))]
    scene.index(*hints)
    scene.settle()
    scene.home.house.device.close()
    scene.approve("1.2.0", 2, part=Part("instance", "1.2.0.1.2"))
    scene.erase("1.2.0", 2)
    scene.index(scene.store("1.2.0", 5))


def journal(scene: Scene) -> None:
    """Facts of two processes, over months, in chains that become full; heads are signed in between."""
    home = scene.home
    folder, small = home.house.folder / "journal", JournalLimits(chain=2500, write=700, unfinished=1400)
    for _ in range(3):
        with a_journal(folder, "web", home.house.clock, home.house.vault._disc, small) as other:  # type: ignore[arg-type]
            for _ in range(5):
                scene.fact(other)
                other.record(Fact(Kind.STUDY_CLOSED, PERSON, token128(bytes(16)), {"session": SESSION}))
            scene.fact()
        signed = home.signer.sign_heads()
        scene.mark(root=signed.note)
        home.later(days=20)


def keyring(scene: Scene) -> None:
    """Generations of the keyring's copy, with new keys in between."""
    for number in (1, 2):
        scene.store(f"1.2.{number}", 1)
        scene.store(f"1.2.{number + 2}", 1)
        made = scene.home.house.vault.export_keyring(scene.home.house.folder / "copies")
        keyed = set(scene.home.house.vault._places.keyed())
        scene.mark(generation=made.folder.name, keys=[uid for uid in UIDS if study_ref(uid) in keyed])
        scene.home.later(seconds=1)


class OvertakenDisc(RealDisc):
    """Writes as where O_DIRECT is refused, and lets somebody look between a write and its sync."""

    def __init__(self) -> None:
        self.look: Callable[[], object] = lambda: None

    def create(self, path: Path, *, durable: bool = False, direct: bool = False) -> Handle:
        return _syncing(super().create(path), durable=durable)

    def open_for_writing(self, path: Path, *, durable: bool = False, direct: bool = False) -> Handle:
        return _syncing(super().open_for_writing(path), durable=durable)

    def write_at(self, handle: Handle, data: object, offset: int) -> None:
        os.pwrite(handle.fd, data, offset)  # type: ignore[arg-type]
        if handle.durable:
            self.look()
            self.sync(handle)


def _syncing(handle: Handle, *, durable: bool) -> Handle:
    handle.durable = handle.syncing = durable
    return handle


def overtaken(scene: Scene) -> None:
    """The worker catches up between the write of a record and its sync: it sees what is not on disc."""
    disc = scene.home.house.vault._disc
    assert isinstance(disc, OvertakenDisc)
    for number in range(1, 6):
        disc.look = scene.home.house.indexer.catch_up if number != 1 else disc.look
        scene.store("1.2.0", number)
        scene.store("1.2.1", number, 9000)
        disc.look = lambda: None


def recovery(scene: Scene) -> None:
    """What follows a power cut: the index catches up, an erasure is finished, work goes on."""
    scene.home.house.clock.advance(timedelta(days=1))
    scene.home.house.indexer.catch_up()
    scene.home.keeping.run()
    scene.fact()
    for uid in ("1.2.0", "1.2.1"):
        scene.index(scene.store(uid, 50), scene.store(uid, 51, 9000))
    scene.mark(root=scene.home.signer.sign_heads().note)


SCENES: dict[str, Callable[[Scene], None]] = {
    one.__name__: one
    for one in (studies, streams, two_writers, taken_over, erasure, rewriting, journal, keyring, overtaken)
}


@contextmanager
def opened(home: Path, name: str) -> Iterator[Scene]:
    with home_in(home, OvertakenDisc() if name == "overtaken" else None) as one:
        yield Scene(one, Marks(home))


def main(place: Path, names: list[str]) -> None:
    """Play the scenes; one called `SCENE+…` begins with what another one left."""
    for name in names:
        with opened(place / name, name) as scene:
            scene.mark(began=name)
            (recovery if "+" in name else SCENES[name])(scene)


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2:])
