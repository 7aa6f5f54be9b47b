"""What guards the root key from day to day?"""

from __future__ import annotations

from primum.exposure.checks.catalogue import Rule
from primum.exposure.checks.model import Finding
from primum.exposure.checks.sources import Asked, Sources

_EVIDENCE = ("keyring/",)


def check(sources: Sources, _rule: Rule, _asked: Asked) -> Finding:
    """A passphrase is on no disc; where a key file lies is not told to the daemon."""
    guards = [one for one in sources.guards() if one != "recovery"]
    code = "key-file" if "key-file" in guards else "passphrase" if guards else "none"
    return Finding(code, {"count": len(guards)}, guards, _EVIDENCE)
