"""The identifiers of C-FIND's responses as bytes: what one query asks is looked at once, not for each answer.

The bytes are those that `answer` and `encode_data_set` give together, to which a row goes that is out of the ordinary:
text that does not fit the character set of the query.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import Any

from primum.imaging.attributes import BY_TAG, Level
from primum.imaging.dicomjson import DECODED
from primum.imaging.encoding import Encode, Writer, ascii_or_marks, encode_data_set, encoder_of
from primum.imaging.identifier import Identifier, answer
from primum.imaging.query import Criteria
from primum.imaging.syntaxes import Syntax, syntax_of
from primum.imaging.walker import LONG_VRS

LATIN_1 = "ISO_IR 100"
Json = Mapping[str, Any]
Part = Callable[[Json], bytes]
_LENGTH_MOST = 0xFFFE
_PLAIN = frozenset({"AE", "AS", "CS", "DA", "IS", "LO", "PN", "SH", "TM", "UI"})
"""VRs whose one value is text (or a whole number), written as it stands."""


def answers_to(asked: Identifier, transfer_syntax: str, retrieve_aet: str) -> Answers:
    """Return what writes the answers to a query: the same for all that want the same attributes. Raises UnknownSyntax.

    What they ask for, which may name a patient, is not part of it.
    """
    tags, inside = tuple(asked.asked.items()), tuple(asked.inside.items())
    return _answers(asked.level, tags, inside, asked.unique, asked.charset, transfer_syntax, retrieve_aet)


@lru_cache(maxsize=64)
def _answers(  # noqa: PLR0917 (what an answer depends on)
    level: Level,
    tags: tuple[tuple[int, str], ...],
    inside: tuple[tuple[int, frozenset[int]], ...],
    unique: tuple[int, ...],
    charset: str,
    transfer_syntax: str,
    retrieve_aet: str,
) -> Answers:
    asked = Identifier(level, Criteria(), dict(tags), dict(inside), unique, unsupported=False, charset=charset)
    return Answers(asked, transfer_syntax, retrieve_aet)


class Answers:
    """What is answered to one query, in one transfer syntax."""

    def __init__(self, asked: Identifier, transfer_syntax: str, retrieve_aet: str) -> None:
        """Look at what is asked. Raises UnknownSyntax."""
        self._asked, self._transfer_syntax, self._title = asked, transfer_syntax, retrieve_aet
        self._charset = asked.charset or LATIN_1
        encode = encoder_of(self._charset)
        self._parts = None if encode is None else self._compiled(syntax_of(transfer_syntax), encode)

    def encode(self, shown: Json) -> bytes:
        """Write the identifier of one response from what a match says."""
        if self._parts is not None:
            try:
                return b"".join([one if type(one) is bytes else one(shown) for one in self._parts])  # type: ignore[operator]
            except UnicodeEncodeError:
                pass
        return encode_data_set(answer(self._asked, shown, self._title), self._transfer_syntax, self._charset)

    def _compiled(self, syntax: Syntax, encode: Encode) -> list[bytes | Part]:
        """Write what is the same in each answer, and list what makes the rest, in the order of tags."""
        writer = Writer(syntax, encode)
        same = answer(self._asked, {}, self._title)
        same["00080005"] = {"vr": "CS", "Value": self._charset.split("\\")}
        full = {key for key in same if _said(self._asked, key)}
        parts: list[bytes | Part] = []
        for key in sorted(same):
            tag, vr = int(key, 16), same[key]["vr"]
            nothing = b"".join(writer.data_set({key: same[key]}, 0))
            if key not in full:
                parts.append(nothing)
            elif vr in _PLAIN and syntax.little and vr not in LONG_VRS:
                parts.append(_plain(tag, vr, nothing, writer, encode if vr in DECODED else ascii_or_marks))
            else:
                parts.append(self._other(key, nothing, writer))
        return parts

    def _other(self, key: str, nothing: bytes, writer: Writer) -> Part:
        asked = self._asked

        def part(shown: Json) -> bytes:
            if key not in shown:
                return nothing
            said = answer(asked, {key: shown[key]}, "")[key]
            return b"".join(writer.data_set({key: said}, 0))

        return part


def _said(asked: Identifier, key: str) -> bool:
    """Tell whether answers may say something under a key that is asked for."""
    tag = int(key, 16)
    attribute = BY_TAG.get(tag)
    if attribute is None or (tag not in asked.asked and tag not in asked.unique):
        return False
    probe: dict[str, Any] = {"vr": attribute.vr, "Value": [{}] if attribute.vr == "SQ" else ["1"]}
    return "Value" in answer(asked, {key: probe}, "")[key]


def _plain(tag: int, vr: str, nothing: bytes, writer: Writer, encode: Encode) -> Part:
    key, pad = f"{tag:08X}", b"\0" if vr == "UI" else b" "
    head = struct.pack("<HH", tag >> 16, tag & 0xFFFF)
    explicit = writer.explicit
    if explicit:
        head += vr.encode("ascii")
    length = struct.Struct("<H" if explicit else "<I").pack

    def part(shown: Json) -> bytes:
        attribute = shown.get(key)
        if attribute is None:
            return nothing
        value = attribute.get("Value")
        if value and len(value) == 1 and attribute.get("vr") == vr:
            text = value[0]
            if type(text) is dict and len(text) == 1:
                text = text.get("Alphabetic")
            elif type(text) is int:
                text = str(text)
            if type(text) is str and "=" not in text:
                raw = encode(text)
                if len(raw) % 2:
                    raw += pad
                if len(raw) <= _LENGTH_MOST:
                    return head + length(len(raw)) + raw
        return b"".join(writer.data_set({key: attribute}, 0))

    return part
