"""Measures with their dates, and the volumetry, as tables of the control pack. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import tzinfo
from typing import Final

from primum.exposure.findings.model import Finding
from primum.incidents.dossier import evidence_of
from primum.incidents.model import Dossier, EntryKind, Fact, Standing
from primum.incidents.register.register import actions
from primum.incidents.register.tables import Row, Table, table
from primum.incidents.register.words import evidence, instant, known_word, label, value, who, word

People = Mapping[str, str]
"""Names of those who wrote, by our id."""
_COUNTS: Final = ("people", "minors", "studies", "records")
_SAID: Final = frozenset({"measures-before", "measures-after"})


def volumetry_table(dossier: Dossier, language: str, zone: tzinfo, people: People) -> Table:
    """Make the table of counts: what is known, how, and by what it is shown; a measure beside what a person said."""
    found = [(each, one[key]) for key in _COUNTS for each, one in ((key, dossier.facts), (key, dossier.measured))
             if key in one]  # fmt: skip
    rows = dict.fromkeys((key, fact.entry) for key, fact in found)
    facts = {(key, fact.entry): fact for key, fact in found}
    return table("volumetry", language, ("fact", "count", "value", "standing", "evidence", "written", "by"), (
        _volume(facts[one], language, zone, people) for one in rows
    ))  # fmt: skip


def measure_table(dossier: Dossier, findings: Iterable[Finding], language: str, zone: tzinfo, people: People) -> Table:
    """Make the table of measures, in the order of their dates."""
    rows = [*_done(dossier, language, people), *_said(dossier, language, people), *_closed(findings, language, zone)]
    ended = dossier.facts.get("ended")
    if ended is not None:
        rows.append(_stated(ended, language, zone, people))
    rows.sort(key=lambda row: str(row[0]))
    return table("measures", language, ("at", "what", "subject", "outcome", "evidence", "by"), rows)


def _volume(fact: Fact, language: str, zone: tzinfo, people: People) -> Row:
    known = fact.standing is not Standing.UNKNOWN
    return (
        label(fact, language), int(fact.value["count"]) if known else None,
        value(fact, language, zone),
        known_word(language, "standing", fact.standing.value), evidence(fact.evidence, language, people), fact.at,
        who(fact.by, language, people),
    )  # fmt: skip


def _done(dossier: Dossier, language: str, people: People) -> Iterator[Row]:
    for one in actions(dossier):
        yield (one.at, known_word(language, "what", one.what), one.subject, one.outcome, "",
               who(one.by, language, people))  # fmt: skip


def _said(dossier: Dossier, language: str, people: People) -> Iterator[Row]:
    """List what people said of measures, each time they did: a later answer takes nothing from an earlier one."""
    for one in dossier.of_kind(EntryKind.FACT):
        if one.body["key"] in _SAID and one.body["standing"] != Standing.UNKNOWN:
            shown = evidence(evidence_of(one.body), language, people)
            yield (one.at, known_word(language, "what", one.body["key"]), "", one.body["value"], shown,
                   who(one.by, language, people))  # fmt: skip


def _stated(fact: Fact, language: str, zone: tzinfo, people: People) -> Row:
    shown = evidence(fact.evidence, language, people)
    return (fact.at, known_word(language, "what", "ended"), "", value(fact, language, zone), shown,
            who(fact.by, language, people))  # fmt: skip


def _closed(findings: Iterable[Finding], language: str, zone: tzinfo) -> Iterator[Row]:
    """List findings that a proof closed, with the last proof that each was open."""
    for one in findings:
        if one.closed_at is not None:
            open_at = instant(one.last_open_at, zone, language)
            shown = f"{known_word(language, 'evidence', 'finding')} {one.id} ; {one.run}".rstrip(" ;")
            outcome = word(language, "closed-finding", open_at=open_at)
            yield (one.closed_at, known_word(language, "what", "closed-finding"), one.what(), outcome, shown, "")
