"""A data set in the DICOM JSON model, as a stranger wrote it, checked against PS3.5 6.2 and PS3.18 F.2. Pure.

What comes out holds only what `encoding.py` writes without guessing; what does not fit its value representation is
refused, never bent.
"""

from __future__ import annotations

import base64
import binascii
import math
import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final

from primum.imaging.composing.errors import BadMetadata
from primum.imaging.composing.limits import COMPOSING_LIMITS, ComposingLimits
from primum.imaging.dicomjson import AMBIGUOUS, BINARY, DECODED, NUMBERS
from primum.imaging.dictionary import vr_of
from primum.imaging.encoding import BYTES
from primum.imaging.errors import DataSetTooLarge

Json = dict[str, Any]
URI: Final = "BulkDataURI"
TRANSFER_SYNTAX: Final = "00020010"
_TAG = re.compile(r"[0-9A-Fa-f]{8}")
_INTEGER = re.compile(r"[+-]?[0-9]{1,12}")
_WHOLE = re.compile(r"[+-]?[0-9]{1,20}")
_DECIMAL = re.compile(r"[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]{1,3})?")
_UID = re.compile(r"[0-9.]{0,64}")
_ASCII: Final = frozenset({"AE", "AS", "CS", "DA", "DT", "TM", "UI", "UR"})
_SINGLE: Final = frozenset({"LT", "ST", "UT", "UR"})
_GROUPS: Final = frozenset({"Alphabetic", "Ideographic", "Phonetic"})
_VRS: Final = frozenset({"DS", "IS", "AT", "SQ", *NUMBERS, *BINARY, *DECODED, *_ASCII})
_LEFT_OUT: Final = frozenset({0x00080056, 0x00081190, 0x00083002, 0x7FE00001, 0x7FE00002, 0x7FE00003, 0xFFFCFFFC})
"""What an archive adds to metadata, and what stands for the encapsulation that is made anew."""
_BITS: Final = {"US": (16, False), "SS": (16, True), "UL": (32, False), "SL": (32, True)} | {
    "UV": (64, False),
    "SV": (64, True),
}


class Checker:
    """Checks data sets of one request, which share a bound on their elements."""

    def __init__(self, limits: ComposingLimits = COMPOSING_LIMITS) -> None:
        """Have none yet."""
        self._limits = limits
        self._left = limits.containers

    def data_set(self, raw: object) -> Json:
        """Return a data set with nothing in it but what was understood. Raises BadMetadata, DataSetTooLarge."""
        return self._data_set(raw, 0)

    def _data_set(self, raw: object, depth: int) -> Json:
        if not isinstance(raw, Mapping):
            raise BadMetadata(what="a data set is not an object of attributes")
        if depth > self._limits.depth:
            raise DataSetTooLarge(limit=self._limits.depth, of="sequences inside sequences")
        found: Json = {}
        for key, attribute in raw.items():
            self._left -= 1
            if self._left < 0:
                raise DataSetTooLarge(limit=self._limits.containers, of="attributes in one request")
            if not isinstance(key, str) or _TAG.fullmatch(key) is None:
                raise BadMetadata(what="an attribute is not named by its tag")
            tag = int(key, 16)
            if f"{tag:08X}" in found:
                raise BadMetadata(what="an attribute is there twice")
            if not depth and (tag in _LEFT_OUT or (tag >> 16 <= 2 and key != TRANSFER_SYNTAX)):  # noqa: PLR2004
                continue  # the file meta information is ours to write
            if tag & 0xFFFF:
                found[f"{tag:08X}"] = self._attribute(tag, attribute, depth)
        return found

    def _attribute(self, tag: int, raw: object, depth: int) -> Json:
        if not isinstance(raw, Mapping):
            raise BadMetadata(what="an attribute is not an object")
        vr = _vr(tag, raw.get("vr"))
        given = [name for name in ("Value", "InlineBinary", URI) if raw.get(name) is not None]
        if len(given) > 1:
            raise BadMetadata(what="an attribute has its value in two places")
        if not given:
            return {"vr": vr}
        value = raw[given[0]]
        if given[0] == URI:
            return self._reference(vr, value)
        if given[0] == "InlineBinary":
            return {"vr": vr, BYTES: _decoded(value)} if vr in BINARY else _refuse("a text has a binary value")
        if not isinstance(value, list):
            raise BadMetadata(what="the values of an attribute are not a list")
        if vr == "SQ":
            return {"vr": vr, "Value": [self._data_set(item if item is not None else {}, depth + 1) for item in value]}
        if not value:
            return {"vr": vr}
        if vr in BINARY:
            raise BadMetadata(what="a binary value is written as a list")
        return {"vr": vr, "Value": checked(vr, value)}

    def _reference(self, vr: str, uri: object) -> Json:
        if vr in {"SQ", "PN"} or not isinstance(uri, str) or not 0 < len(uri) <= self._limits.uri_characters:
            raise BadMetadata(what="a BulkDataURI is none, or stands where none may")
        return {"vr": vr, URI: uri}


def references(data_set: Mapping[str, Any]) -> Iterator[str]:
    """Give every BulkDataURI of a data set."""
    for attribute in data_set.values():
        if URI in attribute:
            yield attribute[URI]
        elif attribute["vr"] == "SQ":
            for item in attribute.get("Value", ()):
                yield from references(item)


def checked(vr: str, values: list[Any]) -> list[Any]:
    """Check the values of an attribute that is neither binary nor a sequence. Raises BadMetadata."""
    if vr in _SINGLE and len(values) > 1:
        raise BadMetadata(what="a text that has one value has several")
    check = _CHECKS.get(vr, _text)
    return [check(vr, value) for value in values]


def _vr(tag: int, said: object) -> str:
    known = vr_of(tag)
    vr = said if said is not None else AMBIGUOUS.get(known, known) or "UN"
    vr = "US" if vr == "US or SS" else vr
    if not isinstance(vr, str) or vr not in _VRS:
        raise BadMetadata(what="a value representation is not one of PS3.5")
    return vr


def _decoded(text: object) -> bytes:
    if not isinstance(text, str):
        raise BadMetadata(what="an InlineBinary is not base64")
    try:
        return base64.b64decode("".join(text.split()), validate=True)
    except (binascii.Error, ValueError):
        raise BadMetadata(what="an InlineBinary is not base64") from None


def _refuse(what: str) -> Json:
    raise BadMetadata(what=what)


def _text(vr: str, value: object) -> str | None:
    if value is None or value == "":
        return None
    if not isinstance(value, str):
        raise BadMetadata(what="a text is not written as one")
    if "\0" in value or ("\\" in value and vr not in _SINGLE):
        raise BadMetadata(what="a text holds a character that it cannot")
    if vr in _ASCII and not value.isascii():
        raise BadMetadata(what="a text holds a character that it cannot")
    if vr == "UI" and _UID.fullmatch(value) is None:
        raise BadMetadata(what="a UID is not made of digits and dots")
    try:
        value.encode("utf-8")
    except UnicodeEncodeError:
        raise BadMetadata(what="a text holds a character that it cannot") from None
    return value


def _name(_vr: str, value: object) -> dict[str, str] | None:
    if value is None or value == "":
        return None
    named = {"Alphabetic": value} if isinstance(value, str) else value
    if not isinstance(named, Mapping) or not named.keys() <= _GROUPS:
        raise BadMetadata(what="a name is not one of three groups of components")
    found = {str(group): _text("PN", text) or "" for group, text in named.items()}
    if any("=" in text for text in found.values()):
        raise BadMetadata(what="a text holds a character that it cannot")
    return found


def _integer_text(_vr: str, value: object) -> int | str | None:
    if value is None or value == "":
        return None
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    text = str(value).strip() if isinstance(value, int | str) and not isinstance(value, bool) else ""
    if _INTEGER.fullmatch(text) is None:
        raise BadMetadata(what="a number is none")
    return int(value) if isinstance(value, int) else text


def _decimal_text(_vr: str, value: object) -> float | str | None:
    if value is None or value == "":
        return None
    if isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value):
        return float(value) if abs(value) >= 10**16 else value
    if isinstance(value, str) and len(value) <= 64 and _DECIMAL.fullmatch(value.strip()):  # noqa: PLR2004
        # beyond the sixteen characters of a DS it is written as the number that it is
        return value.strip() if len(value.strip()) <= 16 else float(value)  # noqa: PLR2004
    raise BadMetadata(what="a number is none")


def _whole(vr: str, value: object) -> int:
    if isinstance(value, str) and _WHOLE.fullmatch(value.strip()):
        value = int(value)
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    bits, signed = _BITS[vr]
    least, most = (-(1 << bits - 1), (1 << bits - 1) - 1) if signed else (0, (1 << bits) - 1)
    if isinstance(value, bool) or not isinstance(value, int) or not least <= value <= most:
        raise BadMetadata(what="a number is none, or does not fit")
    return value


def _real(vr: str, value: object) -> float:
    if value is None:
        return math.nan
    if isinstance(value, str):
        try:
            value = float(value[:64])
        except ValueError:
            raise BadMetadata(what="a number is none") from None
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise BadMetadata(what="a number is none")
    found = float(value)
    if vr == "FL" and math.isfinite(found) and abs(found) > 3.4028235677973366e38:  # noqa: PLR2004 (binary32)
        raise BadMetadata(what="a number is none, or does not fit")
    return found


def _tag(_vr: str, value: object) -> str:
    if not isinstance(value, str) or _TAG.fullmatch(value) is None:
        raise BadMetadata(what="a tag is not eight digits")
    return value


_CHECKS: Final[dict[str, Callable[[str, Any], Any]]] = {
    "PN": _name,
    "IS": _integer_text,
    "DS": _decimal_text,
    "AT": _tag,
    "FL": _real,
    "FD": _real,
    **dict.fromkeys(_BITS, _whole),
}
