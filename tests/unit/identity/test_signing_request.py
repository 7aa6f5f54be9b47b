"""Which keys of devices are signed, and which requests are not even read."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import serialization
from tests.unit.identity.devices_home import key_of, request_for, sign_request

from primum.identity.signing_request import BadRequest, RequestNotSigned, WeakKey, is_short, public_key_of


@pytest.mark.parametrize("kind", ["rsa2048", "rsa3072", "p256", "p384"])
def test_keys_that_are_strong_enough_are_taken_in_pem_and_der(kind: str) -> None:
    pem = request_for(kind)
    parsed = x509.load_pem_x509_csr(pem)
    assert public_key_of(pem) == parsed.public_key()
    assert public_key_of(parsed.public_bytes(serialization.Encoding.DER)) == parsed.public_key()


@pytest.mark.parametrize("kind", ["rsa1024", "p521", "k256", "ed25519"])
def test_keys_that_are_weak_or_unusual_are_refused(kind: str) -> None:
    with pytest.raises(WeakKey):
        public_key_of(request_for(kind))


def test_an_rsa_key_below_the_recommended_length_is_told_apart() -> None:
    assert is_short(public_key_of(request_for("rsa2048")))
    assert not is_short(public_key_of(request_for("rsa3072")))
    assert not is_short(public_key_of(request_for("p256")))


def test_a_request_signed_by_another_key_is_refused() -> None:
    der = bytearray(x509.load_pem_x509_csr(sign_request(key_of("p256"))).public_bytes(serialization.Encoding.DER))
    der[-1] ^= 1
    with pytest.raises((RequestNotSigned, BadRequest)):
        public_key_of(bytes(der))


def test_somebody_else_s_public_key_cannot_be_requested() -> None:
    mine, theirs = key_of("rsa2048"), key_of("rsa2048")
    request = x509.load_pem_x509_csr(sign_request(mine)).public_bytes(serialization.Encoding.DER)
    swap = [
        key.public_key().public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
        for key in (mine, theirs)
    ]
    with pytest.raises(RequestNotSigned):
        public_key_of(request.replace(swap[0], swap[1]))


@pytest.mark.programs("openssl")
def test_an_outdated_hash_is_refused(tmp_path: Path) -> None:
    command = "openssl req -new -newkey rsa:2048 -nodes -sha1 -subj /CN=x -keyout key.pem -out request.pem"
    subprocess.run(command.split(), cwd=tmp_path, check=True, capture_output=True)
    with pytest.raises(RequestNotSigned):
        public_key_of((tmp_path / "request.pem").read_bytes())


@pytest.mark.programs("openssl", "keytool")
def test_requests_that_others_programs_make_are_taken(tmp_path: Path) -> None:
    openssl = "openssl req -new -newkey rsa:3072 -nodes -subj /CN=x -keyout key.pem -out openssl.pem"
    java = "-keystore k -storepass secret12 -alias a"
    for command in (
        openssl,
        f"keytool -genkeypair -keyalg EC -groupname secp256r1 -dname CN=x {java}",
        f"keytool -certreq -file java.pem {java}",
    ):
        subprocess.run(command.split(), cwd=tmp_path, check=True, capture_output=True)
    assert not is_short(public_key_of((tmp_path / "openssl.pem").read_bytes()))
    assert not is_short(public_key_of((tmp_path / "java.pem").read_bytes()))


@pytest.mark.parametrize(
    "request_",
    [b"", b"hello", b"-----BEGIN CERTIFICATE REQUEST-----\n", b"\x30\x82\xff\xff", b"\x30" * (16 * 1024 + 1)],
)
def test_what_is_not_a_request_is_said_not_to_be(request_: bytes) -> None:
    with pytest.raises(BadRequest):
        public_key_of(request_)
