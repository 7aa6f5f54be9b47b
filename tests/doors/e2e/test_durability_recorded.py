"""At each acknowledgement, what had been synced by then is enough to read the instance, from nothing else.

The DICOM door runs here on a disc that records (tests/twins/recording_disc.py). The moment that counts is noted just
before a response is given to the socket; the sender, at the other end of it, says which responses were successes.
"""

from __future__ import annotations

import hashlib
import shutil
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from primum import vault
from primum.doors.dimse.wire import Wire
from primum.ground.clock import SystemClock
from primum.ground.disc import Handle, RealDisc
from tests.doors.dimse.running import CONTROLLER, KEYS, House
from tests.doors.e2e.sender import DataSet, Diary, Mint, Sender, response_elements
from tests.twins.recording_disc import RecordingDisc

pytestmark = pytest.mark.slow

SMALL_PACK = vault.Limits(pack=256 * 1024)
LARGE = 9 * 1024 * 1024
"""Above 8 MiB: streamed."""
_P_DATA, _SOP_INSTANCE_UID, _STATUS = 4, 0x1000, 0x0900


class ForgetsWrites(RecordingDisc):
    """Opens no file as durable: what is written waits for a sync that nobody asks for."""

    def create(self, path: Path, *, durable: bool = False, direct: bool = False) -> Handle:
        return super().create(path, direct=direct)

    def open_for_writing(self, path: Path, *, durable: bool = False, direct: bool = False) -> Handle:
        return super().open_for_writing(path, direct=direct)


class ForgetsNames(RecordingDisc):
    """Drops each sync of a folder."""

    def sync_folder(self, path: Path) -> None:
        pass


@dataclass
class Scene:
    """A door on a disc, senders, and the moment of the disc at which each response left."""

    house: House
    disc: RecordingDisc
    port: int
    diary: Diary
    moments: dict[str, int]
    place: Path
    mint: Mint = field(default_factory=lambda: Mint(1))

    def send(self, *data_sets: DataSet) -> None:
        with Sender(self.port, self.diary, aet="SCANNER") as sender:
            for one in data_sets:
                assert sender.store(one) == 0
            sender.release()

    def readable(self, one: DataSet) -> bool:
        """Tell whether the instance is whole in what had been synced when its response left."""
        left = self.place / one.sop
        left.mkdir()
        self.disc.materialise(left, self.moments[one.sop])
        try:
            return _readable(left, one)
        finally:
            shutil.rmtree(left)


def _readable(left: Path, one: DataSet) -> bool:
    survivor = vault.open_vault(left / "vault", left / "keyring", KEYS, RealDisc(), SystemClock())
    study = survivor.study_ref(CONTROLLER, one.study)
    if not list((left / "keyring").glob(f"*/{study}.key")) or study not in survivor.studies():
        return False
    found = set()
    for pack in survivor.packs(study):
        for at in survivor.replay(study, pack.pack):
            if isinstance(at, vault.Position):
                record = survivor.open(at)
                found.add((record.facts.sop_instance_uid, hashlib.sha256(record.data_set()).hexdigest()))
    return (one.sop, one.sha256) in found and not [
        illness for illness in survivor.check({}, deep=True) if illness.severity == "damage"
    ]


MakeScene = Callable[..., Scene]


@pytest.fixture
def make_scene(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[MakeScene]:
    closers: list[Callable[[], object]] = []

    def make(twin: type[RecordingDisc] = RecordingDisc, limits: vault.Limits | None = None) -> Scene:
        house = House(tmp_path / "home")
        disc = twin(tmp_path / "home")
        house.vault = vault.open_vault(
            house.folder / "vault", house.folder / "keyring", KEYS, disc, house.clock, limits or vault.Limits()
        )
        door, moments, diary = house.open(), {}, Diary(tmp_path / "diary")
        monkeypatch.setattr(Wire, "send", _noting(disc, moments))
        scene = Scene(house, disc, door.__enter__(), diary, moments, tmp_path)
        closers.extend([diary.close, house.close, lambda: door.__exit__(None, None, None)])
        return scene

    yield make
    while closers:
        closers.pop()()


def _noting(disc: RecordingDisc, moments: dict[str, int]) -> Callable[[Wire, bytes], None]:
    really = Wire.send

    def send(wire: Wire, data: bytes) -> None:
        if data[0] == _P_DATA:
            said = response_elements(data[6:])
            if said[_STATUS] == b"\0\0":
                moments[said[_SOP_INSTANCE_UID].decode().strip("\0")] = disc.moment
        really(wire, data)

    return send


def test_the_first_and_the_second_instance_of_new_studies(make_scene: MakeScene) -> None:
    scene = make_scene()
    studies = [scene.mint.study() for _ in range(3)]
    sent = [scene.mint.instance(study, 30_000) for study in studies for _ in range(2)]
    scene.send(*sent)
    assert [scene.readable(one) for one in sent] == [True] * 6


def test_a_study_that_an_earlier_association_left(make_scene: MakeScene) -> None:
    scene = make_scene()
    study = scene.mint.study()
    sent = [scene.mint.instance(study) for _ in range(3)]
    for one in sent:
        scene.send(one)
    assert len(scene.house.vault.packs(scene.house.vault.study_ref(CONTROLLER, study))) == 1
    assert [scene.readable(one) for one in sent] == [True] * 3


def test_packs_that_are_full_and_followed_by_new_ones(make_scene: MakeScene) -> None:
    scene = make_scene(limits=SMALL_PACK)
    study = scene.mint.study()
    sent = [scene.mint.instance(study, 100_000) for _ in range(7)]
    scene.send(*sent)
    assert len(scene.house.vault.packs(scene.house.vault.study_ref(CONTROLLER, study))) == 4
    assert [scene.readable(one) for one in sent] == [True] * 7


def test_instances_sealed_while_they_arrive(make_scene: MakeScene) -> None:
    scene = make_scene()
    study = scene.mint.study()
    sent = [scene.mint.instance(study, size) for size in (LARGE, 30_000, LARGE + 4096)]
    scene.send(*sent)
    assert [scene.readable(one) for one in sent] == [True] * 3


def test_four_associations_on_one_new_study(make_scene: MakeScene) -> None:
    scene = make_scene()
    study = scene.mint.study()
    sent = [[scene.mint.instance(study, 20_000) for _ in range(4)] for _ in range(4)]
    threads = [threading.Thread(target=scene.send, args=part) for part in sent]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert set(scene.diary.acknowledged()) == {one.sop for part in sent for one in part}
    assert [scene.readable(one) for part in sent for one in part] == [True] * 16


@pytest.mark.parametrize("twin", [ForgetsWrites, ForgetsNames])
@pytest.mark.parametrize("size", [30_000, LARGE])
def test_a_disc_that_promises_nothing_is_found_out(make_scene: MakeScene, twin: type[RecordingDisc], size: int) -> None:
    """The same look fails where it must: a sender was told yes, and the instance is not there."""
    scene = make_scene(twin)
    one = scene.mint.instance(scene.mint.study(), size)
    scene.send(one)
    assert set(scene.diary.acknowledged()) == {one.sop}
    assert not scene.readable(one)
