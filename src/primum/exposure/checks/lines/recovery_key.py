"""Is there a recovery key, and does somebody have it on paper, elsewhere? The second half is declared."""

from __future__ import annotations

from primum.exposure.checks.catalogue import Rule
from primum.exposure.checks.model import Finding, Way
from primum.exposure.checks.sources import Asked, Sources


def check(sources: Sources, _rule: Rule, _asked: Asked) -> Finding:
    """Say whether it opens the home."""
    if "recovery" not in sources.guards():
        return Finding("missing", {}, (), ("keyring/recovery.age",))
    return Finding("undeclared", {}, (), ("keyring/recovery.age",), way=Way.DECLARED)
