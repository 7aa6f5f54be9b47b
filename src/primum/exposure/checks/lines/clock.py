"""Is the machine's clock kept by another one? What is dated is evidence only if the clock is right."""

from __future__ import annotations

from primum.exposure.checks.catalogue import Rule
from primum.exposure.checks.model import Finding
from primum.exposure.checks.sources import Asked, Sources


def check(sources: Sources, rule: Rule, _asked: Asked) -> Finding:
    """Take the kernel's word."""
    told = sources.clock()
    facts = {"milliseconds": told.error_ms}
    if not told.synchronised:
        return Finding("alone", facts, (), ("adjtimex",))
    return Finding("kept" if told.error_ms <= rule.number("milliseconds") else "unsure", facts, (), ("adjtimex",))
