"""The clock of a file on a page: each duty as it stands now. Computed anew at each reading, never counted."""

from __future__ import annotations

from datetime import datetime, tzinfo
from typing import Any

from primum.doors.web.incident_values import tongue
from primum.doors.web.language import say
from primum.incidents.countdown import local, remaining, says
from primum.incidents.dated import CONFIDENCE
from primum.incidents.deadline import duties, prudent_due
from primum.incidents.duty import Duty, DutyState
from primum.incidents.model import Dossier, State
from primum.incidents.rules.dated import words


def headline(language: str, dossier: Dossier, now: datetime) -> dict[str, Any] | None:
    """Say how long is left of the prudent deadline, or how late it is; None where the file is over or notified."""
    if dossier.state is not State.OPEN or dossier.detected_first is None:
        return None
    notified = [one for one in duties(dossier, now) if one.rule.name == "notify" and one.prudent and not one.open]
    if notified:
        return None
    due = prudent_due(dossier.detected_first)
    left = remaining(due, now)
    return {
        "says": left.words(tongue(language)),
        "late": left.late,
        "due": say(language, "incidents.prudent_due", at=_local(due, language)),
    }


def lines(language: str, dossier: Dossier, now: datetime) -> list[dict[str, Any]]:
    """Say every duty: what, until when, how it stands, under which text and how sure that text is."""
    return [_line(language, one, now) for one in duties(dossier, now)]


def _line(language: str, one: Duty, now: datetime) -> dict[str, Any]:
    return {
        "label": one.rule.label[tongue(language)],
        "from": words("from")[one.counts_from.value][tongue(language)],
        "due": _local(one.due_at, language) if one.due_at else "",
        "says": says(one, now, tongue(language)),
        "late": one.over_by is not None or one.state is DutyState.OVERDUE,
        "open": one.open,
        "applies": one.state is not DutyState.NOT_APPLICABLE,
        "note": one.rule.note.get(tongue(language), ""),
        "source": one.rule.source,
        "confidence": CONFIDENCE[one.rule.confidence.value][tongue(language)],
        "corrected": [_local(each, language) for each in one.corrected],
    }


def _local(at: datetime, language: str) -> str:
    return local(at, _zone(at), tongue(language))


def _zone(at: datetime) -> tzinfo:
    """Give the practice's zone, as it is at that instant."""
    zone = at.astimezone().tzinfo
    assert zone is not None  # noqa: S101 (an aware instant has one)
    return zone
