"""Certificates for Orthanc's TLS rows: one authority, one server, one sender, all RSA-2048 and all thrown away.

Primum's TLS rows use the device pack that Primum itself made: that is what is being compared.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.x509.oid import NameOID


@dataclass(frozen=True, slots=True)
class Identity:
    """Files of a private key and its certificate."""

    key: Path
    certificate: Path


@dataclass(frozen=True, slots=True)
class Trust:
    """An authority's certificate and the two that it signed."""

    authority: Path
    server: Identity
    sender: Identity

    def sender_options(self) -> list[str]:
        """Return storescu's options for mutual TLS."""
        return tls_options(self.sender.key, self.sender.certificate, self.authority)


def tls_options(key: Path, certificate: Path, authority: Path) -> list[str]:
    """Return the options of DCMTK's programs for mutual TLS (the profile is theirs by default: BCP 195)."""
    return ["+tls", str(key), str(certificate), "+cf", str(authority)]


def make_trust(folder: Path) -> Trust:
    """Make everything in an empty folder."""
    folder.mkdir()
    root_key = rsa.generate_private_key(65537, 2048)
    root = _certificate("bench root", root_key, "bench root", root_key, authority=True)
    _write(folder / "root.pem", root.public_bytes(serialization.Encoding.PEM))
    pairs = [_identity(folder, name, root_key) for name in ("server", "sender")]
    return Trust(folder / "root.pem", *pairs)


def _identity(folder: Path, name: str, root_key: rsa.RSAPrivateKey) -> Identity:
    key = rsa.generate_private_key(65537, 2048)
    certificate = _certificate(f"bench {name}", key, "bench root", root_key, authority=False)
    plain = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.TraditionalOpenSSL, serialization.NoEncryption()
    )
    _write(folder / f"{name}.key", plain)
    _write(folder / f"{name}.pem", certificate.public_bytes(serialization.Encoding.PEM))
    return Identity(folder / f"{name}.key", folder / f"{name}.pem")


def _certificate(
    subject: str, key: rsa.RSAPrivateKey, issuer: str, issuer_key: rsa.RSAPrivateKey, *, authority: bool
) -> x509.Certificate:
    now = datetime.now(UTC)
    builder = (
        x509.CertificateBuilder()
        .subject_name(_name(subject))
        .issuer_name(_name(issuer))
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(hours=1))
        .not_valid_after(now + timedelta(days=2))
        .add_extension(x509.BasicConstraints(ca=authority, path_length=None), critical=True)
    )
    return builder.sign(issuer_key, hashes.SHA256())


def _name(common: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common)])


def _write(file: Path, data: bytes) -> None:
    file.touch(mode=0o600)
    file.write_bytes(data)
