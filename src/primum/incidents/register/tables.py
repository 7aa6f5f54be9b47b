"""The register as tables: what the spreadsheet, the PDF and the control pack all show. Pure.

A cell is a text, a whole number, an instant, or nothing; `ods.py` keeps their types. Decisions are shown with their
choice and ground; a reason stands in a column of its own only where the breach was not notified, or people not told.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, tzinfo

from primum.incidents.model import Decision, Fact, Standing, Which
from primum.incidents.register.register import Register, RegisterLine
from primum.incidents.register.words import evidence, instant, known_word, label, offset, value, who, word
from primum.incidents.severity.grounds import GROUNDS
from primum.incidents.severity.proposal import CHOICES

Cell = str | int | datetime | None
Row = tuple[Cell, ...]


@dataclass(frozen=True, slots=True)
class Table:
    """A table: its name, the names of its columns, its rows."""

    key: str
    title: str
    columns: tuple[str, ...]
    rows: tuple[Row, ...]


@dataclass(frozen=True, slots=True)
class Book:
    """Tables of one export, with what is said above them. `exercise`: said on each sheet; empty for a real one."""

    title: str
    about: tuple[tuple[str, str], ...]
    exercise: str
    tables: tuple[Table, ...]
    made_at: datetime
    by: str
    language: str
    zone: tzinfo


def book_of(register: Register, language: str, zone: tzinfo) -> Book:
    """Lay a register out. `zone`: in which hours are shown."""
    every = (*register.lines, *register.alerts)
    tables = (
        breaches(register.lines, language, zone, register.people),
        table(
            "facts", language, _FACTS, (row for one in every for row in _facts(one, language, zone, register.people))
        ),
        chronologies(every, language, zone, register.people),
        message_table(every, language, zone),
        breaches(register.alerts, language, zone, register.people, key="alerts"),
    )
    return Book(
        word(language, "register.title"), about(register, "register", language, zone),
        word(language, "exercise") if register.exercise else "", tables, register.made_at, register.by, language, zone,
    )  # fmt: skip


def about(register: Register, what: str, language: str, zone: tzinfo) -> tuple[tuple[str, str], ...]:
    """Say what an export is: basis, date, author, scope, the root of the journal."""
    names = ", ".join(register.controllers)
    root = register.journal_root
    said = {
        "title": word(language, f"{what}.title"),
        "basis": word(language, f"{what}.basis"),
        "made": word(language, "made", at=instant(register.made_at, zone, language), by=register.by),
        "scope": word(language, "scope", names=names) if names else word(language, "scope.none"),
        "root": word(language, "root", root=root) if root else word(language, "root.none"),
        "times": word(language, "times", zone=zone),
    } | ({"exercise": word(language, "exercise")} if register.exercise else {})  # fmt: skip
    return tuple((word(language, f"key.{key}"), text) for key, text in said.items())


def table(key: str, language: str, columns: Sequence[str], rows: Iterable[Row]) -> Table:
    """Make a table with our words for its columns."""
    return Table(
        key, word(language, f"table.{key}"), tuple(word(language, f"col.{one}") for one in columns), tuple(rows)
    )


_BREACHES = (
    "file", "controller", "state", "merged", "origin", "opened", "detected", "prudent", "aware", "nature", "began",
    "ended", "story", "people", "people-qualified", "minors", "records", "data", "effects", "remedy", "notify",
    "notify-reason", "tell", "tell-reason", "notified", "lateness", "closed", "clock",
)  # fmt: skip
_FACTS = ("file", "fact", "value", "standing", "evidence", "at", "offset", "by", "earlier")
_CHRONOLOGY = ("file", "at", "offset", "what", "detail", "by", "written", "corrects", "entry")
_MESSAGES = ("file", "at", "offset", "what", "other", "reference", "count", "about", "digest", "document")


def breaches(
    lines: Iterable[RegisterLine], language: str, zone: tzinfo, people: Mapping[str, str], *,
    key: str = "breaches",
) -> Table:  # fmt: skip
    """Make the table with one row a breach."""
    return table(key, language, _BREACHES, (_breach(one, language, zone, people) for one in lines))


def chronologies(lines: Iterable[RegisterLine], language: str, zone: tzinfo, people: Mapping[str, str]) -> Table:
    """Make the table of what happened, with what was said before a correction."""
    return table("chronology", language, _CHRONOLOGY, (
        (
            one.file_id, each.at, offset(each.at, zone), known_word(language, "what", each.what), each.detail,
            who(each.by, language, people),
            each.written_at, " ; ".join(instant(at, zone, language) for at in each.corrects), each.entry,
        )
        for one in lines for each in one.chronology
    ))  # fmt: skip


def message_table(lines: Iterable[RegisterLine], language: str, zone: tzinfo) -> Table:
    """Make the table of messages, with what shows each."""
    return table("messages", language, _MESSAGES, (
        (
            one.file_id, each.at, offset(each.at, zone), known_word(language, "what", each.what),
            known_word(language, "other", each.other), each.reference, each.count, each.about, each.digest,
            each.document,
        )
        for one in lines for each in one.messages
    ))  # fmt: skip


def _breach(one: RegisterLine, language: str, zone: tzinfo, people: Mapping[str, str]) -> Row:
    aware = next((each.at for each in one.instants if each.which is Which.AWARE), None)
    shown = {key: _shown(one.fact(key), language, zone) for key in ("nature", "began", "ended", "story", "people")}
    data = [_shown(one.fact(key), language, zone) for key in ("data", "sensitive")]
    return (
        one.file_id, one.controller, known_word(language, "state", one.state.value), ", ".join(one.merged_from),
        known_word(language, "origin", one.origin), one.opened_at, one.detected_first, one.prudent_due, aware,
        shown["nature"], shown["began"], shown["ended"], shown["story"] or _system(one, language, zone),
        _number(one.fact("people")), shown["people"], _number(one.fact("minors")), _number(one.fact("records")),
        " ; ".join(each for each in data if each), _paragraph(one.effects, language, zone),
        _remedy(one, language, zone), _choice(one.notify, language),
        _reason(one, one.why_not_notified, language, people),
        _choice(one.tell, language), _reason(one, one.why_not_told, language, people), one.notified_at,
        _shown(one.lateness, language, zone), one.closed_at, word(language, "yes") if one.clock_went_back else "",
    )  # fmt: skip


def _facts(one: RegisterLine, language: str, zone: tzinfo, people: Mapping[str, str]) -> Iterable[Row]:
    """List every fact; what was measured where a person said otherwise stands beside."""
    reasons = [] if one.lateness is None else [one.lateness]
    for fact in (*one.facts, *one.effects, *one.remedy, *reasons, *one.measured):
        yield (
            one.file_id, label(fact, language), value(fact, language, zone),
            known_word(language, "standing", fact.standing.value), evidence(fact.evidence, language, people), fact.at,
            offset(fact.at, zone), who(fact.by, language, people), len(fact.earlier),
        )  # fmt: skip


def _shown(fact: Fact | None, language: str, zone: tzinfo) -> str:
    return "" if fact is None else value(fact, language, zone)


def _number(fact: Fact | None) -> int | None:
    return None if fact is None or fact.standing is Standing.UNKNOWN else int(fact.value["count"])


def _system(one: RegisterLine, language: str, zone: tzinfo) -> str:
    found = [_shown(one.fact(key), language, zone) for key in ("system", "reached")]
    return " ; ".join(each for each in found if each)


def _paragraph(facts: Iterable[Fact], language: str, zone: tzinfo) -> str:
    return "\n".join(f"{label(one, language)} : {value(one, language, zone)}" for one in facts)


def _remedy(one: RegisterLine, language: str, zone: tzinfo) -> str:
    done = [f"{instant(each.at, zone, language)} {each.what} {each.subject} : {each.outcome}" for each in one.actions]
    said = _paragraph(one.remedy, language, zone)
    return "\n".join([*([said] if said else []), *done])


def _choice(decision: Decision | None, language: str) -> str:
    if decision is None:
        return ""
    choice = CHOICES.get(decision.about, {}).get(decision.choice)
    said = decision.choice if choice is None else choice[language]
    ground = GROUNDS.get(decision.ground)
    told = decision.ground if ground is None else ground.words[language]
    return f"{said} ({told})" if told else said


def _reason(one: RegisterLine, decision: Decision | None, language: str, people: Mapping[str, str]) -> str:
    if decision is None:
        return ""
    shown = evidence(one.shown.get(decision.entry, ()), language, people)
    return f"{decision.reason}\n{word(language, 'col.evidence')} : {shown}" if shown else decision.reason
