"""Who was turned away in the last month: sign-ins refused to accounts, and callers that are nobody here."""

from __future__ import annotations

from primum.exposure.checks.catalogue import Rule
from primum.exposure.checks.errors import NotTold
from primum.exposure.checks.model import Finding
from primum.exposure.checks.sources import Asked, Sources

_EVIDENCE = ("journal, access: session and factor refused, strangers, 30 days",)


def check(sources: Sources, rule: Rule, asked: Asked) -> Finding:
    """More than people's own mistakes make want attention."""
    usage = sources.usage()
    if usage.since is None or (not usage.whole and (asked.now - usage.since).days < rule.number("days")):
        raise NotTold(reason="journal-not-read-in-time")
    total = usage.refused.total()
    facts = {"count": total, "strangers": usage.strangers, "days": rule.number("days")}
    many = [who for who, count in usage.refused.most_common() if count >= rule.number("of_one")]
    if many or total >= rule.number("of_all"):
        listed = [f"{who} {usage.refused[who]}" for who in many]
        return Finding("many", facts, listed, _EVIDENCE)
    if usage.strangers >= rule.number("of_strangers"):
        return Finding("strangers", facts, (), _EVIDENCE)
    return Finding("few", facts, (), _EVIDENCE)
