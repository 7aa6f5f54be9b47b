"""A document as a tree to be read: headings, texts, values. What pages and terminals show; no markup of anybody's."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum


class Shape(StrEnum):
    """What a node is to the eye."""

    HEADING = "heading"
    TEXT = "text"
    VALUE = "value"
    CODE = "code"
    REFERENCE = "reference"
    CONTEXT = "context"
    """In which language, by whom observed: about the document, not what it says."""
    ROW = "row"
    """A row of a table: its cells are `cells`."""


@dataclass(slots=True)
class Node:
    """A piece of a document. `name` is what it is about, `text` what it says."""

    shape: Shape
    name: str = field(default="", repr=False)
    text: str = field(default="", repr=False)
    cells: tuple[str, ...] = field(default=(), repr=False)
    children: list[Node] = field(default_factory=list, repr=False)


def lines_of(nodes: list[Node], depth: int = 0) -> list[str]:
    """Write what a tree says as lines, each level two spaces further in."""
    lines: list[str] = []
    pad = "  " * depth
    for one in nodes:
        if one.shape is Shape.CONTEXT:
            continue
        if one.shape is Shape.ROW:
            lines.append(pad + " | ".join(one.cells))
        else:
            said = f"{one.name}: {one.text}" if one.name and one.text else one.name or one.text
            lines += [pad + line for line in said.splitlines()]
        lines += lines_of(one.children, depth + 1)
    return lines
