"""The parts of a file's page: what is known, what is asked, what was written when; a context for its template."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

from primum.doors.web import (
    incident_authority,
    incident_decisions,
    incident_evidence,
    incident_notice,
    incident_people,
)
from primum.doors.web.incident_clock import headline, lines
from primum.doors.web.incident_shown import evidence_links, who
from primum.doors.web.incident_values import in_words, label, question, tongue
from primum.doors.web.language import say, write_instant
from primum.incidents.facts.catalogue import CATALOGUE
from primum.incidents.model import Dossier, Entry, EntryKind, Fact, Instant, Standing, Which
from primum.incidents.notices.fields import questions
from primum.incidents.notices.model import Question

_WHICH: Final = tuple(Which)
_ELSEWHERE: Final = frozenset({"assessment"})
"""Facts that a form of their own asks for."""


_SAYS: Final = {
    EntryKind.NOTE: "text", EntryKind.CORRESPONDENCE: "about", EntryKind.ORDER: "about", EntryKind.INSTANT: "reason",
    EntryKind.MERGED: "reason", EntryKind.CLOSED: "reason", EntryKind.REOPENED: "reason",
}  # fmt: skip
"""What an entry of a kind says in the history, by the name in its body."""
PARTS: Final[tuple[str, ...]] = (
    "incident_decisions.html", "incident_notice.html", "incident_people.html", "incident_evidence.html",
    "incident_authority.html", "incident_alert.html",
)  # fmt: skip
"""The templates of the further parts, in their order on the page."""


def every_section(language: str, dossier: Dossier, found: Mapping[str, Any], now: datetime) -> dict[str, Any]:
    """Compute every part of the page of a file, as it stands at `now`."""
    names = found["names"]
    left = questions(dossier)
    asked = {key for one in left for key in one.keys}
    return {
        "parts": PARTS,
        "headline": headline(language, dossier, now),
        "duties": lines(language, dossier, now),
        "questions": [_asked(language, one) for one in left],
        "others": [
            question(language, one)
            for one in CATALOGUE
            if one not in asked | _ELSEWHERE | incident_decisions.asks(dossier, asked)
        ],
        "facts": known(language, dossier, names),
        "told_instants": instants(language, dossier, names),
        "history": history(language, dossier, names),
        "clock_wrong": len(dossier.clock_went_back),
        **incident_people.section(language, dossier, found, now),
        **incident_evidence.section(language, dossier, found, now),
        **incident_authority.section(language, dossier, found, now),
        **incident_decisions.section(language, dossier, found, now),
        **incident_notice.section(language, dossier, found, now),
    }


def _asked(language: str, one: Question) -> dict[str, Any]:
    """Give a question that is left: the facts that answer it, or that an instant does."""
    return {
        "asks": one.text[tongue(language)],
        "facts": [question(language, key) for key in one.keys if key in CATALOGUE],
        "instant": next((key for key in one.keys if key in set(Which)), ""),
    }


def known(language: str, dossier: Dossier, names: Mapping[str, str]) -> list[dict[str, Any]]:
    """Say what is known, in the order of the catalogue, with how it is known and the measure beside a person's word."""
    return [
        {
            **_fact(language, dossier.facts[key], names),
            "beside": _beside(language, dossier, key),
            "earlier": len(dossier.facts[key].earlier),
        }
        for key in CATALOGUE
        if key in dossier.facts
    ]


def instants(language: str, dossier: Dossier, names: Mapping[str, str]) -> list[dict[str, Any]]:
    """Say the instants that were told, with what was corrected."""
    return [_instant(language, dossier.instants[one], names) for one in _WHICH if one in dossier.instants]


def history(language: str, dossier: Dossier, names: Mapping[str, str]) -> list[dict[str, Any]]:
    """List the entries, the last first."""
    wrong = set(dossier.clock_went_back)
    return [
        {
            "id": one.id,
            "at": write_instant(language, one.at),
            "by": who(language, one.by, names),
            "what": _what(language, one),
            "clock_wrong": one.id in wrong,
        }
        for one in reversed(dossier.entries)
    ]


def _fact(language: str, fact: Fact, names: Mapping[str, str]) -> dict[str, Any]:
    return {
        "key": fact.key,
        "label": label(language, fact.key),
        "value": in_words(language, fact),
        "standing": fact.standing.value,
        "standing_said": say(language, f"incidents.standing_{fact.standing.value}"),
        "at": write_instant(language, fact.at),
        "by": who(language, fact.by, names),
        "evidence": evidence_links(language, fact.evidence),
    }


def _beside(language: str, dossier: Dossier, key: str) -> str:
    measured, stands = dossier.measured.get(key), dossier.facts[key]
    if measured is None or measured.entry == stands.entry or measured.value == stands.value:
        return ""
    return in_words(language, measured)


def _instant(language: str, one: Instant, names: Mapping[str, str]) -> dict[str, Any]:
    return {
        "which": say(language, f"incidents.instant_{one.which.value.replace('-', '_')}"),
        "at": write_instant(language, one.at),
        "reason": one.reason,
        "by": who(language, one.by, names),
        "said_at": write_instant(language, one.said_at),
        "corrected": [write_instant(language, each) for each in one.corrected],
    }


def _what(language: str, one: Entry) -> str:
    said, more = say(language, f"incidents.kind_{one.kind.value}"), _more(language, one)
    return f"{said}{say(language, 'incidents.colon')}{more}" if more else said


def _more(language: str, one: Entry) -> str:
    """Say what an entry says besides its kind; empty for those that a part of the page shows."""
    match one.kind:
        case EntryKind.FACT:
            fact = Fact(one.body["key"], one.body["value"], Standing(one.body["standing"]), (), one.at, one.by, one.id)
            return f"{label(language, fact.key)}, {in_words(language, fact)}"
        case EntryKind.DECISION:
            about = say(language, f"incidents.about_{one.body['about']}")
            return f"{about}, {one.body['reason']}"
        case EntryKind.ACTION:
            return incident_evidence.act_in_words(language, one)
        case _:
            return str(one.body.get(_SAYS.get(one.kind, ""), ""))
