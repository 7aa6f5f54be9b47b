"""Whoever takes the disc, running, stopped or after a crash, learns nothing of a patient, and no key.

The same search, at the same moments, also goes over what an ordinary archive would leave of the same study, and must
find every bit of it there: a search that finds nothing proves nothing by itself.
"""

from __future__ import annotations

import base64
import os
import resource
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from primum.vault import Label
from tests.doors.e2e.canary import JAPANESE, dataset, make_canary
from tests.doors.e2e.conftest import Practice, root_key
from tests.doors.e2e.kit import enrol, scanner, studies
from tests.doors.e2e.processes import receivers
from tests.programs import accepts, wait_until
from tests.running import RunningPrimum, make_real_home
from tests.twins import processes
from tests.twins.clear_text import Canary, Needle, plain_copies, search, search_bytes

pytestmark = pytest.mark.programs("storescu")

CHARSETS = ("ISO_IR 100", "ISO_IR 192", JAPANESE)
MOMENTS = ("running", "after a crash of each door", "stopped", "after kill -9")


@dataclass
class Machine:
    """A practice's archive, and every place of the machine where it might have left something."""

    practice: Practice
    canary: Canary
    plain: Path
    must: list[str]
    places: list[Path]
    found: dict[str, set[tuple[str, str]]] = field(default_factory=dict)
    processes: dict[str, set[str]] = field(default_factory=dict)
    written: set[str] = field(default_factory=set)
    core_limits: set[str] = field(default_factory=set)
    cores_before: set[Path] = field(default_factory=set)
    core_folders: set[Path] = field(default_factory=set)

    @property
    def group(self) -> int:
        assert self.practice.primum.process is not None
        return self.practice.primum.process.pid

    def look(self, moment: str) -> None:
        """Search everywhere, the plain copy included; while it runs, its processes and open files too."""
        dumps = processes.cores_in(self.core_folders) - self.cores_before
        found = search([*self.places, *dumps, self.plain], self.canary)
        alive = processes.processes_of_group(self.group)
        for pid in alive:
            for name, content in processes.written_files(pid):
                found.update((name, what) for what in search_bytes(content, self.canary.needles()))
                self.written.add(name)
        self.found[moment] = found
        needles = self.canary.needles() | self.secrets()
        told = b"\0".join(processes.said_to_the_machine(pid) for pid in alive)
        self.processes[moment] = search_bytes(told, needles)
        self.core_limits.update(processes.core_limit(pid) for pid in alive)

    def secrets(self) -> dict[str, Needle]:
        """Every key and password of this home, in the forms in which programs write such things."""
        home, person = self.practice.home, self.practice.person
        root = root_key(home)
        raw = {f"key {label}": root.derive(label) for label in Label}
        raw |= {"root key": root.reveal(), "key file": home.key_file.read_bytes()}
        raw["second factor"] = base64.b32decode(person.totp_secret + "=" * (-len(person.totp_secret) % 8))
        found = {name: _spellings(value) for name, value in raw.items()}
        texts = {"password": person.password, "recovery key": home.recovery_key, "totp": person.totp_secret}
        return found | {name: Needle((text.lower().encode(),)) for name, text in texts.items()}


def _spellings(value: bytes) -> Needle:
    written = (value, value.hex().encode(), base64.b64encode(value), base64.urlsafe_b64encode(value).rstrip(b"="))
    return Needle(tuple(one.lower() for one in written))


@pytest.fixture(scope="module")
def machine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Machine]:
    """A day of a practice, searched at each of MOMENTS."""
    place = tmp_path_factory.mktemp("practice")
    own = {name: place / name for name in ("tmp", "house", "cache")}
    for folder in own.values():
        folder.mkdir()
    environment = {"TMPDIR": str(own["tmp"]), "HOME": str(own["house"]), "XDG_CACHE_HOME": str(own["cache"])}
    home, canary = make_real_home(place), make_canary()
    running = RunningPrimum(home.folder, key_file=home.key_file, environment=environment)
    places = [home.folder, running.log, place / "home.runtime", *own.values(), Path("/dev/shm")]
    with _core_dumps_allowed(), running:
        practice = Practice(running, running.enrol_first_person(), home)
        images = _write(tmp_path_factory.mktemp("images"), canary)
        plain = tmp_path_factory.mktemp("plain") / "copies"
        made = Machine(practice, canary, plain, plain_copies(plain, images[1].read_bytes(), canary), places)
        made.core_folders = processes.core_folders(processes.processes_of_group(made.group))
        made.cores_before = processes.cores_in(made.core_folders)
        pack = _live_a_day(made, images, tmp_path_factory.mktemp("packs"))
        made.look("running")
        _crash(made)
        made.look("after a crash of each door")
        running.stop()
        made.look("stopped")
        running.start()
        running.wait_ready()
        assert scanner(practice, pack, "CT1").store(images).ok
        running.kill()
        made.look("after kill -9")
        yield made


@contextmanager
def _core_dumps_allowed() -> Iterator[None]:
    """Let programs that we start dump their core as far as this machine permits: not dumping must be their doing."""
    before = resource.getrlimit(resource.RLIMIT_CORE)
    resource.setrlimit(resource.RLIMIT_CORE, (before[1], before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_CORE, before)


def _write(folder: Path, canary: Canary) -> list[Path]:
    """Write one image of the canary in each character set, under file names that tell the name."""
    made = []
    for number, charset in enumerate(CHARSETS):
        file = folder / f"{canary.name} {canary.birth_date} {number}.dcm"
        dataset(canary, study=number, image=number, charset=charset).save_as(file, enforce_file_format=True)
        made.append(file)
    return made


def _live_a_day(machine: Machine, images: list[Path], packs: Path) -> Path:
    """Send, import, find, read, and type the wrong things; return the pack of the device that sent."""
    practice, canary = machine.practice, machine.canary
    practice.primum.sign_in(practice.person)
    pack = enrol(practice, packs, "ct-1", "CT1", "--may", "store")
    sent = scanner(practice, pack, "CT1").store(images[:2])
    assert sent.ok, sent.output
    damaged = images[0].with_name(f"{canary.name} damaged.dcm")
    damaged.write_bytes(images[0].read_bytes()[:-1000])
    imported = practice.primum.cli("import", str(images[0].parent), check=False)
    assert "1 images of 1 studies stored, 2 were here already, 1 refused" in imported.stderr
    assert len(studies(practice, canary.name.partition("^")[0][:6])) == len(CHARSETS)
    _read(machine)
    _mistype(machine)
    return pack


def _read(machine: Machine) -> None:
    practice, canary = machine.practice, machine.canary
    with practice.primum.signed_in(practice.person) as pages:
        assert canary.patient_id in pages.get("/").raise_for_status().text
        query = {"PatientName": f"{canary.name.partition('^')[0]}*", "PatientBirthDate": canary.birth_date}
        found = pages.get("/dicom-web/studies", params=query).raise_for_status().json()
        assert found
        for study in range(len(CHARSETS)):
            series = f"/dicom-web/studies/{canary.uid_root}.{study}/series/{canary.uid_root}.{study}.1"
            (one,) = pages.get(f"{series}/metadata").raise_for_status().json()
            assert one["00100020"]["Value"] == [canary.patient_id]
            uid = one["00080018"]["Value"][0]
            frame = pages.get(f"{series}/instances/{uid}/frames/1").raise_for_status()
            assert canary.pixels in frame.content
        # what is refused is told of nowhere either
        assert pages.get(f"/dicom-web/studies/{canary.uid_root}.99/metadata").status_code == 404
        assert pages.get("/dicom-web/studies", params={canary.name: canary.patient_id}).status_code == 400


def _mistype(machine: Machine) -> None:
    """Sign in with a patient's name as login, and with a patient's number as password."""
    practice, canary = machine.practice, machine.canary
    with practice.primum.browser() as pages:
        for login, password in ((canary.name, canary.patient_id), (practice.person.login, canary.name)):
            form = {"login": login, "password": password, "code": canary.birth_date[:6]}
            assert pages.post("/sign-in", data=form).status_code == 403
    refused = practice.primum.cli("sign-in", typed=[canary.name, canary.patient_id, "123456"], check=False)
    assert "[identity.sign-in-refused]" in refused.stderr


def _crash(machine: Machine) -> None:
    """Make each child end as a fault in C would end it; it is started anew."""
    settings = machine.practice.primum.settings
    dicom, web = int(settings["dicom_port"]), int(settings["web_port"])
    crashing = [(pid, dicom) for pid in receivers(machine.practice.primum)]
    assert crashing
    crashing += [(processes.child_named(machine.group, name), port) for name, port in (("dimse", dicom), ("web", web))]
    for gone, port in crashing:
        os.kill(gone, signal.SIGABRT)
        wait_until(lambda gone=gone: gone not in processes.processes_of_group(machine.group), seconds=30)
        wait_until(lambda port=port: accepts(port), seconds=60)


@pytest.mark.parametrize("moment", MOMENTS)
def test_everything_is_found_in_a_plain_copy_and_nothing_in_the_archive(machine, moment):
    found = machine.found[moment]
    in_the_copy = {what for file, what in found if Path(file).is_relative_to(machine.plain)}
    assert [what for what in machine.must if what not in in_the_copy] == []
    assert {one for one in found if not Path(one[0]).is_relative_to(machine.plain)} == set()


def test_no_command_line_and_no_environment_holds_a_patient_or_a_key(machine):
    assert machine.processes == {moment: set() for moment in MOMENTS}


def test_no_key_and_no_password_is_on_the_disc(machine):
    secrets = machine.secrets()
    plain = b"".join(one.forms[0] for one in secrets.values())
    assert search_bytes(plain, secrets) == set(secrets)
    found = {
        (str(file), what)
        for place in machine.places
        for file in ([place] if place.is_file() else place.rglob("*"))
        if file.is_file()
        for what in search_bytes(file.read_bytes(), secrets)
    }
    assert found == set()


def test_no_process_writes_outside_the_home_but_for_its_log(machine):
    if os.geteuid() == 0:  # nobody else may look at what a hardened process has open
        assert str(machine.practice.home.folder / "index.db") in machine.written
    assert {name for name in machine.written if not name.startswith(tuple(map(str, machine.places)))} == set()


def test_no_process_may_dump_its_core(machine):
    assert machine.core_limits == {"0"}
