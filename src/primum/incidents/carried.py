"""A file of a breach from one process to another: its entries as JSON, folded again where it is read. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from primum.ground.clock import from_text, to_text
from primum.incidents.dossier import fold
from primum.incidents.model import Dossier, Entry, EntryKind, File, Role


def as_json(dossier: Dossier) -> dict[str, Any]:
    """Give a file and its entries as one object; `read` makes the same dossier of it."""
    one = dossier.file
    return {
        "id": one.id,
        "case": one.case_id,
        "controller": one.controller_id,
        "role": one.role.value,
        "opened_at": to_text(one.opened_at),
        "exercise": one.exercise,
        "entries": [entry_json(each) for each in dossier.entries],
    }


def entry_json(one: Entry) -> dict[str, Any]:
    """Give an entry as an object."""
    return {
        "id": one.id, "of": one.of, "seq": one.seq, "kind": one.kind.value, "at": to_text(one.at), "by": one.by,
        "body": dict(one.body),
    }  # fmt: skip


def read(told: Mapping[str, Any]) -> Dossier:
    """Read what `as_json` gave. Raises KeyError, ValueError on anything else: both ends are ours."""
    file = File(
        told["id"], told["case"], told["controller"], Role(told["role"]), from_text(told["opened_at"]),
        told["exercise"],
    )  # fmt: skip
    return fold(file, [_entry(one) for one in told["entries"]])


def _entry(told: Mapping[str, Any]) -> Entry:
    return Entry(
        told["id"], told["of"], told["seq"], EntryKind(told["kind"]), from_text(told["at"]), told["by"], told["body"]
    )
