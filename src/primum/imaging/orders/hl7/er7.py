"""ER7, the delimited text of HL7 v2 (chapter 2.6): segments, fields, repetitions, components, subcomponents. Pure.

A splitter of our own, because libraries for this either build a tree for every field (hl7apy) or bound nothing
(python-hl7): decision 0069. Text is decoded strictly by MSH-18; what does not fit is refused, nothing is replaced.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from primum.imaging.orders.hl7.errors import NotHl7, TooLarge, UnknownCharset, WrongCharset
from primum.imaging.orders.hl7.limits import LIMITS, Limits

CHARSETS: Final = {
    "": "ascii",
    "ASCII": "ascii",
    "8859/1": "latin-1",
    "8859/15": "iso8859-15",
    "UNICODE UTF-8": "utf-8",
}
"""MSH-18 (table 0211) that we read and write, with the codec of each."""

_MSH_CHARSET: Final = 17
"""Where MSH-18 stands among the parts of a split MSH, whose first delimiter is itself MSH-1."""
_SEGMENT = re.compile(r"[A-Z][A-Z0-9]{2}")
_ENDS = re.compile(rb"\r\n|\r|\n")
_C1 = re.compile("[\x00-\x08\x0e-\x1f\x7f-\x9f]")


@dataclass(frozen=True, slots=True)
class Delimiters:
    """The five of MSH-1 and MSH-2."""

    field: str = "|"
    component: str = "^"
    repetition: str = "~"
    escape: str = "\\"
    subcomponent: str = "&"


@dataclass(frozen=True, slots=True)
class Segment:
    """One segment: its name, and its fields as written."""

    name: str
    fields: tuple[str, ...]
    delimiters: Delimiters
    limits: Limits

    def text(self, field: int, component: int = 1, subcomponent: int = 1, repetition: int = 1) -> str:
        """Return one value, unescaped; empty where it is absent or null (`""`). Numbers count from 1."""
        repeated = self.repetitions(field)
        if len(repeated) < repetition:
            return ""
        return repeated[repetition - 1].text(component, subcomponent)

    def repetitions(self, field: int) -> list[Repetition]:
        """Return the repetitions of a field. Raises TooLarge."""
        raw = self.fields[field - 1] if field <= len(self.fields) else ""
        if not raw:
            return []
        parts = _split(raw, self.delimiters.repetition, self.limits.repetitions, "repetitions")
        return [Repetition(one, self.delimiters, self.limits) for one in parts]


@dataclass(frozen=True, slots=True)
class Repetition:
    """One repetition of a field."""

    raw: str
    delimiters: Delimiters
    limits: Limits

    def text(self, component: int = 1, subcomponent: int = 1) -> str:
        """Return one value, unescaped. Raises TooLarge, NotHl7."""
        components = _split(self.raw, self.delimiters.component, self.limits.parts, "components")
        if len(components) < component:
            return ""
        parts = _split(components[component - 1], self.delimiters.subcomponent, self.limits.parts, "subcomponents")
        if len(parts) < subcomponent:
            return ""
        found = parts[subcomponent - 1]
        return "" if found == '""' else unescape(found, self.delimiters).strip()


@dataclass(frozen=True, slots=True)
class Message:
    """A message: its segments in order, the first of which is MSH."""

    segments: tuple[Segment, ...]

    @property
    def head(self) -> Segment:
        """Return MSH."""
        return self.segments[0]

    @property
    def kind(self) -> str:
        """Return the message type and event, `ADT^A08`."""
        return f"{self.head.text(9, 1)}^{self.head.text(9, 2)}"

    @property
    def control_id(self) -> str:
        """Return MSH-10."""
        return self.head.text(10)

    def all(self, name: str) -> list[Segment]:
        """Return every segment of a name."""
        return [one for one in self.segments if one.name == name]

    def first(self, name: str) -> Segment | None:
        """Return the first segment of a name."""
        return next((one for one in self.segments if one.name == name), None)


def parse(raw: bytes, limits: Limits = LIMITS) -> Message:
    """Read a message. Raises NotHl7, TooLarge, UnknownCharset, WrongCharset."""
    if len(raw) > limits.message_bytes:
        raise TooLarge(limit=limits.message_bytes, of="bytes")
    lines = [line for line in _lines(raw, limits) if line]
    if not lines or not lines[0].startswith(b"MSH"):
        raise NotHl7(why="it does not begin with MSH")
    codec = CHARSETS[charset_of(lines[0])]
    delimiters = _delimiters(lines[0])
    return Message(tuple(_segment(_decoded(line, codec), delimiters, limits) for line in lines))


def charset_of(head: bytes) -> str:
    """Return MSH-18 of an MSH that is not decoded yet, a name of `CHARSETS`. Raises UnknownCharset, NotHl7."""
    if len(head) < 8:  # noqa: PLR2004 (MSH and five delimiters)
        raise NotHl7(why="its MSH is too short")
    fields = head.split(head[3:4])
    # the delimiters of all the sets accepted are those of ASCII
    declared = fields[_MSH_CHARSET].split(head[5:6]) if len(fields) > _MSH_CHARSET else [b""]
    said = declared[0].strip().decode("ascii", "replace").upper()
    # further sets would be switched to by ISO 2022 escapes, which none of ours has
    if said not in CHARSETS or any(one.strip() for one in declared[1:]):
        raise UnknownCharset(where="MSH^1^18")
    return said


def _lines(raw: bytes, limits: Limits) -> Iterator[bytes]:
    lines = _ENDS.split(raw, limits.segments + 1)
    if len(lines) > limits.segments + 1:
        raise TooLarge(limit=limits.segments, of="segments")
    yield from lines


def _decoded(line: bytes, codec: str) -> str:
    try:
        text = line.decode(codec)
    except UnicodeDecodeError:
        raise WrongCharset(where="MSH^1^18") from None
    # a C1 control in a text declared as 8859 is a byte of Windows-1252; others have no business in a line
    if _C1.search(text):
        raise WrongCharset(where="MSH^1^18")
    return text


def _delimiters(head: bytes) -> Delimiters:
    try:
        given = head[3:8].decode("ascii")
    except UnicodeDecodeError:
        raise NotHl7(why="its delimiters are not ASCII") from None
    field, component, repetition, escape, subcomponent = tuple(given)
    if subcomponent == field:  # three encoding characters are allowed before v2.3
        subcomponent = "&"
    if len({field, component, repetition, escape, subcomponent}) != len(given) or any(
        one.isalnum() or one.isspace() or not one.isprintable() for one in given
    ):
        raise NotHl7(why="its delimiters are not five different signs")
    return Delimiters(field, component, repetition, escape, subcomponent)


def _segment(line: str, delimiters: Delimiters, limits: Limits) -> Segment:
    name = line[:3]
    if not _SEGMENT.fullmatch(name) or line[3:4] not in {"", delimiters.field}:
        raise NotHl7(why="a segment has no name")
    fields = _split(line, delimiters.field, limits.fields + 1, "fields")[1:]
    if any(len(one) > limits.field_bytes for one in fields):
        raise TooLarge(limit=limits.field_bytes, of="characters in a field")
    # MSH-1 is the delimiter itself
    return Segment(name, tuple([delimiters.field, *fields] if name == "MSH" else fields), delimiters, limits)


def _split(text: str, delimiter: str, most: int, what: str) -> list[str]:
    parts = text.split(delimiter, most)
    if len(parts) > most:
        raise TooLarge(limit=most, of=what)
    return parts


_HEX = re.compile(r"X((?:[0-9A-Fa-f]{2})+)")


def unescape(text: str, delimiters: Delimiters) -> str:
    """Replace the escape sequences of 2.7. Raises NotHl7 on one that we do not read."""
    mark = delimiters.escape
    if mark not in text:
        return text
    parts = text.split(mark)
    if len(parts) % 2 == 0:
        raise NotHl7(why="an escape sequence is not closed")
    return "".join(one if not number % 2 else _escaped(one, delimiters) for number, one in enumerate(parts))


def _escaped(sequence: str, delimiters: Delimiters) -> str:
    known = {
        "F": delimiters.field,
        "S": delimiters.component,
        "R": delimiters.repetition,
        "T": delimiters.subcomponent,
        "E": delimiters.escape,
        "H": "",
        "N": "",
    }
    if sequence in known:
        return known[sequence]
    if sequence.startswith((".br", ".sp", ".ce", ".in", ".ti", ".fi", ".nf", ".sk")):
        return " "
    hexadecimal = _HEX.fullmatch(sequence)
    if hexadecimal:
        text = bytes.fromhex(hexadecimal[1]).decode("latin-1")
        if text in {"\r", "\n", "\r\n"}:
            return " "
        if text.isascii() and text.isprintable():
            return text
    raise NotHl7(why="an escape sequence is not known")


def escape(text: str, delimiters: Delimiters = Delimiters()) -> str:
    r"""Write a value so that it is read back as it is; line ends become `\.br\`."""
    mark = delimiters.escape
    signs = {
        mark: f"{mark}E{mark}",
        delimiters.field: f"{mark}F{mark}",
        delimiters.component: f"{mark}S{mark}",
        delimiters.repetition: f"{mark}R{mark}",
        delimiters.subcomponent: f"{mark}T{mark}",
        "\r": f"{mark}.br{mark}",
        "\n": f"{mark}.br{mark}",
    }
    return "".join(signs.get(sign, sign) for sign in text.replace("\r\n", "\n") if sign in signs or sign >= " ")
