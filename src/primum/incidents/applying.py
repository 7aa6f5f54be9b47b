"""Where a rule of the clock applies, and what shows that its duty is done, read off what is known. Pure."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Final

from primum.incidents.duty import Duty, DutyState
from primum.incidents.known import ATTACK, MALICE, Known, completed, whole
from primum.incidents.rules.dated import Done, From, When

NOT_NOTIFIED: Final = frozenset({"register-only", "authority-knows"})
"""Choices of a decision about `notify` after which a person does not notify; each is a reason in words.toml."""
TOLD: Final = frozenset({"tell", "public"})
"""Choices of a decision about `tell` after which people are told."""


# -- where a rule applies: its state, and the reason that is shown --


def _always(_known: Known, one: Duty) -> tuple[DutyState, str]:
    return one.state, ""


def _notifying(known: Known, one: Duty) -> tuple[DutyState, str]:
    choice = _choice(known, "notify")
    return (DutyState.NOT_APPLICABLE, choice) if choice in NOT_NOTIFIED else (one.state, "")


def _initial_alone(known: Known, one: Duty) -> tuple[DutyState, str]:
    return (DutyState.NOT_APPLICABLE, "whole") if whole(known) else (one.state, "")


def _telling(known: Known, one: Duty) -> tuple[DutyState, str]:
    choice = _choice(known, "tell")
    if not choice:
        return DutyState.TO_DECIDE, "telling-undecided"
    return (one.state, "") if choice in TOLD else (DutyState.NOT_APPLICABLE, "telling-declined")


def _attack(known: Known, one: Duty) -> tuple[DutyState, str]:
    """Tell whether a fact says an attack: its instant, or the origin. Malice alone (a theft) is asked about."""
    if one.counts_from is From.ATTACK_KNOWN:
        return one.state, ""
    if ATTACK in known.origin:
        return one.state, "attack-undated"
    if known.cause in MALICE and not known.origin:
        return DutyState.TO_DECIDE, "malice-alone"
    return DutyState.NOT_APPLICABLE, "no-attack"


def _not_listed(_known: Known, _one: Duty) -> tuple[DutyState, str]:
    return DutyState.NOT_APPLICABLE, "not-listed"


def _choice(known: Known, about: str) -> str:
    return known.decided.get(about, ("", None))[0]


APPLIES: Final[Mapping[When, Callable[[Known, Duty], tuple[DutyState, str]]]] = {
    When.ALWAYS: _always,
    When.NOTIFYING: _notifying,
    When.INITIAL_ALONE: _initial_alone,
    When.TELLING: _telling,
    When.ATTACK: _attack,
    When.NOT_LISTED: _not_listed,
}


# -- what shows that it is done: whether, and when where that is known --


def _completed(known: Known) -> tuple[bool, datetime | None]:
    last = completed(known)
    return last is not None, last.at if last is not None else None


def _notified(known: Known) -> tuple[bool, datetime | None]:
    return bool(known.sent), known.sent[0].at if known.sent else None


SHOWN: Final[Mapping[Done, Callable[[Known], tuple[bool, datetime | None]]]] = {
    Done.NOTIFIED: _notified,
    Done.COMPLETED: _completed,
    Done.REASONS_GIVEN: lambda known: (known.reasons_given is not None, known.reasons_given),
    Done.CONTROLLERS_ALERTED: lambda known: (known.alerted_at is not None, known.alerted_at),
    Done.PEOPLE_TOLD: lambda known: (known.people_told, None),
    Done.COMPLAINT_LODGED: lambda known: (known.complained or known.complained_at is not None, known.complained_at),
    Done.ENTRY: lambda _known: (False, None),
    Done.NEVER: lambda _known: (False, None),
}
