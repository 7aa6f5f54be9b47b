"""Files of breaches behind a web door, with the real rooms."""

from __future__ import annotations

import html
from dataclasses import fields, replace
from pathlib import Path
from types import SimpleNamespace

import httpx
from tests.doors import web_kit
from tests.doors.web.conftest import form_token

from primum.app.incidents import OurHouse
from primum.app.joints import Recorder
from primum.doors.worker.desk import Desk
from primum.doors.worker.verbs_incident_pages import page
from primum.incidents.service import Incidents
from primum.incidents.store import prepare_incidents


def build(folder: Path, *, hosts: bool = False) -> web_kit.Door:
    """Lay out a home whose pages reach the files as `door.files`. `hosts`: the house hosts for others."""
    door = web_kit.build(folder)
    prepare_incidents(door.indexer._records)
    house = OurHouse(door.people, processor=hosts)
    door.files = Incidents(door.indexer._records, door.clock, Recorder(door.journal), house)
    worker = SimpleNamespace(people=door.people, incidents=SimpleNamespace(files=door.files))
    desk = Desk(**{one.name: {"worker": worker}.get(one.name) for one in fields(Desk)})
    door.services.intake.verbs = {"incidents": lambda args, data: page(desk, args, data)}
    if hosts:
        settings = replace(door.services.settings, hosts_for_others=True)
        door.services = replace(door.services, settings=settings)
    return door


def said(answer: httpx.Response) -> str:
    """What a page says, as its reader sees it."""
    return html.unescape(answer.text)


def send(client: httpx.Client, address: str, letter: bytes = b"", **form: str) -> httpx.Response:
    """Send a form that may hold a file, as a browser does."""
    parts = [("form_token", (None, form_token(client))), *((name, (None, value)) for name, value in form.items())]
    if letter:
        parts.append(("document", ("x.pdf", letter, "application/pdf")))
    return client.post(address, files=parts)
