"""Has the practice decided on the homologation of its sign-in, or does it sign in with Pro Santé Connect? Declared."""

from __future__ import annotations

from primum.exposure.checks.catalogue import Rule
from primum.exposure.checks.model import Finding, Way
from primum.exposure.checks.sources import Asked, Sources


def check(_sources: Sources, _rule: Rule, _asked: Asked) -> Finding:
    """No program can see a decision."""
    return Finding("undeclared", way=Way.DECLARED)
