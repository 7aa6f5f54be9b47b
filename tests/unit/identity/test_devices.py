"""Adding, renewing and revoking devices, and what the door is told of it."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.serialization import pkcs12
from cryptography.x509.oid import ExtendedKeyUsageOID
from tests.unit.identity.devices_home import CTL, PER, BoxBroken, make_house, request_for, sign_request

from primum.ground.clock import to_text
from primum.identity.device_model import (
    AlreadyRevoked,
    BadDeviceName,
    BadOverlap,
    BadTitle,
    DeviceExpired,
    DeviceRevoked,
    DeviceUnknown,
    NameTaken,
    NoSuchDevice,
    NothingToRenew,
    PlainAddressRefused,
    Service,
    TitleTaken,
    UnknownService,
)
from primum.identity.signing_request import KeyTaken

HOME = "127.0.0.1"


def test_an_added_device_is_admitted_at_once(tmp_path: Path) -> None:
    house = make_house(tmp_path)
    pack = house.devices.add(PER, "ct-1", "CT1", {"store", Service.FIND}, CTL)
    device = house.directory().admit(pack.fingerprint, "192.168.1.20", "CT1 ")
    assert (device.id, device.name, device.aet, device.controller_id) == (pack.device_id, "ct-1", "CT1", CTL)
    assert device.may == {Service.STORE, Service.FIND}
    assert device.fingerprint == pack.fingerprint


def test_nothing_is_granted_unless_it_is_said(tmp_path: Path) -> None:
    house = make_house(tmp_path)
    pack = house.devices.add(PER, "ct-1", "CT1", (), CTL, csr=request_for())
    assert house.directory().admit(pack.fingerprint, HOME, "CT1").may == frozenset()


def test_the_pack_opens_with_its_passphrase_and_holds_the_device_s_key(tmp_path: Path) -> None:
    house = make_house(tmp_path)
    pack = house.devices.add(PER, "ct-1", "CT1", {"store"}, CTL)
    key, certificate, chain = pkcs12.load_key_and_certificates(pack.p12, pack.passphrase.encode())
    assert key is not None
    assert certificate is not None
    assert certificate.public_bytes(serialization.Encoding.PEM) == pack.certificate_pem
    assert [one.public_bytes(serialization.Encoding.PEM) for one in chain] == [pack.issuer_pem]
    with pytest.raises(ValueError, match=r"password"):
        pkcs12.load_key_and_certificates(pack.p12, b"another passphrase")


def test_a_device_s_leaf_is_for_clients_only_and_lives_less_than_825_days(tmp_path: Path) -> None:
    house = make_house(tmp_path)
    pack = house.devices.add(PER, "ct-1", "CT1", {"store"}, CTL)
    leaf = x509.load_pem_x509_certificate(pack.certificate_pem)
    usage = leaf.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value
    assert list(usage) == [ExtendedKeyUsageOID.CLIENT_AUTH]
    assert leaf.extensions.get_extension_for_class(x509.BasicConstraints).value.ca is False
    assert leaf.not_valid_after_utc - leaf.not_valid_before_utc <= timedelta(days=825)


def test_a_device_s_own_key_is_certified_and_its_wishes_ignored(tmp_path: Path) -> None:
    house = make_house(tmp_path)
    pack = house.devices.add(PER, "ws-1", "WS1", {"find"}, CTL, csr=request_for("p256"))
    leaf = x509.load_pem_x509_certificate(pack.certificate_pem)
    assert leaf.public_key() == x509.load_pem_x509_csr(request_for("p256")).public_key()
    assert leaf.extensions.get_extension_for_class(x509.BasicConstraints).value.ca is False
    assert "anything" not in leaf.subject.rfc4514_string()
    assert (pack.p12, pack.key_pem, pack.passphrase) == (b"", b"", "")


def test_two_devices_cannot_have_one_key(tmp_path: Path) -> None:
    house = make_house(tmp_path)
    house.devices.add(PER, "ws-1", "WS1", (), CTL, csr=request_for("p256"))
    with pytest.raises(KeyTaken):
        house.devices.add(PER, "ws-2", "WS2", (), CTL, csr=request_for("p256"))
    assert [one.name for one in house.devices.list()] == ["ws-1"]


def test_our_own_root_s_key_is_not_certified_as_a_device(tmp_path: Path) -> None:
    house = make_house(tmp_path)
    ours = sign_request(house.certificates.device_authority().key)
    with pytest.raises(KeyTaken):
        house.devices.add(PER, "ws-1", "WS1", (), CTL, csr=ours)


def test_a_device_may_renew_with_the_key_it_has(tmp_path: Path) -> None:
    house = make_house(tmp_path)
    first = house.devices.add(PER, "ws-1", "WS1", (), CTL, csr=request_for("p256"))
    second = house.devices.renew(PER, "ws-1", csr=request_for("p256"))
    assert first.fingerprint != second.fingerprint
    assert house.devices.find("ws-1").certificates[0].fingerprint == second.fingerprint


def test_after_a_renewal_the_old_certificate_goes_on_for_thirty_days_and_then_ends(tmp_path: Path) -> None:
    house = make_house(tmp_path)
    old = house.devices.add(PER, "ct-1", "CT1", (), CTL, csr=request_for())
    new = house.devices.renew(PER, "ct-1", csr=request_for("p384"))
    directory = house.directory()
    house.clock.advance(timedelta(days=29, hours=23))
    assert directory.admit(old.fingerprint, HOME, "CT1").id == old.device_id
    house.clock.advance(timedelta(hours=2))
    with pytest.raises(DeviceExpired):
        directory.admit(old.fingerprint, HOME, "CT1")
    assert directory.admit(new.fingerprint, HOME, "CT1").id == old.device_id


def test_a_renewal_without_overlap_ends_the_old_certificate_at_once(tmp_path: Path) -> None:
    house = make_house(tmp_path)
    old = house.devices.add(PER, "ct-1", "CT1", (), CTL, csr=request_for())
    house.devices.renew(PER, "ct-1", csr=request_for("p384"), overlap_days=0)
    with pytest.raises(DeviceExpired):
        house.directory().admit(old.fingerprint, HOME, "CT1")


def test_a_second_renewal_does_not_prolong_the_first_certificate(tmp_path: Path) -> None:
    house = make_house(tmp_path)
    old = house.devices.add(PER, "ct-1", "CT1", (), CTL, csr=request_for())
    house.devices.renew(PER, "ct-1", csr=request_for("p384"), overlap_days=1)
    house.devices.renew(PER, "ct-1", csr=request_for("p256"), overlap_days=90)
    house.clock.advance(timedelta(days=2))
    with pytest.raises(DeviceExpired):
        house.directory().admit(old.fingerprint, HOME, "CT1")


@pytest.mark.parametrize("days", [-1, 91])
def test_an_overlap_is_bounded(tmp_path: Path, days: int) -> None:
    with pytest.raises(BadOverlap):
        make_house(tmp_path).devices.renew(PER, "ct-1", overlap_days=days)


def test_revocation_is_immediate_and_reaches_every_certificate(tmp_path: Path) -> None:
    house = make_house(tmp_path)
    old = house.devices.add(PER, "ct-1", "CT1", {"store"}, CTL, csr=request_for())
    new = house.devices.renew(PER, "ct-1", csr=request_for("p384"))
    directory = house.directory()
    admitted = directory.admit(new.fingerprint, HOME, "CT1")
    house.devices.revoke(PER, "ct-1")
    with pytest.raises(DeviceRevoked):
        directory.still(admitted)
    for pack in (old, new):
        with pytest.raises(DeviceRevoked):
            directory.admit(pack.fingerprint, HOME, "CT1")


def test_a_revoked_device_stays_revoked_keeps_its_name_and_frees_its_title(tmp_path: Path) -> None:
    house = make_house(tmp_path)
    house.devices.add(PER, "ct-1", "CT1", (), CTL, csr=request_for())
    house.devices.revoke(PER, "ct-1")
    with pytest.raises(AlreadyRevoked):
        house.devices.revoke(PER, "ct-1")
    with pytest.raises(AlreadyRevoked):
        house.devices.renew(PER, "ct-1", csr=request_for())
    with pytest.raises(NameTaken):
        house.devices.add(PER, "ct-1", "CT9", (), CTL, csr=request_for("p256"))
    with pytest.raises(KeyTaken):
        house.devices.add(PER, "ct-2", "CT1", (), CTL, csr=request_for())
    assert house.devices.add(PER, "ct-2", "CT1", (), CTL, csr=request_for("p256")).aet == "CT1"


def test_a_revocation_holds_even_when_the_journal_refuses(tmp_path: Path) -> None:
    house = make_house(tmp_path)
    pack = house.devices.add(PER, "ct-1", "CT1", (), CTL, csr=request_for())
    house.ledger.full = True
    with pytest.raises(BoxBroken):
        house.devices.revoke(PER, "ct-1")
    with pytest.raises(DeviceRevoked):
        house.directory().admit(pack.fingerprint, HOME, "CT1")


def test_no_device_is_added_or_renewed_without_its_trace(tmp_path: Path) -> None:
    house = make_house(tmp_path)
    pack = house.devices.add(PER, "ct-1", "CT1", (), CTL, csr=request_for())
    house.ledger.full = True
    with pytest.raises(BoxBroken):
        house.devices.add(PER, "ct-2", "CT2", (), CTL, csr=request_for("p256"))
    with pytest.raises(BoxBroken):
        house.devices.renew(PER, "ct-1", csr=request_for("p384"))
    [only] = house.devices.list()
    assert [one.fingerprint for one in only.certificates] == [pack.fingerprint]


def test_the_journal_is_told_by_our_ids_who_did_what(tmp_path: Path) -> None:
    house = make_house(tmp_path)
    pack = house.devices.add(PER, "ct-1", "CT1", {"store", "find"}, CTL, csr=request_for())
    house.devices.renew(PER, "ct-1", csr=request_for("p384"), overlap_days=3)
    house.devices.revoke(PER, "ct-1")
    assert [fact[:3] for fact in house.ledger.facts] == [
        ("device:added", PER, pack.device_id),
        ("device:renewed", PER, pack.device_id),
        ("device:revoked", PER, pack.device_id),
    ]
    assert pack.fingerprint is not None
    assert pack.not_after is not None
    assert house.ledger.facts[0][3] == {
        "services": "find,store", "controller": CTL, "what": "key-own",
        "fingerprint": pack.fingerprint.hex(), "expires_at": to_text(pack.not_after),
    }  # fmt: skip
    assert set(house.ledger.facts[1][3]) == {"fingerprint", "expires_at"}


def test_titles_and_names_of_active_devices_are_unique(tmp_path: Path) -> None:
    house = make_house(tmp_path)
    house.devices.add(PER, "ct-1", "CT1", (), CTL, csr=request_for())
    with pytest.raises(NameTaken):
        house.devices.add(PER, "ct-1", "CT2", (), CTL, csr=request_for("p256"))
    with pytest.raises(TitleTaken):
        house.devices.add(PER, "ct-2", " CT1 ", (), CTL, csr=request_for("p256"))


@pytest.mark.parametrize("name", ["", "CT1", "-ct", "ct 1", "../ct", "é", "a" * 41, "ct\n"])
def test_a_name_is_a_slug(tmp_path: Path, name: str) -> None:
    with pytest.raises(BadDeviceName):
        make_house(tmp_path).devices.add(PER, name, "CT1", (), CTL, csr=request_for())


@pytest.mark.parametrize("aet", ["", "   ", "A" * 17, "A\\B", "A\nB", "SCANNÉ"])
def test_a_title_follows_its_value_representation(tmp_path: Path, aet: str) -> None:
    with pytest.raises(BadTitle):
        make_house(tmp_path).devices.add(PER, "ct-1", aet, (), CTL, csr=request_for())


def test_a_service_that_does_not_exist_is_not_granted(tmp_path: Path) -> None:
    with pytest.raises(UnknownService):
        make_house(tmp_path).devices.add(PER, "ct-1", "CT1", {"store", "delete"}, CTL, csr=request_for())


@pytest.mark.parametrize("address", ["192.168.1.4", "0.0.0.0", "localhost", "", "::", "127.0.0.2"])
def test_without_tls_only_this_machine_may_be_enrolled(tmp_path: Path, address: str) -> None:
    with pytest.raises(PlainAddressRefused):
        make_house(tmp_path).devices.add(PER, "old-us", "US1", (), CTL, plain_address=address)


def test_a_plain_device_has_no_certificate_to_renew(tmp_path: Path) -> None:
    house = make_house(tmp_path)
    pack = house.devices.add(PER, "old-us", "US1", {"store"}, CTL, plain_address="127.0.0.1")
    assert (pack.fingerprint, pack.certificate_pem, pack.p12) == (None, b"", b"")
    assert sorted(pack.files(pem=True)) == ["REGLAGES.txt", "SETTINGS.txt"]
    with pytest.raises(NothingToRenew):
        house.devices.renew(PER, "old-us")
    house.devices.revoke(PER, "old-us")
    with pytest.raises(DeviceUnknown):
        house.directory().admit(None, HOME, "US1")


def test_a_device_that_is_not_there_is_said_so(tmp_path: Path) -> None:
    with pytest.raises(NoSuchDevice):
        make_house(tmp_path).devices.revoke(PER, "ct-1")


def test_what_is_due_is_computed_from_the_dates(tmp_path: Path) -> None:
    house = make_house(tmp_path)
    house.devices.add(PER, "ct-1", "CT1", (), CTL, csr=request_for())
    [device] = house.devices.list()
    start = house.clock.now()
    assert device.status_at(start) == "active"
    assert device.status_at(start + timedelta(days=671)) == "due"
    assert device.status_at(start + timedelta(days=731)) == "expired"
    assert [one.name for one in house.devices.due(start + timedelta(days=671))] == ["ct-1"]
    house.devices.revoke(PER, "ct-1")
    assert house.devices.list()[0].status_at(start) == "revoked"
