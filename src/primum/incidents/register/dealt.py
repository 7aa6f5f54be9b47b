"""Letters, requests and orders as tables. Pure. Of a letter with a patient or another person: that there was one."""

from __future__ import annotations

from datetime import datetime, timedelta, tzinfo
from typing import Final

from primum.incidents.correspondence import PUBLIC
from primum.incidents.model import Dossier
from primum.incidents.register.authority import Letter, Order, Request, dealings
from primum.incidents.register.tables import Row, Table, table
from primum.incidents.register.words import instant, known_word, word

_HOUR: Final = timedelta(hours=1)


def request_table(dossier: Dossier, now: datetime, language: str, zone: tzinfo) -> Table:
    """Make the table of what was asked, and what became of it."""
    columns = ("entry", "other", "reference", "asked", "at", "due", "answered", "stand", "late")
    return table("requests", language, columns, (
        _request(one, language) for one in dealings(dossier, now, zone).requests
    ))  # fmt: skip


def correspondence_table(dossier: Dossier, now: datetime, language: str, zone: tzinfo) -> Table:
    """Make the table of letters."""
    columns = ("entry", "at", "direction", "other", "reference", "about", "answers", "corrected", "document", "written")
    return table("correspondence", language, columns, (
        _letter(one, language) for one in dealings(dossier, now, zone).letters
    ))  # fmt: skip


def order_table(dossier: Dossier, now: datetime, language: str, zone: tzinfo) -> Table:
    """Make the table of injunctions."""
    columns = (
        "reference", "asked", "at", "due", "stand", "late", "daily", "ceiling", "compliance", "closed", "at-most",
    )  # fmt: skip
    return table("orders", language, columns, (
        _order(one, language, zone) for one in dealings(dossier, now, zone).orders
    ))  # fmt: skip


def arithmetic(order: Order, language: str) -> str:
    """Say what could be liquidated at most, that it is no prediction, and under which text; empty where nothing is."""
    found = order.at_most
    if found is None:
        return ""
    facts = {"euros": found.euros, "days": found.days, "daily": order.daily, "ceiling": order.ceiling}
    said = [word(language, "at-most" if order.ceiling is None else "at-most.ceiling", **facts) + "."]
    said.append(word(language, "at-most.why", source=found.rule.source if found.rule is not None else ""))
    if found.above_the_law and found.rule is not None:
        said.append(word(language, "at-most.above", most=found.rule.daily))
    return " ".join(said)


def lateness(late: timedelta, language: str) -> str:
    """Write how late something is, in days and hours begun; empty where it is not."""
    if late <= timedelta(0):
        return ""
    hours = -(-late // _HOUR)
    return word(language, "late", days=hours // 24, hours=hours % 24)


def _request(one: Request, language: str) -> Row:
    public = one.other in PUBLIC
    return (
        one.id, known_word(language, "other", one.other.value), one.reference if public else "",
        one.asked if public else "", one.asked_at, one.due, one.answered_at,
        known_word(language, "stand", one.stand.value), lateness(one.late, language),
    )  # fmt: skip


def _letter(one: Letter, language: str) -> Row:
    public = one.other in PUBLIC
    return (
        one.entry, one.at, known_word(language, "what", one.direction.value),
        known_word(language, "other", one.other.value), one.reference if public else "", one.about if public else "",
        one.answers, one.corrected_by, one.document, one.written_at,
    )  # fmt: skip


def _order(one: Order, language: str, zone: tzinfo) -> Row:
    shown = "\n".join(f"{instant(each.at, zone, language)} {each.about}" for each in one.compliance)
    return (
        one.reference, one.asked, one.notified_at, one.due, known_word(language, "stand", one.stand.value),
        lateness(one.late, language), one.daily, one.ceiling, shown, one.closed_at, arithmetic(one, language),
    )  # fmt: skip
