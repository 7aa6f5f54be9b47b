"""A disc that fills up: no new image is taken, none that was acknowledged is lost, and reading goes on."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx
import numpy as np
import pytest

from tests.doors.dimse.instances import ABORT, associate, echo_command, message
from tests.doors.e2e.canary import dataset, make_canary
from tests.doors.e2e.conftest import Practice
from tests.doors.e2e.kit import enrol, wait_for_reason
from tests.doors.e2e.modality import AET, Modality, comment, part10, status
from tests.running import RunningPrimum, make_real_home
from tests.twins.clear_text import search_bytes

MIB = 1 << 20
REJECTED_FOR_NOW = (3, bytes((0, 2, 3, 2)))
"""A-ASSOCIATE-RJ, transient, by the service-provider (presentation): local limit exceeded (PS3.8 table 9-21)."""
OUT_OF_RESOURCES = (0xA700, "dimse.space-low")


@contextmanager
def small_disc(place: Path) -> Iterator[Path]:
    """Give a disc of half a GiB where we may mount one, else a folder of the test's own disc."""
    disc = place / "disc"
    disc.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=512m,mode=700", "tmpfs", str(disc)]
    mounted = os.geteuid() == 0 and subprocess.run(mount, capture_output=True, check=False).returncode == 0
    try:
        yield disc
    finally:
        if mounted:
            subprocess.run(["umount", "--lazy", str(disc)], check=True)


@dataclass
class Disc:
    """How full the disc is, measured from the mark below which nothing is stored."""

    place: Path
    low_bytes: int

    def leave(self, mib_above_the_mark: int) -> None:
        """Fill the disc, or empty it again."""
        filler = self.place / "filler"
        filler.unlink(missing_ok=True)
        size = shutil.disk_usage(self.place).free - self.low_bytes - mib_above_the_mark * MIB
        with filler.open("wb") as file:
            os.posix_fallocate(file.fileno(), 0, size)

    def empty(self) -> None:
        """Take away what filled it."""
        (self.place / "filler").unlink(missing_ok=True)


@dataclass
class Archive:
    """The archive on that disc."""

    practice: Practice
    disc: Disc
    pack: Path
    pages: httpx.Client

    def calling(self) -> Modality:
        """Connect as the enrolled device."""
        return Modality(int(self.practice.primum.settings["dicom_port"]), self.pack)

    def count(self) -> int:
        """Count the images of the archive."""
        found = self.pages.get("/dicom-web/studies").raise_for_status().json()
        return sum(one["00201208"]["Value"][0] for one in found)


@pytest.fixture(scope="module")
def archive(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Archive]:
    with small_disc(tmp_path_factory.mktemp("full")) as place:
        home = make_real_home(place)
        low = shutil.disk_usage(place).free // MIB - 256
        with RunningPrimum(home.folder, key_file=home.key_file, settings={"low_space_mib": low}) as running:
            practice = Practice(running, running.enrol_first_person(), home)
            running.sign_in(practice.person)
            pack = enrol(practice, tmp_path_factory.mktemp("packs"), "ct-1", AET, "--may", "store")
            with running.signed_in(practice.person) as pages:
                yield Archive(practice, Disc(place, low * MIB), pack, pages)


@pytest.fixture(autouse=True)
def room_again(archive: Archive) -> Iterator[None]:
    """Whatever happened, once there is room the archive stores again, and it is whole."""
    yield
    archive.disc.empty()
    before, one = archive.count(), dataset(make_canary())
    with archive.calling() as modality:
        modality.associate()
        assert status(modality.store(one, one.SOPInstanceUID)) == 0
        modality.release()
    assert archive.count() == before + 1
    checked = archive.practice.primum.cli("vault", "check", "--deep", check=False)
    assert checked.returncode == 0, checked.stdout


def test_a_running_association_is_told_there_is_no_room_and_goes_on(archive):
    canary = make_canary()
    first, second, third = (dataset(canary, image=number) for number in range(3))
    before = archive.count()
    with archive.calling() as modality:
        modality.associated(associate(calling=AET))
        assert status(modality.store(first, first.SOPInstanceUID)) == 0
        archive.disc.leave(-10)
        answer = modality.store(second, second.SOPInstanceUID)
        assert (status(answer), comment(answer)) == OUT_OF_RESOURCES
        modality.say(message(3, echo_command()))
        assert modality.status() == 0
        archive.disc.empty()
        assert status(modality.store(third, third.SOPInstanceUID)) == 0
        modality.release()
    assert archive.count() == before + 2
    log = archive.practice.primum.log.read_bytes()
    assert search_bytes(log, canary.needles()) == set()


def test_a_new_association_that_would_store_is_rejected_for_now_and_journaled(archive):
    archive.disc.leave(-10)
    with archive.calling() as modality:
        modality.say(associate(calling=AET))
        assert modality.hear() == REJECTED_FOR_NOW
    wait_for_reason(archive.practice, "dimse.space-low", "device:association:refused")


def test_a_new_association_that_only_verifies_is_served(archive):
    archive.disc.leave(-10)
    with archive.calling() as modality:
        modality.associated(associate((3, "1.2.840.10008.1.1", ("1.2.840.10008.1.2",)), calling=AET))
        modality.say(message(3, echo_command()))
        assert modality.status() == 0
        modality.say(ABORT)


def test_a_large_instance_stops_at_the_mark_and_leaves_nothing(archive):
    archive.disc.leave(16)
    free = shutil.disk_usage(archive.disc.place).free
    one, before = dataset(make_canary()), archive.count()
    one.Rows, one.Columns = 10_000, 6_000
    one.PixelData = np.random.default_rng(1).bytes(120_000_000)
    with archive.calling() as modality:
        modality.associate()
        answer = modality.store(one, one.SOPInstanceUID)
        assert (status(answer), comment(answer)) == OUT_OF_RESOURCES
        modality.release()
    assert archive.count() == before
    assert free - shutil.disk_usage(archive.disc.place).free < 4 * MIB


def test_reading_goes_on(archive):
    one = dataset(make_canary())
    with archive.calling() as modality:
        modality.associate()
        assert status(modality.store(one, one.SOPInstanceUID)) == 0
        modality.release()
    archive.disc.leave(-10)
    series = f"/dicom-web/studies/{one.StudyInstanceUID}/series/{one.SeriesInstanceUID}"
    archive.pages.get(f"{series}/metadata").raise_for_status()
    frame = archive.pages.get(f"{series}/instances/{one.SOPInstanceUID}/frames/1").raise_for_status()
    assert one.PixelData in frame.content


def test_an_import_stops_with_a_way_out_and_keeps_what_it_had_stored(archive, tmp_path):
    (tmp_path / "one.dcm").write_bytes(part10(dataset(make_canary())))
    before = archive.count()
    archive.disc.leave(-10)
    done = archive.practice.primum.cli("import", str(tmp_path), check=False)
    assert done.returncode == 1
    assert "[import.space-low]\nprimum: hint: " in done.stderr
    assert archive.count() == before
    wait_for_reason(archive.practice, "import.space-low", "import:finished")
