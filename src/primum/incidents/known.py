"""What the clock counts from, read off a file: instants, what was sent, decided, asked with a date. Pure.

The prudent instant is `Dossier.detected_first`. A file in which no detection was ever written (opened because the
authority wrote) counts from the earliest instant that was: nobody knows of what was not detected before.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, tzinfo
from typing import Any, Final

from primum.ground.clock import from_text
from primum.incidents.correspondence import due_instant, names_of, standing
from primum.incidents.model import Dossier, Entry, EntryKind, Role, Which
from primum.incidents.rules.dated import From

ATTACK: Final = "attack"
"""The origin that says so (vocabularies.toml)."""
MALICE: Final = frozenset({"external-malicious", "internal-malicious"})
_WHOLE: Final = frozenset({"complete"})
_FURTHER: Final = frozenset({"complementary", "complete"})
_WITHDRAWN: Final = "withdrawal"
_ALERT: Final = "alert"
"""A processor's, to its controller: no notification to the authority."""
_COUNTED: Final = {
    Which.AWARE: From.AWARE, Which.PROCESSOR_AWARE: From.PROCESSOR_AWARE, Which.ATTACK_KNOWN: From.ATTACK_KNOWN,
}  # fmt: skip
_AT_THE_LATEST: Final = (Which.AWARE, Which.CONFIRMED, Which.AUTHORITY_WROTE, Which.ATTACK_KNOWN)
"""Instants by which it was detected at the latest. A processor's knowledge is not the controller's."""


@dataclass(frozen=True, slots=True)
class Start:
    """An instant from which hours run. `known_at`: when it was written down; `corrected`: what was said before."""

    at: datetime
    known_at: datetime
    corrected: tuple[datetime, ...] = ()


@dataclass(frozen=True, slots=True)
class Sent:
    """A notification that the authority received. `type`: initial, complementary, complete."""

    type: str
    at: datetime
    known_at: datetime


@dataclass(frozen=True, slots=True)
class Asked:
    """Something that a document asks for with a date. `due_at`: None where its date cannot be read."""

    rule: str
    ref: str
    """The entry."""
    at: datetime
    due_at: datetime | None
    done_at: datetime | None
    known_at: datetime


@dataclass(frozen=True, slots=True)
class Known:
    """All that duties are computed from. Instants are aware."""

    role: Role = Role.CONTROLLER
    starts: Mapping[From, Start] = field(default_factory=dict)
    sent: tuple[Sent, ...] = ()
    decided: Mapping[str, tuple[str, datetime]] = field(default_factory=dict)
    """Choice and instant, by what was decided about."""
    asked: tuple[Asked, ...] = ()
    origin: frozenset[str] = frozenset()
    cause: str = ""
    reasons_given: datetime | None = None
    people_told: bool = False
    complained: bool = False
    complained_at: datetime | None = None
    alerted_at: datetime | None = None


def known_of(dossier: Dossier, zone: tzinfo) -> Known:
    """Read off a file what the clock needs. `zone`: in which a bare day of a letter ends."""
    letters, received = standing(dossier.of_kind(EntryKind.CORRESPONDENCE)), _received(dossier)
    lateness = dossier.facts.get("lateness")
    given = lateness is not None and dossier.value("lateness") is not None
    return Known(
        role=dossier.file.role,
        starts=_starts(dossier),
        sent=_notified(received),
        decided={about: (one.choice, one.at) for about, one in dossier.decisions.items()},
        asked=(*_orders(dossier, zone), *_letters(dossier, letters, zone)),
        origin=frozenset(dossier.value("origin", ())),
        cause=dossier.value("cause", ""),
        reasons_given=lateness.at if lateness is not None and given else None,
        people_told=dossier.value("telling") == "told",
        complained="police" in dossier.value("authorities", ()),
        complained_at=_first_sent(letters, "police"),
        alerted_at=min(
            (at for at in (_first_sent(letters, "controller"), *_alerts(received)) if at is not None), default=None
        ),
    )


def _starts(dossier: Dossier) -> dict[From, Start]:
    found = {
        _COUNTED[which]: Start(one.at, one.said_at, one.corrected)
        for which, one in dossier.instants.items()
        if which in _COUNTED
    }
    found[From.DETECTED] = _prudent(dossier)
    return found


def _prudent(dossier: Dossier) -> Start:
    first = dossier.detected_first
    if first is not None:
        said = [one.at for one in dossier.of_kind(EntryKind.INSTANT) if _says(one, first)]
        return Start(first, said[0] if said else first)
    written = [dossier.instants[one] for one in _AT_THE_LATEST if one in dossier.instants]
    if not written:
        return Start(dossier.file.opened_at, dossier.file.opened_at)
    earliest = min((at, one.said_at) for one in written for at in (one.at, *one.corrected))
    return Start(*earliest)


def _says(one: Entry, first: datetime) -> bool:
    return one.body["which"] == Which.DETECTED and from_text(one.body["at"]) == first


def _received(dossier: Dossier) -> list[Sent]:
    """List the receipts that stand, in the order in which they were written: a notice that was drawn up is not sent.

    A receipt that names no notice is taken for an initial notification's: its complement stays asked for.
    """
    types = {}
    for one in dossier.of_kind(EntryKind.NOTICE):
        types[one.id] = types[one.body["digest"]] = one.body["type"]
    return [
        Sent(types.get(one.body.get("notice", ""), one.body.get("type", "initial")), from_text(one.body["at"]), one.at)
        for one in standing(dossier.of_kind(EntryKind.RECEIPT))
    ]


def _notified(received: Iterable[Sent]) -> tuple[Sent, ...]:
    """List what was notified since the last withdrawal, in the order in which it was received."""
    found: list[Sent] = []
    for one in received:
        if one.type == _WITHDRAWN:
            found.clear()
        elif one.type != _ALERT:
            found.append(one)
    return tuple(sorted(found, key=lambda one: one.at))


def _alerts(received: Iterable[Sent]) -> list[datetime]:
    return [one.at for one in received if one.type == _ALERT]


def _orders(dossier: Dossier, zone: tzinfo) -> list[Asked]:
    """List the orders: the last step of each reference gives the date, and says that it was complied with or not."""
    steps: dict[str, list[Entry]] = {}
    for one in standing(dossier.of_kind(EntryKind.ORDER)):
        steps.setdefault(one.body["reference"], []).append(one)
    return [_order(found, zone) for found in steps.values()]


def _order(steps: list[Entry], zone: tzinfo) -> Asked:
    first, last, done_at = steps[0], steps[-1], None
    for one in steps:
        said = _instant(one.body.get("done_at"))
        done_at = None if said is None else done_at or said
    at = _instant(first.body.get("at")) or first.at
    return Asked("order", first.id, at, read_due(last.body["due"], zone), done_at, last.at)


def _letters(dossier: Dossier, letters: Iterable[Entry], zone: tzinfo) -> list[Asked]:
    """List the letters received that ask for something by a date; one that is sent `answers` the entry of another."""
    answered = {
        one.body["answers"]: from_text(one.body["at"])
        for one in letters
        if one.body["direction"] == "sent" and one.body.get("answers")
    }
    return [
        Asked(
            "reply", one.id, from_text(one.body["at"]), read_due(one.body["due"], zone),
            next((answered[name] for name in names_of(dossier, one) if name in answered), None), one.at,
        )
        for one in letters
        if one.body["direction"] == "received" and one.body.get("due")
    ]  # fmt: skip


def _first_sent(letters: Iterable[Entry], other: str) -> datetime | None:
    sent = [one.body for one in letters if one.body["direction"] == "sent" and one.body["other"] == other]
    return min((from_text(body["at"]) for body in sent), default=None)


def read_due(text: str, zone: tzinfo) -> datetime | None:
    """Read the date of a document: an instant with its offset, or a day; None where it is neither."""
    try:
        return due_instant(text, zone)
    except (ValueError, OverflowError):
        return None


def _instant(text: Any) -> datetime | None:  # noqa: ANN401 (what a body holds)
    try:
        return from_text(text)
    except (TypeError, ValueError):
        return None


def completed(known: Known) -> Sent | None:
    """Return what completed the notification: a complementary or complete one, after the first."""
    return next((one for one in known.sent[1:] if one.type in _FURTHER), None)


def whole(known: Known) -> bool:
    """Tell whether the first notification was a complete one already."""
    return bool(known.sent) and known.sent[0].type in _WHOLE
