"""A device's own key: what is looked at in its request (PKCS#10, RFC 2986) before it is signed.

Only the public key is taken. The subject and the extensions that the request asks for are ignored, so
that a request can ask for nothing.
"""

from __future__ import annotations

from typing import ClassVar

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, rsa

from primum.ground.errors import PrimumError
from primum.identity.authority import PublicKey
from primum.identity.device_model import LIMITS


class BadRequest(PrimumError):
    """The file is not a certificate signing request that can be read."""

    code: ClassVar[str] = "device.bad-request"
    hint: ClassVar[str] = "export it from the device as PKCS#10, in PEM or DER, at most 16 KiB"


class RequestNotSigned(PrimumError):
    """The certificate signing request is not signed by its own key, or only with an outdated hash."""

    code: ClassVar[str] = "device.request-not-signed"
    hint: ClassVar[str] = "make a new request on the device, signed with SHA-256"


class WeakKey(PrimumError):
    """The key in the request is {found}, which is not accepted."""

    code: ClassVar[str] = "device.weak-key"
    hint: ClassVar[str] = "make an RSA key of 3072 bits, or an ECDSA one on P-256 or P-384, on the device"


class KeyTaken(PrimumError):
    """The key in the request belongs to another device."""

    code: ClassVar[str] = "device.key-taken"
    hint: ClassVar[str] = "make a key of its own on each device"


_HASHES = (hashes.SHA256, hashes.SHA384, hashes.SHA512)
_RSA_EXPONENTS = (65537, 2**64)
"""NIST SP 800-56B: small exponents are for the past, and huge ones make each handshake slow."""


def public_key_of(request: bytes) -> PublicKey:
    """Return the key to certify. Raises BadRequest, WeakKey or RequestNotSigned."""
    if len(request) > LIMITS.request_bytes:
        raise BadRequest
    load = x509.load_pem_x509_csr if b"-----BEGIN" in request else x509.load_der_x509_csr
    try:
        parsed = load(request)
        key = _strong(parsed.public_key())
        good = isinstance(parsed.signature_hash_algorithm, _HASHES) and parsed.is_signature_valid
    except (ValueError, TypeError, UnsupportedAlgorithm, InvalidSignature):
        raise BadRequest from None
    if not good:
        raise RequestNotSigned
    return key


def is_short(key: PublicKey) -> bool:
    """Tell whether an accepted key is below what is recommended (RSA under 3072 bits)."""
    return isinstance(key, rsa.RSAPublicKey) and key.key_size < LIMITS.rsa_bits_recommended


def _strong(key: object) -> PublicKey:
    if isinstance(key, rsa.RSAPublicKey):
        low, high = _RSA_EXPONENTS
        if not LIMITS.rsa_bits_low <= key.key_size <= LIMITS.rsa_bits_high:
            raise WeakKey(found=f"RSA of {key.key_size} bits")
        if not low <= key.public_numbers().e <= high:
            raise WeakKey(found="RSA with an unusual exponent")
        return key
    if isinstance(key, ec.EllipticCurvePublicKey):
        if not isinstance(key.curve, ec.SECP256R1 | ec.SECP384R1):
            raise WeakKey(found=f"on the curve {key.curve.name}")
        return key
    raise WeakKey(found="of another kind")
