"""TLS contexts of the doors, made from a bundle in memory. Reads no setting and keeps no key on disc.

PS3.15 B.12 (`bcp195`), B.13 (`modified`) and B.10 (`non-downgrading`); RFC 9325; for the web, ANSSI's guide
to TLS. What Python's `ssl` cannot do is said by `missing_suites`.
"""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import ssl
import tempfile
from collections.abc import Iterator
from pathlib import Path

_GCM_CHACHA = (
    "ECDHE-ECDSA-AES256-GCM-SHA384",
    "ECDHE-RSA-AES256-GCM-SHA384",
    "ECDHE-ECDSA-AES128-GCM-SHA256",
    "ECDHE-RSA-AES128-GCM-SHA256",
    "ECDHE-ECDSA-CHACHA20-POLY1305",
    "ECDHE-RSA-CHACHA20-POLY1305",
)
SUITES: dict[str, tuple[str, ...]] = {
    # RFC 9325 4.2: forward secrecy and authenticated encryption, nothing else
    "bcp195": _GCM_CHACHA,
    # B.13 is a closed list; Camellia-GCM, also on it, does not exist in OpenSSL
    "modified": (
        *_GCM_CHACHA,
        "ECDHE-ECDSA-AES256-CCM",
        "ECDHE-ECDSA-AES128-CCM",
        "ECDHE-ECDSA-AES256-CCM8",
        "ECDHE-ECDSA-AES128-CCM8",
    ),
    # B.10: these four shall be supported
    "non-downgrading": (
        "ECDHE-RSA-AES256-GCM-SHA384",
        "DHE-RSA-AES256-GCM-SHA384",
        "ECDHE-RSA-AES128-GCM-SHA256",
        "DHE-RSA-AES128-GCM-SHA256",
    ),
}
"""TLS 1.2 suites of each profile by their OpenSSL names, in our order of preference."""

WEB_SUITES = ("ECDHE-ECDSA-AES256-GCM-SHA384", "ECDHE-ECDSA-AES128-GCM-SHA256", "ECDHE-ECDSA-CHACHA20-POLY1305")
_OPENSSL_THREE = ("TLS_AES_256_GCM_SHA384", "TLS_CHACHA20_POLY1305_SHA256", "TLS_AES_128_GCM_SHA256")
SUITES_13: dict[str, tuple[str, ...]] = {
    "bcp195": _OPENSSL_THREE,
    "modified": (*_OPENSSL_THREE, "TLS_AES_128_CCM_SHA256", "TLS_AES_128_CCM_8_SHA256"),
    "non-downgrading": _OPENSSL_THREE,
}
"""TLS 1.3 suites that each profile wants."""

_FFDHE3072 = b"""-----BEGIN DH PARAMETERS-----
MIIBiAKCAYEA//////////+t+FRYortKmq/cViAnPTzx2LnFg84tNpWp4TZBFGQz
+8yTnc4kmz75fS/jY2MMddj2gbICrsRhetPfHtXV/WVhJDP1H18GbtCFY2VVPe0a
87VXE15/V8k1mE8McODmi3fipona8+/och3xWKE2rec1MKzKT0g6eXq8CrGCsyT7
YdEIqUuyyOP7uWrat2DX9GgdT0Kj3jlN9K5W7edjcrsZCwenyO4KbXCeAvzhzffi
7MA0BM0oNC9hkXL+nOmFg/+OTxIy7vKBg8P+OxtMb61zO7X8vC7CIAXFjvGDfRaD
ssbzSibBsu/6iGtCOGEfz9zeNVs7ZRkDW7w09N75nAI4YbRvydbmyQd62R0mkff3
7lmMsPrBhtkcrv4TCYUTknC0EwyTvEN5RPT9RFLi103TZPLiHnH1S/9croKrnJ32
nuhtK8UiNjoNq8Uhl5sN6todv5pC1cRITgq80Gv6U93vPBsg7j/VnXwl5B0rZsYu
N///////////AgEC
-----END DH PARAMETERS-----
"""
"""The group ffdhe3072 of RFC 7919 A.2, for the DHE suites of B.10."""


def door_bundle(chains: list[bytes], clients: bytes, caller: bytes) -> bytes:
    """Write what the DICOM door needs: PEM chains with keys, its clients' root, the chain to call with."""
    return _bundle("dicom", chains, clients, caller)


def caller_bundle(chain: bytes) -> bytes:
    """Write what calling needs, and nothing of a door."""
    return _bundle("caller", [], b"", chain)


def web_bundle(chain: bytes) -> bytes:
    """Write what the web door needs: its PEM chain with the key."""
    return _bundle("web", [chain], b"")


def door_tls_context(bundle: bytes, profile: str) -> ssl.SSLContext:
    """Make the DICOM door's context: an enrolled device's chain is demanded, its fingerprint is not looked at here."""
    chains, clients = _read("dicom", bundle)
    context = _server(chains, SUITES[profile])
    context.load_verify_locations(cadata=clients)
    context.verify_mode = ssl.CERT_REQUIRED
    context.verify_flags |= ssl.VERIFY_X509_STRICT
    if profile == "non-downgrading":
        with in_memory(_FFDHE3072) as path:
            context.load_dh_params(path)
    return context


def caller_chain(bundle: bytes) -> bytes:
    """Take the chain to call with out of a bundle that has one. KeyError, ValueError."""
    return str(json.loads(bundle)["caller"]).encode()


def caller_tls_context(chain: bytes, profile: str, theirs: str) -> ssl.SSLContext:
    """Make the context to call one destination: only what `theirs` (PEM) vouches for is believed.

    The host's name is the caller's business (`known_as`): a pinned certificate need not have the right one.
    """
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.maximum_version = ssl.TLSVersion.TLSv1_3
    context.set_ciphers(":".join(SUITES[profile]) + ":@SECLEVEL=2")
    context.options |= ssl.OP_NO_COMPRESSION | ssl.OP_NO_RENEGOTIATION | ssl.OP_NO_TICKET
    context.check_hostname = False
    context.verify_mode = ssl.CERT_REQUIRED
    # a device's own certificate is believed although it is no root (RFC 5280 6.1: the site chooses its anchors)
    context.verify_flags |= ssl.VERIFY_X509_PARTIAL_CHAIN
    context.load_verify_locations(cadata=theirs)
    with in_memory(chain) as path:
        context.load_cert_chain(path, password=_no_password)
    return context


def web_tls_context(bundle: bytes) -> ssl.SSLContext:
    """Make the web door's context (HTTP/1.1 by ALPN; browsers show no certificate)."""
    chains, _ = _read("web", bundle)
    context = _server(chains, WEB_SUITES)
    context.set_alpn_protocols(["http/1.1"])
    return context


def missing_suites(context: ssl.SSLContext, profile: str) -> list[str]:
    """List the suites that the profile wants and that this context does not have."""
    there = {suite["name"] for suite in context.get_ciphers()}
    return [suite for suite in (*SUITES[profile], *SUITES_13[profile]) if suite not in there]


def openssl_configuration(profile: str) -> str:
    """Write the file to name in OPENSSL_CONF before the process starts, so that it has the profile's TLS 1.3 suites."""
    return "\n".join(
        (
            "openssl_conf = primum",
            "[primum]",
            "ssl_conf = contexts",
            "[contexts]",
            "system_default = every_context",
            "[every_context]",
            "Ciphersuites = " + ":".join(SUITES_13[profile]),
            "",
        )
    )


_REASONS = {
    "PEER_DID_NOT_RETURN_A_CERTIFICATE": "device.no-certificate",
    "NO_SHARED_CIPHER": "tls.no-shared-cipher",
    "NO_SHARED_SIGNATURE_ALGORITHMS": "tls.no-shared-cipher",
    "NO_SUITABLE_SIGNATURE_ALGORITHM": "tls.no-shared-cipher",
    "UNSUPPORTED_PROTOCOL": "tls.version",
    "VERSION_TOO_LOW": "tls.version",
    "WRONG_VERSION_NUMBER": "tls.not-tls",
    "HTTP_REQUEST": "tls.not-tls",
}
_X509_EXPIRED = frozenset({9, 10})  # X509_V_ERR_CERT_NOT_YET_VALID, X509_V_ERR_CERT_HAS_EXPIRED
_X509_PURPOSE = 26  # X509_V_ERR_INVALID_PURPOSE


def handshake_refusal(error: OSError) -> str:
    """Name why a handshake was refused, for the journal's counters; never the certificate's own words."""
    if isinstance(error, ssl.SSLCertVerificationError):
        if error.verify_code in _X509_EXPIRED:
            return "device.expired"
        return "device.not-a-device" if error.verify_code == _X509_PURPOSE else "device.foreign-certificate"
    return _REASONS.get(getattr(error, "reason", None) or "", "tls.other")


@contextlib.contextmanager
def in_memory(data: bytes) -> Iterator[str]:
    """Give `data` a path for as long as the block lasts, without putting it on disc where the system can."""
    if hasattr(os, "memfd_create") and Path("/proc/self/fd").is_dir():
        fd = os.memfd_create("primum", os.MFD_CLOEXEC)
        try:
            with os.fdopen(os.dup(fd), "wb") as file:
                file.write(data)
            yield f"/proc/self/fd/{fd}"
        finally:
            os.ftruncate(fd, 0)
            os.close(fd)
        return
    folder = tempfile.mkdtemp(prefix="primum-")  # mode 0700
    try:
        path = Path(folder) / "pem"
        path.touch(0o600)
        path.write_bytes(data)
        yield str(path)
    finally:
        shutil.rmtree(folder)


def _server(chains: list[bytes], suites: tuple[str, ...]) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.maximum_version = ssl.TLSVersion.TLSv1_3
    # level 2: no key under 112 bits of strength, no SHA-1 in a signature
    context.set_ciphers(":".join(suites) + ":@SECLEVEL=2")
    context.options |= (
        ssl.OP_NO_COMPRESSION | ssl.OP_NO_RENEGOTIATION | ssl.OP_NO_TICKET | ssl.OP_CIPHER_SERVER_PREFERENCE
    )
    context.num_tickets = 0
    for chain in chains:
        with in_memory(chain) as path:
            context.load_cert_chain(path, password=_no_password)
    return context


def _no_password() -> bytes:
    raise ValueError("our own keys have no password here")


def _bundle(door: str, chains: list[bytes], clients: bytes, caller: bytes = b"") -> bytes:
    content = {"format": 1, "door": door, "chains": [one.decode() for one in chains], "clients": clients.decode()}
    return json.dumps({**content, **({"caller": caller.decode()} if caller else {})}).encode()


def _read(door: str, bundle: bytes) -> tuple[list[bytes], str]:
    content = json.loads(bundle)
    if content["format"] != 1 or content["door"] != door:
        raise ValueError("a bundle for another door")
    return [one.encode() for one in content["chains"]], str(content["clients"])
