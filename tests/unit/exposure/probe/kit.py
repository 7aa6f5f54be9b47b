"""A dialler of this machine's own loopback, and certificates for tests."""

from __future__ import annotations

import ssl
import time
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from primum.exposure.probe.dialling import Dialler, Purpose, lenient_context
from primum.exposure.probe.gate import Gate
from primum.exposure.probe.limits import LIMITS, Limits
from primum.exposure.probe.model import Mode, Service, Step
from primum.exposure.probe.speaking import Asking, Known

QUICK = replace(LIMITS, connect_seconds=2, step_seconds=2, retry_seconds=0.05)


def make_certificate(at: Path, *, names: tuple[str, ...] = ("fixture.invalid",), days: int = 30) -> Path:
    """Write a key and its self-signed certificate, PEM."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, names[0])])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name).issuer_name(name).public_key(key.public_key()).serial_number(1)
        .not_valid_before(now - timedelta(days=60)).not_valid_after(now + timedelta(days=days))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(one) for one in names]), critical=False)
        .sign(key, hashes.SHA256())
    )  # fmt: skip
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    at.write_bytes(private + certificate.public_bytes(serialization.Encoding.PEM))
    return at


def make_dialler(
    foreign: Path | None = None, *, log: list[Purpose] | None = None, limits: Limits = QUICK, own: bool = True
) -> Dialler:
    context: ssl.SSLContext | None = None
    if foreign is not None:
        context = lenient_context()
        context.load_cert_chain(foreign)
    gate = Gate(is_own=lambda address: own and address.is_loopback, mandates=(), now=lambda: datetime.now(UTC))
    lines = [] if log is None else log
    return Dialler(gate, limits, log=lines.append, deadline=time.monotonic() + 600, foreign=context)


def asking(port: int, dialler: Dialler | None = None, known: Known | None = None) -> Asking:
    dialler = dialler or make_dialler()
    return Asking(dialler, str(ip_address("127.0.0.1")), port, dialler.limits, known or Known())


def told(service: Service, mode: Mode = Mode.PLAIN) -> list[tuple[str, str, str, str]]:
    """Its steps in one mode, as plain words."""
    return [_words(one) for one in service.steps if one.mode is mode]


def _words(step: Step) -> tuple[str, str, str, str]:
    return (str(step.identity), str(step.rung), str(step.outcome), step.code)
