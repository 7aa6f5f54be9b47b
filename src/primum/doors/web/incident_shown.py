"""What every part of a file's page shows the same way: who wrote, and where a thing is shown."""

from __future__ import annotations

from collections.abc import Mapping

from primum.doors.web.language import say
from primum.incidents.model import SYSTEM, Evidence


def who(language: str, by: str, names: Mapping[str, str]) -> str:
    """Name who wrote an entry."""
    return say(language, "incidents.by_itself") if by == SYSTEM else names.get(by, by)


def evidence_links(language: str, evidence: tuple[Evidence, ...]) -> list[dict[str, str]]:
    """Say where a fact is shown, with an address where there is one."""
    return [
        {
            "says": say(language, f"incidents.evidence_{one.kind}"),
            "ref": one.ref if len(one.ref) <= 40 else f"{one.ref[:12]}…",  # noqa: PLR2004 (a digest is 64)
            "address": "/findings" if one.kind == "finding" else "",
            "note": one.note,
        }
        for one in evidence
    ]
