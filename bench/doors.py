"""Our two doors on an index that was filled before, each to be run in a process of its own."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import httpx
from tests.doors import web_kit
from tests.doors.dimse.running import House, device

from bench.finder import TITLE
from primum.app.shelf import Shelf
from primum.identity.device_model import Service
from primum.imaging.archive import Archive
from primum.imaging.store import open_index


@contextmanager
def dicom_door(index: Path, key: bytes, controller: str, folder: Path) -> Iterator[int]:
    """Run the DICOM door, without TLS as Orthanc's; give its port."""
    folder.mkdir()
    house = House(folder)
    house.enrol(replace(device(TITLE, frozenset({Service.FIND})), controller_id=controller))
    archive = Archive(open_index(index, key, read_only=True), SimpleNamespace())  # type: ignore[arg-type]
    with house.open(archive=lambda: archive) as port:
        yield port
    house.close()


@contextmanager
def web_door(home: Path, index: Path, key: bytes) -> Iterator[tuple[str, str]]:
    """Run the web door, with somebody signed in who sees the whole site; give its address and their cookie."""
    door = web_kit.build(home)
    archive = Archive(open_index(index, key, read_only=True), door.vault)
    door = replace(door, services=replace(door.services, archive=Shelf(archive)))
    doctor = door.doctor()
    own = {"Origin": door.url, "Sec-Fetch-Site": "same-origin"}
    # the door's certificate is of its own making, on loopback
    with web_kit.serving(door), httpx.Client(base_url=door.url, headers=own, verify=False, trust_env=False) as client:
        client.post("/sign-in", data=doctor.form())
        yield door.url, "; ".join(f"{one.name}={one.value}" for one in client.cookies.jar)
