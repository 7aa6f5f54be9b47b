"""The DICOM JSON model (PS3.18 annex F), made straight from the bytes of a data set.

JSON text is UTF-8, so every text is decoded and SpecificCharacterSet says so. Pixel data, group lengths and padding
are left out. A binary value longer than `Limits.inline_bytes` becomes a BulkDataURI.
"""

from __future__ import annotations

import base64
import math
import re
import struct
from array import array
from dataclasses import dataclass, replace
from typing import Any

from primum.imaging.charsets import Charset, charset_of
from primum.imaging.dictionary import vr_of
from primum.imaging.errors import DamagedDataSet, DataSetTooLarge
from primum.imaging.limits import LIMITS, Limits
from primum.imaging.names import parse_name
from primum.imaging.syntaxes import IMPLICIT_LE, Syntax, syntax_of
from primum.imaging.walker import PIXEL_TAGS, UNDEFINED, Element, Short, elements, items

Json = dict[str, Any]
CHARSET_TAG, PIXEL_REPRESENTATION = 0x00080005, 0x00280103
_LEFT_OUT = frozenset({0x00080001, 0xFFFCFFFC, 0x7FE00001, 0x7FE00002, 0x7FE00003}) | PIXEL_TAGS

NUMBERS = {"US": "H", "SS": "h", "UL": "I", "SL": "i", "FL": "f", "FD": "d", "UV": "Q", "SV": "q"}
BINARY = {"OB": 1, "OD": 8, "OF": 4, "OL": 4, "OV": 8, "OW": 2, "UN": 1}
DECODED = frozenset({"LO", "LT", "PN", "SH", "ST", "UC", "UT"})
_SINGLE = frozenset({"LT", "ST", "UT", "UR"})
_INTEGER = re.compile(r"[+-]?[0-9]{1,15}")
_DECIMAL = re.compile(r"[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]{1,3})?")
AMBIGUOUS = {"OB or OW": "OW", "US or OW": "OW", "US or SS or OW": "OW"}


@dataclass(slots=True)
class _Context:
    """What an item inherits from the data set around it."""

    syntax: Syntax
    charset: Charset
    signed: bool
    path: str = ""
    depth: int = 0


class Encoder:
    """Turns one data set into DICOM JSON. Raises DamagedDataSet, DataSetTooLarge."""

    def __init__(self, view: memoryview, syntax: Syntax, bulk_root: str = "", limits: Limits = LIMITS) -> None:
        """`bulk_root` is where bulk data are fetched, ending in `/`; without it all values are inline."""
        self._view = view
        self._syntax = syntax
        self._bulk_root = bulk_root
        self._limits = limits
        self._left = limits.elements
        self.damaged = False

    def data_set(self) -> Json:
        """Encode the whole data set."""
        context = _Context(self._syntax, charset_of(b""), signed=False)
        return self._item(0, len(self._view), context)

    def sequence(self, element: Element, charset: Charset) -> Json:
        """Encode one sequence of the top level."""
        try:
            return self._sequence(element, _Context(self._syntax, charset, signed=False))
        except Short:
            raise DamagedDataSet(what="it ends in the middle of an element") from None

    def _item(self, start: int, stop: int, context: _Context) -> Json:
        if context.depth > self._limits.depth:
            raise DataSetTooLarge(limit=self._limits.depth, of="sequences inside sequences")
        encoded: Json = {}
        try:
            for element in elements(self._view, context.syntax, self._limits, start, stop):
                self._count()
                if element.tag == CHARSET_TAG:
                    context.charset = charset_of(bytes(self._view[element.at : element.end]))
                    encoded["00080005"] = {"vr": "CS", "Value": ["ISO_IR 192"]}
                elif element.tag & 0xFFFF and element.tag not in _LEFT_OUT:
                    if element.tag == PIXEL_REPRESENTATION:
                        context.signed = any(self._view[element.at : element.end])
                    encoded[f"{element.tag:08X}"] = self.element(element, context)
        except Short:
            raise DamagedDataSet(what="it ends in the middle of an element") from None
        return encoded

    def _count(self) -> None:
        self._left -= 1
        if self._left < 0:
            raise DataSetTooLarge(limit=self._limits.elements, of="elements")

    def element(self, element: Element, context: _Context) -> Json:
        """Encode one element."""
        vr, syntax = resolve(element, context.syntax, signed=context.signed)
        if vr == "SQ":
            return self._sequence(element, replace(context, syntax=syntax))
        if element.length == UNDEFINED:
            # encapsulated data outside of pixel data: their fragments are no value
            return {"vr": vr}
        raw = self._view[element.at : element.end]
        if not raw:
            return {"vr": vr}
        if vr in BINARY:
            return self._binary(element.tag, vr, raw, context)
        values, damaged = values_of(vr, bytes(raw), context.charset, little=syntax.little)
        self.damaged |= damaged
        return {"vr": vr, "Value": values} if values else {"vr": vr}

    def _sequence(self, element: Element, context: _Context) -> Json:
        encoded = []
        for number, (start, stop) in enumerate(items(self._view, element, context.syntax, self._limits)):
            self._count()
            path = f"{context.path}{element.tag:08X}/{number}/"
            encoded.append(self._item(start, stop, replace(context, path=path, depth=context.depth + 1)))
        return {"vr": "SQ", "Value": encoded} if encoded else {"vr": "SQ"}

    def _binary(self, tag: int, vr: str, raw: memoryview, context: _Context) -> Json:
        if self._bulk_root and len(raw) > self._limits.inline_bytes:
            return {"vr": vr, "BulkDataURI": f"{self._bulk_root}{context.path}{tag:08X}"}
        clear = to_little(bytes(raw), vr, context.syntax)
        return {"vr": vr, "InlineBinary": base64.b64encode(clear).decode("ascii")}


def read_attributes(data: bytes, transfer_syntax: str, limits: Limits = LIMITS) -> Json:
    """Read a short data set, such as a request's, as DICOM JSON; every value inline.

    Raises UnknownSyntax, DamagedDataSet, DataSetTooLarge.
    """
    return Encoder(memoryview(data), syntax_of(transfer_syntax), "", limits).data_set()


def resolve(element: Element, syntax: Syntax, *, signed: bool) -> tuple[str, Syntax]:
    """Tell an element's value representation, and the syntax of its value.

    A data set that does not say (implicit VR, `UN`) is read by PS3.6; `UN` values are implicit little endian inside.
    """
    vr = element.vr
    if vr and vr != "UN":
        return vr, syntax
    if element.length == UNDEFINED:
        return "SQ", syntax if not vr else syntax_of(IMPLICIT_LE)
    if element.tag >> 16 & 1:
        # PS3.5 7.8.1: (gggg,0010-00FF) of an odd group names who owns a block
        return ("LO" if 0x10 <= element.tag & 0xFFFF <= 0xFF else "UN"), syntax  # noqa: PLR2004
    known = vr_of(element.tag)
    if known == "US or SS":
        known = "SS" if signed else "US"
    inner = syntax_of(IMPLICIT_LE) if vr and known == "SQ" else syntax
    return AMBIGUOUS.get(known, known) or "UN", inner


def values_of(vr: str, raw: bytes, charset: Charset, *, little: bool) -> tuple[list[Any], bool]:
    """Decode a value that is not binary nor a sequence; tell whether its text is damaged."""
    if vr in NUMBERS:
        return _numbers(vr, raw, little=little), False
    if vr == "AT":
        halves = struct.unpack(f"{'<' if little else '>'}{len(raw) // 4 * 2}H", raw[: len(raw) // 4 * 4])
        return [f"{group:04X}{number:04X}" for group, number in zip(halves[::2], halves[1::2], strict=True)], False
    text, damaged = charset.decode(raw) if vr in DECODED else (raw.decode("latin-1"), False)
    if vr in _SINGLE:
        text = text.rstrip("\0 ")
        return ([text] if text else []), damaged
    values: list[Any] = [_text(vr, one) for one in text.split("\\")]
    return (values if any(value is not None for value in values) else []), damaged


def _numbers(vr: str, raw: bytes, *, little: bool) -> list[Any]:
    code = NUMBERS[vr]
    count = len(raw) // struct.calcsize(code)
    numbers = struct.unpack_from(f"{'<' if little else '>'}{count}{code}", raw)
    if vr in {"FL", "FD"}:
        return [number if math.isfinite(number) else None for number in numbers]
    return list(numbers)


def _text(vr: str, text: str) -> object:
    text = text.strip("\0 ") if vr in {"AE", "CS", "DS", "IS", "UI"} else text.rstrip("\0 ")
    if not text:
        return None
    if vr == "PN":
        return parse_name(text).json() or None
    if vr == "IS" and _INTEGER.fullmatch(text):
        return int(text)
    if vr == "DS" and _DECIMAL.fullmatch(text):
        number = float(text)
        return number if math.isfinite(number) else text
    return text


def to_little(raw: bytes, vr: str, syntax: Syntax) -> bytes:
    """Give a binary value in little endian, as everything served is (PS3.18 8.7.3.3.2, F.2.7)."""
    width = BINARY[vr]
    if syntax.little or width == 1 or len(raw) % width:
        return raw
    swapped = array({2: "H", 4: "I", 8: "Q"}[width], raw)
    swapped.byteswap()
    return swapped.tobytes()
