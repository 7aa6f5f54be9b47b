"""A house to freeze evidence of: a real journal with two pens and a signer; a twin of app/evidence.py."""

from __future__ import annotations

import io
import os
from pathlib import Path

from tests.unit.exposure import kit as exposure
from tests.unit.incidents.kit import TUESDAY, Controller, House, actor
from tests.unit.journal.scene import HOME, SEED, STORED, VIEWED

from primum.app.joints import Recorder, box
from primum.ground.clock import FixedClock
from primum.ground.disc import RealDisc
from primum.identity import Role
from primum.incidents.evidence.service import Evidence
from primum.incidents.evidence.sources import SignedHeads
from primum.incidents.model import Origin
from primum.incidents.service import Incidents
from primum.incidents.store import prepare_incidents
from primum.journal import Journal, Signer

NEIGHBOUR = Controller("ctl_" + "b" * 26, "Dr Nguyen, radiologue")
OURS = Controller("ctl_" + "a" * 26, "Cabinet du Dr Le Gall")


class Twin:
    """What app/evidence.py answers, small and written here."""

    home_id, version = HOME, "0.1.0"

    def __init__(self, pens, signer, folder) -> None:
        self.pens, self.signer, self.journal = pens, signer, folder
        self.kept_checks = {"chk_" + "c" * 26: "check.primum.invalid/…\n{}\n\n— signed\n"}
        self.listed = [{"study": "e" * 26, "controller": OURS.id, "series": 2, "instances": 1200}]
        self.refuses = ""

    def sign_heads(self):
        for pen in self.pens:
            pen.flush()
        return SignedHeads(tuple(one.chain for one in self.signer.sign_heads().ill))

    def sign_text(self, text):
        return self.signer.sign_text(text)

    def settings(self):
        return b'web_name = "archive"\n', {"web_name": "archive", "dicom_port": 2762}

    def system(self):
        return {"versions": lambda: {"primum": "0.1.0"}, "devices": self._devices}

    def _devices(self):
        if self.refuses == "devices":
            raise OSError(5, "the disc refuses")
        return [{"id": "dev_" + "d" * 26, "may": ["store"]}]

    def counts(self):
        return {"studies": len(self.listed)}

    def studies(self):
        return iter(self.listed)

    def findings(self, ids):
        return [{"id": one, "run": "ab" * 32} for one in ids]

    def run(self, digest):
        return b'{"run":1}' if digest == "ab" * 32 else None

    def checks(self, since):
        return list(self.kept_checks)

    def check(self, check_id):
        return self.kept_checks.get(check_id)


class Frozen:
    """The files of a home with a real journal, and its room of evidence."""

    def __init__(self, folder: Path, *controllers: Controller, disc: RealDisc | None = None) -> None:
        self.folder, self.clock = folder, FixedClock(TUESDAY)
        journal, real = folder / "journal", RealDisc()
        journal.mkdir()
        self.web, self.worker = (Journal(journal, one, self.clock, real, HOME) for one in ("web", "worker"))
        for _ in range(3):
            self.web.record(VIEWED)
        self.web.record(STORED)
        self.signer = Signer(journal, SEED, HOME, self.clock, real)
        self.engine = exposure.records(folder)
        prepare_incidents(self.engine)
        house = House(*(controllers or (OURS,)))
        self.files = Incidents(self.engine, self.clock, Recorder(self.worker), house)
        self.twin = Twin((self.web, self.worker), self.signer, journal)
        seals = box(bytes(range(32, 64)))
        self.evidence = Evidence(self.files, self.twin, folder, seals, disc or real)
        self.doctor = actor(Role.PHYSICIAN, controllers[0] if controllers else OURS)

    @property
    def key(self) -> str:
        return self.signer.verifier_key

    def opened(self, **said):
        return self.files.open(self.doctor, Origin.PERSON, "portable perdu dans le train", OURS.id, **said)

    def taken(self, file_id: str, entry_id: str) -> bytes:
        return b"".join(self.evidence.bundle(self.doctor, file_id, entry_id))


def reader(data: bytes) -> io.BytesIO:
    return io.BytesIO(data)


def sealed_files(folder: Path) -> list[Path]:
    return [Path(at) / name for at, _, names in os.walk(folder / "evidence") for name in names]
