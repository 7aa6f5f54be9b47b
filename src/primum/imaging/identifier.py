"""Reading a query: the identifier of a C-FIND (PS3.4 C.4.1) into the same `Criteria` as QIDO-RS. Pure.

What is malformed is refused. What is well formed and not matched here is an optional key: the answers then say so
(status FF01H), as the standard has it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from primum.imaging.attributes import BY_TAG, ITEMS, OF_PATIENT, Level
from primum.imaging.charsets import Charset, charset_of
from primum.imaging.dicomjson import CHARSET_TAG, DECODED, resolve
from primum.imaging.dictionary import vr_of
from primum.imaging.errors import BadIdentifier, BadQuery, DamagedDataSet, DataSetTooLarge
from primum.imaging.extract import zone_of
from primum.imaging.keys import WAY, Key, Way, combine, read_item_test, read_test
from primum.imaging.limits import LIMITS, Limits
from primum.imaging.matching import Empty, InItem, OneOf, Text
from primum.imaging.query import Criteria
from primum.imaging.syntaxes import Syntax, syntax_of
from primum.imaging.walker import UNDEFINED, Element, Short, elements, items

LEVEL, ZONE = 0x00080052, 0x00080201
UNIQUE_KEYS = {Level.PATIENT: 0x00100020, Level.STUDY: 0x0020000D, Level.SERIES: 0x0020000E, Level.INSTANCE: 0x00080018}
_NAMES = {"PATIENT": Level.PATIENT, "STUDY": Level.STUDY, "SERIES": Level.SERIES, "IMAGE": Level.INSTANCE}
LEVEL_NAMES = {level: name for name, level in _NAMES.items()}
_DEPTH = {Level.PATIENT: 0, Level.STUDY: 1, Level.SERIES: 2, Level.INSTANCE: 3}
_SAID_BY_US = frozenset({CHARSET_TAG, LEVEL, ZONE, 0x00080054, 0x00080056})
_NUMBERS = frozenset({"US", "SS", "UL", "SL", "FL", "FD", "AT", "OB", "OW", "OF", "OD", "OL", "OV", "UN", "SV", "UV"})


class Model(StrEnum):
    """The information models of PS3.4 C.6 (and C.6.3, retired)."""

    PATIENT_ROOT = "patient"
    STUDY_ROOT = "study"
    PATIENT_STUDY_ONLY = "patient-study"


_LEVELS = {
    Model.PATIENT_ROOT: (Level.PATIENT, Level.STUDY, Level.SERIES, Level.INSTANCE),
    Model.STUDY_ROOT: (Level.STUDY, Level.SERIES, Level.INSTANCE),
    Model.PATIENT_STUDY_ONLY: (Level.PATIENT, Level.STUDY),
}


@dataclass(frozen=True, slots=True)
class Identifier:
    """What one C-FIND asks."""

    level: Level
    criteria: Criteria
    asked: Mapping[int, str]
    """Tags to be returned, and the VR that they are returned with where they have no value."""
    inside: Mapping[int, frozenset[int]]
    """For a sequence, the tags of its items to be returned; none where all are."""
    unique: tuple[int, ...]
    """The unique keys of the level and those above."""
    unsupported: bool
    """Whether a value was given that is not matched here."""
    charset: str


def parse_identifier(
    data: bytes,
    transfer_syntax: str,
    model: Model,
    *,
    relational: bool = False,
    combined: bool = False,
    way: Way = WAY,
    limits: Limits = LIMITS,
) -> Identifier:
    """Read an identifier in a context's transfer syntax. Raises BadIdentifier, DamagedDataSet, DataSetTooLarge.

    Agreed on beforehand (PS3.4 C.5.1.1): `relational`, no unique key above the level is needed; `combined`, date and
    time of a study are one.
    """
    reader = _Reader(memoryview(data), syntax_of(transfer_syntax), limits)
    try:
        found = reader.read()
    except Short:
        raise DamagedDataSet(what="it ends in the middle of an element") from None
    asking = _Asking(found, model, way, limits)
    return asking.identifier(reader.declared, relational=relational, combined=combined)


@dataclass(slots=True)
class _Value:
    """What an identifier has for one tag: text, or the attributes of its one item."""

    vr: str
    text: str = ""
    item: dict[int, _Value] | None = None
    readable: bool = True


class _Reader:
    """Reads elements as text; bounded, one level of items deep."""

    def __init__(self, view: memoryview, syntax: Syntax, limits: Limits) -> None:
        self._view, self._syntax, self._limits = view, syntax, limits
        self._left = limits.query_elements
        self._charset = charset_of(b"")
        self.declared = ""

    def read(self) -> dict[int, _Value]:
        return self._elements(0, len(self._view), self._syntax, self._charset, deep=False)

    def _elements(self, start: int, stop: int, syntax: Syntax, charset: Charset, *, deep: bool) -> dict[int, _Value]:
        found: dict[int, _Value] = {}
        for element in elements(self._view, syntax, self._limits, start, stop):
            self._left -= 1
            if self._left < 0:
                raise DataSetTooLarge(limit=self._limits.query_elements, of="elements in a query")
            if element.tag == CHARSET_TAG:
                raw = bytes(self._view[element.at : element.end])
                charset = charset_of(raw)
                if not deep:
                    self.declared = raw.decode("ascii", "replace").strip(" \0")
            elif element.tag & 0xFFFF:
                found[element.tag] = self._value(element, syntax, charset, deep=deep)
        return found

    def _value(self, element: Element, syntax: Syntax, charset: Charset, *, deep: bool) -> _Value:
        vr, inner = resolve(element, syntax, signed=False)
        if vr == "SQ":
            return _Value("SQ", item=self._item(element, inner, charset, deep=deep))
        raw = b"" if element.length == UNDEFINED else bytes(self._view[element.at : element.end])
        if vr == "US" and len(raw) == 2:  # noqa: PLR2004 (a US has two bytes)
            return _Value(vr, str(int.from_bytes(raw, "little" if inner.little else "big")))
        if vr in _NUMBERS:
            return _Value(vr, readable=not raw)
        text = charset.decode(raw)[0] if vr in DECODED else raw.decode("latin-1")
        return _Value(vr, text.strip("\0 ") if vr in {"UI", "CS", "IS", "DS", "AE"} else text.rstrip("\0 "))

    def _item(self, element: Element, syntax: Syntax, charset: Charset, *, deep: bool) -> dict[int, _Value]:
        if deep:
            return {}
        listed = list(items(self._view, element, syntax, self._limits))
        if len(listed) > 1:
            raise BadIdentifier(why="a sequence to match has one item", tags=(element.tag,))
        return self._elements(*listed[0], syntax, charset, deep=True) if listed else {}


class _Asking:
    """Turns what was read into criteria."""

    def __init__(self, found: Mapping[int, _Value], model: Model, way: Way, limits: Limits) -> None:
        self._found, self._model, self._way, self._limits = found, model, way, limits
        self._unsupported = False
        self._inside: dict[int, frozenset[int]] = {}

    def identifier(self, charset: str, *, relational: bool, combined: bool) -> Identifier:
        level = self._level()
        if not relational:
            self._refuse_missing(level)
        keys = [key for tag, value in self._found.items() if (key := self._key(tag, value, level)) is not None]
        asked = {tag: value.vr for tag, value in self._found.items() if tag not in _SAID_BY_US - {ZONE}}
        levels = _LEVELS[self._model]
        unique = tuple(UNIQUE_KEYS[one] for one in levels[: levels.index(level) + 1])
        criteria = Criteria(combine(keys, self._zone(), always=combined), frozenset(asked))
        return Identifier(level, criteria, asked, self._inside, unique, self._unsupported, charset)

    def _level(self) -> Level:
        value = self._found.get(LEVEL)
        level = _NAMES.get(value.text) if value else None
        if level is None or level not in _LEVELS[self._model]:
            raise BadIdentifier(why="its level is none of the model's", tags=(LEVEL,))
        return level

    def _refuse_missing(self, level: Level) -> None:
        """Raise BadIdentifier where a unique key above the level is missing, and no UID below it stands for it."""
        levels = _LEVELS[self._model]
        above = levels[: levels.index(level)]
        for at, one in enumerate(above):
            given = (self._given(UNIQUE_KEYS[below]) for below in levels[at + 1 : levels.index(level) + 1])
            if not self._given(UNIQUE_KEYS[one]) and not any(given):
                raise BadIdentifier(why="a unique key above its level is missing", tags=(UNIQUE_KEYS[one],))

    def _given(self, tag: int) -> bool:
        value = self._found.get(tag)
        return value is not None and bool(value.text.strip("* "))

    def _zone(self) -> int | None:
        value = self._found.get(ZONE)
        if value is None or not value.text:
            return None
        zone = zone_of(value.text)
        if zone is None:
            raise BadIdentifier(why="an offset from UTC is written +HHMM or -HHMM", tags=(ZONE,))
        return zone

    def _key(self, tag: int, value: _Value, level: Level) -> Key | None:
        attribute = BY_TAG.get(tag)
        if tag in _SAID_BY_US:
            return None
        known = attribute is not None and bool(attribute.column) and value.readable
        below = attribute is not None and not _reaches(attribute.level, tag, level)
        try:
            if value.item is not None:
                return self._item_key(tag, value.item, known=known and not below)
            if attribute is None or not known or below or attribute.vr == "SQ":
                self._unsupported |= bool(value.text.strip("* ")) or not value.readable
                return None
            test = read_test(attribute, value.text, self._way, self._limits)
        except BadQuery as refused:
            raise BadIdentifier(why=refused.facts.get("why", ""), tags=(tag,)) from None
        return None if test is None else Key(attribute, test)

    def _item_key(self, tag: int, item: Mapping[int, _Value], *, known: bool) -> Key | None:
        self._inside[tag] = frozenset(item)
        tests: list[tuple[int, OneOf | Text | Empty]] = []
        for inner, value in item.items():
            if known and inner in ITEMS.get(tag, {}) and value.item is None:
                test = read_item_test(tag, inner, value.text, self._way, self._limits)
                tests += [] if test is None else [(inner, test)]
            else:
                self._unsupported |= bool(value.text.strip("* "))
        return Key(BY_TAG[tag], InItem(tuple(tests))) if tests else None


def _reaches(attribute_level: Level, tag: int, level: Level) -> bool:
    """Tell whether an attribute may be matched at a level: of that level or above."""
    if level is Level.PATIENT:
        return tag in OF_PATIENT
    return _DEPTH[attribute_level] <= _DEPTH[level]


def answer(one: Identifier, shown: Mapping[str, Any], retrieve_aet: str) -> dict[str, Any]:
    """Make the identifier of one response from what a match says (PS3.4 C.4.1.1.3.2): what was asked, no more."""
    said: dict[str, Any] = {
        f"{LEVEL:08X}": {"vr": "CS", "Value": [LEVEL_NAMES[one.level]]},
        "00080054": {"vr": "AE", "Value": [retrieve_aet]},
        "00080056": {"vr": "CS", "Value": ["ONLINE"]},
    }
    for tag, vr in {**one.asked, **{tag: BY_TAG[tag].vr for tag in one.unique}}.items():
        key = f"{tag:08X}"
        attribute = BY_TAG.get(tag)
        has = attribute is not None and key in shown and _reaches(attribute.level, tag, one.level)
        said[key] = _inside(shown[key], one.inside.get(tag)) if has else {"vr": attribute.vr if attribute else vr}
    return said


def _inside(value: Mapping[str, Any], asked: frozenset[int] | None) -> Mapping[str, Any]:
    """Leave in the items of a sequence only what was asked of them."""
    if not asked or "Value" not in value:
        return value
    keys = [f"{tag:08X}" for tag in sorted(asked)]
    listed = [{key: item.get(key) or {"vr": vr_of(int(key, 16)) or "UN"} for key in keys} for item in value["Value"]]
    return {**value, "Value": listed}
