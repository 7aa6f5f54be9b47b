"""Reading a CDA (HL7 CDA R2): who signed it, what it follows, and its narrative as text.

Expat, with document types, entities and processing instructions refused (no external entity, no entity at all), and
every size bounded. Attributes are looked at only where they are named here. Pure.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Final
from xml.parsers import expat

from primum.imaging.reports.errors import ReportTooLarge, ReportUnreadable
from primum.imaging.reports.limits import LIMITS, Limits
from primum.imaging.reports.model import Relation, Said
from primum.imaging.reports.node import Node, Shape

_NS: Final = "urn:hl7-org:v3"
_SIGNED: Final = {"S": Said.VERIFIED, "X": Said.UNVERIFIED, "I": Said.UNVERIFIED}
_RELATED: Final = {"APND": Relation.ADDENDUM, "RPLC": Relation.VERSION}
_BREAKS: Final = frozenset({"paragraph", "item", "caption", "br", "text", "list", "table", "tr", "td", "th"})
_NAME_PARTS: Final = frozenset({"prefix", "given", "family", "suffix"})


@dataclass(slots=True)
class Document:
    """What a CDA says of itself, and its body."""

    title: str = field(default="", repr=False)
    said: Said = Said.NOTHING
    author: str = field(default="", repr=False)
    at: str = ""
    relation: Relation = Relation.NONE
    body: list[Node] = field(default_factory=list, repr=False)


def read(data: bytes, limits: Limits = LIMITS) -> Document:
    """Read a CDA. Raises ReportUnreadable, ReportTooLarge."""
    if len(data) > limits.cda_bytes:
        raise ReportTooLarge(limit=limits.cda_bytes, of="bytes of CDA")
    return _Reader(limits).read(data)


class _Reader:
    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._path: list[str] = []
        self._elements = self._characters = 0
        self._text: list[str] = []
        self._rows: list[list[str]] = []
        """The table rows that are open: a cell may hold a table."""
        self._name: list[str] = []
        self._names: dict[str, str] = {}
        self._times: dict[str, str] = {}
        self._found = Document()
        self._into: list[Node] = [Node(Shape.HEADING)]
        """The sections that are open, the whole body first."""

    def read(self, data: bytes) -> Document:
        parser = expat.ParserCreate(namespace_separator=" ")
        parser.SetParamEntityParsing(expat.XML_PARAM_ENTITY_PARSING_NEVER)
        parser.buffer_text = True
        parser.StartDoctypeDeclHandler = self._refuse
        parser.EntityDeclHandler = self._refuse
        parser.ExternalEntityRefHandler = self._refuse
        parser.SkippedEntityHandler = self._refuse
        parser.ProcessingInstructionHandler = self._refuse_instruction
        parser.StartElementHandler = self._start
        parser.EndElementHandler = self._end
        parser.CharacterDataHandler = self._characters_of
        try:
            parser.Parse(data, True)
        except (expat.ExpatError, ValueError, LookupError):  # not well formed, or in no character set that is known
            raise ReportUnreadable(why="it is not well-formed XML") from None
        if self._found.title == "" and not self._found.body and not self._elements:
            raise ReportUnreadable(why="it is empty")
        signer = next((one for one in ("legalAuthenticator", "author") if self._names.get(one)), "")
        self._found.author, self._found.at = self._names.get(signer, ""), self._times.get(signer, "")
        self._found.body = self._into[0].children
        return self._found

    @staticmethod
    def _refuse(*_given: Any) -> int:  # noqa: ANN401 (expat's handlers take different things)
        raise ReportUnreadable(why="it declares a document type or an entity")

    def _refuse_instruction(self, target: str, _data: str) -> None:
        if target != "xml-stylesheet" or self._path:  # every CDA names a style sheet, which is not followed
            raise ReportUnreadable(why="it holds a processing instruction")

    def _start(self, name: str, attributes: dict[str, str]) -> None:
        self._elements += 1
        space, _, local = name.rpartition(" ")
        local = local if space == _NS else f"?{local}"
        if not self._path and local != "ClinicalDocument":
            raise ReportUnreadable(why="it is no ClinicalDocument")
        if self._elements > self._limits.cda_elements:
            raise ReportTooLarge(limit=self._limits.cda_elements, of="elements of CDA")
        if len(self._path) >= self._limits.cda_depth:
            raise ReportTooLarge(limit=self._limits.cda_depth, of="elements inside elements")
        if local in _BREAKS and "section" in self._path:
            self._flush()
        if local == "tr":
            self._rows.append([])
        self._path.append(local)
        if local == "section":
            self._section()
        if len(self._path) == 2 or (len(self._path) == 3 and self._path[1] in {"legalAuthenticator", "author"}):  # noqa: PLR2004
            self._head(local, attributes)

    def _section(self) -> None:
        node = Node(Shape.HEADING)
        self._into[-1].children.append(node)
        self._into.append(node)

    def _head(self, local: str, attributes: dict[str, str]) -> None:
        """Look at what stands right under the document, or under who signed it."""
        if local == "relatedDocument":
            self._found.relation = _RELATED.get(attributes.get("typeCode", ""), self._found.relation)
        elif self._path[1] == "legalAuthenticator" and local == "signatureCode":
            self._found.said = _SIGNED.get(attributes.get("code", "").upper(), self._found.said)
        elif local == "time":
            self._times[self._path[1]] = attributes.get("value", "")[:32]

    def _characters_of(self, text: str) -> None:
        self._characters += len(text)
        if self._characters > self._limits.cda_characters:
            raise ReportTooLarge(limit=self._limits.cda_characters, of="characters of CDA")
        if self._wanted():
            self._text.append(text)

    def _wanted(self) -> bool:
        """Tell whether text stands where it is shown: titles, narrative, names of who signed."""
        if self._path[1:] == ["title"]:
            return True
        if "section" in self._path:
            return self._path[-1] == "title" or "text" in self._path
        return len(self._path) > 2 and self._path[1] in {"legalAuthenticator", "author"} and "name" in self._path  # noqa: PLR2004

    def _end(self, _name: str) -> None:
        local = self._path[-1]
        if self._path[1:] == ["title"]:
            self._found.title = self._taken()
        elif "section" in self._path:
            self._end_in_section(local)
        elif self._path[1:2] and self._path[1] in {"legalAuthenticator", "author"}:
            self._end_of_name(local)
        self._path.pop()

    def _end_in_section(self, local: str) -> None:
        if local == "title" and self._path[-2] == "section":
            self._into[-1].name = self._taken()
        elif local in {"td", "th"} and self._rows:
            self._rows[-1].append(self._taken())
        elif local == "tr" and self._rows:
            self._into[-1].children.append(Node(Shape.ROW, cells=tuple(self._rows.pop())))
        elif local in _BREAKS:
            self._flush()
        elif local == "section":
            self._flush()
            self._into.pop()

    def _end_of_name(self, local: str) -> None:
        if local in _NAME_PARTS or local == "name":
            part = self._taken()
            if part:
                self._name.append(part)
        if local == "name":
            self._names.setdefault(self._path[1], " ".join(self._name))
            self._name = []

    def _flush(self) -> None:
        if self._rows:
            self._text.append(" ")  # paragraphs inside a cell stay in it
            return
        text = self._taken()
        if text:
            self._into[-1].children.append(Node(Shape.TEXT, text=text))

    def _taken(self) -> str:
        text = " ".join("".join(self._text).split())
        self._text = []
        return text
