"""Is what memory spills to disc sealed? Images and keys pass through memory."""

from __future__ import annotations

from primum.exposure.checks.catalogue import Rule
from primum.exposure.checks.gathering.discs import Kind
from primum.exposure.checks.model import Finding
from primum.exposure.checks.sources import Asked, Sources

_EVIDENCE = ("/proc/swaps", "/sys/class/block")
_WORST = (Kind.PLAIN, Kind.VIRTUAL, Kind.UNKNOWN, Kind.SEALED, Kind.MEMORY)


def check(sources: Sources, _rule: Rule, _asked: Asked) -> Finding:
    """Judge by the worst area."""
    areas = sources.media().swap
    if not areas:
        return Finding("none", evidence=_EVIDENCE)
    worst = min((one.medium.kind for one in areas), key=_WORST.index)
    listed = [f"{one.name}: {one.medium.kind} ({one.medium.evidence})" for one in areas]
    return Finding(worst.value, {"count": len(areas)}, listed, _EVIDENCE)
