"""The certificate by which a destination is known: its own, or its authority's. Read once, at enrolment.

PS3.15 B.12 leaves to the site how a server's certificate is checked; docs/design/sending.md says how here.
"""

from __future__ import annotations

from typing import ClassVar

from cryptography import x509

from primum.ground.errors import PrimumError
from primum.identity.authority import certificate_pem, fingerprint
from primum.identity.device_model import Address, PlainDestinationRefused, check_host, check_port, is_this_machine

CERTIFICATE_BYTES = 16 * 1024
"""A certificate with an RSA-8192 key takes 4 KiB in PEM."""


class BadTheirCertificate(PrimumError):
    """The file is not one certificate that can be read."""

    code: ClassVar[str] = "device.their-certificate"
    hint: ClassVar[str] = "give the device's own certificate, or its authority's, alone in a PEM file of at most 16 KiB"


def make_address(host: str, port: int, pem: str, *, ask_commitment: bool = True) -> Address:
    """Check an address. Raises BadAddress, BadTheirCertificate, PlainDestinationRefused."""
    host, port = check_host(host), check_port(port)
    if not pem:
        if not is_this_machine(host):
            raise PlainDestinationRefused
        return Address(host, port, ask_commitment=ask_commitment)
    certificate = _read(pem)
    content = certificate_pem(certificate).decode("ascii")
    authority = _may_sign(certificate)
    return Address(host, port, content, fingerprint(certificate), authority, ask_commitment)


def _read(pem: str) -> x509.Certificate:
    if len(pem) > CERTIFICATE_BYTES:
        raise BadTheirCertificate
    try:
        (certificate,) = x509.load_pem_x509_certificates(pem.encode("ascii"))
        certificate.public_key()
    except (ValueError, TypeError):  # UnicodeEncodeError and several certificates are ValueErrors too
        raise BadTheirCertificate from None
    return certificate


def _may_sign(certificate: x509.Certificate) -> bool:
    try:
        return certificate.extensions.get_extension_for_class(x509.BasicConstraints).value.ca
    except x509.ExtensionNotFound:
        return False
    except ValueError:
        raise BadTheirCertificate from None
