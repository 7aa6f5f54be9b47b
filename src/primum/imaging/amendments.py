"""What a person decided about a study: the bytes of an amendment, and what all of them together mean.

Pure. docs/design/patients.md, An amendment's bytes. No decision is ever changed: another one that names it undoes it.
"""

from __future__ import annotations

import base64
import hashlib
import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, NamedTuple

from primum.imaging.errors import ImagingRefusal

FORMAT = 1
MOST_BYTES = 1 << 16
"""Of one amendment: eight short texts at most."""


class AmendmentUnreadable(ImagingRefusal):
    """An amendment record is of a later version, or is none."""

    code = "imaging.amendment-unreadable"
    hint = "use a version of Primum that is not older than the one that wrote it"


class Kind(StrEnum):
    """What can be decided about a study."""

    MOVE = "move"
    CORRECT = "correct"
    CHOOSE = "choose"
    REJECT = "reject"
    """Not a record of ours but a rejection note, whoever wrote it."""
    UNDO = "undo"


class RejectionCode(StrEnum):
    """Why instances are rejected: PS3.16 CID 7011, scheme DCM."""

    QUALITY = "113001"
    PATIENT_SAFETY = "113037"
    WRONG_WORKLIST_ENTRY = "113038"
    RETENTION_EXPIRED = "113039"


@dataclass(frozen=True, slots=True)
class Amendment:
    """One decision. Which fields count depends on `kind`."""

    id: str
    kind: Kind
    at: str
    by: str = ""
    reason: str = ""
    patient: str = ""
    set: Mapping[str, str] = field(default_factory=dict, repr=False)
    sop: str = field(default="", repr=False)
    sha256: str = ""
    undoes: str = ""
    code: str = ""
    sops: tuple[str, ...] = field(default=(), repr=False)


_FIELDS = ("id", "kind", "at", "by", "reason")
_OF_KIND = {
    Kind.MOVE: ("patient",),
    Kind.CORRECT: ("set",),
    Kind.CHOOSE: ("sop", "sha256"),
    Kind.UNDO: ("undoes",),
    Kind.REJECT: ("code", "sops", "sop"),
}
_TAG = re.compile(r"[0-9A-F]{8}")


def write(amendment: Amendment) -> str:
    """Write an amendment as its record and its index row hold it."""
    fields = (*_FIELDS, *_OF_KIND[amendment.kind])
    said = {name: getattr(amendment, name) for name in fields}
    said = {name: list(value) if isinstance(value, tuple) else value for name, value in said.items()}
    return json.dumps({"format": FORMAT, **said}, ensure_ascii=False, sort_keys=True, separators=(",", ":"))


def read(data: bytes | str) -> Amendment:
    """Read what `write` wrote. Raises AmendmentUnreadable."""
    try:
        said = json.loads(data)
        if said["format"] != FORMAT:
            raise AmendmentUnreadable
        kind = Kind(said["kind"])
        given: dict[str, Any] = {name: said[name] for name in (*_FIELDS, *_OF_KIND[kind])}
    except (ValueError, KeyError, TypeError, RecursionError):
        raise AmendmentUnreadable from None
    given["kind"] = kind
    if kind is Kind.REJECT:
        given["sops"] = tuple(given["sops"])
    if not _well_formed(kind, given):
        raise AmendmentUnreadable
    return Amendment(**given)


def _well_formed(kind: Kind, given: dict[str, Any]) -> bool:
    texts = {name: value for name, value in given.items() if name not in {"set", "sops"}}
    if not all(isinstance(value, str) for value in texts.values()):
        return False
    if kind is not Kind.CORRECT:
        return True
    attributes = given["set"]
    return isinstance(attributes, dict) and all(
        _TAG.fullmatch(tag) and isinstance(value, str) for tag, value in attributes.items()
    )


def note_id(study: str, sop_uid: str) -> str:
    """Name a rejection note: an id of ours, the same whenever it is asked for."""
    digest = hashlib.sha256(f"primum/rejection-note/1\0{study}\0{sop_uid}".encode()).digest()[:16]
    return "rej_" + base64.b32encode(digest).decode("ascii").rstrip("=").lower()


class Decided(NamedTuple):
    """A decision, and something that tells which ones came before it."""

    order: str
    amendment: Amendment


@dataclass(frozen=True, slots=True)
class Effects:
    """What a study's amendments come to."""

    patient: str = ""
    """The patient it was moved to; empty when it was not."""
    moved_at: str = ""
    set: Mapping[str, str] = field(default_factory=dict, repr=False)
    set_at: str = ""
    chosen: Mapping[str, tuple[str, str]] = field(default_factory=dict, repr=False)
    """By SOP Instance UID: the SHA-256 chosen, and when."""
    rejected: Mapping[str, str] = field(default_factory=dict, repr=False)
    """By SOP Instance UID: why."""


def in_force(decisions: Iterable[tuple[str, str]]) -> frozenset[str]:
    """Tell which of some decisions (id, id of what it undoes or empty) are in force.

    A decision is undone by one that names it and is itself in force. Two that undo one another, which nobody can
    have written, are both out.
    """
    known = dict(decisions)
    undoing: dict[str, list[str]] = {}
    for one, undone in known.items():
        if undone:
            undoing.setdefault(undone, []).append(one)
    holds: dict[str, bool] = {}
    for start in known:
        path = [start]
        while path:
            one = path[-1]
            waits = [other for other in undoing.get(one, ()) if other not in holds]
            if not waits:
                holds[one] = not any(holds[other] for other in undoing.get(one, ()))
                path.pop()
            elif waits[0] in path:
                holds.update(dict.fromkeys(path, False))
                path.clear()
            else:
                path.append(waits[0])
    return frozenset(one for one, held in holds.items() if held)


def effects_of(decided: Sequence[Decided]) -> Effects:
    """Put a study's amendments together, in the order of records."""
    ordered = [one.amendment for one in sorted(decided, key=lambda one: (one.order, one.amendment.id))]
    held = in_force((one.id, one.undoes) for one in ordered)
    patient = moved_at = set_at = ""
    attributes: dict[str, str] = {}
    chosen: dict[str, tuple[str, str]] = {}
    rejected: dict[str, str] = {}
    for one in ordered:
        if one.kind is Kind.REJECT and one.sop:
            # the note itself is for machines, whether it still holds or not
            rejected[one.sop] = one.code
        if one.id not in held:
            continue
        match one.kind:
            case Kind.MOVE:
                patient, moved_at = one.patient, one.at
            case Kind.CORRECT:
                attributes.update(one.set)
                set_at = one.at
            case Kind.CHOOSE:
                chosen[one.sop] = one.sha256, one.at
            case Kind.REJECT:
                for sop in one.sops:
                    rejected.setdefault(sop, one.code)
            case Kind.UNDO:
                pass
    return Effects(patient, moved_at, attributes, set_at, chosen, rejected)
