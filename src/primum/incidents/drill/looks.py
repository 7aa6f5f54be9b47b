"""How each expectation of an exercise is looked for in a file: since when it is met, or what is wrong. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from primum.ground.clock import from_text
from primum.incidents.drill.scenarios import OWN, Expectation, Scenario
from primum.incidents.facts.catalogue import CATALOGUE, Shape
from primum.incidents.model import SYSTEM, Dossier, Entry, EntryKind, Standing, Which

_LETTERS: Final = frozenset({"letter", "correspondence"})
"""Documents that somebody sent: keeping them is no freezing of evidence."""
_TOLD: Final = frozenset({Which.ATTACK_KNOWN, Which.PROCESSOR_AWARE, Which.AUTHORITY_WROTE})
"""Instants that an event makes known."""
_MINUTE: Final = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class Seen:
    """What the file shows of one expectation: since when it is met, or what is wrong."""

    at: datetime | None = None
    entry: str = ""
    why: str = ""
    what: tuple[str, ...] = ()
    wrong: bool = False
    """It cannot be mended any more."""


_NOTHING: Final = Seen()


def _first(entries: Iterable[Entry]) -> Seen:
    return next((Seen(one.at, one.id) for one in entries), _NOTHING)


def _kind(kind: EntryKind, **body: Any) -> Callable[[Scenario, Expectation, Dossier], Seen]:  # noqa: ANN401 (JSON)
    """Look for the first entry of a kind whose body holds these; a set: one of them."""

    def look(_scenario: Scenario, one: Expectation, dossier: Dossier) -> Seen:
        wanted = {name: one.other if value is _OTHER else value for name, value in body.items()}
        return _first(each for each in dossier.of_kind(kind) if all(_is(each.body, *two) for two in wanted.items()))

    return look


_OTHER: Final = object()


def _is(body: Mapping[str, Any], name: str, value: Any) -> bool:  # noqa: ANN401 (JSON)
    found = body.get(name)
    return found in value if isinstance(value, frozenset) else found == value


def _aware_sound(scenario: Scenario, _one: Expectation, dossier: Dossier) -> Seen:
    earliest: datetime | None = None
    for entry in dossier.of_kind(EntryKind.INSTANT):
        if entry.body["which"] != Which.AWARE:
            continue
        at = from_text(entry.body["at"])
        if at > entry.at:
            return Seen(entry=entry.id, why="future", wrong=True)
        if at < scenario.begins:
            return Seen(entry=entry.id, why="before", wrong=True)
        if earliest is not None and at > earliest:
            return Seen(entry=entry.id, why="put-off", wrong=True)
        earliest = at if earliest is None else min(at, earliest)
    return _NOTHING


def _frozen_first(_scenario: Scenario, _one: Expectation, dossier: Dossier) -> Seen:
    frozen = next((one for one in dossier.of_kind(EntryKind.EVIDENCE) if one.body["what"] not in _LETTERS), None)
    closed = next(iter(dossier.of_kind(EntryKind.ACTION)), None)
    if closed is not None and (frozen is None or closed.seq < frozen.seq):
        return Seen(entry=closed.id, why="closed-first", wrong=True)
    return _NOTHING if frozen is None else Seen(frozen.at, frozen.id)


def decided_as(_scenario: Scenario, one: Expectation, dossier: Dossier) -> Seen:
    """Look for a decision that stands and that the facts allow; the first of that choice says when."""
    standing = dossier.decisions.get(one.name)
    if standing is None:
        return _NOTHING
    why = _not_allowed(one, standing.choice, standing.ground)
    if why:
        return Seen(entry=standing.entry, why=why)
    return _first(
        each
        for each in dossier.of_kind(EntryKind.DECISION)
        if each.body["about"] == one.name and not _not_allowed(one, each.body["choice"], each.body.get("ground", ""))
    )


def _not_allowed(one: Expectation, choice: str, ground: str) -> str:
    if choice not in one.choices:
        return "choice"
    return "ground" if choice != one.choices[0] and ground not in one.grounds else ""


def _complete(scenario: Scenario, one: Expectation, dossier: Dossier) -> Seen:
    """Look for facts as they were known last; not known is an answer where nobody could know."""
    latest, entry, missing, differs = scenario.begins, "", [], []
    for key in one.facts:
        known = scenario.known(key, scenario.ends)
        fact = dossier.facts.get(key)
        if fact is None or (fact.standing is Standing.UNKNOWN and (known or key in OWN)):
            missing.append(key)
        elif known and not _agrees(key, fact.value, known[-1]):
            differs.append(key)
        else:
            since = _since(key, known, dossier)
            latest, entry = max((latest, entry), (since.at, since.id))
    if missing or differs:
        return Seen(why="missing" if missing else "differs", what=tuple(missing or differs))
    return Seen(latest, entry)


def _since(key: str, known: list[Any], dossier: Dossier) -> Entry:
    """Find the first entry that said what stands and agrees."""
    told = [one for one in dossier.of_kind(EntryKind.FACT) if one.body["key"] == key]
    good = (one for one in told if not known or _agrees(key, one.body.get("value"), known[-1]))
    return next(good, told[-1])


def _invented(scenario: Scenario, _one: Expectation, dossier: Dossier) -> Seen:
    """Look for what a person declared and nobody could know, or that is not what was known."""
    for entry in dossier.of_kind(EntryKind.FACT, EntryKind.INSTANT):
        why, what = _made_up(scenario, entry, dossier)
        if why:
            return Seen(entry=entry.id, why=why, what=(what,), wrong=True)
    return _NOTHING


def _made_up(scenario: Scenario, entry: Entry, dossier: Dossier) -> tuple[str, str]:
    body = entry.body
    if entry.kind is EntryKind.INSTANT:
        if body["which"] not in _TOLD:
            return "", ""
        known = [from_text(one) for one in scenario.known(body["which"], entry.at)]
        at = from_text(body["at"])
        if any(abs(at - one) < _MINUTE for one in known) or at == dossier.detected_first:
            return "", ""
        return ("differs" if known else "unknowable"), body["which"]
    if entry.by == SYSTEM or body["standing"] != Standing.DECLARED or _own(scenario, body["key"]):
        return "", ""
    known = scenario.known(body["key"], entry.at)
    if not known:
        return "unknowable", body["key"]
    return ("", "") if any(_agrees(body["key"], body["value"], one) for one in known) else ("differs", body["key"])


def _own(scenario: Scenario, key: str) -> bool:
    """Tell whether a fact is the player's own word here: of those that may be, and told by no event."""
    return key in OWN and not scenario.known(key, scenario.ends)


def _agrees(key: str, value: Any, known: Any) -> bool:  # noqa: ANN401 (a fact is of its own type)
    """Tell whether what was written is what was known. Words of one's own are not compared."""
    shape = CATALOGUE[key].shape
    if shape is Shape.COUNT:
        return bool(value["count"] == known["count"])
    if shape is Shape.CHOICES:
        return set(value) == set(known)
    if shape is Shape.BEGAN:
        return all(_same_instant(value.get(one), known.get(one)) for one in ("not_before", "not_after"))
    if shape is Shape.ENDED:
        return bool(value["state"] == known["state"])
    return bool(value == known) if shape in {Shape.CHOICE, Shape.NUMBER} else True


def _same_instant(one: str | None, other: str | None) -> bool:
    if not one or not other:
        return not one and not other
    return abs(from_text(one) - from_text(other)) < _MINUTE


LOOKS: Final[Mapping[str, Callable[[Scenario, Expectation, Dossier], Seen]]] = {
    "opened": _kind(EntryKind.OPENED),
    "aware": _kind(EntryKind.INSTANT, which=Which.AWARE),
    "aware-sound": _aware_sound,
    "attack-known": _kind(EntryKind.INSTANT, which=Which.ATTACK_KNOWN),
    "processor-aware": _kind(EntryKind.INSTANT, which=Which.PROCESSOR_AWARE),
    "letter": _kind(EntryKind.CORRESPONDENCE, direction="received", other=_OTHER),
    "answered": _kind(EntryKind.CORRESPONDENCE, direction="sent", other=_OTHER),
    "conditions": _complete,
    "complete": _complete,
    "frozen-first": _frozen_first,
    "contained": _kind(EntryKind.ACTION),
    "notify": decided_as,
    "tell": decided_as,
    "notified": _kind(EntryKind.NOTICE, type=frozenset({"initial", "complete"})),
    "receipt": _kind(EntryKind.RECEIPT),
    "invented": _invented,
}
"""How each expectation is looked for."""
