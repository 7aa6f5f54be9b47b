"""Primum itself, as an administrator would run it: `primum up` on a home, a device pack for the sender.

Making a home and enrolling the sender is done once; each run starts on a copy of that home, which holds
no study. Nothing is set that a user could not set, nothing is switched off.
"""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from tests.programs import free_port
from tests.running import Person, RealHome, RunningPrimum, make_real_home

from bench.contenders.base import Way, children_of, compare
from bench.contenders.multipart import fetched
from bench.load import Slice
from bench.trust import tls_options

if TYPE_CHECKING:
    import httpx

TITLE = "PRIMUM"
JSON = {"Accept": "application/dicom+json"}
PAGE = 200


@dataclass(frozen=True, slots=True)
class Template:
    """A home with one physician and two enrolled senders (one of them plain, on loopback), and no study."""

    home: RealHome
    person: Person
    pack: Path


def make_template(place: Path, may: str = "store") -> Template:
    """Make the home that every run copies."""
    place.mkdir()
    home = make_real_home(place)
    with RunningPrimum(home.folder, key_file=home.key_file) as running:
        person = running.enrol_first_person()
        running.sign_in(person)
        for way, name, more in (
            (Way(tuned=True, tls=True), "pack", ["--pem"]),
            (Way(tuned=True, tls=False), "plain", ["--plain", "127.0.0.1"]),
        ):
            add = ["device", "add", f"bench-{name}", "--aet", way.calling, "--may", may, *more]
            running.cli(*add, "--out", str(place / name))  # who has just signed in is not asked again
    return Template(home, person, place / "pack")


class Primum:
    """One run of Primum on a copy of the template."""

    name = "primum"
    title = TITLE

    def __init__(self, template: Template) -> None:
        """Nothing has been started yet."""
        self._template = template
        # a code works once per home: each copy takes the present one again
        self._person = replace(template.person)
        self._running: RunningPrimum | None = None
        self._way = Way(tuned=False, tls=False)

    def start(self, folder: Path, way: Way) -> None:
        """Copy the home and start on it."""
        folder.mkdir()
        shutil.copytree(self._template.home.folder, folder / "home")
        shutil.copy2(self._template.home.key_file, folder / "home.key")
        self._way, self._plain = way, free_port()
        self._running = RunningPrimum(
            folder / "home",
            key_file=folder / "home.key",
            settings={"dicom_plain_port": 0 if way.tls else self._plain},
            environment=way.environment(),
        )
        self._running.start()
        self._running.wait_ready()

    def target(self) -> Sequence[str]:
        """Return storescu's last arguments."""
        if not self._way.tls:
            return ["127.0.0.1", str(self._plain)]
        pack = self._template.pack
        secured = tls_options(pack / "key.pem", pack / "certificate.pem", pack / "archive-ca.pem")
        return [*secured, "127.0.0.1", str(self._started().settings["dicom_port"])]

    def signed_in(self) -> AbstractContextManager[httpx.Client]:
        """Give a client with a session of the physician: once a run, for a code works once."""
        return self._started().signed_in(self._person)

    def wrong(self, sent: Sequence[Slice]) -> list[str]:
        """Find every instance by QIDO, fetch every study by WADO-RS, compare the data sets."""
        with self.signed_in() as client:
            return self.compared(client, sent)

    def compared(self, client: httpx.Client, sent: Sequence[Slice]) -> list[str]:
        """Do so with a client that has a session."""
        listed = set[str]()
        for study in {one.study_uid for one in sent}:
            listed |= self._listed(client, study)
        missing = [one for one in sent if one.sop_uid not in listed]
        found = {uid: one for study in {one.study_uid for one in sent} for uid, one in fetched(client, study).items()}
        wrong = [f"{len(missing)} instances not found by QIDO"] if missing else []
        return wrong + compare({one.sop_uid: one.data_set for one in sent}, found)

    def _listed(self, client: httpx.Client, study: str) -> set[str]:
        found, offset = set[str](), 0
        while True:
            page = {"limit": str(PAGE), "offset": str(offset)}
            answer = client.get(f"/dicom-web/studies/{study}/instances", params=page, headers=JSON).raise_for_status()
            rows = answer.json() if answer.content else []
            found |= {row["00080018"]["Value"][0] for row in rows}
            if len(rows) < PAGE:
                return found
            offset += PAGE

    def _started(self) -> RunningPrimum:
        if self._running is None:
            raise RuntimeError("not started")
        return self._running

    def processes(self) -> Sequence[int]:
        """Return the supervisor and its children."""
        process = self._running.process if self._running else None
        return children_of(process.pid) if process else []

    def stop(self) -> None:
        """End it."""
        if self._running is not None:
            self._running.stop()
