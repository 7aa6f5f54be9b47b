"""Metadata in the Native DICOM Model (PS3.19 A.1), read into the DICOM JSON model as it comes.

No document type, no entity but the five of XML: both are how a short text becomes a long one. Nothing is fetched.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final, NoReturn
from xml.parsers import expat

from primum.imaging.composing.errors import BadMetadata
from primum.imaging.composing.limits import COMPOSING_LIMITS, ComposingLimits
from primum.imaging.errors import DataSetTooLarge

_COMPONENTS: Final = ("FamilyName", "GivenName", "MiddleName", "NamePrefix", "NameSuffix")
_GROUPS: Final = ("Alphabetic", "Ideographic", "Phonetic")
_INSIDE: Final[Mapping[str, frozenset[str]]] = {
    "": frozenset({"NativeDicomModel"}),
    "NativeDicomModel": frozenset({"DicomAttribute"}),
    "Item": frozenset({"DicomAttribute"}),
    "DicomAttribute": frozenset({"Item", "Value", "PersonName", "InlineBinary", "BulkData"}),
    "PersonName": frozenset(_GROUPS),
    **dict.fromkeys(_GROUPS, frozenset(_COMPONENTS)),
}
"""Which elements stand in which (PS3.19 A.1.6)."""
_WITH_TEXT: Final = frozenset({"Value", "InlineBinary", *_COMPONENTS})
_INTEGERS: Final = frozenset({"US", "SS", "UL", "SL", "UV", "SV"})


@dataclass(slots=True)
class _Node:
    name: str
    given: Mapping[str, str]
    inside: list[tuple[str, Mapping[str, str], Any]] = field(default_factory=list)
    text: list[str] = field(default_factory=list)


def read_xml(pieces: Iterable[bytes], limits: ComposingLimits = COMPOSING_LIMITS) -> dict[str, Any]:
    """Return the data set of a document, not yet checked. Raises BadMetadata, DataSetTooLarge."""
    reader = _Reader(limits)
    length = 0
    for piece in pieces:
        length += len(piece)
        if length > limits.metadata_bytes:
            raise DataSetTooLarge(limit=limits.metadata_bytes, of="bytes of metadata")
        reader.feed(piece, last=False)
    reader.feed(b"", last=True)
    return reader.found


class _Reader:
    """Follows the document; what an element says is known when it ends."""

    def __init__(self, limits: ComposingLimits) -> None:
        self._limits = limits
        self._left = limits.containers
        self._open = [_Node("", {})]
        self.found: dict[str, Any] = {}
        parser = self._parser = expat.ParserCreate(namespace_separator=" ")
        parser.buffer_text = True
        parser.StartElementHandler, parser.EndElementHandler = self._start, self._end
        parser.CharacterDataHandler = self._characters
        parser.StartDoctypeDeclHandler = parser.EntityDeclHandler = _no_document_type
        parser.ProcessingInstructionHandler = _no_document_type

    def feed(self, piece: bytes, *, last: bool) -> None:
        try:
            self._parser.Parse(piece, last)
        except expat.ExpatError:
            raise BadMetadata(what="it is not XML") from None

    def _start(self, name: str, given: Mapping[str, str]) -> None:
        name = name.rpartition(" ")[2]
        self._left -= 1
        if self._left < 0:
            raise DataSetTooLarge(limit=self._limits.containers, of="attributes in one request")
        if name not in _INSIDE.get(self._open[-1].name, frozenset()):
            raise BadMetadata(what="an element stands where none of its name does")
        # of a sequence are open: its attribute and its item
        if len(self._open) > 2 * self._limits.depth + 8:
            raise DataSetTooLarge(limit=self._limits.depth, of="sequences inside sequences")
        self._open.append(_Node(name, given))

    def _characters(self, text: str) -> None:
        node = self._open[-1]
        if node.name in _WITH_TEXT:
            node.text.append(text)
        elif text.strip():
            raise BadMetadata(what="a text stands outside of a value")

    def _end(self, _name: str) -> None:
        node = self._open.pop()
        said = _SAYS[node.name](node, self._limits)
        if node.name == "NativeDicomModel":
            self.found = said
        else:
            self._open[-1].inside.append((node.name, node.given, said))


def _no_document_type(*_: object) -> NoReturn:
    raise BadMetadata(what="it has a document type, an entity or an instruction")


def _text(node: _Node, _limits: ComposingLimits) -> str:
    return "".join(node.text)


def _group(node: _Node, _limits: ComposingLimits) -> str:
    parts = {name: text for name, _, text in node.inside}
    if len(parts) != len(node.inside):
        raise BadMetadata(what="a component of a name is there twice")
    return "^".join(parts.get(name, "") for name in _COMPONENTS).rstrip("^")


def _person(node: _Node, _limits: ComposingLimits) -> dict[str, str]:
    return {name: text for name, _, text in node.inside if text}


def _bulk(node: _Node, _limits: ComposingLimits) -> str:
    if not node.given.get("uri"):
        raise BadMetadata(what="bulk data are not named by a URI")
    return node.given["uri"]


def _attribute(node: _Node, limits: ComposingLimits) -> dict[str, Any]:
    vr = node.given.get("vr")
    kinds = {name for name, _, _ in node.inside}
    if len(kinds) > 1:
        raise BadMetadata(what="an attribute has its value in two places")
    kind = next(iter(kinds), "")
    if kind in {"BulkData", "InlineBinary"}:
        if len(node.inside) > 1:
            raise BadMetadata(what="an attribute has its value in two places")
        return {"vr": vr, {"BulkData": "BulkDataURI", "InlineBinary": kind}[kind]: node.inside[0][2]}
    values = _numbered(node, limits)
    if kind == "Value" and vr in _INTEGERS:
        values = [_integer(value) for value in values]
    return {"vr": vr, "Value": values} if values else {"vr": vr}


def _numbered(node: _Node, limits: ComposingLimits) -> list[Any]:
    found: dict[int, Any] = {}
    for _, given, said in node.inside:
        number = given.get("number", "")
        if not (number.isascii() and number.isdigit() and len(number) < 9 and 0 < int(number) <= limits.numbers):  # noqa: PLR2004
            raise BadMetadata(what="a value has no number, or one that is none")
        if int(number) in found:
            raise BadMetadata(what="two values have the same number")
        found[int(number)] = said
    return [found.get(number) for number in range(1, max(found, default=0) + 1)]


def _integer(text: object) -> int:
    try:
        return int(str(text)[:24])
    except ValueError:
        raise BadMetadata(what="a number is none") from None


def _data_set(node: _Node, _limits: ComposingLimits) -> dict[str, Any]:
    found: dict[str, Any] = {}
    blocks = {
        (given.get("tag", "")[:4].upper(), _first(said)): given.get("tag", "")[6:].upper()
        for _, given, said in node.inside
        if given.get("tag", "")[4:6] == "00" and given.get("vr") == "LO"
    }
    for _, given, said in node.inside:
        tag = given.get("tag", "").upper()
        creator = given.get("privateCreator")
        if creator and tag[4:6] == "00" and said.get("vr") is not None and _first(said) != creator:
            tag = _in_block(tag, creator, blocks, found)
        if tag in found:
            raise BadMetadata(what="an attribute is there twice")
        found[tag] = said
    return found


def _in_block(tag: str, creator: str, blocks: dict[tuple[str, str], str], found: dict[str, Any]) -> str:
    """Put a private attribute that is named by its creator into a block, reserved where there is none (PS3.5 7.8.1)."""
    group = tag[:4]
    block = blocks.get((group, creator))
    if block is None:
        taken = {reserved for (where, _), reserved in blocks.items() if where == group}
        block = next((f"{one:02X}" for one in range(0x10, 0x100) if f"{one:02X}" not in taken), None)
        if block is None:
            raise BadMetadata(what="a group has more private creators than it has room for")
        blocks[group, creator] = block
        found[f"{group}00{block}"] = {"vr": "LO", "Value": [creator]}
    return f"{group}{block}{tag[6:]}"


def _first(said: Mapping[str, Any]) -> str:
    values = said.get("Value") or [""]
    return values[0] if isinstance(values[0], str) else ""


_SAYS: Final[dict[str, Callable[[_Node, ComposingLimits], Any]]] = {
    "NativeDicomModel": _data_set,
    "Item": _data_set,
    "DicomAttribute": _attribute,
    "PersonName": _person,
    "BulkData": _bulk,
    **dict.fromkeys(_GROUPS, _group),
    **dict.fromkeys(_WITH_TEXT, _text),
}
