"""The header of a part of a multipart body, as python-multipart hands it over: in pieces, of any length."""

from __future__ import annotations

from dataclasses import dataclass, field

from primum.ground.errors import PrimumError


@dataclass(slots=True)
class PartHeaders:
    """Puts the lines of one header together; what is longer than `most` bytes is refused with `refusal`."""

    most: int
    refusal: type[PrimumError]
    _name: bytes = field(default=b"", init=False)
    _value: bytes = field(default=b"", init=False)
    _length: int = field(default=0, init=False)

    def begin(self) -> None:
        """Begin a part."""
        self._name, self._value, self._length = b"", b"", 0

    def field(self, data: bytes, start: int, end: int) -> None:
        """Take a piece of a line's name. Raises the refusal."""
        self._name += self._bounded(data[start:end])

    def said(self, data: bytes, start: int, end: int) -> None:
        """Take a piece of a line's value. Raises the refusal."""
        self._value += self._bounded(data[start:end])

    def line(self) -> tuple[bytes, bytes]:
        """Give the line that has ended: its name in small letters, its value."""
        ended = self._name.lower(), self._value
        self._name = self._value = b""
        return ended

    def _bounded(self, data: bytes) -> bytes:
        self._length += len(data)
        if self._length > self.most:
            raise self.refusal
        return data
