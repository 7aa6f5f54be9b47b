"""What was last seen from outside? A connection to one's own public address from inside proves nothing."""

from __future__ import annotations

from datetime import timedelta

from primum.exposure.checks.catalogue import Rule
from primum.exposure.checks.model import Facts, Finding
from primum.exposure.checks.sources import Asked, Sources
from primum.ground.clock import to_text

_EVIDENCE = ("report of the one-file probe, read back with its nonce",)


def check(sources: Sources, rule: Rule, asked: Asked) -> Finding:
    """Judge; an old one says little about today."""
    last = sources.last_outside()
    if last is None:
        return Finding("never")
    facts: Facts = {"at": to_text(last.at), "holes": last.holes, "days": (asked.now - last.at).days}
    code = last.verdict if last.verdict in {"closed", "open"} else "undetermined"
    if code == "closed" and last.at < asked.now - timedelta(days=rule.number("days")):
        code = "old"
    return Finding(code, facts, (), _EVIDENCE, last.at)
