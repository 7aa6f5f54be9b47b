"""Data sets written from the DICOM JSON model (PS3.5 7, PS3.18 annex F): what the archive itself says over DIMSE.

Pure. The inverse of `dicomjson.py` for what has values inline: explicit or implicit VR, either byte order, sequences of
defined length. Text never comes out wrong: where some does not fit the character set wished for, all is UTF-8.
"""

from __future__ import annotations

import base64
import struct
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final

from primum.imaging.charsets import codec_of
from primum.imaging.dicomjson import AMBIGUOUS, BINARY, DECODED, NUMBERS, to_little
from primum.imaging.dictionary import vr_of
from primum.imaging.errors import DataSetTooLarge, UnknownSyntax
from primum.imaging.limits import LIMITS, Limits
from primum.imaging.names import PersonName
from primum.imaging.syntaxes import Syntax, syntax_of
from primum.imaging.walker import ITEM, LONG_VRS

UTF_8: Final = "ISO_IR 192"
BYTES: Final = "Bytes"
"""Where a binary value stands as it is, in little endian, instead of in base64 (`InlineBinary`)."""
_CHARSET: Final = "00080005"
_LONG: Final = frozenset(LONG_VRS)
_PADDED_WITH_NUL: Final = frozenset({"UI", *BINARY})
_SHORT_MOST: Final = 0xFFFE
_DECIMAL_MOST: Final = 16
_US_OR_SS: Final = "US or SS"

Encode = Callable[[str], bytes]


def encode_data_set(
    attributes: Mapping[str, Any], transfer_syntax: str, charset: str = UTF_8, limits: Limits = LIMITS
) -> bytes:
    """Write attributes as a data set in a native transfer syntax that is not deflated.

    `charset` is a wish, as Specific Character Set (0008,0005) says it: the data set says which one was taken. Raises
    UnknownSyntax, DataSetTooLarge.
    """
    return b"".join(encode_around(attributes, 1 << 32, transfer_syntax, charset, limits))


def encode_around(
    attributes: Mapping[str, Any], tag: int, transfer_syntax: str, charset: str = UTF_8, limits: Limits = LIMITS
) -> tuple[bytes, bytes]:
    """Write the attributes before `tag` and those after it, as `encode_data_set`: what stands between is another's."""
    syntax = syntax_of(transfer_syntax)
    if syntax.deflated or syntax.encapsulated:
        raise UnknownSyntax
    taken = fitting_charset(attributes, charset)
    said = {**attributes, _CHARSET: {"vr": "CS", "Value": taken.split("\\")}} if taken else dict(attributes)
    if not taken:
        said.pop(_CHARSET, None)
    writer = Writer(syntax, encoder_of(taken) or _ascii, limits)
    before = {key: one for key, one in said.items() if int(key, 16) < tag}
    after = {key: one for key, one in said.items() if int(key, 16) > tag}
    return b"".join(writer.data_set(before, 0)), b"".join(writer.data_set(after, 0))


def fitting_charset(attributes: Mapping[str, Any], wished: str) -> str:
    """Return the character set to write these attributes in: the one wished for if every text fits it, else UTF-8.

    Of one with code extensions, a set of it that holds all is taken: escapes are not written.
    """
    terms = [wished, *(term.replace("ISO 2022 IR ", "ISO_IR ") for term in wished.split("\\") if "\\" in wished)]
    return next((term for term in terms if _fits(attributes, term)), UTF_8)


def _fits(attributes: Mapping[str, Any], charset: str) -> bool:
    encode = encoder_of(charset)
    if encode is None:
        return False
    try:
        for text in _texts(attributes):
            encode(text)
    except UnicodeEncodeError:
        return False
    return True


def encoder_of(charset: str) -> Encode | None:
    """Tell how text is written in a character set without code extensions; None where we do not write it."""
    codec = codec_of(charset)
    if codec is None:
        return None

    def encode(text: str) -> bytes:
        raw = text.encode(codec)
        if codec == "shift_jis" and len(raw) != len(text):
            # JIS X 0201 is its single bytes alone
            raise UnicodeEncodeError(codec, text, 0, len(text), "not one byte each")
        return raw

    return encode


def _ascii(text: str) -> bytes:
    return text.encode("ascii")


def ascii_or_marks(text: str) -> bytes:
    """Write text of the VRs that the character set does not concern."""
    return text.encode("ascii", "replace")


def _texts(attributes: Mapping[str, Any]) -> Iterator[str]:
    for key, attribute in attributes.items():
        vr = _vr(int(key, 16), attribute)
        values = attribute.get("Value") or ()
        if vr == "SQ":
            for item in values:
                yield from _texts(item or {})
        elif vr in DECODED:
            yield from (_text(vr, value) for value in values)


def _vr(tag: int, attribute: Mapping[str, Any]) -> str:
    said = attribute.get("vr") or vr_of(tag)
    return "US" if said == _US_OR_SS else AMBIGUOUS.get(said, said) or "UN"


class Writer:
    """Writes elements in one transfer syntax and one character set. What does not fit it raises UnicodeEncodeError."""

    def __init__(self, syntax: Syntax, encode: Encode, limits: Limits = LIMITS) -> None:
        """Write in `syntax`, text by `encode`."""
        mark = "<" if syntax.little else ">"
        self._syntax, self._encode, self._limits, self._mark = syntax, encode, limits, mark
        self._short = struct.Struct(mark + "HH2sH").pack
        self._long = struct.Struct(mark + "HH2sHI").pack
        self._bare = struct.Struct(mark + "HHI").pack
        self._left = limits.elements
        self.explicit = syntax.explicit

    def data_set(self, attributes: Mapping[str, Any], depth: int) -> Iterator[bytes]:
        """Write elements in the order of their tags. Raises DataSetTooLarge."""
        if depth > self._limits.depth:
            raise DataSetTooLarge(limit=self._limits.depth, of="sequences inside sequences")
        if not depth:
            self._left = self._limits.elements
        for tag, attribute in sorted((int(key, 16), one) for key, one in attributes.items()):
            self._left -= 1
            if self._left < 0:
                raise DataSetTooLarge(limit=self._limits.elements, of="elements")
            # group lengths are retired; the character set is said once, at the top
            if tag & 0xFFFF and not (depth and f"{tag:08X}" == _CHARSET):
                vr = _vr(tag, attribute)
                yield self._element(tag, vr, self._value(vr, attribute, depth))

    def _element(self, tag: int, vr: str, value: bytes) -> bytes:
        if len(value) % 2:
            value += b"\0" if vr in _PADDED_WITH_NUL else b" "
        group, number = tag >> 16, tag & 0xFFFF
        if not self._syntax.explicit:
            return self._bare(group, number, len(value)) + value
        if vr not in _LONG and len(value) > _SHORT_MOST:
            vr = "UN"  # PS3.5 6.2.2 note 5: what does not fit 16 bits of length
        if vr in _LONG:
            return self._long(group, number, vr.encode("ascii"), 0, len(value)) + value
        return self._short(group, number, vr.encode("ascii"), len(value)) + value

    def _value(self, vr: str, attribute: Mapping[str, Any], depth: int) -> bytes:
        values = attribute.get("Value") or ()
        if vr == "SQ":
            return b"".join(self._item(item or {}, depth) for item in values)
        if vr in BINARY:
            raw = attribute.get(BYTES)
            raw = raw if raw is not None else base64.b64decode(attribute.get("InlineBinary", ""))
            return to_little(raw, vr, self._syntax)
        if vr in NUMBERS:
            return struct.pack(f"{self._mark}{len(values)}{NUMBERS[vr]}", *(_number(vr, value) for value in values))
        if vr == "AT":
            return b"".join(struct.pack(self._mark + "HH", int(one[:4], 16), int(one[4:], 16)) for one in values)
        text = "\\".join(_text(vr, value) for value in values)
        return self._encode(text) if vr in DECODED else ascii_or_marks(text)

    def _item(self, item: Mapping[str, Any], depth: int) -> bytes:
        inner = b"".join(self.data_set(item, depth + 1))
        return self._bare(ITEM >> 16, ITEM & 0xFFFF, len(inner)) + inner


def _number(vr: str, value: float | str | None) -> float | int:
    if vr in {"FL", "FD"}:
        return float("nan") if value is None else float(value)
    return int(value or 0)


def _text(vr: str, value: object) -> str:
    if value is None:
        return ""
    if vr == "PN":
        return _name(value)
    if isinstance(value, float):
        return _decimal(value)
    return str(value)


def _name(value: object) -> str:
    if not isinstance(value, Mapping):
        return str(value)
    return PersonName(*(value.get(group) or "" for group in ("Alphabetic", "Ideographic", "Phonetic"))).text()


def _decimal(value: float) -> str:
    """Write a number in the sixteen characters of a DS (PS3.5 6.2)."""
    text = repr(value)
    digits = _DECIMAL_MOST
    while len(text) > _DECIMAL_MOST and digits:
        digits -= 1
        text = f"{value:.{digits}g}"
    return text


def json_of(values: Mapping[int, object], vrs: Mapping[int, str] | None = None) -> dict[str, Any]:
    """Write tags with plain values as DICOM JSON: `{0x00100020: "P1", 0x00400100: [{0x00400001: "CT1"}]}`."""
    return {f"{tag:08X}": _plain(tag, value, vrs or {}) for tag, value in values.items()}


def _plain(tag: int, value: object, vrs: Mapping[int, str]) -> dict[str, Any]:
    vr = vrs.get(tag) or _vr(tag, {})
    listed = list(value) if isinstance(value, list | tuple) else [] if value is None or value == "" else [value]
    if vr == "SQ":
        listed = [json_of(item, vrs) for item in listed if isinstance(item, Mapping)]
    elif vr == "PN":
        groups = ("Alphabetic", "Ideographic", "Phonetic")
        listed = [
            {g: t for g, t in zip(groups, one.split("="), strict=False) if t} if isinstance(one, str) else one
            for one in listed
        ]
    return {"vr": vr, "Value": listed} if listed else {"vr": vr}
