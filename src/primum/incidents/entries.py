"""What may be written: the body of each kind of entry, held against what the file says already. Pure."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any, Final

from primum.ground.clock import from_text
from primum.incidents import correspondence
from primum.incidents.facts.catalogue import CATALOGUE, check_value
from primum.incidents.limits import LIMITS, SPACES
from primum.incidents.model import (
    EVIDENCE_KINDS,
    SYSTEM,
    BadEntry,
    BadInstant,
    Dossier,
    EntryKind,
    IncidentOver,
    Origin,
    Standing,
    State,
    Which,
)
from primum.incidents.severity.assessment import KEY as ASSESSMENT, check_assessment
from primum.incidents.severity.deciding import check_decision

Body = Mapping[str, Any]
_AFTER_THE_END: Final = frozenset({
    EntryKind.REOPENED, EntryKind.NOTE, EntryKind.CORRESPONDENCE, EntryKind.RECEIPT, EntryKind.ORDER,
    EntryKind.EVIDENCE, EntryKind.ACTION, EntryKind.REMINDER, EntryKind.PEOPLE,
})  # fmt: skip
"""What a closed file still takes: the authority may write years later, and doors that were closed are reopened,
addresses go after a while."""

NEEDS: Final[dict[EntryKind, dict[str, type]]] = {
    EntryKind.OPENED: {"origin": str, "sentence": str},
    EntryKind.LINKED: {"findings": list},
    EntryKind.FACT: {"key": str, "standing": str},
    EntryKind.INSTANT: {"which": str, "at": str, "reason": str},
    EntryKind.DECISION: {"about": str, "choice": str, "reason": str},
    EntryKind.NOTICE: {"type": str, "version": int, "digest": str, "content": dict},
    EntryKind.RECEIPT: {"number": str, "at": str},
    EntryKind.PEOPLE: {"source": str, "count": int, "digest": str},
    EntryKind.LETTER: {"what": str, "batch": str, "count": int},
    EntryKind.CORRESPONDENCE: {"direction": str, "other": str, "at": str, "about": str},
    EntryKind.ORDER: {"what": str, "reference": str, "about": str, "at": str, "due": str},
    EntryKind.EVIDENCE: {"what": str, "digest": str, "bytes": int},
    EntryKind.ACTION: {"what": str, "outcome": str},
    EntryKind.REMINDER: {"rule": str, "due_at": str},
    EntryKind.NOTE: {"text": str},
    EntryKind.MERGED: {"reason": str},
    EntryKind.CLOSED: {"reason": str},
    EntryKind.REOPENED: {"reason": str},
}
"""What the body of each kind has to hold; a room of a point may hold more, and checks it itself."""

_LONG: Final = frozenset({"text", "asked", "about", "sentence", "reason", "value"})


def check(kind: EntryKind, body: Body, dossier: Dossier, by: str, now: datetime) -> None:
    """Return where the entry may be written. Raises BadEntry, BadInstant, IncidentOver."""
    if dossier.state is State.MERGED or (dossier.state is State.CLOSED and kind not in _AFTER_THE_END):
        raise IncidentOver
    if dossier.state is State.OPEN and kind is EntryKind.REOPENED:
        raise BadEntry(what="the file is open")
    if len(dossier.entries) >= LIMITS.entries:
        raise BadEntry(what=f"the file has {LIMITS.entries} entries")
    for name, shape in NEEDS[kind].items():
        if not isinstance(body.get(name), shape):
            raise BadEntry(what=f"{name} is missing")
    _bounded(body)
    _evidence(body)
    own = _CHECKS.get(kind)
    if own is not None:
        own(body, dossier, by, now)


def instant_of(body: Body, name: str = "at") -> datetime:
    """Read an instant of a body. Raises BadInstant."""
    try:
        return from_text(str(body[name]))
    except (KeyError, ValueError):
        raise BadInstant(what="a day and an hour with their offset are asked for, as 2026-11-24T23:40+01:00") from None


def _bounded(body: Body) -> None:
    for name, value in body.items():
        if isinstance(value, str):
            most = LIMITS.text if name in _LONG else LIMITS.line
            if len(value) > most:
                raise BadEntry(what=f"{name} is longer than {most} characters")
            if not _printable(value):
                raise BadEntry(what=f"{name} holds something that is not text")


def _printable(text: str) -> bool:
    return all(one.isprintable() or one in "\n\r\t" + SPACES for one in text)


def _evidence(body: Body) -> None:
    given = body.get("evidence", [])
    if not isinstance(given, list) or len(given) > LIMITS.evidence:
        raise BadEntry(what="the evidence is a list")
    for one in given:
        if not isinstance(one, Mapping) or one.get("kind") not in EVIDENCE_KINDS or not isinstance(one.get("ref"), str):
            raise BadEntry(what=f"evidence is one of {', '.join(sorted(EVIDENCE_KINDS))} and what it refers to")


def _opened(body: Body, _dossier: Dossier, _by: str, _now: datetime) -> None:
    if body["origin"] not in set(Origin):
        raise BadEntry(what=f"the origin is one of {', '.join(Origin)}")


def _fact(body: Body, _dossier: Dossier, by: str, _now: datetime) -> None:
    if body["key"] not in CATALOGUE:
        raise BadEntry(what="there is no such fact")
    if body["standing"] not in set(Standing):
        raise BadEntry(what=f"a fact is one of {', '.join(Standing)}")
    if body["standing"] == Standing.MEASURED and (by != SYSTEM or not body.get("evidence")):
        raise BadEntry(what="what a person says is declared; what is measured has its evidence")
    if body["standing"] == Standing.UNKNOWN:
        if body.get("value") is not None:
            raise BadEntry(what="what is not known has no value")
    else:
        check_value(body["key"], body.get("value"))
        if body["key"] == ASSESSMENT:
            check_assessment(body["value"])


def _instant(body: Body, dossier: Dossier, by: str, now: datetime) -> None:
    """Hold an instant against the clock and the other instants: never in the future, never before the event."""
    if body["which"] not in set(Which):
        raise BadInstant(what=f"it is one of {', '.join(Which)}")
    at, which = instant_of(body), Which(body["which"])
    if at > now + LIMITS.ahead:
        raise BadInstant(what="it lies in the future")
    if at < now - LIMITS.oldest:
        raise BadInstant(what="it lies more than twenty years back")
    if which is Which.AWARE and by == SYSTEM:
        raise BadEntry(what="only a person says when the controller became aware")
    began = began_after(dossier)
    if which in {Which.AWARE, Which.CONFIRMED} and began is not None and at < began:
        raise BadInstant(what="nobody was aware of it before it began")
    if not body["reason"].strip():
        raise BadEntry(what="an instant has its reason")
    known = dossier.instants.get(which)
    if known is not None and by != SYSTEM and not body.get("corrects"):
        raise BadEntry(what="it is set already: say that it is corrected, and why")


def began_after(dossier: Dossier) -> datetime | None:
    """Return the instant before which the breach had certainly not begun; None where that is not known."""
    began = dossier.value("began")
    if not isinstance(began, Mapping) or not began.get("not_before"):
        return None
    return from_text(began["not_before"])


def _decision(body: Body, dossier: Dossier, by: str, _now: datetime) -> None:
    if by == SYSTEM:
        raise BadEntry(what="a person decides")
    if not body["reason"].strip():
        raise BadEntry(what="a decision has its reason")
    check_decision(body, dossier)


def _dated(body: Body, _dossier: Dossier, _by: str, now: datetime) -> None:
    if instant_of(body) > now + LIMITS.ahead:
        raise BadInstant(what="it lies in the future")


def _letter(body: Body, dossier: Dossier, by: str, now: datetime) -> None:
    _dated(body, dossier, by, now)
    correspondence.check_letter(body, dossier)


def _order(body: Body, dossier: Dossier, by: str, now: datetime) -> None:
    _dated(body, dossier, by, now)
    correspondence.check_order(body, dossier)


def _reasoned(body: Body, _dossier: Dossier, _by: str, _now: datetime) -> None:
    if not body["reason"].strip():
        raise BadEntry(what="it has its reason")


_CHECKS: Final[dict[EntryKind, Callable[[Body, Dossier, str, datetime], None]]] = {
    EntryKind.OPENED: _opened,
    EntryKind.FACT: _fact,
    EntryKind.INSTANT: _instant,
    EntryKind.DECISION: _decision,
    EntryKind.RECEIPT: _dated,
    EntryKind.CORRESPONDENCE: _letter,
    EntryKind.ORDER: _order,
    EntryKind.CLOSED: _reasoned,
    EntryKind.REOPENED: _reasoned,
    EntryKind.MERGED: _reasoned,
}
