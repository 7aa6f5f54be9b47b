"""Has every account a second factor (CNIL, délibération 2025-019)?"""

from __future__ import annotations

from primum.exposure.checks.catalogue import Rule
from primum.exposure.checks.model import Finding
from primum.exposure.checks.sources import Asked, Sources

_EVIDENCE = ("records.db, people, credentials",)


def check(sources: Sources, _rule: Rule, _asked: Asked) -> Finding:
    """List the accounts that can be signed in to without one."""
    enrolled = [one for one in sources.humans() if one.enrolled]
    without = [one.id for one in enrolled if not one.second_factor]
    facts = {"count": len(without), "accounts": len(enrolled)}
    return Finding("missing" if without else "all-have", facts, without, _EVIDENCE)
