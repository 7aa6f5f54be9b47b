"""Roots and leaves: usages that exclude each other, and a web root that can vouch for this house only."""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime, timedelta

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from primum.identity.authority import (
    Identity,
    Usage,
    fingerprint,
    host_names,
    issue,
    make_ec_key,
    make_root,
    permits,
    read_identity,
)

NOW = datetime.now(UTC)
HOSTS = ["archive.cabinet.example", "localhost", "127.0.0.1", "::1"]


def test_a_leaf_never_outlives_its_root() -> None:
    root = make_root(make_ec_key(), "r", Usage.CLIENT, NOW)
    late = NOW + timedelta(days=3600)
    leaf = issue(
        root, make_ec_key().public_key(), "d", Usage.CLIENT, alternative=host_names(["d"]), now=late,
        span=timedelta(days=730),
    )  # fmt: skip
    assert leaf.not_valid_after_utc == root.certificate.not_valid_after_utc


def test_key_and_certificate_are_kept_together_or_not_at_all() -> None:
    one, two = (make_root(make_ec_key(), name, Usage.SERVER, NOW) for name in "ab")
    assert read_identity(one.pem()).certificate == one.certificate
    with pytest.raises(ValueError, match="not this key"):
        read_identity(Identity(one.key, two.certificate).pem())


def test_the_fingerprint_is_that_of_the_der_form() -> None:
    certificate = make_root(make_ec_key(), "r", Usage.CLIENT, NOW).certificate
    assert fingerprint(certificate) == hashlib.sha256(certificate.public_bytes(Encoding.DER)).digest()
    assert fingerprint(certificate.public_bytes(Encoding.DER)) == fingerprint(certificate)


def test_a_web_root_s_constraints_are_critical_and_hold_the_house_s_hosts_only() -> None:
    root = make_root(make_ec_key(), "w", Usage.SERVER, NOW, HOSTS).certificate
    constraints = root.extensions.get_extension_for_class(x509.NameConstraints)
    assert constraints.critical
    assert permits(root, HOSTS)
    assert not permits(root, [*HOSTS, "elsewhere.example"])
    assert not permits(root, ["192.168.1.4"])
