"""The sealed copy of a bundle: segments of a small box, each of its bundle, its place and whether it is the last."""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING, BinaryIO, Final

from primum.incidents.evidence.model import PIECE, EvidenceGone

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from primum.identity.boxes import Box

MAGIC: Final = b"PRIMUMEV" + struct.pack(">H", 1) + bytes(6)
_LENGTH: Final = struct.Struct(">I")
_LARGEST: Final = PIECE + 256
"""A sealed segment: a box adds 49 bytes (docs/design/vault.md §3)."""


class Sealer:
    """Takes bytes in any pieces and writes them sealed; memory: one segment."""

    def __init__(self, box: Box, bundle_id: str, write: Callable[[bytes], object]) -> None:
        """Seal for one bundle, and hand what is sealed to `write`."""
        self._box, self._bundle, self._write = box, bundle_id, write
        self._waiting, self._number = bytearray(), 0
        write(MAGIC)

    def put(self, data: bytes) -> None:
        """Take bytes."""
        self._waiting += data
        while len(self._waiting) > PIECE:  # one segment is kept back: it may be the last
            self._segment(bytes(self._waiting[:PIECE]), last=False)
            del self._waiting[:PIECE]

    def end(self) -> None:
        """Write the last segment."""
        self._segment(bytes(self._waiting), last=True)
        self._waiting.clear()

    def _segment(self, data: bytes, *, last: bool) -> None:
        sealed = self._box.seal(_purpose(self._bundle, self._number, last=last), data)
        self._write(_LENGTH.pack(len(sealed)) + sealed)
        self._number += 1


def opened(box: Box, bundle_id: str, file: BinaryIO) -> Iterator[bytes]:
    """Give the bytes of a bundle, segment after segment. Raises EvidenceGone, and what the box raises."""
    if file.read(len(MAGIC)) != MAGIC:
        raise EvidenceGone(what="it is not a sealed copy of this version")
    number, ahead = 0, _next(file)
    while ahead is not None:
        sealed, ahead = ahead, _next(file)
        yield box.open(_purpose(bundle_id, number, last=ahead is None), sealed)
        number += 1
    if not number:
        raise EvidenceGone(what="it is empty")


def _next(file: BinaryIO) -> bytes | None:
    head = file.read(_LENGTH.size)
    if not head:
        return None
    size = _LENGTH.unpack(head)[0] if len(head) == _LENGTH.size else _LARGEST + 1
    sealed = file.read(size) if size <= _LARGEST else b""
    if not sealed or len(sealed) != size:
        raise EvidenceGone(what="it is cut off")
    return sealed


def _purpose(bundle_id: str, number: int, *, last: bool) -> str:
    return f"evidence/{bundle_id}/{number}" + "/last" * last
