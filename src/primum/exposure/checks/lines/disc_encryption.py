"""Is the disc on which the home lies sealed as a whole? The home seals its own contents, not the rest of the disc."""

from __future__ import annotations

from primum.exposure.checks.catalogue import Rule
from primum.exposure.checks.model import Finding
from primum.exposure.checks.sources import Asked, Sources


def check(sources: Sources, _rule: Rule, _asked: Asked) -> Finding:
    """Say what it lies on."""
    medium = sources.media().home
    return Finding(medium.kind.value, {"what": medium.evidence}, (), ("/proc/self/mountinfo", "/sys/class/block"))
