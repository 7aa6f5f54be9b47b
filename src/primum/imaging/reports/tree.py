"""An SR as a tree to be read (PS3.3 C.17.3): headings, values with units, codes, references. Pure."""

from __future__ import annotations

from primum.imaging.dicomjson import Encoder
from primum.imaging.limits import Limits as WalkLimits
from primum.imaging.reports.errors import ReportTooLarge
from primum.imaging.reports.limits import LIMITS, Limits
from primum.imaging.reports.node import Node, Shape
from primum.imaging.reports.values import Json, code, first, item, items, spoken
from primum.imaging.syntaxes import Syntax

_CONTENT = "0040A730"
_TEXTS = {
    "TEXT": "0040A160", "DATE": "0040A121", "TIME": "0040A122", "DATETIME": "0040A120", "UIDREF": "0040A124",
    "PNAME": "0040A123",
}  # fmt: skip
_REFERENCES = frozenset({"IMAGE", "COMPOSITE", "WAVEFORM", "SCOORD", "SCOORD3D", "TCOORD"})
_SEQUENCES_AROUND = 6
"""Sequences inside a content item: its codes, what they qualify, references to instances."""


def read(header: memoryview, syntax: Syntax, limits: Limits = LIMITS) -> list[Node]:
    """Read the content of an SR. Raises ReportTooLarge, DamagedDataSet, DataSetTooLarge."""
    walk = WalkLimits(elements=limits.elements, depth=limits.content_depth + _SEQUENCES_AROUND)
    return _Reader(limits).children(Encoder(header, syntax, "", walk).data_set(), 0)


class _Reader:
    def __init__(self, limits: Limits) -> None:
        self._limits, self._left = limits, limits.content_items

    def children(self, content: Json, depth: int) -> list[Node]:
        nodes = []
        for one in items(content, _CONTENT):
            if depth > self._limits.content_depth:
                raise ReportTooLarge(limit=self._limits.content_depth, of="content items inside content items")
            self._left -= 1
            if self._left < 0:
                raise ReportTooLarge(limit=self._limits.content_items, of="content items")
            nodes.append(self._node(one, depth))
        return nodes

    def _node(self, content: Json, depth: int) -> Node:
        kind = first(content, "0040A040")
        around = first(content, "0040A010") in {"HAS OBS CONTEXT", "HAS CONCEPT MOD", "HAS ACQ CONTEXT"}
        node = Node(Shape.CONTEXT if around else _shape(kind), named(code(content, "0040A043")), _text(kind, content))
        node.children = self.children(content, depth + 1)
        if "0040DB73" in content:  # by-reference relationship (C.17.3.2.5)
            node.text = "→ " + ".".join(str(one) for one in content["0040DB73"].get("Value") or ())
        return node


def _shape(kind: str) -> Shape:
    if kind == "CONTAINER":
        return Shape.HEADING
    if kind in {"CODE", "NUM"}:
        return Shape.CODE if kind == "CODE" else Shape.VALUE
    return Shape.REFERENCE if kind in _REFERENCES else Shape.TEXT


def _text(kind: str, content: Json) -> str:
    if kind == "NUM":
        return _measured(content)
    if kind == "CODE":
        return coded(code(content, "0040A168"))
    if kind == "PNAME":
        return spoken(first(content, _TEXTS[kind]))
    if kind in _TEXTS:
        return first(content, _TEXTS[kind])
    if kind in _REFERENCES:
        return _reference(kind, content)
    return ""


def _measured(content: Json) -> str:
    measured = item(content, "0040A300")
    value = first(measured, "0040A30A")
    if not value:  # why there is none: qualifier (C.18.1)
        return named(code(content, "0040A301"))
    unit, _, meaning = code(measured, "004008EA")
    unit = meaning if unit == "1" or not unit else unit
    return f"{value} {unit}".strip()


def _reference(kind: str, content: Json) -> str:
    sop = item(content, "00081199")
    frames = sop.get("00081160", {}).get("Value") or ()
    numbers = ", ".join(str(one) for one in frames)
    shape = first(content, "00700023")
    return " ".join(filter(None, (shape or kind.lower(), first(sop, "00081155"), f"[{numbers}]" if numbers else "")))


def named(entry: tuple[str, str, str]) -> str:
    """Say a coded entry by its meaning."""
    value, _, meaning = entry
    return meaning or value


def coded(entry: tuple[str, str, str]) -> str:
    """Say a coded entry by its meaning, with its code."""
    value, scheme, meaning = entry
    return f"{meaning} ({value}, {scheme})" if meaning and value else meaning or value
