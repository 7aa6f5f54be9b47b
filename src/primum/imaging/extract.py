"""What the index needs of a header: found by the walker at once, decoded only when it is asked for.

Nothing here raises because of what a device sent: what cannot be read is missing, and `readable` or `damaged` say so.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any, NamedTuple

from primum.imaging.attributes import ATTRIBUTES, BY_TAG, COMPUTED, KEPT, Level
from primum.imaging.charsets import charset_of
from primum.imaging.dicomjson import CHARSET_TAG, Encoder, values_of
from primum.imaging.errors import ImagingRefusal
from primum.imaging.limits import LIMITS, Limits
from primum.imaging.names import PersonName, parse_name
from primum.imaging.syntaxes import syntax_of
from primum.imaging.walker import Element, Short, elements, inflate, items, order_of, skim, wanted

OTHER_IDS, OTHER_ID, ISSUER, ID_TYPE = 0x00101002, 0x00100020, 0x00100021, 0x00100022
NAME, PATIENT_ID, BIRTH_DATE, REFERRER = 0x00100010, 0x00100020, 0x00100030, 0x00080090
_OF_EACH = {CHARSET_TAG, NAME, PATIENT_ID, ISSUER, 0x00200013, 0x00280008, 0x00280010, 0x00280011, 0x00280100}
_WANTED_OF_EACH = wanted(*_OF_EACH)
"""What every instance is asked for; the rest is asked of the first of a study or series alone."""
_WANTED = wanted(CHARSET_TAG, OTHER_IDS, *(one.tag for one in ATTRIBUTES if one.tag not in COMPUTED))
_DATE = re.compile(r"([0-9]{4})[.]?([0-9]{2})[.]?([0-9]{2})")
_ZONE = re.compile(r"([+-])(0[0-9]|1[0-4])([0-5][0-9])")
_TIME = re.compile(r"([0-9]{2}):?([0-9]{2})?:?([0-9]{2})?(?:\.([0-9]{1,6}))?")


class Identifier(NamedTuple):
    """A number by which somebody knows a patient."""

    issuer: str
    value: str
    kind: str


class Attributes:
    """The attributes of one header."""

    def __init__(self, header: bytes | memoryview, transfer_syntax: str, limits: Limits = LIMITS) -> None:
        """Look through `header`: a data set, whole or up to its pixel data."""
        self._limits = limits
        self._found: dict[int, Element] = {}
        self._values: dict[int, list[Any]] = {}
        self._view = memoryview(b"")
        self._looked_for_all = False
        self.damaged = False
        self.readable = True
        try:
            self._syntax = syntax_of(transfer_syntax)
            self._view = memoryview(header).cast("B")
            if self._syntax.deflated:
                self._view = memoryview(inflate(self._view, limits.inflated_header_bytes)[0])
            self._found = skim(self._view, self._syntax, _WANTED_OF_EACH, limits).found
        except ImagingRefusal:
            self._syntax = syntax_of("1.2.840.10008.1.2.1")
            self.readable = False
        declared = self._found.get(CHARSET_TAG)
        self._charset = charset_of(bytes(self._view[declared.at : declared.end]) if declared else b"")

    def _element(self, tag: int) -> Element | None:
        if tag not in _OF_EACH and not self._looked_for_all:
            self._looked_for_all = True
            if self.readable:
                self._found = skim(self._view, self._syntax, _WANTED, self._limits).found
        return self._found.get(tag)

    def raw(self, tag: int) -> bytes:
        """The value as it is; empty when there is none."""
        element = self._element(tag)
        return bytes(self._view[element.at : element.end]) if element else b""

    def raws(self, tags: Iterable[int]) -> tuple[bytes, ...]:
        """The values of several tags as they are, with what is needed to read them: equal ones read the same."""
        return (self.raw(CHARSET_TAG), *map(self.raw, tags))

    def values(self, tag: int) -> list[Any]:
        """The values of an attribute, as DICOM JSON has them."""
        known = self._values.get(tag)
        if known is not None:
            return known
        element = self._element(tag)
        if element is None or element.at == element.end:
            return []
        raw = bytes(self._view[element.at : min(element.end, element.at + self._limits.text * 4)])
        values, damaged = values_of(BY_TAG[tag].vr, raw, self._charset, little=self._syntax.little)
        self.damaged |= damaged
        self._values[tag] = kept_values = values[: self._limits.values]
        return kept_values

    def text(self, tag: int) -> str:
        """The first value as text; empty when there is none."""
        values = self.values(tag)
        return str(values[0])[: self._limits.text] if values and values[0] is not None else ""

    def number(self, tag: int) -> int | None:
        """The first value as a whole number, where it is one that a database can hold."""
        element = self._element(tag)
        if element is None:
            return None
        if element.length == 2 and BY_TAG[tag].vr == "US":  # noqa: PLR2004 (a US has two bytes)
            number: int = order_of(self._syntax).u16(self._view, element.at)[0]
            return number
        values = self.values(tag)
        found = values[0] if values else None
        return found if isinstance(found, int) and abs(found) < 1 << 53 else None

    def name(self, tag: int) -> PersonName:
        """The first value as a name."""
        text, damaged = self._charset.decode(self.raw(tag)[: self._limits.text])
        self.damaged |= damaged
        return parse_name(text.split("\\")[0])

    def date(self, tag: int) -> str:
        """The value as YYYYMMDD; empty when it is no date."""
        return normal_date(self.text(tag))

    def time(self, tag: int) -> str:
        """The value as HHMMSS.FFFFFF; empty when it is no time."""
        return normal_time(self.text(tag))

    def json(self, level: Level) -> dict[str, Any]:
        """The attributes of a level as DICOM JSON; absent ones are absent."""
        encoded: dict[str, Any] = {}
        for tag in KEPT[level]:
            element = self._element(tag)
            if element is None:
                continue
            vr = BY_TAG[tag].vr
            if vr == "SQ":
                encoded[f"{tag:08X}"] = self._sequence(element)
            else:
                values = self.values(tag)
                encoded[f"{tag:08X}"] = {"vr": vr, "Value": values} if values else {"vr": vr}
        return encoded

    def _sequence(self, element: Element) -> dict[str, Any]:
        view = self._view[element.at : element.end]
        encoder = Encoder(self._view, self._syntax, "", self._limits)
        if len(view) > self._limits.text * 16:
            return {"vr": "SQ"}
        try:
            return encoder.sequence(element, self._charset)
        except ImagingRefusal:
            self.damaged = True
            return {"vr": "SQ"}

    def other_identifiers(self) -> list[Identifier]:
        """Read Other Patient IDs Sequence (0010,1002); those without a value are left out."""
        sequence = self._element(OTHER_IDS)
        if sequence is None:
            return []
        found: list[Identifier] = []
        try:
            for start, stop in items(self._view, sequence, self._syntax, self._limits):
                texts = {
                    one.tag: self._charset.decode(bytes(self._view[one.at : one.end])[: self._limits.text])[0]
                    for one in elements(self._view, self._syntax, self._limits, start, stop)
                    if one.tag in {OTHER_ID, ISSUER, ID_TYPE}
                }
                value = texts.get(OTHER_ID, "").strip("\0 ")
                if value:
                    found.append(
                        Identifier(texts.get(ISSUER, "").strip("\0 "), value, texts.get(ID_TYPE, "").strip("\0 "))
                    )
        except (ImagingRefusal, Short):
            self.damaged = True
        return found[: self._limits.values]


def normal_date(text: str) -> str:
    """Write a date as YYYYMMDD (the retired form with dots is understood); empty when it is none."""
    found = _DATE.fullmatch(text.strip())
    return "".join(found.groups()) if found else ""


def zone_of(text: str) -> int | None:
    """Read an offset from UTC, ±HHMM, in minutes (PS3.3 C.12.1.1.8); None when it is none."""
    found = _ZONE.fullmatch(text.strip())
    if not found:
        return None
    minutes = int(found[2]) * 60 + int(found[3])
    return -minutes if found[1] == "-" else minutes


def normal_time(text: str) -> str:
    """Write a time as HHMMSS.FFFFFF (the retired form with colons is understood); empty when it is none."""
    found = _TIME.fullmatch(text.strip())
    if not found:
        return ""
    hour, minute, second, fraction = (part or "" for part in found.groups())
    return f"{hour}{minute or '00'}{second or '00'}.{fraction:0<6}"
