"""What "sealed" is worth in this file: whether article 34(3)(a) may be considered (sealed.toml). Pure.

Not exempt is where one starts. Only a guard that was measured (or that a document attests) and a state that was told
say otherwise, and then only that a person *may consider* it. Of availability and integrity a seal says nothing
(EDPB 9/2022, 76 to 79); pseudonyms alone never make data unintelligible (112).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final

from primum.incidents.dated import Words, read_dated, words_of
from primum.incidents.model import Dossier, Evidence, Standing

_READ: Final = read_dated("primum.incidents.severity", "sealed.toml")
SOURCE: Final = {one: str(_READ[one]) for one in ("in_force", "source", "confidence")}
_READS: Final[Mapping[str, Any]] = _READ["reads"]
_GUARD: Final[Mapping[str, Any]] = _READS["guard"]
_WEAKEST: Final[list[str]] = _READS["weakest"]
_UNSAID: Final = "unsaid"
_DISC: Final = "disc-"
_MEASURED: Final = frozenset({"check", "run", "journal"})
_ATTESTED: Final = frozenset({"document", "bundle"})


class Worth(StrEnum):
    """What the seal is worth for article 34(3)(a)."""

    NOT = "not-exempt"
    UNDETERMINED = "not-determined"
    """Not exempt either, as long as something is not known."""
    MAY = "may-be-considered"


@dataclass(frozen=True, slots=True)
class Row:
    """A row of the table. `gives`: not, undetermined, may, silent."""

    name: str
    gives: str
    when: Mapping[str, tuple[str, ...]]
    words: Words
    situation: Words
    asks: str = ""
    """The fact of the catalogue whose answer is missing."""
    nature: str = ""
    """Of what the seal says nothing."""


@dataclass(frozen=True, slots=True)
class Sealed:
    """The answer. `says_nothing_of`: natures of the breach that the seal does not touch."""

    worth: Worth
    rows: tuple[Row, ...]
    state: Mapping[str, str]
    missing: tuple[str, ...]
    says_nothing_of: tuple[str, ...]
    evidence: tuple[Evidence, ...]


ROWS: Final[tuple[Row, ...]] = tuple(
    Row(
        one["name"], one["gives"], {name: tuple(values) for name, values in one["when"].items()}, words_of(one),
        words_of(one, "situation_"), one.get("asks", ""), one.get("nature", ""),
    )
    for one in _READ["row"]
)  # fmt: skip
WORTH_WORDS: Final[Mapping[Worth, Words]] = {
    Worth.NOT: {"fr": "pas d'exemption", "en": "not exempt"},
    Worth.UNDETERMINED: {
        "fr": "pas d'exemption : tout n'est pas encore dit",
        "en": "not exempt: not everything is told yet",
    },
    Worth.MAY: {"fr": "l'exemption peut être envisagée", "en": "the exemption may be considered"},
}


def sealed(dossier: Dossier) -> Sealed:
    """Say what the seal is worth by the facts of a file."""
    state = state_of(dossier)
    return judge(state, _evidence(dossier))


def judge(state: Mapping[str, str], evidence: tuple[Evidence, ...] = ()) -> Sealed:
    """Hold a state against the table. A state without a name is one where it was not told."""
    found = tuple(one for one in ROWS if all(state.get(name, _UNSAID) in one.when[name] for name in one.when))
    gives = {one.gives for one in found}
    worth = Worth.UNDETERMINED
    if "not" in gives:
        worth = Worth.NOT
    elif "may" in gives and "undetermined" not in gives:
        worth = Worth.MAY
    missing = tuple(dict.fromkeys(one.asks for one in found if one.asks))
    silent = tuple(dict.fromkeys(one.nature for one in found if one.nature))
    return Sealed(worth, found, state, missing, silent, evidence)


def state_of(dossier: Dossier) -> dict[str, str]:
    """Read the state from the facts: which way, power, lock, key, sheet, cover, copy, shown, and the nature."""
    words = _guard_words(dossier)
    told = dossier.value("seal", "")
    nature = dossier.value("nature", [])
    return {
        "way": _way(dossier),
        "power": dossier.value("device-power", _UNSAID),
        "lock": _lock(words, told),
        "key": dossier.value("key-place") or _looked_up("key", words),
        "sheet": dossier.value("recovery-sheet-place") or _looked_up("sheet", words),
        "cover": _cover(words, told),
        "copy": dossier.value("tested-copy") or _looked_up("copy", words),
        "shown": _shown(dossier),
        "availability": "yes" if "availability" in nature else "no",
        "integrity": "yes" if "integrity" in nature else "no",
    }


def _guard_words(dossier: Dossier) -> set[str]:
    """Take what was measured and what a person said: where they differ, the weaker counts."""
    told = set(dossier.value("guard", []))
    measured = dossier.measured.get("guard")
    return told | (set(measured.value or ()) if measured is not None else set())


def _way(dossier: Dossier) -> str:
    """Whether the data were served, by a listener or by somebody, or a medium is gone."""
    origins = set(dossier.value("origin", []))
    if dossier.value("reached") or origins & set(_READS["served"]):
        return "served"
    return "at-rest" if origins & set(_READS["at_rest"]) else _UNSAID


def _lock(words: Iterable[str], told: str) -> str:
    """Take the weakest of what opens: each guard is enough. The recovery key counts where nothing else is."""
    found = {_GUARD["lock"][one] for one in words if one in _GUARD["lock"]}
    if len(found) > 1:
        found -= {"recovery"}
    if told:
        found.add(_READS["seal"][told])
    if told.startswith(_DISC) and set(_GUARD["disc_plain"]) & set(words):
        found.add("none")  # a person says sealed, a measure says not
    return min(found, key=_WEAKEST.index, default=_UNSAID)


def _looked_up(name: str, words: Iterable[str]) -> str:
    """Read a place from the answers of the check; where two differ, the one that bars counts."""
    found = {_GUARD[name][one] for one in words if one in _GUARD[name]}
    return next((one for one in ("lost", "with-device", "no", "none", "elsewhere", "yes") if one in found), _UNSAID)


def _cover(words: set[str], told: str) -> str:
    found = {_GUARD["cover"][one] for one in words if one in _GUARD["cover"]}
    if told.startswith(_DISC):
        return "whole"
    if "leaks" in found and "whole" not in found:
        return "leaks"
    vault = any(one in _GUARD["lock"] for one in words)
    own = vault and set(_GUARD["vault_whole"]) <= words and bool(set(_GUARD["swap_safe"]) & words)
    return "whole" if own or ("whole" in found and not found - {"whole"}) else _UNSAID


def _shown(dossier: Dossier) -> str:
    """Whether a measure shows the seal, or a document attests it. That somebody says so shows nothing.

    What guards this house's vault shows nothing of the disc of a laptop: that one has evidence of its own.
    """
    measured = dossier.measured.get("guard")
    words = set(measured.value or ()) if measured is not None else set()
    of_disc = str(dossier.value("seal", "")).startswith(_DISC)
    if words & set(_GUARD["disc_sealed"]) or (words and not of_disc):
        return "measured"
    kinds = {one.kind for one in _evidence_of(dossier, ("seal",) if of_disc else ("guard", "seal"))}
    return "measured" if kinds & _MEASURED else "document" if kinds & _ATTESTED else "no"


def _evidence(dossier: Dossier) -> tuple[Evidence, ...]:
    measured = dossier.measured.get("guard")
    first = measured.evidence if measured is not None else ()
    told = ("guard", "seal", "device-power", "key-place", "recovery-sheet-place", "tested-copy")
    return tuple(dict.fromkeys((*first, *_evidence_of(dossier, told))))


def _evidence_of(dossier: Dossier, keys: Iterable[str]) -> tuple[Evidence, ...]:
    known = [dossier.facts[key] for key in keys if key in dossier.facts]
    return tuple(each for one in known if one.standing is not Standing.UNKNOWN for each in one.evidence)
