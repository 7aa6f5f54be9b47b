"""Who has rights and does not use them: accounts nobody signs in to, invitations nobody took up."""

from __future__ import annotations

from datetime import datetime, timedelta

from primum.exposure.checks.catalogue import Rule
from primum.exposure.checks.model import Finding
from primum.exposure.checks.sources import Asked, Human, Sources

_EVIDENCE = ("records.db, people, grants, sessions, invitations",)


def check(sources: Sources, rule: Rule, asked: Asked) -> Finding:
    """List them."""
    humans = sources.humans()
    old = asked.now - timedelta(days=rule.number("after_days"))
    stale = [one.id for one in humans if one.enrolled and one.roles and _last(one) < old]
    ended = [
        one.id for one in humans
        if not one.enrolled and (one.invitation_until is None or one.invitation_until < asked.now)
    ]  # fmt: skip
    facts = {
        "count": len(stale), "invitations": len(ended), "accounts": len(humans), "days": rule.number("after_days"),
    }  # fmt: skip
    return Finding("stale" if stale or ended else "in-use", facts, [*stale, *ended], _EVIDENCE)


def _last(one: Human) -> datetime:
    return max(one.since, one.last_session_at or one.since)
