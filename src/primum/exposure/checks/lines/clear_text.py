"""Do images or exports lie about in clear: in the home, in temporary folders, where backups go?"""

from __future__ import annotations

from primum.exposure.checks.catalogue import Rule
from primum.exposure.checks.model import Finding
from primum.exposure.checks.sources import Asked, Sources


def check(sources: Sources, _rule: Rule, _asked: Asked) -> Finding:
    """Say how many were found under which folder, how many files were looked at, and how many of others were not."""
    roots = sources.clear_text().roots
    facts = {
        "count": sum(one.count for one in roots.values()),
        "looked": sum(one.looked for one in roots.values()),
        "others": sum(one.others for one in roots.values()),
        "unreadable": sum(one.unreadable for one in roots.values()),
    }
    listed = [f"{root} {found}" for root, one in roots.items() for found in one.found]
    evidence = [f"{root}: {one.looked}" + ("" if one.whole else " …") for root, one in roots.items()]
    if facts["count"]:
        return Finding("found", facts, listed, evidence)
    return Finding(
        "none" if all(one.whole or one.sample for one in roots.values()) else "not-all-seen", facts, (), evidence
    )
