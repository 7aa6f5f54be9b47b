"""A web door with the further rooms of the files of breaches behind it: evidence, containment, letters, register."""

from __future__ import annotations

import html
from dataclasses import fields, replace
from types import SimpleNamespace

import httpx
from tests.doors import web_kit
from tests.doors.web.conftest import form_token
from tests.unit.incidents.evidence_kit import Twin
from tests.unit.journal.scene import SEED

from primum.app.containment import MeansOfWorker
from primum.app.incident_work import IncidentWork
from primum.app.incidents import OurHouse
from primum.app.joints import Recorder, box
from primum.doors.worker.desk import Desk
from primum.doors.worker.verbs_incident_pages import page
from primum.ground.closed import read_closed
from primum.ground.disc import RealDisc
from primum.ground.ids import new_id
from primum.incidents.containment.service import Containment
from primum.incidents.evidence.service import Evidence
from primum.incidents.register.service import Registers
from primum.incidents.register.verbs import Authority
from primum.incidents.service import Incidents
from primum.incidents.store import prepare_incidents
from primum.journal import Signer


class Around:
    """What the register asks of the house."""

    def __init__(self, signer: Signer) -> None:
        self.signer = signer

    def person(self, person_id: str) -> str:
        return person_id

    def journal_root(self) -> str:
        return self.signer.sign_heads().note

    def findings(self, ids):
        return []


class Devices:
    """Devices: what containment asks of them."""

    def __init__(self, controllers: list[str]) -> None:
        self.kept: dict[str, SimpleNamespace] = {}
        self.revoked: list[str] = []
        for name, one in zip(("ct-1", "us-2"), controllers, strict=True):
            self.add(name, one)

    def add(self, name: str, controller: str) -> None:
        one = SimpleNamespace(id=new_id("dev"), name=name, controller_id=controller, revoked_at=None)
        self.kept[name] = one

    def list(self):
        return list(self.kept.values())

    def find(self, name: str):
        return next(one for one in self.kept.values() if name in {one.id, one.name})

    def revoke(self, by: str, device_id: str) -> None:
        self.find(device_id).revoked_at = "now"
        self.revoked.append(device_id)


def build(folder) -> web_kit.Door:
    """Lay out a door; it has `files`, `rooms` and `devices` besides."""
    door = web_kit.build(folder)
    records, home = door.indexer._records, door.services.home_id
    prepare_incidents(records)
    files = Incidents(records, door.clock, Recorder(door.journal), OurHouse(door.people, processor=False))
    signer = Signer(door.journal.folder, SEED, home, door.clock, RealDisc())
    house = Twin((door.journal,), signer, door.journal.folder)
    house.home_id = home
    evidence = Evidence(files, house, folder, box(bytes(range(32, 64))), RealDisc())
    devices, told = Devices(door.controllers), []
    around = SimpleNamespace(
        home=SimpleNamespace(folder=folder), disc=RealDisc(), clock=door.clock, journal=door.journal,
        settings=door.services.settings,
    )  # fmt: skip
    means = MeansOfWorker(around, devices, door.people, lambda: told.append("doors"), patience=0.1)
    door.rooms = SimpleNamespace(
        files=files, evidence=evidence, house=house, containment=Containment(files, evidence, means),
        authority=Authority(files), registers=Registers(files, Around(signer)),
        work=IncidentWork(files.now, patience=30),
    )  # fmt: skip
    worker = SimpleNamespace(
        people=door.people, devices=devices, signer=signer, incidents=SimpleNamespace(files=files), records=records
    )  # fmt: skip
    desk = Desk(**{one.name: {"worker": worker, "breaches": door.rooms}.get(one.name) for one in fields(Desk)})
    door.services = replace(door.services, closed=lambda: read_closed(folder))
    door.services.intake.verbs = {"incidents": lambda args, data: page(desk, args, data)}
    door.files, door.devices, door.told = files, devices, told
    return door


def said(answer: httpx.Response) -> str:
    return html.unescape(answer.text)


def post(client: httpx.Client, address: str, **form: str) -> httpx.Response:
    return client.post(address, data={"form_token": form_token(client), **form})


def send(client: httpx.Client, address: str, body: bytes = b"", **form: str) -> httpx.Response:
    """Send a form with a file in it, as a browser does: an empty one where nobody chose any."""
    files = {"document": ("x.pdf" if body else "", body, "application/pdf")}
    return client.post(address, data={"form_token": form_token(client), **form}, files=files)


def fresh(client: httpx.Client, who, address: str) -> None:
    """Give password and code again."""
    told = {"then": address, "password": who.made.password, "code": who.code()}
    assert post(client, "/step-up", **told).headers["location"] == address
