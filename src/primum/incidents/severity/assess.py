"""The severity of a file: what a person chose, else what the facts of the file already choose, else a range. Pure.

Nothing is proposed below the base of a class; that something is not concerned is proposed where a person said so.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any, Final

from primum.incidents.dated import Words, read_dated, words_of
from primum.incidents.model import Dossier, Evidence, Standing
from primum.incidents.severity.assessment import told_by_a_person
from primum.incidents.severity.enisa import (
    KINDS,
    MOST_PEOPLE,
    PROPOSES,
    Assessment,
    Cell,
    Picked,
    Severity,
    score,
)
from primum.incidents.severity.sealed import Worth, sealed

FLAGS: Final = {one["name"]: words_of(one) for one in read_dated("primum.incidents.severity", "enisa.toml")["flag"]}
"""Facts of their own, shown beside the score."""
_STRANGERS: Final = frozenset({"publication"})
_ONE_SIDED: Final = frozenset({"wrong-recipient", "wrong-person-shown", "spoken"})
_OPEN_ENDED: Final = frozenset({"not-known", "other", "credentials", "offences"})
"""Types of data that leave open whether something graver is concerned."""


@dataclass(frozen=True, slots=True)
class Flag:
    """A fact of its own, shown beside the score. `state`: yes, no, not-known."""

    name: str
    state: str
    words: Words
    evidence: tuple[Evidence, ...] = ()


@dataclass(frozen=True, slots=True)
class Assessed:
    """The severity of a file with its flags, and what the facts alone propose, beside what a person chose."""

    severity: Severity
    flags: tuple[Flag, ...]
    proposed: Assessment
    told: Assessment

    def flag(self, name: str) -> str:
        """Give the state of a flag."""
        return next(one.state for one in self.flags if one.name == name)


def assess(dossier: Dossier) -> Assessed:
    """Work out the severity of a file."""
    told, proposed = told_by_a_person(dossier), propose_choices(dossier)
    named = {one.kind for one in told.cells}
    both = Assessment(
        (*told.cells, *(one for one in proposed.cells if one.kind not in named)),
        told.complete if told.cells else proposed.complete,
        {**proposed.picked, **told.picked},
    )
    return Assessed(score(both), tuple(_flags(dossier, both)), proposed, told)


def propose_choices(dossier: Dossier) -> Assessment:
    """Propose what the facts of the file already show, each with reason and evidence; nothing that is not known."""
    picked: dict[str, Picked] = {}
    maximum = _recognised(dossier)
    if maximum is not None:
        picked["identification"] = maximum
    picked |= dict(_circumstances(dossier))
    return Assessment(tuple(_cells(dossier)), _every_kind_is_told(dossier), picked)


def _cells(dossier: Dossier) -> Iterator[Cell]:
    found: dict[str, Cell] = {}
    if set(dossier.value("sensitive", [])) - {"none"}:
        found["sensitive"] = _cell(dossier, "sensitive", "sensitive", "sensitive")
    for word in dossier.value("data", []):
        kind = PROPOSES["kinds"].get(word)
        if kind is not None and kind not in found:
            found[kind] = _cell(dossier, kind, "data", "kind")
    yield from found.values()


def _cell(dossier: Dossier, kind: str, key: str, why: str) -> Cell:
    return Cell(kind, KINDS[kind], (), PROPOSES["why"][why], dossier.facts[key].evidence, proposed=True)


def _every_kind_is_told(dossier: Dossier) -> bool:
    """Whether a person named every type of data; a reading of attributes leaves out what was not looked at."""
    facts = [dossier.facts.get(key) for key in ("data", "sensitive")]
    said = all(one is not None and one.standing is Standing.DECLARED for one in facts)
    return said and not _OPEN_ENDED & set(dossier.value("data", []))


def _recognised(dossier: Dossier) -> Picked | None:
    rule: Mapping[str, Any] = PROPOSES["maximum"]
    for key, every in (("readable", True), ("data", False)):
        names, there = set(rule[key]), set(dossier.value(key, []))
        if names <= there if every else names & there:
            return _picked(dossier, "maximum", key, "maximum")
    return None


def _circumstances(dossier: Dossier) -> Iterator[tuple[str, Picked]]:
    known = dossier.facts.get("nature")
    nature = set(dossier.value("nature", []))
    if known is not None and known.standing is Standing.DECLARED:
        for part in ("confidentiality", "integrity", "availability"):
            if part not in nature:
                yield part, _picked(dossier, "not-concerned", "nature", "not-concerned")
    if "confidentiality" in nature:
        yield from _recipients(dossier)
    yield from _malice(dossier)


def _recipients(dossier: Dossier) -> Iterator[tuple[str, Picked]]:
    """Say who could have read: everybody, those whom a person named, or nobody knows."""
    part, said = "confidentiality", dossier.facts.get("recipients")
    origin = set(dossier.value("origin", []))
    if said is not None and said.standing is Standing.UNKNOWN:
        yield part, _picked(dossier, "unknown", "recipients", "recipients-unknown")
    elif dossier.value("reached") and not dossier.value("accesses"):
        yield part, _picked(dossier, "unknown", "reached", "unknown")
    elif origin & _STRANGERS:
        yield part, _picked(dossier, "unknown", "origin", "unknown")
    elif said is not None and origin & _ONE_SIDED:
        yield part, _picked(dossier, "known", "recipients", "known")


def _malice(dossier: Dossier) -> Iterator[tuple[str, Picked]]:
    cause = str(dossier.value("cause", ""))
    if "attack" in dossier.value("origin", []):
        yield "malice", _picked(dossier, "yes", "origin", "malicious")
    elif cause.endswith("-malicious"):
        yield "malice", _picked(dossier, "yes", "cause", "malicious")
    elif cause.endswith("-accidental"):
        yield "malice", _picked(dossier, "no", "cause", "accidental")


def _picked(dossier: Dossier, choice: str, key: str, why: str) -> Picked:
    return Picked(choice, PROPOSES["why"][why], dossier.facts[key].evidence, proposed=True)


def _flags(dossier: Dossier, chosen: Assessment) -> Iterator[Flag]:
    yield _flag(dossier, "over-100", _over_a_hundred(dossier.value("people")), ("people",))
    yield _flag(dossier, "minors", _minors(dossier), ("minors", "people-categories"))
    yield _flag(dossier, "unknown-recipients", _unknown(dossier, chosen), ("recipients", "reached", "origin"))
    worth = sealed(dossier)
    state = {Worth.MAY: "yes", Worth.NOT: "no"}.get(worth.worth, "not-known")
    unreadable = "no" if dossier.value("intelligible") == "yes" else state
    yield replace(_flag(dossier, "unintelligible", unreadable, ("intelligible",)), evidence=worth.evidence)


def _flag(dossier: Dossier, name: str, state: str, keys: tuple[str, ...]) -> Flag:
    shown = tuple(each for key in keys if key in dossier.facts for each in dossier.facts[key].evidence)
    return Flag(name, state, FLAGS[name], shown)


def _over_a_hundred(people: Mapping[str, Any] | None) -> str:
    if people is None:
        return "not-known"
    if people["count"] > MOST_PEOPLE:
        return "yes"
    return "not-known" if people.get("at_least") else "no"


def _minors(dossier: Dossier) -> str:
    counted = dossier.value("minors")
    if (counted is not None and counted["count"] > 0) or "minors" in dossier.value("people-categories", []):
        return "yes"
    return "no" if counted is not None and not counted.get("at_least") else "not-known"


def _unknown(dossier: Dossier, chosen: Assessment) -> str:
    picked = chosen.picked.get("confidentiality")
    said = dossier.facts.get("recipients")
    if (picked is not None and picked.choice == "unknown") or (said and said.standing is Standing.UNKNOWN):
        return "yes"
    return "no" if picked is not None and picked.choice in {"known", "not-concerned"} else "not-known"
