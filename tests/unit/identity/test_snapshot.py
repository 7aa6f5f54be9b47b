"""The DICOM door's list of devices: when it is read again, and that a doubt admits nobody."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings, strategies as st
from tests.unit.identity.devices_home import CTL, PER, House, make_house, request_for

from primum.ground.errors import PrimumError
from primum.identity.boxes import SealedBox
from primum.identity.device_model import (
    LIMITS,
    DeviceExpired,
    DeviceOutsideDemo,
    DeviceRevoked,
    DeviceUnknown,
    DirectoryUnreadable,
    Service,
    TitleMismatch,
)
from primum.identity.pack import DevicePack
from primum.identity.snapshot import DeviceDirectory

HOME, AFAR = "127.0.0.1", "192.168.1.20"


def one_device(folder: Path, *, demo: bool = False) -> tuple[House, DevicePack, DeviceDirectory]:
    house = make_house(folder, demo=demo)
    pack = house.devices.add(PER, "ct-1", "CT1", {"store"}, CTL, csr=request_for("p256"))
    return house, pack, house.directory()


def test_a_stranger_is_unknown_whatever_its_title(tmp_path: Path) -> None:
    _, _, directory = one_device(tmp_path)
    with pytest.raises(DeviceUnknown):
        directory.admit(b"\0" * 32, AFAR, "CT1")
    with pytest.raises(DeviceUnknown):
        directory.admit(None, HOME, "CT1")


def test_a_device_s_certificate_does_not_carry_another_s_title(tmp_path: Path) -> None:
    house, pack, directory = one_device(tmp_path)
    house.devices.add(PER, "mr-1", "MR1", {"store"}, CTL, csr=request_for("p384"))
    with pytest.raises(TitleMismatch):
        directory.admit(pack.fingerprint, AFAR, "MR1")


def test_a_title_is_compared_without_its_padding_and_nothing_else(tmp_path: Path) -> None:
    _, pack, directory = one_device(tmp_path)
    assert directory.admit(pack.fingerprint, AFAR, "  CT1            ").aet == "CT1"
    for title in ("ct1", "CT1\0", "CT1\t", "CT 1", ""):
        with pytest.raises(TitleMismatch):
            directory.admit(pack.fingerprint, AFAR, title)


def test_an_expired_certificate_is_refused_by_the_clock_that_is_handed_in(tmp_path: Path) -> None:
    house, pack, directory = one_device(tmp_path)
    device = directory.admit(pack.fingerprint, AFAR, "CT1")
    house.clock.advance(timedelta(days=731))
    with pytest.raises(DeviceExpired):
        directory.admit(pack.fingerprint, AFAR, "CT1")
    with pytest.raises(DeviceExpired):
        directory.still(device)


def test_a_certificate_of_tomorrow_is_refused(tmp_path: Path) -> None:
    house, pack, directory = one_device(tmp_path)
    house.clock.advance(timedelta(days=-2))
    with pytest.raises(DeviceExpired):
        directory.admit(pack.fingerprint, AFAR, "CT1")


def test_a_device_added_while_the_door_is_open_is_seen(tmp_path: Path) -> None:
    house, pack, directory = one_device(tmp_path)
    first = directory.admit(pack.fingerprint, AFAR, "CT1")
    other = house.devices.add(PER, "mr-1", "MR1", {"store"}, CTL, csr=request_for("p384"))
    assert directory.admit(other.fingerprint, AFAR, "MR1").name == "mr-1"
    assert directory.still(first) == first


def test_a_device_without_tls_is_known_by_its_address_and_title_together(tmp_path: Path) -> None:
    house, _, directory = one_device(tmp_path)
    house.devices.add(PER, "old-us", "US1", {"store"}, CTL, plain_address="127.0.0.1")
    device = directory.admit(None, "::ffff:127.0.0.1", "US1")
    assert (device.name, device.fingerprint, device.may) == ("old-us", None, frozenset({Service.STORE}))
    assert directory.still(device) == device
    for address, title in (("::1", "US1"), (AFAR, "US1"), (HOME, "US2"), ("nonsense", "US1")):
        with pytest.raises(DeviceUnknown):
            directory.admit(None, address, title)
    house.devices.revoke(PER, "old-us")
    with pytest.raises(DeviceUnknown):
        directory.still(device)


def test_a_demo_home_admits_nobody_from_elsewhere(tmp_path: Path) -> None:
    _, pack, directory = one_device(tmp_path, demo=True)
    for address in (AFAR, "2001:db8::1", "0.0.0.0", ""):
        with pytest.raises(DeviceOutsideDemo):
            directory.admit(pack.fingerprint, address, "CT1")
    for address in (HOME, "::1", "::ffff:127.0.0.1"):
        assert directory.admit(pack.fingerprint, address, "CT1").name == "ct-1"


def test_without_the_list_nobody_is_admitted(tmp_path: Path) -> None:
    house, pack, directory = one_device(tmp_path)
    device = directory.admit(pack.fingerprint, AFAR, "CT1")
    house.snapshot.unlink()
    with pytest.raises(DirectoryUnreadable):
        directory.admit(pack.fingerprint, AFAR, "CT1")
    with pytest.raises(DirectoryUnreadable):
        directory.still(device)
    house.devices.publish()
    assert directory.still(device) == device


def test_a_list_sealed_under_another_key_admits_nobody(tmp_path: Path) -> None:
    house, pack, _ = one_device(tmp_path)
    other = SealedBox(b"x" * 32, house.box._seal, house.box._open)
    with pytest.raises(DirectoryUnreadable):
        DeviceDirectory(house.snapshot, other, house.clock).admit(pack.fingerprint, AFAR, "CT1")


def test_a_list_sealed_for_another_purpose_admits_nobody(tmp_path: Path) -> None:
    house, pack, directory = one_device(tmp_path)
    content = house.box.open("devices-snapshot", house.snapshot.read_bytes())
    house.snapshot.write_bytes(house.box.seal("another-purpose", content))
    with pytest.raises(DirectoryUnreadable):
        directory.admit(pack.fingerprint, AFAR, "CT1")


def test_an_older_list_put_back_admits_nobody(tmp_path: Path) -> None:
    house, pack, directory = one_device(tmp_path)
    older = house.snapshot.read_bytes()
    device = directory.admit(pack.fingerprint, AFAR, "CT1")
    house.devices.revoke(PER, "ct-1")
    with pytest.raises(DeviceRevoked):
        directory.still(device)
    house.snapshot.write_bytes(older)
    with pytest.raises(DirectoryUnreadable):
        directory.still(device)


def test_a_list_that_is_too_long_is_not_read(tmp_path: Path) -> None:
    house, pack, directory = one_device(tmp_path)
    house.snapshot.write_bytes(b"\0" * (LIMITS.snapshot_bytes + 1))
    with pytest.raises(DirectoryUnreadable):
        directory.admit(pack.fingerprint, AFAR, "CT1")


@pytest.mark.parametrize("content", [b"", b"null", b"[]", b'{"format": 2}', b'{"format": 1, "number": "x"}', b"\xff"])
def test_a_list_that_cannot_be_understood_admits_nobody(tmp_path: Path, content: bytes) -> None:
    house, pack, directory = one_device(tmp_path)
    house.snapshot.write_bytes(house.box.seal("devices-snapshot", content))
    with pytest.raises(DirectoryUnreadable):
        directory.admit(pack.fingerprint, AFAR, "CT1")


def test_an_unchanged_list_is_not_opened_again(tmp_path: Path) -> None:
    house, pack, directory = one_device(tmp_path)
    opened = []

    class CountingBox:
        def seal(self, purpose: str, data: bytes) -> bytes:
            raise AssertionError

        def open(self, purpose: str, sealed: bytes) -> bytes:
            opened.append(purpose)
            return house.box.open(purpose, sealed)

    directory = DeviceDirectory(house.snapshot, CountingBox(), house.clock)
    device = directory.admit(pack.fingerprint, AFAR, "CT1")
    for _ in range(100):
        directory.still(device)
    assert opened == ["devices-snapshot"]


def test_two_changes_within_one_tick_of_the_file_clock_are_both_seen(tmp_path: Path) -> None:
    """A file system's clock may tick every 4 ms; what is held open keeps its inode, so that the next differs."""
    house, pack, directory = one_device(tmp_path)
    device = directory.admit(pack.fingerprint, AFAR, "CT1")
    house.devices.publish()
    house.devices.revoke(PER, "ct-1")
    at = house.snapshot.stat().st_mtime_ns
    for _ in range(5):
        house.devices.publish()
        os.utime(house.snapshot, ns=(at, at))
        with pytest.raises(DeviceRevoked):
            directory.still(device)


def test_a_revocation_reaches_every_thread(tmp_path: Path) -> None:
    house, pack, directory = one_device(tmp_path)
    device = directory.admit(pack.fingerprint, AFAR, "CT1")
    revoked = threading.Event()
    surprises: list[str] = []

    def ask() -> None:
        for _ in range(3000):
            after = revoked.is_set()
            try:
                directory.still(device)
            except DeviceRevoked:
                return
            if after:
                surprises.append("admitted after the revocation")
                return
        surprises.append("never refused")

    threads = [threading.Thread(target=ask) for _ in range(4)]
    for thread in threads:
        thread.start()
    house.devices.revoke(PER, "ct-1")
    revoked.set()
    for thread in threads:
        thread.join()
    assert "admitted after the revocation" not in surprises
    with pytest.raises(DeviceRevoked):
        directory.still(device)


def test_reading_the_list_needs_no_x_509_and_no_database() -> None:
    """The DICOM process is kept small: 9 MB and a fifth of a second are saved."""
    program = "import sys, primum.identity.snapshot; print(*sys.modules)"
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    done = subprocess.run([sys.executable, "-c", program], env=environment, check=True, capture_output=True)
    loaded = set(done.stdout.decode().split())
    assert loaded.isdisjoint({"cryptography.x509", "sqlalchemy", "alembic", "ssl"})


@pytest.fixture(scope="module")
def still_house(tmp_path_factory: pytest.TempPathFactory) -> tuple[House, DevicePack]:
    house, pack, _ = one_device(tmp_path_factory.mktemp("house"))
    return house, pack


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_any_damage_to_the_list_admits_nobody(
    still_house: tuple[House, DevicePack], tmp_path: Path, data: st.DataObject
) -> None:
    house, pack = still_house
    sealed = bytearray(house.snapshot.read_bytes())
    position = data.draw(st.integers(0, len(sealed) - 1))
    if data.draw(st.booleans()):
        sealed[position] ^= data.draw(st.integers(1, 255))
    else:
        del sealed[position:]
    damaged = tmp_path / "damaged"
    damaged.write_bytes(sealed)
    with pytest.raises(DirectoryUnreadable):
        DeviceDirectory(damaged, house.box, house.clock).admit(pack.fingerprint, AFAR, "CT1")


@settings(max_examples=100, deadline=None)
@given(fingerprint=st.none() | st.binary(max_size=40), address=st.text(max_size=50), title=st.text(max_size=20))
def test_no_question_from_the_wire_ends_in_anything_but_a_refusal(
    still_house: tuple[House, DevicePack], fingerprint: bytes | None, address: str, title: str
) -> None:
    with pytest.raises(PrimumError):
        still_house[0].directory().admit(fingerprint, address, title)
