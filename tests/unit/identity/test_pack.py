"""What is carried to a device: files, their modes, and programs of others that can read them."""

from __future__ import annotations

import stat
import subprocess
from pathlib import Path

import pytest
from tests.unit.identity.devices_home import CTL, PER, make_house, request_for
from tests.unit.identity.test_destinations import LEAF, pem

from primum.identity.pack import DevicePack, make_passphrase
from primum.identity.their_certificate import make_address


@pytest.fixture(scope="module")
def pack(tmp_path_factory: pytest.TempPathFactory) -> DevicePack:
    house = make_house(tmp_path_factory.mktemp("house"))
    return house.devices.add(PER, "ct-1", "CT 1", {"store"}, CTL)


def test_a_pack_has_no_key_in_clear_unless_it_is_asked_for(pack: DevicePack) -> None:
    names = ["REGLAGES.txt", "SETTINGS.txt", "archive-ca.pem", "certificate.pem", "ct-1.p12"]
    assert sorted(pack.files()) == names
    assert not any(b"PRIVATE KEY" in data for data in pack.files().values())
    assert sorted(pack.files(pem=True)) == sorted([*names, "key.pem"])


def test_the_authority_of_our_calls_is_in_the_pack_of_who_is_called(tmp_path: Path) -> None:
    house = make_house(tmp_path)
    ours = house.certificates.caller_ca_pem()
    address = make_address("pacs.example", 104, pem(LEAF))
    called = house.devices.add(PER, "pacs", "PACS", {"store"}, CTL, address=address)
    granted = house.devices.add(PER, "pacs-2", "PACS2", {"receive"}, CTL)
    for pack in (called, granted, house.devices.renew(PER, "pacs")):
        assert pack.files()["caller-ca.pem"] == ours
        assert "caller-ca.pem" in pack.sheet_en
        assert "caller-ca.pem" in pack.sheet_fr
    other = house.devices.add(PER, "ct-9", "CT9", {"store"}, CTL)
    assert "caller-ca.pem" not in other.files()
    assert "caller-ca.pem" not in other.sheet_en


def test_neither_passphrase_nor_key_is_in_a_sheet_or_in_its_repr(pack: DevicePack) -> None:
    secret = pack.key_pem.splitlines()[1].decode()
    for text in (pack.sheet_fr, pack.sheet_en, repr(pack)):
        assert pack.passphrase not in text
        assert secret not in text
    assert not any(pack.passphrase.encode() in data for data in pack.files(pem=True).values())


def test_passphrases_are_long_random_and_can_be_read_out() -> None:
    made = {make_passphrase() for _ in range(200)}
    assert len(made) == 200
    assert all(len(one) == 29 and not set(one) & set("lo01 ") for one in made)


@pytest.mark.programs("openssl")
def test_openssl_reads_the_pack_by_the_command_of_the_sheet(pack: DevicePack, tmp_path: Path) -> None:
    (tmp_path / "ct-1.p12").write_bytes(pack.p12)
    [command] = [line.strip() for line in pack.sheet_en.splitlines() if "openssl pkcs12" in line]
    done = subprocess.run(
        ["sh", "-c", command + " -passin stdin"], input=pack.passphrase.encode(), cwd=tmp_path,
        capture_output=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    key = tmp_path / "key.pem"
    assert stat.S_IMODE(key.stat().st_mode) == 0o600
    assert pack.key_pem in key.read_bytes()


@pytest.mark.programs("openssl")
def test_the_pack_is_encrypted_with_aes_256_and_sha_256(pack: DevicePack, tmp_path: Path) -> None:
    (tmp_path / "p12").write_bytes(pack.p12)
    done = subprocess.run(
        ["openssl", "pkcs12", "-info", "-in", str(tmp_path / "p12"), "-noout", "-passin", "stdin"],
        input=pack.passphrase.encode(), capture_output=True, check=False,
    )  # fmt: skip
    told = done.stderr.decode()
    assert done.returncode == 0
    assert told.count("PBES2, PBKDF2, AES-256-CBC, Iteration 100000, PRF hmacWithSHA256") == 2
    assert "MAC: sha256" in told


@pytest.mark.programs("keytool")
def test_java_reads_the_pack(pack: DevicePack, tmp_path: Path) -> None:
    (tmp_path / "p12").write_bytes(pack.p12)
    done = subprocess.run(
        ["keytool", "-list", "-storetype", "PKCS12", "-keystore", str(tmp_path / "p12"), "-storepass", pack.passphrase],
        capture_output=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout
    assert b"PrivateKeyEntry" in done.stdout


def test_the_sheet_says_what_to_type_in_both_languages(pack: DevicePack) -> None:
    for sheet in (pack.sheet_fr, pack.sheet_en):
        assert (
            "storescu +tls key.pem certificate.pem +cf archive-ca.pem -aet 'CT 1' -aec PRIMUM 127.0.0.1 2762" in sheet
        )
        assert pack.fingerprint is not None
        assert pack.fingerprint.hex(":").upper() in sheet
        assert f"{pack.not_after:%Y-%m-%d}" in sheet
    assert "Titre d'AE" in pack.sheet_fr
    assert "AE title" in pack.sheet_en


def test_a_demo_s_sheet_says_that_it_is_one(tmp_path: Path) -> None:
    house = make_house(tmp_path, demo=True)
    pack = house.devices.add(PER, "ct-1", "CT1", (), CTL, csr=request_for("rsa2048"))
    assert "DÉMONSTRATION" in pack.sheet_fr
    assert "DEMONSTRATION" in pack.sheet_en
    assert "2030" in pack.sheet_en
    assert "storescu" not in pack.sheet_en
    assert "none (C-ECHO only)" in pack.sheet_en
