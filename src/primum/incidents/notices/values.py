"""A fact's value as lines that a person copies, French and English: by the fact's shape. Pure."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import tzinfo
from typing import Any, Final

from primum.ground.clock import from_text
from primum.incidents.facts.catalogue import VOCABULARIES, Kind, Shape
from primum.incidents.notices.codes import said
from primum.incidents.notices.form import Band, Words
from primum.incidents.notices.words import LANGUAGES, known_word, same, words, written


@dataclass(frozen=True, slots=True)
class Line:
    """One thing to copy; `label` is empty where the field's own says it."""

    text: Words
    label: Words = field(default_factory=dict)

    def as_json(self) -> dict[str, Any]:
        """Give it as an object; a text that is the same in both languages is written once."""
        texts = dict(self.text)
        one: dict[str, Any] = {"text": texts["fr"] if texts["fr"] == texts["en"] else texts}
        return {**one, "label": dict(self.label)} if self.label else one


def lines_of(kind: Kind, value: Any, part: str, zone: tzinfo) -> tuple[Line, ...]:  # noqa: ANN401 (a fact's)
    """Write a value that the catalogue admits. `part`: the part of a fact that a field takes, "" for the whole."""
    if kind.shape is Shape.BEGAN:
        return _began(value, part, zone)
    if kind.shape is Shape.ENDED:
        return _ended(value, zone)
    return _WRITTEN[kind.shape](kind, value)


def band_of(count: Mapping[str, Any], bands: tuple[Band, ...]) -> Words:
    """Find the band that a number of people falls into; a lower bound may fall into any further one too."""
    found = next(one for one in bands if one.most is None or count["count"] <= one.most)
    open_ended = found.most is None or not count.get("at_least")
    return same(found.text) if open_ended else words("band-at-least", text=found.text)


def _text(_kind: Kind, value: str) -> tuple[Line, ...]:
    return (Line(same(value)),)


def _number(_kind: Kind, value: int) -> tuple[Line, ...]:
    return (Line(same(str(value))),)


def _count(_kind: Kind, value: Mapping[str, Any]) -> tuple[Line, ...]:
    text = same(str(value["count"]))
    if value.get("approximate"):
        text = words("roughly", text=text)
    if value.get("at_least"):
        text = words("at-least", text=text)
    return (Line(text),)


def _choice(kind: Kind, value: str) -> tuple[Line, ...]:
    return (Line(VOCABULARIES[kind.vocabulary][value]),)


def _choices(kind: Kind, value: list[str]) -> tuple[Line, ...]:
    return tuple(Line(VOCABULARIES[kind.vocabulary][one]) for one in value)


def _several(kind: Kind, value: list[str]) -> tuple[Line, ...]:
    told = [said(kind.key, one) for one in value] or [words("none-listed")]
    return (Line({language: "; ".join(one[language] for one in told) for language in LANGUAGES}),)


def _parts(kind: Kind, value: Mapping[str, str]) -> tuple[Line, ...]:
    told = [name for name in kind.fields if value.get(name, "").strip()]
    if told == ["name"] == list(kind.fields):
        return (Line(same(value["name"])),)
    return tuple(Line(said(name, value[name]), known_word(f"part-{name}") or same(name)) for name in told)


def _began(value: Mapping[str, Any], part: str, zone: tzinfo) -> tuple[Line, ...]:
    at, proof = value.get(part), value.get(part.replace("not_", "proof_"))
    if not at:
        return (Line(words("not-before-none")),)
    return (Line(written(from_text(at), zone)), *_proof(proof))


def _ended(value: Mapping[str, Any], zone: tzinfo) -> tuple[Line, ...]:
    state = "over" if value["state"] == "ended" else "ongoing"
    return (Line(words(state, at=written(from_text(value["at"]), zone))), *_proof(value.get("proof")))


def _proof(proof: Any) -> tuple[Line, ...]:  # noqa: ANN401 (a word, or nothing)
    return (Line(said("proof", str(proof)), words("proof")),) if proof else ()


_WRITTEN: Final[dict[Shape, Callable[[Kind, Any], tuple[Line, ...]]]] = {
    Shape.TEXT: _text,
    Shape.COUNT: _count,
    Shape.CHOICE: _choice,
    Shape.CHOICES: _choices,
    Shape.WORDS: _several,
    Shape.NUMBER: _number,
    Shape.FIELDS: _parts,
}
