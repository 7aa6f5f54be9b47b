"""Which TLS do the doors speak, against the secure connection profiles of PS3.15 (B.12: BCP 195; B.13: modified)?"""

from __future__ import annotations

from primum.exposure.checks.catalogue import Rule
from primum.exposure.checks.model import Finding
from primum.exposure.checks.sources import Asked, Sources

_STRICT = ("B.13", "B.12")


def check(sources: Sources, _rule: Rule, _asked: Asked) -> Finding:
    """Judge by the weakest door."""
    grades = sources.tls()
    evidence = ("hellos sent to our own doors",)
    said = [
        f"{one.door}:{one.port} {one.profile or '-'} {' '.join(one.versions)} {' '.join(one.weak)}".strip()
        for one in grades
    ]
    weak = [line for line, one in zip(said, grades, strict=True) if one.weak or not one.profile]
    if weak:
        return Finding("weak", {"count": len(weak)}, weak, evidence)
    if any(one.profile not in _STRICT for one in grades):
        return Finding("old-profile", {"count": len(grades)}, said, evidence)
    return Finding("strict" if grades else "no-door", {"count": len(grades)}, said, evidence)
