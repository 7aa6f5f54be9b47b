"""Reads JSON (RFC 8259) for what it is made of, and keeps none of it.

Bytes go in piece by piece. Kept are: DICOM tags that are keys (PS3.18 F.2.2) and whether they have a value, keys that
were asked for, numbers of keys that were asked for, and one identifier where the next question needs one. A value of
anything else is passed over byte by byte and never becomes a Python string.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Final

DEPTH: Final = 32
"""Of nesting: DICOM JSON needs four levels and two for each sequence in another; a recursion bomb needs thousands."""

TAGS: Final = 400
"""Kept of one answer: a study row has some thirty."""

_KEY: Final = 64
_IDENTIFIER: Final = 64
"""Of a UID (PS3.5 9.1); an identifier of Orthanc's has 44."""
_DIGITS: Final = 18
_SPACE: Final = frozenset(b" \t\r\n")
_SCALAR: Final = frozenset(b"+-.0123456789abcdefghijklmnopqrstuvwxyzE")
_UID: Final = frozenset(b"0123456789.")
_HEX: Final = frozenset(b"0123456789abcdef-")
_TAG: Final = frozenset(b"0123456789ABCDEFabcdef")
_OPEN, _CLOSE = frozenset(b"[{"), frozenset(b"]}")
_QUOTE, _BACKSLASH, _COLON, _COMMA, _ARRAY, _OBJECT = b'"\\:,[{'
_ORTHANC: Final = 44
"""Five groups of eight hexadecimal digits: a SHA-1 in print."""

# what may come next
_VALUE, _KEY_OR_END, _NEED_KEY, _NEED_COLON, _AFTER, _VALUE_OR_END, _END = range(7)


class JSONScan:
    """What one answer is made of. `feed` it; it says when it has seen enough."""

    def __init__(
        self,
        *,
        keys: Collection[str] = (),
        counters: Collection[str] = (),
        take: Collection[str] = (),
        words: Collection[str] = (),
    ) -> None:
        """`keys`: looked for in the outermost object, or in the objects of the outermost list. `counters`: of these
        the number is kept. `take`: tags of which the first value is kept if it is a UID; `*`: the first text of a
        list of texts, if it is an identifier of Orthanc's. `words`: keywords, at any depth, that may have a value.
        """  # noqa: D205 - one paragraph about four arguments
        self.outermost = ""
        self.elements = 0
        self.seen: set[str] = set()
        self.numbers: dict[str, int] = {}
        self.tags: set[str] = set()
        self.valued: set[str] = set()
        """Tags, and keywords of `words`, that have a value."""
        self.taken: dict[str, str] = {}
        self.identifiers = 0
        """Texts of the outermost list that look like Orthanc's."""
        self.whole = False
        self.broken = False
        self._keys, self._counters, self._take = frozenset(keys), frozenset(counters), frozenset(take)
        self._words = {one.encode("ascii"): one for one in words}
        self._stack = bytearray()
        self._names: list[str] = []
        """For each open container the key at hand that matters, else empty."""
        self._next = _VALUE
        self._text: bytearray | None = None
        self._of_key = False
        self._kept_as = ""
        self._escaped = False
        self._length = 0
        self._scalar: bytearray | None = None

    def feed(self, part: bytes) -> bool:
        """Read a piece; return whether it is broken, so that no more is needed."""
        for byte in part:
            if self.broken:
                return True
            self._byte(byte)
        return self.broken

    def is_dicom(self) -> bool:
        """Tell whether this is a list of DICOM JSON data sets, as far as it came (PS3.18 F.2.1)."""
        return self.outermost == "[" and not self.broken and bool(self.tags)

    def is_empty_list(self) -> bool:
        """Tell whether this is an empty list."""
        return self.whole and not self.broken and self.outermost == "[" and not self.elements

    def _byte(self, byte: int) -> None:
        if self._text is not None:
            self._in_text(byte)
            return
        if self._scalar is not None:
            if byte in _SCALAR:
                if len(self._scalar) < _DIGITS:
                    self._scalar.append(byte)
                self._length += 1
                return
            self._scalar_over()
        if byte in _SPACE:
            return
        self._token(byte)

    def _token(self, byte: int) -> None:
        if byte in _CLOSE:
            self._close(byte)
        elif self._next == _NEED_COLON and byte == _COLON:
            self._next = _VALUE
        elif self._next == _AFTER and byte == _COMMA:
            self._next = _NEED_KEY if self._stack[-1] == _OBJECT else _VALUE
        elif byte == _QUOTE and self._next in {_KEY_OR_END, _NEED_KEY, _VALUE, _VALUE_OR_END}:
            self._of_key = self._next in {_KEY_OR_END, _NEED_KEY}
            self._text, self._length = bytearray(), 0
            self._kept_as = "" if self._of_key else self._wanted()
        elif self._next in {_VALUE, _VALUE_OR_END} and byte in _OPEN:
            self._open(byte)
        elif self._next in {_VALUE, _VALUE_OR_END} and byte in _SCALAR and self._stack:
            self._element()
            self._scalar, self._length = bytearray([byte]), 1
        else:
            self.broken = True

    def _open(self, byte: int) -> None:
        if len(self._stack) >= DEPTH:
            self.broken = True
            return
        self._element()
        if not self._stack:
            self.outermost = chr(byte)
        self._stack.append(byte)
        self._names.append("")
        self._next = _KEY_OR_END if byte == _OBJECT else _VALUE_OR_END

    def _close(self, byte: int) -> None:
        opened = _OBJECT if byte == b"}"[0] else _ARRAY
        may = {_AFTER, _KEY_OR_END if opened == _OBJECT else _VALUE_OR_END}
        if not self._stack or self._stack[-1] != opened or self._next not in may:
            self.broken = True
            return
        self._stack.pop()
        self._names.pop()
        self._next = _AFTER if self._stack else _END
        self.whole = not self._stack

    def _element(self) -> None:
        """Count what begins in the outermost list."""
        if len(self._stack) == 1 and self._stack[0] == _ARRAY:
            self.elements += 1

    def _in_text(self, byte: int) -> None:
        text = self._text if self._text is not None else bytearray()
        if self._escaped:
            self._escaped = False
        elif byte == _BACKSLASH:
            self._escaped = True
        elif byte == _QUOTE:
            self._text = None
            self._text_over(text)
            return
        self._length += 1
        if (self._of_key or self._kept_as) and len(text) <= _KEY:
            text.append(byte)

    def _wanted(self) -> str:
        """Return under which name the text that is being read would be kept."""
        if len(self._stack) == 1 and self._stack[0] == _ARRAY:
            return "*"  # its bytes are looked at, and kept only if `take` says so
        if len(self._names) > self._level() and self._names[-2 if self._stack[-1] == _ARRAY else -1] == "Value":
            name = self._names[self._level()]
            return name if name in self._take and name not in self.taken else ""
        if len(self._stack) == 1 and self._names[0] in self._counters:
            return self._names[0]
        return ""

    def _level(self) -> int:
        """Return which container's keys are those that are looked at."""
        return 1 if self.outermost == "[" else 0

    def _text_over(self, text: bytearray) -> None:
        if self._of_key:
            self._key_over(text)
            return
        self._element()
        if self._length:
            self._has_value()
        name = self._kept_as
        if name == "*":
            self._list_text(text)
        elif name in self._counters:
            self._number(name, text)
        elif name and self._length <= _IDENTIFIER and all(one in _UID for one in text) and text:
            self.taken[name] = text.decode("ascii")
        text[:] = bytes(len(text))
        self._next = _AFTER

    def _list_text(self, text: bytearray) -> None:
        if self._length == _ORTHANC and all(one in _HEX for one in text):
            self.identifiers += 1
            if "*" in self._take and "*" not in self.taken:
                self.taken["*"] = text.decode("ascii")

    def _key_over(self, text: bytearray) -> None:
        depth = len(self._stack) - 1
        name = ""
        if self._length <= _KEY and self._length == len(text) and text.isascii():
            if depth == self._level():
                name = self._outer_key(text)
            elif bytes(text) in {b"Value", b"vr"}:
                name = text.decode("ascii")
            else:
                name = self._words.get(bytes(text), "")
        self._names[depth] = name
        text[:] = bytes(len(text))
        self._next = _NEED_COLON

    def _outer_key(self, text: bytearray) -> str:
        if len(text) == 8 and all(one in _TAG for one in text):  # noqa: PLR2004 - gggg eeee
            tag = text.decode("ascii").upper()
            if len(self.tags) < TAGS:
                self.tags.add(tag)
            return tag
        name = text.decode("ascii")
        if name in self._keys:
            self.seen.add(name)
        return name if name in self._counters else ""

    def _has_value(self) -> None:
        if self._words and self._names and self._names[-1] in self._words.values():
            self.valued.add(self._names[-1])
        level = self._level()
        if len(self._names) > level + 1 and self._names[level] in self.tags and self._names[level + 1] != "vr":
            self.valued.add(self._names[level])

    def _scalar_over(self) -> None:
        scalar, self._scalar = self._scalar or bytearray(), None
        if self._next == _END:
            self.broken = True
            return
        if scalar != b"null":
            self._has_value()
        if len(self._stack) == 1 and self._names and self._names[0] in self._counters:
            self._number(self._names[0], scalar)
        self._next = _AFTER

    def _number(self, name: str, digits: bytearray) -> None:
        if digits.isdigit() and self._length <= _DIGITS:
            self.numbers.setdefault(name, int(digits))
