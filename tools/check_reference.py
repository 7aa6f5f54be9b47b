"""Writes docs/reference/check.md from the check's rule file: `python tools/check_reference.py`."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from primum.exposure.checks.catalogue import Rule, catalogue

PAGE = Path(__file__).parent.parent / "docs" / "reference" / "check.md"

HEAD = """# Lines of the check

What `primum check` looks at, made from `src/primum/exposure/checks/lines.toml`. How it works:
[the design](../design/exposure.md#the-check). Rules of {rules.in_force}.

*to-be-confirmed* is shown as such on every report; a person decides.

| source | of | how it was read |
|---|---|---|
{sources}

Runs are kept for {rules.keeping.days} days, then the first of each month for {rules.keeping.years} years
({rules.keeping.source}).

Any line may also be *not determined*: it could not be told here (`not-told`), failed (`fault`), or took too long
(`too-slow`).
"""


def page() -> str:
    """Write the whole page."""
    rules = catalogue()
    sources = "\n".join(f"| {one['title']} | {one['date']} | {one['read']} |" for one in rules.sources.values())
    return "\n".join(
        [HEAD.format(rules=rules, sources=sources), *(part for one in rules.rules.values() for part in of(one))]
    )


def of(rule: Rule) -> list[str]:
    """Write one line of the check."""
    parts = [f"## {rule.name}\n\n{rule.title['en']} ({rule.title['fr']}).\n", f"Answers to: {answers(rule.mapping)}.\n"]
    limits = ", ".join(f"`{key}` {value}" for key, value in rule.limits.items() if isinstance(value, int))
    parts += [f"Thresholds: {limits}.\n"] if limits else []
    rows = "\n".join(
        f"| `{code}` | {one.state} | {one.says['en']} | {one.does['en']} |" for code, one in rule.meanings.items()
    )
    parts.append(f"| answer | state | says | to do |\n|---|---|---|---|\n{rows}\n")
    if rule.declared:
        name = f"{rule.name}/HOST" if rule.per_subject else rule.name
        values = ", ".join(f"`{value}` ({one.state})" for value, one in rule.declared.items())
        parts.append(f"May be declared for {rule.declared_days} days at most, as `{name}`: {values}.\n")
    return parts


def answers(mapping: Mapping[str, Any]) -> str:
    """Write what a line answers to, with the confidence where nobody has read the text itself."""

    def sure(text: str, one: Mapping[str, Any]) -> str:
        return text if one["confidence"] == "verified" else f"{text} ({one['confidence']})"

    found = [sure(f"CNIL guide, sheet {one['sheet']}: {one['what']}", one) for one in mapping["cnil"]]
    found += [sure(f"GDPR 32(1)({one['letter']})", one) for one in mapping["article_32"]]
    for one in mapping["decisions"]:
        numbers = ", ".join(map(str, one["paragraphs"]))
        found.append(sure(one["decision"] + (f" § {numbers}" if numbers else ""), one))
    return "; ".join(found)


if __name__ == "__main__":
    PAGE.write_text(page(), "utf-8")
