"""Until when are the house's certificates good, and are they renewed in time?"""

from __future__ import annotations

from datetime import timedelta

from primum.exposure.checks.catalogue import Rule
from primum.exposure.checks.model import Facts, Finding
from primum.exposure.checks.sources import Asked, Sources
from primum.ground.clock import to_text

_EVIDENCE = ("certificates/",)


def check(sources: Sources, rule: Rule, asked: Asked) -> Finding:
    """Judge by the one that ends first, and by what should have been renewed and was not."""
    shown = sorted(sources.certificates(), key=lambda one: one.not_after)
    said = [f"{one.name} {to_text(one.not_after)[:10]}" for one in shown]
    facts: Facts = {"count": len(shown), "first": said[0] if said else ""}
    ended = [line for line, one in zip(said, shown, strict=True) if one.not_after <= asked.now]
    if ended:
        return Finding("ended", facts | {"count": len(ended)}, ended, _EVIDENCE)
    late = [
        line for line, one in zip(said, shown, strict=True)
        if (one.renew_from is not None and one.renew_from < asked.now - timedelta(days=rule.number("grace_days")))
        or (one.renew_from is None and one.not_after < asked.now + timedelta(days=rule.number("root_days")))
    ]  # fmt: skip
    if late:
        return Finding("late", facts | {"count": len(late)}, late, _EVIDENCE)
    return Finding("good", facts, said, _EVIDENCE)
