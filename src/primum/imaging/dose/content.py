"""The content tree of a structured report (PS3.3 C.17.3), as a walk over DICOM JSON that nothing in it can break.

Pure. What is not what it should be is passed by; depth and number of items are bounded.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, NamedTuple

from primum.imaging.dose.limits import Limits

Json = Mapping[str, Any]
_CONTENT, _CONCEPT, _CODED, _MEASURED = "0040A730", "0040A043", "0040A168", "0040A300"
_NUMBER, _FLOAT, _UNITS = "0040A30A", "0040A161", "004008EA"
_PLAIN: Final = {"TEXT": "0040A160", "UIDREF": "0040A124", "DATETIME": "0040A120", "PNAME": ""}
DCM: Final = "DCM"


class Code(NamedTuple):
    """A coded concept."""

    scheme: str
    value: str
    meaning: str

    def is_dcm(self, value: str) -> bool:
        """Tell whether it is this code of PS3.16 annex D."""
        return self.value == value and self.scheme == DCM


class Measured(NamedTuple):
    """A number with the UCUM code of its unit; NaN and no unit where the report has none."""

    value: float
    unit: str


@dataclass(frozen=True, slots=True)
class Item:
    """One content item, and what is inside it."""

    concept: Code
    kind: str
    code: Code | None
    text: str
    measured: Measured | None
    inside: tuple[Item, ...]

    def walk(self) -> Iterator[Item]:
        """Give everything inside, in order of the document; not the item itself."""
        waiting = list(reversed(self.inside))
        while waiting:
            one = waiting.pop()
            yield one
            waiting += reversed(one.inside)

    def first(self, code: str) -> Item | None:
        """Find the first item inside with this concept of DCM."""
        return next((one for one in self.walk() if one.concept.is_dcm(code)), None)

    def all(self, code: str) -> list[Item]:
        """Find all items inside with this concept of DCM."""
        return [one for one in self.walk() if one.concept.is_dcm(code)]


class Tree:
    """A report's content, read once. `cut` tells whether a limit was passed."""

    def __init__(self, attributes: Json, limits: Limits) -> None:
        """Read from the attributes of a data set."""
        self._limits, self._left, self.cut = limits, limits.items, False
        concept = self._code(first_item(attributes, _CONCEPT)) or Code("", "", "")
        self.root = Item(concept, "CONTAINER", None, "", None, self._inside(attributes, 0))

    def _inside(self, attributes: Json, depth: int) -> tuple[Item, ...]:
        found = sequence(attributes, _CONTENT)
        if depth >= self._limits.depth:
            self.cut |= bool(found)
            return ()
        items = []
        for one in found:
            self._left -= 1
            if self._left < 0:
                self.cut = True
                break
            items.append(self._item(one, depth))
        return tuple(items)

    def _item(self, one: Json, depth: int) -> Item:
        kind, concept = text(one, "0040A040", 16), self._code(first_item(one, _CONCEPT)) or Code("", "", "")
        code = self._code(first_item(one, _CODED)) if kind == "CODE" else None
        plain = text(one, _PLAIN[kind], self._limits.text) if _PLAIN.get(kind) else ""
        measured = _measured(one) if kind == "NUM" else None
        return Item(concept, kind, code, plain, measured, self._inside(one, depth + 1))

    def _code(self, one: Json) -> Code | None:
        value = text(one, "00080100", 64) or text(one, "00080119", 64) or text(one, "00080120", 64)
        meaning = text(one, "00080104", self._limits.text)
        return Code(text(one, "00080102", 16), value, meaning) if value or meaning else None


def sequence(attributes: Json, tag: str) -> Sequence[Json]:
    """Give the items of a sequence; those that are none are left out."""
    return [one for one in _values(attributes, tag) if isinstance(one, Mapping)]


def first_item(attributes: Json, tag: str) -> Json:
    """Give the first item of a sequence; an empty one where there is none."""
    return next(iter(sequence(attributes, tag)), {})


def text(attributes: Json, tag: str, most: int) -> str:
    """Give the first value as text of at most so many characters."""
    found = _values(attributes, tag)
    value = found[0] if found else ""
    return str(value).strip()[:most] if isinstance(value, str | int | float) else ""


def _values(attributes: Json, tag: str) -> Sequence[Any]:
    held = attributes.get(tag)
    values = held.get("Value") if isinstance(held, Mapping) else None
    return values if isinstance(values, list) else []


def _measured(one: Json) -> Measured:
    value = first_item(one, _MEASURED)
    told = text(value, _FLOAT, 64) or text(value, _NUMBER, 64)
    try:
        number = float(told)
    except ValueError:
        number = math.nan
    return Measured(number if math.isfinite(number) else math.nan, text(first_item(value, _UNITS), "00080100", 16))
