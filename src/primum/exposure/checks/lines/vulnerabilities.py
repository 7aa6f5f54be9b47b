"""Which known vulnerabilities do our parts have, by a dated database that somebody brought? Nothing is fetched."""

from __future__ import annotations

from datetime import date, timedelta

from primum.exposure.checks.advisories import affects
from primum.exposure.checks.catalogue import Rule
from primum.exposure.checks.model import Facts, Finding
from primum.exposure.checks.sources import Asked, Sources


def check(sources: Sources, rule: Rule, asked: Asked) -> Finding:
    """Compare. A part that the database does not cover, or whose version has no place in its order, is not judged."""
    kept, inventory = sources.advisories(), sources.inventory()
    parts = inventory.parts
    if kept is None:
        return Finding("no-database", {"parts": len(parts)}, (), ("installed packages' metadata",))
    dated = min(kept.dated.values())
    facts: Facts = {"parts": len(parts), "dated": dated, "unnamed": inventory.unnamed, "records": kept.records}
    evidence = (
        "installed packages' metadata, the viewer's THIRD_PARTY, the codecs' own versions",
        *(f"OSV, {ecosystem}, {day}" for ecosystem, day in sorted(kept.dated.items())),
    )
    found: dict[str, list[str]] = {}
    unsure = [f"{one.name} {one.version}" for one in parts if (one.ecosystem, one.name) not in kept.covered]
    for part in parts:
        for one in kept.advisories:
            if (one.ecosystem, one.name) == (part.ecosystem, part.name):
                answer = affects(one, part.version)
                if answer:
                    found.setdefault(f"{part.name} {part.version}", []).append(one.id)
                elif answer is None:
                    unsure.append(f"{part.name} {part.version}: {one.id}")
    if found:
        listed = [f"{part}: {', '.join(dict.fromkeys(ids))}" for part, ids in sorted(found.items())]
        return Finding("vulnerable", facts | {"count": len(found)}, listed, evidence, kept.brought_at)
    if date.fromisoformat(dated) < asked.today - timedelta(days=rule.number("fresh_days")):
        return Finding("old-database", facts, (), evidence, kept.brought_at)
    if unsure:
        return Finding(
            "partly-known", facts | {"count": len(set(unsure))}, sorted(set(unsure)), evidence, kept.brought_at
        )
    return Finding("none-known", facts, (), evidence, kept.brought_at)
