"""Certificates of nobody, made for one run of the probe: a target never enrolled them, and is to refuse them.

Self-signed, valid for two days, the key beside it; whoever trusts one has trusted a stranger.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

_EITHER_SIDE = timedelta(days=1)
"""Clocks of small machines are hours off; a run lasts minutes."""


def stranger_pem(name: str, now: datetime) -> bytes:
    """Return a new key (P-256, PKCS #8) and its self-signed certificate, in PEM."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    certificate = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - _EITHER_SIDE)
        .not_valid_after(now + _EITHER_SIDE)
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=False)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    return private + certificate.public_bytes(serialization.Encoding.PEM)
