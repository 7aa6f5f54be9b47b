"""XML of strangers, into plain elements: bounded in bytes, elements and depth; no document type, so no entity.

Names are without their namespace's prefix: routers mix them up, and what matters here has names of its own.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NoReturn
from xml.parsers import expat  # DOCTYPE is refused below: nothing is expanded

if TYPE_CHECKING:
    from collections.abc import Iterator

    from primum.exposure.probe.limits import Limits


class NotRead(Exception):
    """It is not XML within bounds. `code`: a word of ours."""

    def __init__(self, code: str) -> None:
        """Keep the code."""
        super().__init__(code)
        self.code = code


@dataclass(slots=True)
class Element:
    """An element: its local name, the text directly in it, the elements in it."""

    name: str
    text: str = ""
    inside: list[Element] = field(default_factory=list)

    def each(self, name: str) -> Iterator[Element]:
        """Give every element of that name, at any depth, in the order of the document."""
        waiting = [self]
        while waiting:
            one = waiting.pop()
            if one.name == name:
                yield one
            waiting.extend(reversed(one.inside))

    def first(self, name: str) -> str:
        """Return the text of the first element of that name, stripped; empty where there is none."""
        return next((one.text.strip() for one in self.each(name)), "")


def read_xml(data: bytes, limits: Limits) -> Element:
    """Read a document. Raises NotRead."""
    if len(data) > limits.description_bytes:
        raise NotRead("too-long")
    builder = _Builder(limits)
    parser = expat.ParserCreate()
    parser.buffer_text = True
    parser.StartDoctypeDeclHandler = builder.doctype
    parser.StartElementHandler = builder.start
    parser.EndElementHandler = builder.end
    parser.CharacterDataHandler = builder.text
    try:
        parser.Parse(data, True)
    except (expat.ExpatError, ValueError, LookupError):  # ValueError: a NUL; LookupError: an encoding nobody knows
        raise NotRead("not-xml") from None
    if builder.root is None:
        raise NotRead("not-xml")
    return builder.root


class _Builder:
    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._open: list[Element] = []
        self._count = 0
        self.root: Element | None = None

    def doctype(self, *_: object) -> NoReturn:
        raise NotRead("doctype")

    def start(self, name: str, _: object) -> None:
        self._count += 1
        if self._count > self._limits.xml_elements or len(self._open) >= self._limits.xml_depth:
            raise NotRead("too-many-elements")
        element = Element(name.rpartition(":")[2])
        if self._open:
            self._open[-1].inside.append(element)
        else:
            self.root = element
        self._open.append(element)

    def end(self, _: str) -> None:
        self._open.pop()

    def text(self, data: str) -> None:
        self._open[-1].text += data
