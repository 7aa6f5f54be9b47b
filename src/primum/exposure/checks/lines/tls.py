"""Which TLS do the doors speak, against the secure connection profiles of PS3.15 (B.12: BCP 195; B.13: modified)?"""

from __future__ import annotations

from primum.exposure.checks.catalogue import Rule
from primum.exposure.checks.model import Finding
from primum.exposure.checks.sources import Asked, Sources, TlsGrade

_STRICT = ("B.13", "B.12")
_IN_FORCE = (*_STRICT, "B.10")


def check(sources: Sources, _rule: Rule, _asked: Asked) -> Finding:
    """Judge by the weakest door."""
    grades = sources.tls()
    evidence = ("hellos sent to our own doors",)
    said = [_said(one) for one in grades]
    weak = [line for line, one in zip(said, grades, strict=True) if one.weak or one.profile not in _IN_FORCE]
    if weak:
        return Finding("weak", {"count": len(weak)}, weak, evidence)
    if any(one.profile not in _STRICT or one.advised_against for one in grades):
        return Finding("old-suites", {"count": len(grades)}, said, evidence)
    return Finding("strict" if grades else "no-door", {"count": len(grades)}, said, evidence)


def _said(one: TlsGrade) -> str:
    return " ".join([f"{one.door}:{one.port}", one.profile or "-", *one.versions, *one.weak, *one.advised_against])
