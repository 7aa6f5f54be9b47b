"""A notification, whole, as it is frozen into the file: what is printed is drawn from this object alone. Pure."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from primum.ground.clock import to_text
from primum.incidents.model import Dossier, Which
from primum.incidents.notices.fields import asked
from primum.incidents.notices.form import EDPB, FORM, Section
from primum.incidents.notices.model import Draft, Field
from primum.incidents.notices.words import written as shown
from primum.incidents.texts import written

FORMAT: Final = "primum-notice-1"
Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Drawing:
    """Who draws it up, when, against which deadlines. `previous`: the content of the version before."""

    at: datetime
    by: str
    version: int
    due: datetime | None
    prudent: datetime | None
    late: timedelta
    """How long after `due` the first was filed, or would be now; nothing where it was in time."""
    previous: Mapping[str, Any] | None = None
    reason: str = ""


def content_of(dossier: Dossier, draft: Draft, drawing: Drawing, made: Sequence[Field]) -> Json:
    """Put a notification together."""
    decided = dossier.decisions.get("notify")
    one = {
        "format": FORMAT,
        "form": {"name": dict(FORM.name), "in_force": FORM.in_force, "source": FORM.source},
        "file": dossier.file.id,
        "record": dossier.file.case_id,
        "exercise": dossier.file.exercise,
        "controller": draft.organisation,
        "role": dossier.file.role.value,
        "type": draft.type.value,
        "version": drawing.version,
        "previous": draft.previous,
        "at": to_text(drawing.at),
        "at_shown": dict(shown(drawing.at, draft.zone)),
        "by": drawing.by,
        "reason": drawing.reason,
        "clock": _clock(dossier, draft, drawing),
        "decided": {"choice": decided.choice, "at": dict(shown(decided.at, draft.zone)), "entry": decided.entry}
        if decided
        else None,
        "sections": [_section(each) for each in FORM.sections],
        "edpb": {
            "note": dict(EDPB.note), "in_force": EDPB.in_force, "source": EDPB.source,
            "blocks": [_section(each) for each in EDPB.blocks],
        },
        "fields": [each.as_json() for each in made],
        "left": [each.number for each in asked(made)],
    }  # fmt: skip
    return {**one, "changes": changes(drawing.previous, one)}


def changes(before: Mapping[str, Any] | None, after: Mapping[str, Any]) -> list[Json]:
    """List the fields whose answer is another than in the version before, the type of notification aside."""
    if before is None:
        return []
    old = {one["name"]: one for one in before["fields"]}
    new = {one["name"]: one for one in after["fields"]}
    found = []
    for name in dict.fromkeys([*old, *new]):
        was, now = old.get(name), new.get(name)
        if name != "type" and _answer(was) != _answer(now):
            some = now or was or {}
            told = {"number": some["number"], "name": name, "label": some["label"]}
            found.append({**told, "was": _lines(was), "now": _lines(now)})
    return sorted(found, key=lambda one: one["number"])


def digest_of(content: Mapping[str, Any]) -> str:
    """Return the SHA-256 of a content, as its entry and its files name it."""
    return hashlib.sha256(written(content).encode()).hexdigest()


def _clock(dossier: Dossier, draft: Draft, drawing: Drawing) -> Json:
    aware = dossier.instants.get(Which.AWARE)
    named = {
        "detected_first": dossier.detected_first, "aware": aware.at if aware else None, "due": drawing.due,
        "prudent": drawing.prudent,
    }  # fmt: skip
    told: Json = {name: to_text(at) if at else None for name, at in named.items()}
    told["due_shown"] = dict(shown(drawing.due, draft.zone)) if drawing.due else None
    told["prudent_shown"] = dict(shown(drawing.prudent, draft.zone)) if drawing.prudent else None
    return {**told, "late_minutes": -(-drawing.late // timedelta(minutes=1))}


def _section(one: Section) -> Json:
    return {"name": one.name, "label": dict(one.label), "fields": list(one.numbers)}


def _answer(one: Mapping[str, Any] | None) -> object:
    """Tell what a field says, whatever shows it."""
    if one is None:
        return None
    return one["standing"], [(part["key"], part["standing"], part["value"], part["lines"]) for part in one["parts"]]


def _lines(one: Mapping[str, Any] | None) -> list[Json]:
    """List what a field says, each with a name where the field's own does not say it."""
    if one is None:
        return []
    return [
        {"label": part["label"], **line} if part["label"] else line for part in one["parts"] for line in part["lines"]
    ]
