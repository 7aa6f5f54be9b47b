"""What is carried to a device: certificate, key, the archive's root, and a sheet that says what to type where."""

from __future__ import annotations

import secrets
from dataclasses import dataclass, field
from datetime import datetime

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.serialization import pkcs12

from primum.identity.authority import Identity, certificate_pem, fingerprint
from primum.identity.device_model import Service
from primum.identity.sheet import Door, Sheet, sheet_text


@dataclass(frozen=True, slots=True)
class DevicePack:
    """Everything that a device is given. The key and the passphrase are here and nowhere else: show, then forget.

    `p12`, `passphrase` and `key_pem` are empty when the device keeps its own key (`--csr`) or comes without TLS;
    then `certificate_pem` and `ca_pem` are empty too.
    """

    device_id: str
    name: str
    aet: str
    may: frozenset[Service]
    fingerprint: bytes | None
    not_after: datetime | None
    certificate_pem: bytes
    issuer_pem: bytes
    ca_pem: bytes
    sheet_fr: str
    sheet_en: str
    p12: bytes = field(default=b"", repr=False)
    passphrase: str = field(default="", repr=False)
    key_pem: bytes = field(default=b"", repr=False)
    caller_ca_pem: bytes = b""
    """The authority of our own calls, for a device that we call: empty for any other."""

    def files(self, *, pem: bool = False) -> dict[str, bytes]:
        """Return the pack's files by name, for mode 0600; the key in clear only when `pem` asks."""
        files = {
            f"{self.name}.p12": self.p12,
            "certificate.pem": self.certificate_pem + self.issuer_pem,
            "archive-ca.pem": self.ca_pem,
            "caller-ca.pem": self.caller_ca_pem,
            "REGLAGES.txt": self.sheet_fr.encode(),
            "SETTINGS.txt": self.sheet_en.encode(),
        }
        if pem:
            files["key.pem"] = self.key_pem
        return {name: data for name, data in files.items() if data}


def make_pack(
    *, device_id: str, name: str, aet: str, may: frozenset[Service], door: Door, loopback_only: bool,
    certificate: x509.Certificate | None, issuer: x509.Certificate | None, ca_pem: bytes,
    identity: Identity | None, short_key: bool = False, caller_ca_pem: bytes = b"",
) -> DevicePack:  # fmt: skip
    """Make the pack of a device: with `identity`, its key and PKCS#12; with `certificate` alone, for its own key."""
    sheet = Sheet(
        name, aet, may, door, certificate, loopback_only, identity is not None, short_key, bool(caller_ca_pem)
    )
    passphrase = make_passphrase() if identity else ""
    return DevicePack(
        device_id=device_id,
        name=name,
        aet=aet,
        may=may,
        fingerprint=fingerprint(certificate) if certificate else None,
        not_after=certificate.not_valid_after_utc if certificate else None,
        certificate_pem=_pem(certificate),
        issuer_pem=_pem(issuer),
        ca_pem=ca_pem if certificate else b"",
        sheet_fr=sheet_text(sheet, "fr"),
        sheet_en=sheet_text(sheet, "en"),
        p12=_p12(name, identity, issuer, passphrase) if identity and issuer else b"",
        passphrase=passphrase,
        key_pem=identity.key_pem() if identity else b"",
        caller_ca_pem=caller_ca_pem,
    )


def make_passphrase() -> str:
    """Make 125 random bits that can be read out and typed: five groups of five letters and digits."""
    alphabet = "abcdefghijkmnpqrstuvwxyz23456789"  # 32 characters, without l, o, 0 and 1
    return "-".join("".join(secrets.choice(alphabet) for _ in range(5)) for _ in range(5))


def _pem(certificate: x509.Certificate | None) -> bytes:
    return certificate_pem(certificate) if certificate else b""


def _p12(name: str, identity: Identity, issuer: x509.Certificate, passphrase: str) -> bytes:
    # PBES2 with AES-256 and SHA-256: OpenSSL 1.1, Java 8u301, Windows 10 1709 read it; older RC2 and 3DES are broken
    encryption = (
        serialization.PrivateFormat.PKCS12.encryption_builder()
        .kdf_rounds(100_000)
        .key_cert_algorithm(pkcs12.PBES.PBESv2SHA256AndAES256CBC)
        .hmac_hash(hashes.SHA256())
        .build(passphrase.encode())
    )
    return pkcs12.serialize_key_and_certificates(
        name.encode(), identity.key, identity.certificate, [issuer], encryption
    )
