"""A Primum that runs, for tests that look at it from outside."""

from __future__ import annotations

import fcntl
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from primum import vault
from primum.app.bundles import certificates
from primum.app.databases import open_records
from primum.app.joints import box
from primum.ground.clock import Clock, FixedClock, SystemClock
from primum.ground.disc import RealDisc
from primum.ground.home import find_home
from primum.identity import Certificates, Devices, Door
from tests.running import Person, RealHome, RunningPrimum, make_real_home


@dataclass(frozen=True, slots=True)
class Practice:
    """A running archive and its first person."""

    primum: RunningPrimum
    person: Person
    home: RealHome


@pytest.fixture(scope="module")
def practice(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Practice]:
    """A real home with one person, started once for the tests of a file."""
    home = make_real_home(tmp_path_factory.mktemp("practice"))
    with RunningPrimum(home.folder, key_file=home.key_file) as running:
        yield Practice(running, running.enrol_first_person(), home)


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningPrimum]:
    """A demo home as `make run` makes it, on the default ports: one at a time on this machine."""
    with (Path(tempfile.gettempdir()) / "primum-tests-demo.lock").open("w") as turn:
        fcntl.flock(turn, fcntl.LOCK_EX)
        yield from _demo(tmp_path_factory)


def _demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningPrimum]:
    with RunningPrimum(tmp_path_factory.mktemp("demo") / "home", demo=True) as running:
        yield running


def root_key(home: RealHome) -> vault.RootKey:
    """Open a home's root key with its key file: what the machine's owner can do, and no caller."""
    return vault.unlock(home.folder / "keyring", vault.KeyFileGuard(home.key_file))


@pytest.fixture(scope="module")
def web_identity(practice: Practice) -> tuple[bytes, bytes]:
    """The web door's own key and certificate: what a stranger would have who broke into it."""
    shelf = shelf_of(practice)
    pem = shelf._get("web").pem()
    key, _, certificate = pem.partition(b"-----BEGIN CERTIFICATE-----")
    return (key, b"-----BEGIN CERTIFICATE-----" + certificate) if b"PRIVATE" in key else _other_way(pem)


def _other_way(pem: bytes) -> tuple[bytes, bytes]:
    certificate, _, key = pem.partition(b"-----BEGIN PRIVATE KEY-----")
    return b"-----BEGIN PRIVATE KEY-----" + key, certificate


def shelf_of(practice: Practice, clock: Clock | None = None) -> Certificates:
    """Open the shelf of certificates of a running home."""
    folder = practice.home.folder
    return certificates(
        find_home(folder), root_key(practice.home).derive(vault.Label.CERTIFICATES), clock or SystemClock(), RealDisc()
    )


@pytest.fixture(scope="module")
def expired_pack(practice: Practice, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A device that was enrolled three years ago and never renewed."""
    then = FixedClock(datetime.now(UTC) - timedelta(days=1095))
    home, root = find_home(practice.home.folder), root_key(practice.home)
    records = open_records(home, root.derive(vault.Label.RECORDS))
    devices = Devices(
        records, shelf_of(practice, then), then, lambda *_: None,
        snapshot_path=home.folder / "run" / "devices", snapshot_box=box(root.derive(vault.Label.DEVICES)),
        disc=RealDisc(), door=Door("127.0.0.1", int(practice.primum.settings["dicom_port"]), "PRIMUM", "bcp195"),
        loopback_only=False,
    )  # fmt: skip
    controller = devices.list()[0].controller_id if devices.list() else "ctl_" + "a" * 26
    pack = devices.add("system", "old-1", "OLD1", ["store"], controller)
    records.dispose()
    folder = tmp_path_factory.mktemp("old")
    for name, data in pack.files(pem=True).items():
        (folder / name).write_bytes(data)
    return folder
