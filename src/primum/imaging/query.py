"""Reading a query: parameters as QIDO-RS writes them (PS3.18 8.3.4) into `Criteria`. Pure.

What cannot be understood is refused, never dropped: a filter silently ignored shows more than was asked for.
The refusal does not repeat what was sent, which may name a patient. Identifiers of C-FIND are read by `identifier.py`
into the same `Criteria`; what one value of one attribute means is `keys.py`, for both.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field

from primum.imaging.attributes import BY_KEYWORD, BY_TAG, ITEM_KEYWORDS, ITEMS, Attribute, Level
from primum.imaging.errors import BadQuery
from primum.imaging.extract import zone_of
from primum.imaging.keys import Key, Way, combine, read_item_test, read_test
from primum.imaging.limits import LIMITS, Limits
from primum.imaging.matching import Empty, InItem, OneOf, Text

DEFAULT_LIMIT = 100
_ORDER = {Level.PATIENT: 0, Level.STUDY: 0, Level.SERIES: 1, Level.INSTANCE: 2}
_TAG = re.compile(r"[0-9A-Fa-f]{8}")
_NAMED = re.compile(r"[A-Za-z0-9.,_]*")
_ZONE = 0x00080201
_SWITCHES = ("fuzzymatching", "emptyvaluematching", "multiplevaluematching")


@dataclass(frozen=True, slots=True)
class Criteria:
    """A query: what to match, what to return besides the usual, which page."""

    keys: tuple[Key, ...] = field(default=(), repr=False)
    include: frozenset[int] = frozenset()
    include_all: bool = False
    limit: int = DEFAULT_LIMIT
    offset: int = 0


def parse_qido(parameters: Iterable[tuple[str, str]], level: Level, limits: Limits = LIMITS) -> Criteria:
    """Read the decoded parameters of a query at a level. Raises BadQuery."""
    listed = list(parameters)
    if len(listed) > limits.query_parameters:
        raise BadQuery(why="there are too many")
    switches = {name for name, value in listed if name in _SWITCHES and _boolean(value)}
    way = Way(fuzzy="fuzzymatching" in switches, empty="emptyvaluematching" in switches, commas=True)
    asked = _Asked(limits, level, way)
    for name, value in listed:
        asked.read(name, value)
    keys = combine(asked.keys(), asked.zone)
    return Criteria(keys, frozenset(asked.include), asked.include_all, asked.limit, asked.offset)


class _Asked:
    """What one query asked for, as its parameters are read."""

    def __init__(self, limits: Limits, level: Level, way: Way) -> None:
        self.limits = limits
        self.include: set[int] = set()
        self.include_all = False
        self.limit = DEFAULT_LIMIT
        self.offset = 0
        self.zone: int | None = None
        self._level, self._way = level, way
        self._keys: list[Key] = []
        self._items: dict[int, list[tuple[int, OneOf | Text | Empty]]] = {}
        self._seen: set[str] = set()

    def keys(self) -> list[Key]:
        """All keys, those on the items of one sequence together."""
        return [*self._keys, *(Key(BY_TAG[tag], InItem(tuple(tests))) for tag, tests in self._items.items())]

    def read(self, name: str, value: str) -> None:
        if len(value) > self.limits.query_text or not value.isprintable():
            raise BadQuery(why="a value is too long or holds characters that cannot be asked for")
        if name == "includefield":
            self._include(value)
            return
        path = [_tag(part) for part in name.split(".")]
        once = ".".join(str(tag) for tag in path) if path[0] is not None else name
        if once in self._seen:
            raise BadQuery(why="a parameter is given twice")
        self._seen.add(once)
        if name == "limit":
            self.limit = min(_count(value), self.limits.page)
        elif name == "offset":
            self.offset = _count(value)
        elif name not in _SWITCHES:
            self._key(path, value)

    def _include(self, value: str) -> None:
        if _NAMED.fullmatch(value) is None:
            raise BadQuery(why="includefield names attributes by tag or keyword")
        for name in value.split(","):
            self.include_all |= name == "all"
            tag = _tag(name)
            if tag is not None and tag in BY_TAG:
                self.include.add(tag)

    def _key(self, path: list[int | None], value: str) -> None:
        attribute = BY_TAG.get(path[0] or 0)
        if attribute is None or not (attribute.column or attribute.tag == _ZONE):
            raise BadQuery(why="it is no attribute that can be matched here")
        if _ORDER[attribute.level] > _ORDER[self._level]:
            raise BadQuery(why="it is an attribute of a lower level")
        if attribute.tag == _ZONE:
            self._adjust(value)
        elif attribute.vr == "SQ":
            self._item_key(attribute, path[1:], value)
        elif len(path) > 1:
            raise BadQuery(why="only a sequence has attributes inside")
        else:
            test = read_test(attribute, value, self._way, self.limits)
            self.include.add(attribute.tag)
            self._keys += [] if test is None else [Key(attribute, test)]

    def _adjust(self, value: str) -> None:
        self.include.add(_ZONE)
        if value:
            self.zone = zone_of(value)
            if self.zone is None:
                raise BadQuery(why="an offset from UTC is written +HHMM or -HHMM")

    def _item_key(self, attribute: Attribute, inner: list[int | None], value: str) -> None:
        self.include.add(attribute.tag)
        if not inner and not value:
            return
        if len(inner) != 1 or inner[0] not in ITEMS.get(attribute.tag, {}):
            raise BadQuery(why="it is no attribute of an item that can be matched here")
        test = read_item_test(attribute.tag, inner[0], value, self._way, self.limits)
        if test is not None:
            self._items.setdefault(attribute.tag, []).append((inner[0], test))


def _tag(name: str) -> int | None:
    if _TAG.fullmatch(name):
        return int(name, 16)
    attribute = BY_KEYWORD.get(name)
    return attribute.tag if attribute else ITEM_KEYWORDS.get(name)


def _count(value: str) -> int:
    if re.fullmatch(r"[0-9]{1,9}", value) is None:
        raise BadQuery(why="limit and offset are whole numbers")
    return int(value)


def _boolean(value: str) -> bool:
    if value not in {"true", "false"}:
        raise BadQuery(why="a switch is true or false")
    return value == "true"
