"""A DICOM door that runs, with a real vault, journal and list of devices, in a folder of the test's."""

from __future__ import annotations

import atexit
import functools
import json
import shutil
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from tests.programs import free_port

from primum import vault
from primum.app.intake import WorkerAbsent
from primum.doors import dimse
from primum.ground.clock import SystemClock
from primum.ground.disc import RealDisc
from primum.ground.ids import new_id
from primum.identity.boxes import SealedBox
from primum.identity.device_model import Device, Service
from primum.identity.snapshot import PURPOSE, DeviceDirectory, write_snapshot
from primum.imaging import Stored
from primum.journal import Journal, Refusals

KEYS = vault.VaultKeys(keyring=b"k" * 32, names=b"n" * 32)
BOX = SealedBox(b"d" * 32, vault.seal_small, vault.open_small)
CONTROLLER = "ctl_" + "a" * 26


@dataclass
class Index:
    """An intake that remembers, and answers barriers at once or never."""

    hints: list[Stored] = field(default_factory=list)
    barriers: int = 0
    answers: bool = True

    def stored(self, hint: Stored) -> None:
        self.hints.append(hint)

    def barrier(self, timeout_seconds: float) -> bool:
        self.barriers += 1
        return self.answers

    def ask(self, verb: str, args: dict[str, Any], data: bytes = b"") -> tuple[dict[str, Any], bytes]:
        raise WorkerAbsent


@dataclass
class Gauge:
    """Free space, as the test wants it. `left`: how often it is still enough."""

    left: float = float("inf")

    def low(self) -> bool:
        self.left -= 1
        return self.left < 0


def device(aet: str, may: frozenset[Service] = frozenset({Service.STORE}), *, revoked: bool = False) -> Device:
    now = datetime.now(UTC)
    return Device(
        id=new_id("dev"), name=aet.lower(), aet=aet, may=may, controller_id=CONTROLLER, plain_address="127.0.0.1",
        added_at=now - timedelta(days=1), added_by="per_" + "b" * 26, revoked_at=now if revoked else None,
        certificates=(),
    )  # fmt: skip


class House:
    """What the door is given, and what became of it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        shutil.copytree(empty_home(), folder, dirs_exist_ok=True)
        disc, self.clock = RealDisc(), SystemClock()
        self.vault = vault.open_vault(folder / "vault", folder / "keyring", KEYS, disc, self.clock)
        self.journal = Journal(folder / "journal", "dimse", self.clock, disc, new_id("hom"))
        self.index, self.gauge = Index(), Gauge()
        self.snapshot = folder / "devices"
        self._number = 0
        self.enrol(device("SCANNER"), device("NOTHING", frozenset()))
        self.directory = DeviceDirectory(self.snapshot, BOX, self.clock)

    def enrol(self, *devices: Device) -> None:
        self._number += 1
        plain = write_snapshot(devices, number=self._number, loopback_only=False, now=self.clock.now())
        new = self.snapshot.with_suffix(".new")
        new.write_bytes(BOX.seal(PURPOSE, plain))
        new.rename(self.snapshot)

    def services(self, **changes: object) -> dimse.DimseServices:
        given: dict[str, object] = {
            "vault": self.vault, "devices": self.directory, "journal": self.journal,
            "refusals": Refusals(self.journal), "intake": self.index, "space": self.gauge, "clock": self.clock,
            "tls": None, "plain_port": free_port(),
        }  # fmt: skip
        return dimse.DimseServices(**(given | changes))  # type: ignore[arg-type]

    @contextmanager
    def open(self, **changes: object) -> Iterator[int]:
        services = self.services(**changes)
        door = dimse.Door(services)
        door.open()
        thread = threading.Thread(target=door.serve)
        thread.start()
        try:
            yield door.addresses[-1][1]
        finally:
            door.stop()
            thread.join()
            services.refusals.close()

    def facts(self) -> list[dict[str, Any]]:
        self.journal.flush()
        chains = sorted((self.folder / "journal" / "access").rglob("*.chain"))
        lines = [line.split(" ", 1)[1] for chain in chains for line in chain.read_text("ascii").splitlines()]
        return [json.loads(line) for line in lines]

    def reasons(self, kind: str) -> list[str]:
        return [fact["details"]["reason"] for fact in self.facts() if fact["kind"] == kind]

    def positions(self) -> list[vault.Position]:
        return [
            at
            for study in self.vault.studies()
            for pack in self.vault.packs(study)
            for at in self.vault.replay(study, pack.pack)
            if isinstance(at, vault.Position)
        ]

    def stored(self) -> list[bytes]:
        return [self.vault.open(at).data_set() for at in self.positions()]

    def close(self) -> None:
        self.directory.close()
        self.journal.close()


@functools.cache
def empty_home() -> Path:
    """Laid out once for all tests: it takes 512 folders."""
    folder = Path(tempfile.mkdtemp(prefix="primum-test-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    for name in ("vault", "keyring", "journal"):
        (folder / name).mkdir()
    vault.create_layout(RealDisc(), folder / "vault", folder / "keyring")
    return folder
