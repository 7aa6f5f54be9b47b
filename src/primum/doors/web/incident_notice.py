"""The notification of a file, on its page: its fields as they are known, what may be drawn up, what was, receipts."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

from primum.doors.web.incident_shown import who
from primum.doors.web.incident_values import tongue
from primum.doors.web.language import say, write_instant
from primum.ground.clock import from_text
from primum.ground.zones import practice_zone
from primum.incidents.model import Dossier, Role
from primum.incidents.notices.history import NEEDS_REASON, Drawn, barred, drawn
from primum.incidents.notices.model import Known, Type
from primum.incidents.notices.readying import Around, Ready, first_due, lateness_lacks, ready
from primum.incidents.notices.rendering import FORMS, Layout
from primum.incidents.notices.rendering.shape import ShownField, shape
from primum.incidents.notices.words import word

FILLED: Final = frozenset({Known.MEASURED, Known.DECLARED, Known.DERIVED})


def section(language: str, dossier: Dossier, found: Mapping[str, Any], now: datetime) -> dict[str, Any]:
    """Compute the part."""
    around = Around(now, "", found["controller"], first_due, practice_zone())
    every, mine = drawn(dossier), tongue(language)
    made = {one: ready(dossier, one, around) for one in _types(dossier)}
    next_ = next((one for one in made if not _bar(dossier, one, made[one])), next(iter(made)))
    told = shape(made[next_].content, "", mine, Layout.CNIL)
    fields = [one for _, some in told.sections for one in some]
    return {
        "notice": {
            "type": _named(mine, next_),
            "sections": [(title, [_field(each) for each in some]) for title, some in told.sections],
            "filled": sum(one.state in FILLED for one in fields),
            "asked": sum(bool(one.question) for one in fields),
            "count": len(fields),
            "drawable": [_drawable(language, dossier, one, made[one], now) for one in made],
            "drawn": [_drawn(language, one, found) for one in reversed(every)],
            "forms": sorted(FORMS),
            "layouts": [(one.value, say(language, f"incident_notice.layout_{one.value}")) for one in Layout],
            "alert": dossier.file.role is Role.PROCESSOR,
            "source": made[next_].content["form"]["source"],
        }
    }


def _types(dossier: Dossier) -> list[Type]:
    """List what this house draws up in this role."""
    alert = dossier.file.role is Role.PROCESSOR
    return [one for one in Type if (one is Type.ALERT) is alert]


def _bar(dossier: Dossier, type_: Type, made: Ready) -> str:
    changed = len(made.content["changes"])
    return barred(type_, dossier.file.role, made.stands, left=len(made.left), changed=changed)


def _field(one: ShownField) -> dict[str, Any]:
    return {
        "number": one.number, "title": one.title, "confirm": one.confirm, "state": one.state,
        "state_word": one.state_word, "lines": [(each.label, each.text) for each in one.lines],
        "evidence": one.evidence, "question": one.question,
    }  # fmt: skip


def _drawable(language: str, dossier: Dossier, type_: Type, made: Ready, now: datetime) -> dict[str, Any]:
    bar = _bar(dossier, type_, made)
    late = "" if bar else lateness_lacks(dossier, made, "", now, first_due)
    why = bar or ("lateness" if late == "lateness" else "")
    return {
        "type": type_.value,
        "says": _named(tongue(language), type_),
        "why_not": say(language, f"incident_notice.bar_{why.replace('-', '_')}", left=len(made.left)) if why else "",
        "needs_reason": type_ in NEEDS_REASON or late == "late-complement",
    }


def _drawn(language: str, one: Drawn, found: Mapping[str, Any]) -> dict[str, Any]:
    body, files = one.entry.body, {each["id"]: each["name"] for each in found["documents"]}
    return {
        "id": one.entry.id,
        "says": _named(tongue(language), one.type),
        "version": one.version,
        "at": write_instant(language, one.entry.at),
        "by": who(language, one.entry.by, found["names"]),
        "digest": str(body["digest"])[:16],
        "changes": len(body["content"].get("changes", ())),
        "reason": str(body.get("reason", "")),
        "receipts": [
            {
                "id": each.id,
                "number": each.body["number"],
                "at": write_instant(language, from_text(each.body["at"])),
                "document": each.body.get("document", ""),
                "name": files.get(each.body.get("document", ""), ""),
            }
            for each in one.receipts
        ],
    }


def _named(language: str, type_: Type) -> str:
    return word(language, f"type-{type_.value}")
