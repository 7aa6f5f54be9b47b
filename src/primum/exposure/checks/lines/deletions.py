"""What is due to be erased, and who has not decided about it?"""

from __future__ import annotations

from primum.exposure.checks.catalogue import Rule
from primum.exposure.checks.model import Facts, Finding
from primum.exposure.checks.sources import Asked, Sources
from primum.ground.clock import to_text

_EVIDENCE = ("records.db, erasures, erasure_returns",)


def check(sources: Sources, _rule: Rule, _asked: Asked) -> Finding:
    """Ninety days without a decision want attention, and so does what came back."""
    told = sources.deletions()
    facts: Facts = {
        "waiting": told.waiting, "undecided": told.undecided, "returned": told.returned,
        "since": to_text(told.oldest_at)[:10] if told.oldest_at else "",
    }  # fmt: skip
    if told.undecided:
        return Finding("undecided", facts, (), _EVIDENCE)
    if told.returned:
        return Finding("returned", facts, (), _EVIDENCE)
    return Finding("waiting" if told.waiting else "none", facts, (), _EVIDENCE)
