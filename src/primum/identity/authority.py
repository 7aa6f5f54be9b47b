"""Roots and leaves: how a certificate is made, and what each kind may be used for.

RFC 5280. Pure but for randomness: keys and instants are handed in or made here, nothing is kept.
The table of keys is in docs/design/devices.md.
"""

from __future__ import annotations

import datetime as dt
import ipaddress
from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from primum.identity.device_model import LIMITS

PrivateKey = rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey
PublicKey = rsa.RSAPublicKey | ec.EllipticCurvePublicKey


class Usage(Enum):
    """What a chain is for: its only extended key usage."""

    CLIENT = ExtendedKeyUsageOID.CLIENT_AUTH
    SERVER = ExtendedKeyUsageOID.SERVER_AUTH


@dataclass(frozen=True, slots=True)
class Identity:
    """A private key and its certificate."""

    key: PrivateKey
    certificate: x509.Certificate

    def key_pem(self) -> bytes:
        """Write the key as PKCS#8 PEM, in clear."""
        return self.key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )

    def certificate_pem(self) -> bytes:
        """Write the certificate as PEM."""
        return certificate_pem(self.certificate)

    def pem(self) -> bytes:
        """Write both, the key first: what OpenSSL loads as a chain, and what is sealed on disc."""
        return self.key_pem() + self.certificate_pem()


def certificate_pem(certificate: x509.Certificate) -> bytes:
    """Write a certificate as PEM."""
    return certificate.public_bytes(serialization.Encoding.PEM)


def read_identity(pem: bytes) -> Identity:
    """Read what `Identity.pem` wrote. Raises ValueError when the two do not belong together.

    The primes of an RSA key are not tested again, which would take 0.2 s each time: `pem` comes out of a box
    that only we can have sealed.
    """
    key = serialization.load_pem_private_key(pem, password=None, unsafe_skip_rsa_key_validation=True)
    certificate = read_certificate(pem)
    if not isinstance(key, rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey):
        raise ValueError("a kind of key that we do not make")  # noqa: TRY004 (it is what the bytes say)
    if key.public_key() != certificate.public_key():
        raise ValueError("the certificate is not this key's")
    return Identity(key, certificate)


def read_certificate(pem: bytes) -> x509.Certificate:
    """Read the certificate alone of what `Identity.pem` wrote. Raises ValueError."""
    return x509.load_pem_x509_certificate(pem[pem.index(b"-----BEGIN CERTIFICATE-----") :])


def fingerprint(certificate: x509.Certificate | bytes) -> bytes:
    """Return SHA-256 of a certificate, or of its DER form."""
    if isinstance(certificate, x509.Certificate):
        return certificate.fingerprint(hashes.SHA256())
    digest = hashes.Hash(hashes.SHA256())
    digest.update(certificate)
    return digest.finalize()


def public_key_digest(key: PublicKey) -> bytes:
    """Return SHA-256 of a public key (SubjectPublicKeyInfo): the same key in two certificates is seen."""
    return fingerprint(key.public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo))


def make_rsa_key() -> rsa.RSAPrivateKey:
    """Make an RSA-3072 key (128 bits of strength: good beyond 2030 for ANSSI)."""
    return rsa.generate_private_key(public_exponent=65537, key_size=3072)


def make_ec_key() -> ec.EllipticCurvePrivateKey:
    """Make a P-256 key."""
    return ec.generate_private_key(ec.SECP256R1())


def make_root(
    key: PrivateKey, name: str, usage: Usage, now: dt.datetime, hosts: Sequence[str] | None = None
) -> Identity:
    """Make a root for one usage; with `hosts` it can vouch for these names and addresses only.

    A name permits what is below it as well (RFC 5280 4.2.1.10). Because both DNS names and addresses are
    listed, and the usage is `serverAuth`, nothing of another kind is left open.
    """
    subject = _name(name)
    builder = _builder(subject, subject, key.public_key(), now, now + LIMITS.root)
    builder = builder.add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
    builder = builder.add_extension(_key_usage(ca=True), critical=True)
    builder = builder.add_extension(x509.ExtendedKeyUsage([usage.value]), critical=False)
    builder = builder.add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
    if hosts is not None:
        permitted = [_subtree(host) for host in hosts]
        builder = builder.add_extension(x509.NameConstraints(permitted, None), critical=True)
    return Identity(key, builder.sign(key, hashes.SHA256()))


def issue(
    root: Identity,
    key: PublicKey,
    name: str,
    usage: Usage,
    *,
    alternative: Sequence[x509.GeneralName],
    now: dt.datetime,
    span: dt.timedelta,
) -> x509.Certificate:
    """Sign a leaf. It never outlives its root; its dates begin a day ago (clocks drift)."""
    ends = min(now + span, root.certificate.not_valid_after_utc)
    builder = _builder(_name(name), root.certificate.subject, key, now, ends)
    builder = builder.add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
    builder = builder.add_extension(_key_usage(ca=False, encipher=isinstance(key, rsa.RSAPublicKey)), critical=True)
    builder = builder.add_extension(x509.ExtendedKeyUsage([usage.value]), critical=False)
    builder = builder.add_extension(x509.SubjectAlternativeName(alternative), critical=False)
    builder = builder.add_extension(x509.SubjectKeyIdentifier.from_public_key(key), critical=False)
    builder = builder.add_extension(
        x509.AuthorityKeyIdentifier.from_issuer_public_key(root.key.public_key()), critical=False
    )
    return builder.sign(root.key, hashes.SHA256())


def host_names(hosts: Sequence[str]) -> list[x509.GeneralName]:
    """Write host names and addresses as alternative names."""
    return [_general(host) for host in hosts]


def permits(root: x509.Certificate, hosts: Sequence[str]) -> bool:
    """Tell whether a root's name constraints leave room for all of these hosts."""
    permitted = root.extensions.get_extension_for_class(x509.NameConstraints).value.permitted_subtrees or []
    return all(_subtree(host) in permitted for host in hosts)


def _builder(
    subject: x509.Name, issuer: x509.Name, key: PublicKey, now: dt.datetime, ends: dt.datetime
) -> x509.CertificateBuilder:
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key)
        .serial_number(x509.random_serial_number())
        .not_valid_before((now - LIMITS.backdate).replace(microsecond=0))
        .not_valid_after(ends.replace(microsecond=0))
    )


def _name(common: str) -> x509.Name:
    return x509.Name(
        [x509.NameAttribute(NameOID.ORGANIZATION_NAME, "Primum"), x509.NameAttribute(NameOID.COMMON_NAME, common[:64])]
    )


def _key_usage(*, ca: bool, encipher: bool = False) -> x509.KeyUsage:
    # key encipherment on RSA leaves: no suite of ours uses it, some devices refuse a certificate without it
    return x509.KeyUsage(
        digital_signature=not ca,
        content_commitment=False,
        key_encipherment=encipher,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=ca,
        crl_sign=ca,
        encipher_only=False,
        decipher_only=False,
    )


def _general(host: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(host))
    except ValueError:
        return x509.DNSName(host)


def _subtree(host: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_network(host))
    except ValueError:
        return x509.DNSName(host)
