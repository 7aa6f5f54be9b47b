"""Texts of a data set brought to UTF-8 (`ISO_IR 192`), those in sequences included; texts written in a character set.

Pure. Needed when a corrected text has letters that the data set's own character set lacks (PS3.3 C.12.1.1.2).
"""

from __future__ import annotations

from primum.imaging.charsets import Charset, charset_of
from primum.imaging.dicomjson import CHARSET_TAG, resolve
from primum.imaging.errors import DamagedDataSet, DataSetTooLarge
from primum.imaging.limits import LIMITS, Limits
from primum.imaging.syntaxes import Syntax
from primum.imaging.walker import PIXEL_TAGS, UNDEFINED, Element, Short, elements, items
from primum.imaging.writing import element as write_element, item as write_item, padded, sequence as write_sequence

UTF_8 = b"ISO_IR 192"
TEXTS = frozenset({"LO", "LT", "PN", "SH", "ST", "UC", "UT"})
"""Value representations that Specific Character Set concerns (PS3.5 6.1.2.3)."""


def encoded(text: str, charset: Charset) -> bytes | None:
    """Write a text in a data set's character set; None when it lacks a letter, or when that cannot be told."""
    if text.isascii():
        return text.encode("ascii")
    codec = charset.whole or charset.first
    if not charset.known or codec is None:
        return None
    try:
        raw = text.encode(codec)
    except UnicodeEncodeError:
        return None
    # what cannot be read back as it was meant (a backslash inside a two-byte letter) is not written
    return raw if charset.decode(raw) == (text, False) and raw.count(b"\\") == text.count("\\") else None


class Recoder:
    """Writes a data set again with all its texts in UTF-8. Raises DamagedDataSet, DataSetTooLarge, ValueTooLong."""

    def __init__(self, view: memoryview, syntax: Syntax, limits: Limits = LIMITS) -> None:
        """Read from `view`: a header, inflated when it was deflated."""
        self._view, self._syntax, self._limits = view, syntax, limits
        self._left = limits.elements

    def header(self) -> bytes:
        """Write the whole header."""
        return self._item(0, len(self._view), self._syntax, charset_of(b""), 0)

    def _item(self, start: int, stop: int, syntax: Syntax, charset: Charset, depth: int) -> bytes:
        if depth > self._limits.depth:
            raise DataSetTooLarge(limit=self._limits.depth, of="sequences inside sequences")
        pieces: list[bytes] = []
        at, declared = start, False
        try:
            for one in elements(self._view, syntax, self._limits, start, stop):
                self._left -= 1
                if self._left < 0:
                    raise DataSetTooLarge(limit=self._limits.elements, of="elements")
                if one.tag in PIXEL_TAGS:
                    pieces.append(bytes(self._view[at:stop]))
                    break
                if not declared and not depth and one.tag > CHARSET_TAG:
                    pieces.append(write_element(CHARSET_TAG, "CS", UTF_8, syntax))
                    declared = True
                if one.tag == CHARSET_TAG:
                    charset = charset_of(bytes(self._view[one.at : one.end]))
                    pieces.append(write_element(CHARSET_TAG, "CS", UTF_8, syntax))
                    declared = True
                elif one.tag & 0xFFFF or not depth:
                    pieces.append(self._element(one, at, syntax, charset, depth))
                at = one.end
        except Short:
            raise DamagedDataSet(what="it ends in the middle of an element") from None
        return b"".join(pieces)

    def _element(self, one: Element, at: int, syntax: Syntax, charset: Charset, depth: int) -> bytes:
        vr, inner = resolve(one, syntax, signed=False)
        if vr == "SQ":
            return self._sequence(one, syntax, inner, charset, depth)
        raw = self._view[one.at : one.end]
        if vr not in TEXTS or one.length == UNDEFINED or (bytes(raw).isascii() and b"\x1b" not in bytes(raw)):
            return bytes(self._view[at : one.end])
        text, _ = charset.decode(bytes(raw))
        # a text that came as UN is what the dictionary says, in implicit little endian: it stays UN
        return write_element(one.tag, one.vr or vr, padded(vr, text.rstrip("\0 ").encode("utf-8")), syntax)

    def _sequence(self, one: Element, syntax: Syntax, inner: Syntax, charset: Charset, depth: int) -> bytes:
        contents = [
            self._item(start, stop, inner, charset, depth + 1)
            for start, stop in items(self._view, one, inner, self._limits)
        ]
        if syntax.explicit and not inner.explicit:
            # a sequence that came as UN: its items are implicit little endian, and it stays one
            return write_element(one.tag, "UN", b"".join(write_item(content, inner) for content in contents), syntax)
        return write_sequence(one.tag, contents, syntax)
