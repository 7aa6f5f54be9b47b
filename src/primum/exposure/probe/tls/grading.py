"""Which of PS3.15's secure connection profiles a port keeps, and what is weaker than any of them allows. Pure."""

from __future__ import annotations

import functools
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from importlib import resources
from typing import Any, Final

from primum.exposure.probe.tls.certificate import Certificate
from primum.exposure.probe.tls.suites import Suite

_LEAST_RSA, _LEAST_EC, _LEAST_DHE = 2048, 224, 2048
_WEAK_SIGNATURES: Final = frozenset({"rsa-md2", "rsa-md5", "rsa-sha1", "dsa-sha1", "ecdsa-sha1"})
_WEAK_CIPHERS: Final = frozenset({"null", "rc4", "rc2", "des", "3des"})


@dataclass(frozen=True, slots=True)
class Seen:
    """What is graded: names of versions, suites, the least bits of ephemeral groups, the certificate."""

    versions: Sequence[str]
    suites: Sequence[Suite]
    groups: Mapping[str, int] = field(default_factory=dict)
    certificate: Certificate | None = None


@dataclass(frozen=True, slots=True)
class Grade:
    """`profile`: the strictest that is kept, empty for none. `lacking`: by profile, why it is not kept."""

    profile: str
    weak: tuple[str, ...]
    advised_against: tuple[str, ...]
    lacking: Mapping[str, tuple[str, ...]]

    def as_json(self) -> dict[str, Any]:
        """Give it as plain values."""
        return {
            "profile": self.profile,
            "weak": list(self.weak),
            "advised_against": list(self.advised_against),
            "lacking": {name: list(codes) for name, codes in self.lacking.items()},
        }


@functools.cache
def table() -> Mapping[str, Any]:
    """Read the dated table of profiles."""
    return tomllib.loads((resources.files(__package__) / "profiles.toml").read_text("utf-8"))


def grade(seen: Seen, now: datetime) -> Grade:
    """Grade it."""
    weak = _weak(seen, now)
    lacking = {one["name"]: _lacking(one, seen) for one in table()["profile"]}
    kept = [name for name, codes in lacking.items() if not codes]
    advised = [
        code
        for code, holds in (
            ("static-rsa", any(one.exchange == "rsa" for one in seen.suites)),
            ("cbc", any(one.cipher.endswith("-cbc") for one in seen.suites)),
            ("no-tls-1.3", "TLSv1.3" not in seen.versions),
        )
        if holds
    ]
    return Grade(kept[0] if kept else "", tuple(weak), tuple(advised), lacking)


def _weak(seen: Seen, now: datetime) -> list[str]:
    ciphers = {one.cipher for one in seen.suites}
    exchanges = {one.exchange for one in seen.suites}
    found = [
        *(version for version in ("SSLv3", "TLSv1.0", "TLSv1.1") if version in seen.versions),
        *(exchange for exchange in ("anonymous", "export") if exchange in exchanges),
        *sorted(ciphers & _WEAK_CIPHERS),
    ]
    if 0 < seen.groups.get("dhe", 0) < _LEAST_DHE:
        found.append("short-dhe")
    if seen.certificate is not None:
        found += _weak_certificate(seen.certificate, now)
    return found


def _weak_certificate(shown: Certificate, now: datetime) -> list[str]:
    found = []
    if now > shown.not_after:
        found.append("expired")
    if now < shown.not_before:
        found.append("not-yet-valid")
    # nobody relies on the signature that a root puts under itself
    if shown.signature in _WEAK_SIGNATURES and not shown.self_signed:
        found.append("weak-signature")
    least = {"rsa": _LEAST_RSA, "dsa": _LEAST_RSA, "ec": _LEAST_EC}.get(shown.key, 0)
    if 0 < shown.key_bits < least:
        found.append("short-key")
    return found


def _lacking(profile: Mapping[str, Any], seen: Seen) -> tuple[str, ...]:
    names = {one.name for one in seen.suites}
    codes = [f"version:{one}" for one in seen.versions if one not in profile["versions"]]
    codes += [f"without:{one}" for one in profile.get("needs_versions", ()) if one not in seen.versions]
    codes += [
        f"suite:{one.name}"
        for one in seen.suites
        if one.exchange not in profile["exchanges"] or one.cipher not in profile["ciphers"]
    ]
    codes += [f"without:{one}" for one in profile.get("needs_suites", ()) if one not in names]
    if "TLSv1.3" in seen.versions:
        codes += [f"without:{one}" for one in profile.get("needs_of_13", ()) if one not in names]
    codes += [f"short:{kind}" for kind, least in profile["least_bits"].items() if 0 < seen.groups.get(kind, 0) < least]
    return tuple(codes)
