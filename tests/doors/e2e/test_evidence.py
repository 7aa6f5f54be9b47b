"""Freezing and containing in a real home: its journal, people, devices; the bundle is verified by a stranger."""

from __future__ import annotations

import io
import json
import subprocess
import sys
import tarfile
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path

import pytest

from primum.app import bundles, payload
from primum.app.containment import MeansOfWorker, open_containment
from primum.app.evidence import HouseOfWorker, open_evidence
from primum.app.joints import Recorder
from primum.app.worker import WorkerRooms, open_worker
from primum.ground.closed import read_closed
from primum.ground.home import find_home
from primum.ground.settings import read_settings
from primum.identity import Actor, NoSession, Permission
from primum.incidents.containment.service import Containment
from primum.incidents.evidence.service import Evidence
from primum.incidents.model import EntryKind, Origin
from primum.incidents.service import Controller, Incidents
from tests.doors.e2e.conftest import root_key
from tests.running import Person, RealHome, RunningPrimum, make_real_home

SCRIPT = Path(__file__).parents[2] / "independent" / "verify_bundle.py"
pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]


@dataclass
class House:
    """The house as the files of breaches see it."""

    worker: WorkerRooms
    processor = False

    def controllers(self) -> list[Controller]:
        return [Controller(one.id, one.name) for one in self.worker.people.controllers()]


@dataclass
class Opened:
    """A home's worker in this process, with the rooms of evidence and containment."""

    home: RealHome
    worker: WorkerRooms
    person: Person
    files: Incidents
    evidence: Evidence
    containment: Containment
    told: list[str]

    def sign_in(self) -> Actor:
        people = self.worker.people
        session = people.sign_in(self.person.login, self.person.password, self.person.code(), "local", "terminal")
        return replace(people.actor(people.session(session.token)), fresh=True)  # stepping up waits for a next code

    def opened(self, by: Actor) -> str:
        return self.files.open(by, Origin.PERSON, "portable perdu", House(self.worker).controllers()[0].id).id


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Opened]:
    home = make_real_home(tmp_path_factory.mktemp("evidence"))
    with RunningPrimum(home.folder, key_file=home.key_file) as running:
        person = running.enrol_first_person()
    found, root = find_home(home.folder), root_key(home)
    settings = read_settings(home.folder / "primum.toml")
    given = payload.payloads(root, home.folder, bundles.renewed(found, settings, root), {})["worker"]
    worker = open_worker(given, lambda: None)
    worker.devices.add("system", "ct-1", "CT1", ["store"], worker.people.controllers()[0].id)
    told: list[str] = []
    files = Incidents(worker.records, worker.rooms.clock, Recorder(worker.rooms.journal), House(worker))
    reads = HouseOfWorker(worker.rooms, worker.records, worker.index, worker.devices, worker.signer)
    evidence = open_evidence(files, reads, worker.secrets)
    means = MeansOfWorker(worker.rooms, worker.devices, worker.people, lambda: told.append("doors"), patience=5)
    yield Opened(home, worker, person, files, evidence, open_containment(files, evidence, means), told)
    worker.rooms.journal.close()
    worker.records.dispose()
    worker.index.dispose()


@pytest.fixture(scope="module")
def doctor(house: Opened) -> Actor:
    return house.sign_in()


def parts(data: bytes) -> dict[str, bytes]:
    with tarfile.open(fileobj=io.BytesIO(data)) as tar:
        return {one.name: file.read() for one in tar if (file := tar.extractfile(one)) is not None}


def test_a_real_home_is_frozen_and_verified_by_a_stranger(house: Opened, doctor: Actor) -> None:
    file_id = house.opened(doctor)
    entry = house.evidence.freeze(doctor, file_id)
    data = b"".join(house.evidence.bundle(doctor, file_id, entry.id))
    key = (house.home.folder / "journal" / "signer.pub").read_text()
    told = subprocess.run([sys.executable, "-I", str(SCRIPT), key], input=data, capture_output=True, check=False)
    assert told.returncode == 0, told.stderr.decode()
    assert entry.body["missing"] == 0
    found = parts(data)
    assert {one["name"] for one in json.loads(found["system/devices.json"])} == {"ct-1"}
    assert {one["address"] for one in json.loads(found["system/sessions.json"])} >= {"local"}
    kinds = {json.loads(one)["kind"] for one in found["configuration/history-0001.jsonl"].splitlines()}
    assert {"home:created", "configuration:changed", "device:added", "door:opened", "person:added"} <= kinds
    person = house.worker.people.person(doctor.person_id)
    for name, body in found.items():
        assert person.full_name.encode() not in body, name


def test_a_stolen_device_is_refused_and_sessions_and_tokens_end(house: Opened, doctor: Actor) -> None:
    people, file_id = house.worker.people, house.opened(doctor)
    other = people.sign_in(house.person.login, house.person.password, house.person.code(), "local", "browser")
    token = people.add_token(doctor, "script", [Permission.STUDY_LIST], timedelta(days=2))
    house.containment.revoke_device(doctor, file_id, "ct-1")
    house.containment.revoke_device(doctor, file_id, "ct-1")  # again: nothing changes
    assert house.worker.devices.find("ct-1").revoked_at is not None
    assert house.containment.end_sessions(doctor, file_id, house.person.login).body["count"] >= 1
    with pytest.raises(NoSession):
        people.session(other.token)
    assert house.containment.end_tokens(doctor, file_id).body["count"] == 1
    with pytest.raises(NoSession):
        people.program(token.secret, "127.0.0.1")
    actions = [one.body["outcome"] for one in house.files.dossier(doctor, file_id).of_kind(EntryKind.ACTION)]
    assert actions == ["begun", "done"] * 4


def test_doors_that_nobody_can_call_are_seen_to_be_closed(house: Opened, doctor: Actor) -> None:
    file_id = house.opened(doctor)
    entry = house.containment.close_doors(doctor, file_id)
    assert entry.body["outcome"] == "done"  # no door of this home is open here
    closed = read_closed(house.home.folder)
    assert closed is not None
    assert (closed.by, closed.incident) == (doctor.person_id, file_id)
    assert house.told == ["doors"]
    assert house.containment.reopen_doors(doctor, file_id, "corrigé").body["outcome"] == "unsure"  # nothing opens here
    assert read_closed(house.home.folder) is None
    account = b"".join(one.read_bytes() for one in (house.home.folder / "journal" / "account").rglob("*.chain"))
    assert b'"kind":"doors:closed"' in account
    assert b'"kind":"doors:reopened"' in account
