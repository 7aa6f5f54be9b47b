"""The facts that a file may hold: keys, shapes, questions (catalogue.toml), vocabularies (vocabularies.toml)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any, Final

from primum.ground.clock import from_text
from primum.incidents.dated import read_dated
from primum.incidents.limits import LIMITS
from primum.incidents.model import BadEntry
from primum.incidents.texts import is_text

MOST: Final = 2_000_000_000
"""People or records of one breach: more is a slip of the keyboard."""
_CHOICES: Final = 40


class Shape(StrEnum):
    """What the value of a fact looks like, as JSON."""

    TEXT = "text"
    COUNT = "count"
    """`{"count": 12, "at_least": true, "approximate": false}`."""
    CHOICE = "choice"
    CHOICES = "choices"
    WORDS = "words"
    """Words of ours that are no vocabulary: names of attributes, codes."""
    NUMBER = "number"
    BEGAN = "began"
    """`{"not_before": instant or null, "not_after": instant, "proof_before": word, "proof_after": word}`."""
    ENDED = "ended"
    """`{"state": "ongoing" or "ended", "at": instant, "proof": word}`; `at`: the last proof either way."""
    FIELDS = "fields"
    """An object of texts, its names in the catalogue."""


class Level(StrEnum):
    """Where a fact is kept: on the common record, or in each controller's file."""

    RECORD = "record"
    FILE = "file"


@dataclass(frozen=True, slots=True)
class Kind:
    """One fact that may be told. `asks`: the question, French and English; empty where it is never asked."""

    key: str
    level: Level
    shape: Shape
    label: Mapping[str, str]
    asks: Mapping[str, str]
    vocabulary: str = ""
    fields: tuple[str, ...] = ()
    patient_free: bool = True
    when: str = ""
    """Asked only in a file of this origin; empty: in every file."""


def _read() -> dict[str, Kind]:
    found = read_dated("primum.incidents.facts", "catalogue.toml")
    return {
        one["key"]: Kind(
            key=one["key"], level=Level(one["level"]), shape=Shape(one["shape"]), label=one["label"],
            asks=one.get("asks", {}), vocabulary=one.get("vocabulary", ""), fields=tuple(one.get("fields", ())),
            when=one.get("when", ""),
        )
        for one in found["fact"]
    }  # fmt: skip


def _vocabularies() -> dict[str, dict[str, dict[str, str]]]:
    found = read_dated("primum.incidents.facts", "vocabularies.toml")
    return {
        name: {word["name"]: {"fr": word["fr"], "en": word["en"]} for word in one["words"]}
        for name, one in found["vocabulary"].items()
    }


CATALOGUE: Final[Mapping[str, Kind]] = _read()
"""Every fact, by its key."""
VOCABULARIES: Final[Mapping[str, Mapping[str, Mapping[str, str]]]] = _vocabularies()
"""Every vocabulary: its words, French and English."""


def check_value(key: str, value: Any) -> None:  # noqa: ANN401 (what came from outside)
    """Return where the value is one that this fact may have. Raises BadEntry."""
    kind = CATALOGUE[key]
    try:
        good = _CHECKS[kind.shape](kind, value)
    except (ValueError, TypeError, AttributeError, KeyError):
        good = False
    if not good:
        raise BadEntry(what=f"{key} is not a {kind.shape} as the catalogue has it")


def _text(_kind: Kind, value: Any) -> bool:  # noqa: ANN401
    return is_text(value, LIMITS.text) and bool(value.strip())


def _instant(value: Any) -> datetime:  # noqa: ANN401
    """Read an instant that every zone can show. Raises ValueError."""
    at = from_text(value)
    if not LIMITS.first_year <= at.year <= LIMITS.last_year:
        raise ValueError(at.year)
    return at


def _proofs(value: Mapping[str, Any], *names: str) -> bool:
    """Whether these, where they are said, are words."""
    return all(is_text(value[name], LIMITS.line) for name in names if value.get(name) is not None)


def _count(_kind: Kind, value: Any) -> bool:  # noqa: ANN401
    known = {"count", "at_least", "approximate"}
    flags = all(isinstance(value.get(one, False), bool) for one in ("at_least", "approximate"))
    return set(value) <= known and _number(_kind, value["count"]) and flags


def _number(_kind: Kind, value: Any) -> bool:  # noqa: ANN401
    return isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= MOST


def _choice(kind: Kind, value: Any) -> bool:  # noqa: ANN401
    return value in VOCABULARIES[kind.vocabulary]


def _choices(kind: Kind, value: Any) -> bool:  # noqa: ANN401
    known = VOCABULARIES[kind.vocabulary]
    return (
        isinstance(value, list) and 0 < len(value) == len(set(value)) <= _CHOICES and all(one in known for one in value)
    )


def _words(_kind: Kind, value: Any) -> bool:  # noqa: ANN401
    short = all(isinstance(one, str) and 0 < len(one) <= LIMITS.line and one.isprintable() for one in value)
    return isinstance(value, list) and len(value) <= LIMITS.line and short


def _began(_kind: Kind, value: Any) -> bool:  # noqa: ANN401
    known = {"not_before", "not_after", "proof_before", "proof_after"}
    after = _instant(value["not_after"])
    before: datetime | None = _instant(value["not_before"]) if value.get("not_before") else None
    in_order = before is None or before <= after
    return set(value) <= known and in_order and _proofs(value, "proof_before", "proof_after")


def _ended(_kind: Kind, value: Any) -> bool:  # noqa: ANN401
    _instant(value["at"])
    return set(value) <= {"state", "at", "proof"} and value["state"] in {"ongoing", "ended"} and _proofs(value, "proof")


def _fields(kind: Kind, value: Any) -> bool:  # noqa: ANN401
    texts = all(is_text(one, LIMITS.text) for one in value.values())
    return bool(value) and set(value) <= set(kind.fields) and texts and any(one.strip() for one in value.values())


_CHECKS: Final[dict[Shape, Callable[[Kind, Any], bool]]] = {
    Shape.TEXT: _text,
    Shape.COUNT: _count,
    Shape.CHOICE: _choice,
    Shape.CHOICES: _choices,
    Shape.WORDS: _words,
    Shape.NUMBER: _number,
    Shape.BEGAN: _began,
    Shape.ENDED: _ended,
    Shape.FIELDS: _fields,
}
