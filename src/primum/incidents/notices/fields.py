"""The fields of a notification as the file fills them, and what is left to ask. Pure: nothing is invented here.

A field takes what form.toml says. What it takes stands beside its evidence; where it takes nothing, its question stands
in place of a value.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from primum.ground.clock import to_text
from primum.incidents.facts.catalogue import CATALOGUE, VOCABULARIES
from primum.incidents.model import SYSTEM, Dossier, Evidence, Fact, Instant, Role, Standing, Which
from primum.incidents.notices.derived import DERIVED
from primum.incidents.notices.form import FORM, Asked, Form, Source, Words
from primum.incidents.notices.model import Draft, Field, Known, Part, Question, Type
from primum.incidents.notices.values import Line, lines_of
from primum.incidents.notices.words import same, words, written


def fields(dossier: Dossier, draft: Draft, form: Form = FORM) -> list[Field]:
    """List the fields in the form's order; of an alert, those that a processor tells."""
    wanted = [one for one in form.fields if draft.type is not Type.ALERT or one.alert]
    return [_field(one, dossier, draft, form) for one in wanted]


def asked(made: Iterable[Field]) -> list[Question]:
    """List the questions that are left, the clock's first; two fields that one fact fills ask once."""
    found: dict[tuple[str, ...], tuple[int, Question]] = {}
    for one in made:
        if one.asks:
            found.setdefault(one.keys, (one.form.rank, Question(one.form.number, one.form.name, one.keys, one.asks)))
    return [question for _, question in sorted(found.values(), key=lambda each: (each[0], each[1].number))]


def questions(dossier: Dossier, draft: Draft | None = None) -> list[Question]:
    """List what a file is still asked for: for what the house would draw up next, where it is not said."""
    role = dossier.file.role
    return asked(fields(dossier, draft or Draft(Type.ALERT if role is Role.PROCESSOR else Type.INITIAL)))


def _field(one: Asked, dossier: Dossier, draft: Draft, form: Form) -> Field:
    taken: list[Part] = []
    for source in one.takes:
        if source.kind != "derived" or not taken:
            taken += _take(source, one, dossier, draft, form)
    beside = [part for source in one.beside for part in _take(source, one, dossier, draft, form)]
    asks, keys = _question(one, dossier, taken=bool(taken))
    if one.asks_late and draft.late and "lateness" not in dossier.facts:
        asks = {name: f"{asks.get(name, '')} {text}".strip() for name, text in one.asks_late.items()}
        keys = (*keys, "lateness")
    standing = taken[0].standing if taken else Known.ASKED if asks else Known.ABSENT
    return Field(one, standing, (*taken, *beside), asks, keys)


def _question(one: Asked, dossier: Dossier, *, taken: bool) -> tuple[Words, tuple[str, ...]]:
    """Say what is left to ask for a field, and what an answer would set."""
    first = one.takes[0]
    if taken and _whole(one, dossier):
        return {}, ()
    asks = one.asks or (CATALOGUE[first.name].asks if first.kind == "fact" else {})
    return (asks, (first.name,)) if asks else ({}, ())


def _whole(one: Asked, dossier: Dossier) -> bool:
    """Tell whether a fact has every part that the form wants; one that is said to be unknown has."""
    fact = dossier.facts.get(one.takes[0].name)
    if not one.needs or fact is None or fact.standing is Standing.UNKNOWN:
        return True
    return all(fact.value.get(name, "").strip() for name in one.needs)


def _take(source: Source, one: Asked, dossier: Dossier, draft: Draft, form: Form) -> list[Part]:
    if source.kind == "fact":
        return _facts(source, one, dossier, draft)
    if source.kind == "instant":
        return _instants(Which(source.name), one, dossier, draft)
    return [part for part in (DERIVED[source.name](dossier, draft, form),) if part is not None]


def _facts(source: Source, one: Asked, dossier: Dossier, draft: Draft) -> list[Part]:
    """Take a fact as it stands, and beside what a person said of it what was measured since."""
    fact = dossier.facts.get(source.name)
    if fact is None:
        return []
    label = {} if source == one.takes[0] else CATALOGUE[source.name].label
    parts = [_part(fact, source, one, label, draft)]
    measured = dossier.measured.get(source.name)
    if fact.by == SYSTEM or measured is None or measured.standing is Standing.UNKNOWN or measured.value == fact.value:
        return parts
    return [*parts, replace(_part(measured, source, one, words("measured"), draft), key=f"measured:{source.name}")]


def _part(fact: Fact, source: Source, one: Asked, label: Words, draft: Draft) -> Part:
    kind, key = CATALOGUE[source.name], f"fact:{source.name}"
    shown = fact.evidence or (Evidence("journal", fact.entry),)
    if fact.standing is Standing.UNKNOWN:
        said = VOCABULARIES.get(kind.vocabulary, {}).get(one.unknown) or words("unknown")
        return Part(key, Known.UNKNOWN, None, (Line(said),), shown, label)
    value = fact.value
    if source.part:
        value = {name: value.get(name) for name in (source.part, source.part.replace("not_", "proof_"))}
    return Part(key, Known(fact.standing.value), value, lines_of(kind, value, source.part, draft.zone), shown, label)


def _instants(which: Which, one: Asked, dossier: Dossier, draft: Draft) -> list[Part]:
    found = dossier.instants.get(which)
    if found is None:
        return []
    main = Source("instant", which.value) == one.takes[0]
    label: Words = {} if main else words(f"instant-{which.value}")
    lines = [Line(written(found.at, draft.zone)), Line(same(found.reason), words("reason"))]
    lines += [Line(written(at, draft.zone), words("said-before")) for at in found.corrected]
    first = dossier.detected_first
    if which is Which.DETECTED and first is not None and first != found.at:
        lines.append(Line(written(first, draft.zone), words("detected-first")))
    value = {"at": to_text(found.at), "corrected": [to_text(at) for at in found.corrected]}
    shown = found.evidence or (Evidence("journal", found.entry),)
    return [Part(f"instant:{which.value}", _said(found), value, tuple(lines), shown, label)]


def _said(instant: Instant) -> Known:
    return Known.MEASURED if instant.by == SYSTEM else Known.DECLARED
