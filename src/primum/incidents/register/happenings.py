"""What happened in a file, read off its entries: the chronology, and the messages with what shows them. Pure."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from primum.ground.clock import from_text
from primum.incidents.correspondence import PUBLIC
from primum.incidents.model import Dossier, Entry, EntryKind, State

Body = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Moment:
    """One line of the chronology. `at`: what it says; `written_at`: when it was written down, which nobody chooses."""

    at: datetime
    written_at: datetime
    kind: EntryKind
    what: str
    """A word of ours: `aware`, `notify`, `received`…"""
    detail: str
    by: str
    entry: str
    corrects: tuple[datetime, ...] = ()
    """What was said before, oldest first."""


@dataclass(frozen=True, slots=True)
class Message:
    """Something that was sent or received, and what shows it."""

    at: datetime
    kind: EntryKind
    what: str
    """A word of ours: `initial`, `received`, `sent`…"""
    other: str
    """With whom, as correspondence has it; `cnil` for a notification, `people` for letters to them."""
    reference: str
    count: int | None
    about: str
    digest: str
    document: str
    """The id of the document; empty where none was attached."""
    entry: str

    @property
    def public(self) -> bool:
        """Whether it passed between the house and an authority."""
        return self.other in PUBLIC


def chronology(dossier: Dossier) -> tuple[Moment, ...]:
    """List what happened, by when it is said to have happened."""
    found = [made for one in dossier.entries if (made := _moment(one, dossier)) is not None]
    return tuple(sorted(found, key=lambda one: one.at))


def messages(dossier: Dossier) -> tuple[Message, ...]:
    """List what was sent and received, and its receipts, in the order of their instants."""
    found = [_MESSAGES[one.kind](one) for one in dossier.entries if one.kind in _MESSAGES]
    return tuple(sorted(found, key=lambda one: one.at))


def _moment(one: Entry, dossier: Dossier) -> Moment | None:
    body, kind = one.body, one.kind
    if kind is EntryKind.INSTANT:
        return _instant(one, dossier)
    if kind not in _TOLD:
        return None
    what, detail = _TOLD[kind](body)
    at = from_text(body["at"]) if kind in _DATED else one.at
    return Moment(at, one.at, kind, what, detail, one.by, one.id)


def _instant(one: Entry, dossier: Dossier) -> Moment:
    before = [
        each for each in dossier.of_kind(EntryKind.INSTANT)
        if each.seq < one.seq and each.body["which"] == one.body["which"]
    ]  # fmt: skip
    corrects = tuple(from_text(each.body["at"]) for each in before) if one.body.get("corrects") else ()
    at = from_text(one.body["at"])
    return Moment(at, one.at, one.kind, one.body["which"], one.body["reason"], one.by, one.id, corrects)


def _text(body: Body, *names: str) -> str:
    return " · ".join(str(body[name]) for name in names if body.get(name))


_DATED: Final = frozenset({EntryKind.RECEIPT, EntryKind.CORRESPONDENCE, EntryKind.ORDER})
"""Kinds whose body says when it happened."""

_TOLD: Final[Mapping[EntryKind, Callable[[Body], tuple[str, str]]]] = {
    EntryKind.OPENED: lambda body: (body["origin"], body["sentence"]),
    EntryKind.DECISION: lambda body: (body["about"], _text(body, "choice", "ground", "reason")),
    EntryKind.NOTICE: lambda body: (body["type"], _text(body, "reason")),
    EntryKind.RECEIPT: lambda body: ("receipt", body["number"]),
    EntryKind.PEOPLE: lambda body: ("people", _text(body, "source", "count")),
    EntryKind.LETTER: lambda body: (body["what"], _text(body, "count")),
    EntryKind.CORRESPONDENCE: lambda body: (body["direction"], _letter(body)),
    EntryKind.ORDER: lambda body: (body["what"], _text(body, "reference", "about")),
    EntryKind.EVIDENCE: lambda body: (body["what"], _text(body, "digest")),
    EntryKind.ACTION: lambda body: (body["what"], _text(body, "subject", "outcome")),
    EntryKind.MERGED: lambda body: ("merged", _text(body, "from", "into", "reason")),
    EntryKind.CLOSED: lambda body: (State.CLOSED.value, body["reason"]),
    EntryKind.REOPENED: lambda body: ("reopened", body["reason"]),
}
"""What the chronology says of a kind of entry: a word, and a detail. Other kinds are not in it."""


def _letter(body: Body) -> str:
    """Say what a letter is about; of one with a patient or another person, only that there was one."""
    return _text(body, "other", "reference", "about") if body["other"] in PUBLIC else str(body["other"])


def _notice(one: Entry) -> Message:
    body = one.body
    other = "people" if body["type"] == "people" else "controller" if body["type"] == "alert" else "cnil"
    return Message(
        one.at, one.kind, body["type"], other, f"v{body['version']}", None, body.get("reason", ""), body["digest"], "",
        one.id,
    )  # fmt: skip


def _receipt(one: Entry) -> Message:
    body = one.body
    return Message(
        from_text(body["at"]), one.kind, "receipt", "cnil", body["number"], None, "", "", body.get("document", ""),
        one.id,
    )  # fmt: skip


def _batch(one: Entry) -> Message:
    body = one.body
    return Message(one.at, one.kind, body["what"], "people", body["batch"], body["count"], "", "", "", one.id)


def _recipients(one: Entry) -> Message:
    body = one.body
    return Message(one.at, one.kind, "list", "people", body["source"], body["count"], "", body["digest"], "", one.id)


def _correspondence(one: Entry) -> Message:
    body = one.body
    about = body["about"] if body["other"] in PUBLIC else ""
    reference = body.get("reference", "") if body["other"] in PUBLIC else ""
    return Message(
        from_text(body["at"]), one.kind, body["direction"], body["other"], reference, None, about, "",
        body.get("document", ""), one.id,
    )  # fmt: skip


_MESSAGES: Final[Mapping[EntryKind, Callable[[Entry], Message]]] = {
    EntryKind.NOTICE: _notice,
    EntryKind.RECEIPT: _receipt,
    EntryKind.PEOPLE: _recipients,
    EntryKind.LETTER: _batch,
    EntryKind.CORRESPONDENCE: _correspondence,
}
