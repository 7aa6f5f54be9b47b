"""What passes with the authority, in words: what is asked, ordered, written, as it stands now. Pure.

An amount is arithmetic, and says so (incidents/register/authority.py).
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from primum.doors.web.incident_values import tongue
from primum.doors.web.language import say, write_instant
from primum.incidents.model import Dossier
from primum.incidents.register.authority import Dealings, Letter, Order, Request, dealings
from primum.incidents.register.dealt import arithmetic, lateness
from primum.incidents.register.words import known_word


def section(language: str, dossier: Dossier, _found: Mapping[str, Any], now: datetime) -> dict[str, Any]:
    """Say what is asked and ordered, for the file's page."""
    return {"authority": stands(language, dealings(dossier, now))}


def stands(language: str, found: Dealings) -> dict[str, Any]:
    """Say what is asked, ordered and written, as it stands now."""
    return {
        "waiting": [_request(language, one) for one in found.waiting()],
        "requests": [_request(language, one) for one in found.requests],
        "orders": [_order(language, one) for one in found.orders],
        "letters": [_letter(language, one) for one in reversed(found.letters)],
    }


def _request(language: str, one: Request) -> dict[str, Any]:
    letter, _, number = one.id.partition("#")
    return {
        "letter": letter, "number": int(number) + 1, "asked": one.asked, "reference": one.reference,
        "other": known_word(tongue(language), "other", one.other.value),
        "asked_at": write_instant(language, one.asked_at), "due": _at(language, one.due),
        "answered": _at(language, one.answered_at), "done": one.answered_at is not None, **_stand(language, one),
    }  # fmt: skip


def _order(language: str, one: Order) -> dict[str, Any]:
    return {
        "id": one.entry, "reference": one.reference, "asked": one.asked, "daily": one.daily, "ceiling": one.ceiling,
        "notified": write_instant(language, one.notified_at), "due": write_instant(language, one.due),
        "procedure": say(language, f"incident_authority.procedure_{one.procedure.value}"), "document": one.document,
        "arithmetic": arithmetic(one, tongue(language)), "closed": _at(language, one.closed_at),
        "compliance": [
            {"at": write_instant(language, each.at), "about": each.about, "complete": each.complete,
             "document": each.document}
            for each in one.compliance
        ],
        "over": one.closed_at is not None, **_stand(language, one),
    }  # fmt: skip


def _letter(language: str, one: Letter) -> dict[str, Any]:
    return {
        "id": one.entry, "at": write_instant(language, one.at), "written": write_instant(language, one.written_at),
        "way": say(language, f"incident_authority.way_{one.direction.value}"), "about": one.about,
        "other": known_word(tongue(language), "other", one.other.value), "reference": one.reference,
        "asked": list(one.asked), "answers": one.answers, "corrected": bool(one.corrected_by),
        "document": one.document, "stands": not one.corrected_by,
    }  # fmt: skip


def _stand(language: str, one: Request | Order) -> dict[str, Any]:
    return {
        "stand": known_word(tongue(language), "stand", one.stand.value), "late": lateness(one.late, tongue(language)),
    }  # fmt: skip


def _at(language: str, at: datetime | None) -> str:
    return write_instant(language, at) if at is not None else ""
