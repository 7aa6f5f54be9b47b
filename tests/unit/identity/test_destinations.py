"""Where a device is called: said by somebody, told to the door at once, gone with the device."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest
from tests.unit.identity.devices_home import CTL, PER, BoxBroken, House, make_house, request_for

from primum.identity.authority import Usage, fingerprint, host_names, issue, make_ec_key, make_root
from primum.identity.device_model import (
    AlreadyRevoked,
    BadAddress,
    NoDestination,
    NoSuchDevice,
    PlainDestinationRefused,
    Service,
)
from primum.identity.their_certificate import BadTheirCertificate, make_address

ROOT = make_root(make_ec_key(), "their root", Usage.SERVER, datetime.now(UTC))
LEAF = issue(
    ROOT, make_ec_key().public_key(), "shelf", Usage.SERVER, alternative=host_names(["shelf.example"]),
    now=datetime.now(UTC), span=datetime.now(UTC) - datetime(2026, 1, 1, tzinfo=UTC),
)  # fmt: skip


def pem(certificate) -> str:
    from primum.identity.authority import certificate_pem

    return certificate_pem(certificate).decode()


def shelf(house: House, **more) -> None:
    house.devices.add(PER, "shelf", "SHELF", {"receive"}, CTL, csr=request_for("p256"), **more)


def test_a_device_without_an_address_is_nobody_s_destination(tmp_path: Path) -> None:
    house = make_house(tmp_path)
    shelf(house)
    for ask in (house.directory().destination, house.devices.destination):
        with pytest.raises(NoDestination):
            ask("SHELF")


def test_an_address_reaches_the_door_at_once_and_the_journal_first(tmp_path: Path) -> None:
    house = make_house(tmp_path)
    shelf(house)
    directory = house.directory()
    address = make_address("shelf.example", 2762, pem(LEAF))
    house.devices.set_address(PER, "shelf", address)
    found = directory.destination("SHELF ")
    assert (found.name, found.controller_id, found.address) == ("shelf", CTL, address)
    assert found.address.pinned == fingerprint(LEAF)
    assert found == directory.destination_of(found.id) == house.devices.destination("shelf")
    kind, _, subject, details = house.ledger.facts[-1]
    assert (kind, subject, details["what"], details["port"]) == ("device:changed", found.id, "destination", 2762)
    assert details["fingerprint"] == fingerprint(LEAF).hex()
    assert "shelf.example" not in str(house.ledger.facts)


def test_an_address_grants_nothing_unless_it_is_said(tmp_path: Path) -> None:
    house = make_house(tmp_path)
    house.devices.add(PER, "ct-1", "CT1", {"store"}, CTL, csr=request_for())
    address = make_address("127.0.0.1", 104, "")
    assert house.devices.set_address(PER, "ct-1", address).may == {Service.STORE}
    assert house.devices.set_address(PER, "ct-1", address, receive=True).may == {Service.STORE, Service.RECEIVE}
    assert house.devices.set_address(PER, "ct-1", address, receive=True).may == {Service.STORE, Service.RECEIVE}
    assert house.directory().destination("CT1").may == {Service.STORE, Service.RECEIVE}


def test_a_revoked_device_is_nobody_s_destination_any_more(tmp_path: Path) -> None:
    house = make_house(tmp_path)
    shelf(house, address=make_address("127.0.0.1", 104, ""))
    directory = house.directory()
    assert directory.destination("SHELF").address.port == 104
    house.devices.revoke(PER, "shelf")
    for ask in (directory.destination, house.devices.destination):
        with pytest.raises(NoDestination):
            ask("SHELF")
    with pytest.raises(AlreadyRevoked):
        house.devices.set_address(PER, "shelf", make_address("127.0.0.1", 104, ""))


def test_what_cannot_be_journaled_is_not_changed(tmp_path: Path) -> None:
    house = make_house(tmp_path)
    shelf(house)
    house.ledger.full = True
    with pytest.raises(BoxBroken):
        house.devices.set_address(PER, "shelf", make_address("127.0.0.1", 104, ""))
    with pytest.raises(NoDestination):
        house.directory().destination("SHELF")


def test_in_a_demo_home_destinations_are_loopback_only(tmp_path: Path) -> None:
    house = make_house(tmp_path, demo=True)
    shelf(house, address=make_address("127.0.0.1", 104, ""))
    assert house.directory().destination("SHELF").loopback_only
    assert house.devices.destination("shelf").loopback_only


def test_nobody_can_be_called_who_is_not_enrolled(tmp_path: Path) -> None:
    with pytest.raises(NoSuchDevice):
        make_house(tmp_path).devices.set_address(PER, "shelf", make_address("127.0.0.1", 104, ""))


@pytest.mark.parametrize("host", ["192.0.2.1", "shelf.example", "10.0.0.1", "::2"])
def test_another_machine_is_not_called_in_clear(host: str) -> None:
    with pytest.raises(PlainDestinationRefused):
        make_address(host, 104, "")


@pytest.mark.parametrize("host", ["", "a b", "-", "x" * 254, "a..b", "http://x", "a/b", "a:b", "é.example", "a\n"])
def test_a_host_is_a_name_or_an_address(host: str) -> None:
    with pytest.raises(BadAddress):
        make_address(host, 104, pem(LEAF))


@pytest.mark.parametrize("port", [0, -1, 65536])
def test_a_port_has_16_bits(port: int) -> None:
    with pytest.raises(BadAddress):
        make_address("127.0.0.1", port, "")


@pytest.mark.parametrize(
    "given", ["x", "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n", "é", "x" * 20_000]
)
def test_what_is_no_certificate_is_refused(given: str) -> None:
    with pytest.raises(BadTheirCertificate):
        make_address("127.0.0.1", 104, given)


def test_one_certificate_and_no_more_is_taken() -> None:
    with pytest.raises(BadTheirCertificate):
        make_address("127.0.0.1", 104, pem(LEAF) + pem(ROOT.certificate))


def test_an_authority_is_told_from_a_device() -> None:
    assert make_address("127.0.0.1", 104, pem(ROOT.certificate)).authority
    assert not make_address("127.0.0.1", 104, pem(LEAF)).authority
