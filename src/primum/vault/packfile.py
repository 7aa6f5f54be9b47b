"""Reading a pack: blocks, authentic trailers, segments. Safe while another process appends."""

from __future__ import annotations

import hmac
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Self

from primum.ground.disc import BLOCK
from primum.vault.digests import begin_digest
from primum.vault.illnesses import FlippedBit, Illness, ReorderedSegment
from primum.vault.model import Position, Tail
from primum.vault.packformat import (
    HEAD_BYTES,
    HEAD_MAGIC,
    READABLE,
    TRAILER_MAGIC,
    Trailer,
    chain_next,
    head_bytes,
    judge_header,
    pack_header,
    read_trailer_clear,
)
from primum.vault.places import raw16
from primum.vault.sealing import PackSecret, RecordSeal
from primum.vault.segments import Part, every_part

_CHUNK = 1024 * 1024
_SECTOR = 512
_DIAGNOSED = 4096
"""Places tried for a segment that does not open where it lies: 4 GiB of a record, about a second."""


@dataclass(frozen=True, slots=True)
class Found:
    """A record whose trailer is authentic and stands where it says."""

    trailer: Trailer
    seal: RecordSeal
    start: int
    end: int
    chain: bytes

    def position(self, study: str, pack: str) -> Position:
        """Return its position."""
        return Position(study, pack, self.start, self.end)

    def tail(self, study: str, pack: str) -> Tail:
        """Return how far the pack goes with this record as its last."""
        return Tail(study, pack, self.trailer.sequence, self.chain.hex(), self.end)


@dataclass(frozen=True, slots=True)
class Misplaced:
    """An authentic trailer that stands elsewhere than it says."""

    trailer: Trailer


class PackFile:
    """A pack open for reading, under its study's key."""

    def __init__(self, path: Path, study: str, pack: str, study_key: bytes) -> None:
        """Open the file. Raises FileNotFoundError."""
        self.study, self.pack = study, pack
        self.secret = PackSecret(study_key, raw16(study), raw16(pack))
        self.fd = os.open(path, os.O_RDONLY | getattr(os, "O_CLOEXEC", 0))
        self.size = os.fstat(self.fd).st_size
        self._chunk, self._chunk_at, self._last = b"", 0, -BLOCK
        self._room = bytearray()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close the file."""
        os.close(self.fd)

    def header(self) -> str:
        """Judge the header block: good, wrong-place, other-key or broken."""
        return judge_header(os.pread(self.fd, BLOCK, 0), self.secret.study_key, self.secret.study, self.secret.pack)

    def header_torn(self) -> bool:
        """Tell whether the header is what a crash leaves of the write that brought it: each sector as meant, or zeros.

        The first record is of the same write, and may be whole all the same.
        """
        found = os.pread(self.fd, BLOCK, 0)
        secret = self.secret
        return any(
            _torn(found, pack_header(secret.study_key, secret.study, secret.pack, version)) for version in READABLE
        )

    def as_written_now(self) -> bool:
        """Tell whether the header is good, and of the version that is written."""
        meant = pack_header(self.secret.study_key, self.secret.study, self.secret.pack)
        return hmac.compare_digest(os.pread(self.fd, BLOCK, 0), meant)

    def block(self, at: int) -> bytes:
        """Read one block; short at the end of the file. Reads ahead when blocks are asked for in a row."""
        inside = at - self._chunk_at
        if not 0 <= inside <= len(self._chunk) - BLOCK:
            in_a_row = at == self._last + BLOCK
            self._chunk, self._chunk_at, inside = os.pread(self.fd, _CHUNK if in_a_row else BLOCK, at), at, 0
        self._last = at
        return self._chunk[inside : inside + BLOCK]

    def ending_at(self, end: int) -> Found | Misplaced | None:
        """Return the record whose trailer is the block before `end`; None when that is no authentic trailer."""
        if end < 2 * BLOCK or end > self.size:
            return None
        block = os.pread(self.fd, BLOCK, end - BLOCK)
        clear = read_trailer_clear(block)
        if clear is None:
            return None
        seal = self.secret.record(clear.salt, clear.version)
        trailer = seal.open_trailer(block, clear)
        if trailer is None:
            return None
        start = end - clear.blocks * BLOCK
        if trailer.offset != start or start < BLOCK:
            return Misplaced(trailer)
        return Found(trailer, seal, start, end, chain_next(trailer.previous, block))

    def segment(self, found: Found, part: Part) -> bytes:
        """Open one segment. Raises FlippedBit or ReorderedSegment."""
        sealed = self._sealed(part.sealed, found.start + part.at)
        sop = found.trailer.facts.sop_instance_uid.encode("utf-8")
        plain = found.seal.open(part.role, part.counter, sop, sealed, last=part.last)
        if plain is None:
            raise self._diagnose(found, part, bytes(sealed), sop)
        return plain

    def _sealed(self, size: int, at: int) -> memoryview:
        """Read into a buffer that this file keeps: a fresh one of a MiB costs more in page faults than reading it."""
        if len(self._room) < size:
            self._room = bytearray(size)
        view = memoryview(self._room)[:size]
        return view[: os.preadv(self.fd, [view], at)]

    def verify(self, found: Found) -> Iterator[Illness]:
        """Open all that a record holds and compare: segments, digest, head, padding."""
        digest, whole = begin_digest(found.trailer.digest.algorithm), True
        for part in every_part(found.trailer.shape):
            try:
                plain = self.segment(found, part)
            except Illness as illness:
                whole = False
                yield illness
            else:
                if part.role < 3:  # noqa: PLR2004 (the frame table is ours, not of the data set)
                    digest.update(plain)
        if whole and digest.digest() != found.trailer.digest.value:
            yield self.flipped(found.start, found.end, "digest of the data set")
        yield from self.verify_frame(found)

    def verify_frame(self, found: Found) -> Iterator[Illness]:
        """Compare what frames a record with what its trailer implies: head and padding."""
        trailer, shape = found.trailer, found.trailer.shape
        head = head_bytes(
            trailer.facts.kind, found.seal.salt, shape.blocks if trailer.length_known else 0,
            ordered=trailer.ordered, version=found.seal.version,
        )  # fmt: skip
        if os.pread(self.fd, HEAD_BYTES, found.start) != head:
            yield self.flipped(found.start, found.start + HEAD_BYTES, "head")
        padding = found.start + shape.end
        if any(os.pread(self.fd, found.end - BLOCK - padding, padding)):
            yield self.flipped(padding, found.end - BLOCK, "padding")
        block = os.pread(self.fd, BLOCK, found.end - BLOCK)
        clear = read_trailer_clear(block)
        if clear is None or any(block[HEAD_BYTES + clear.body :]):
            yield self.flipped(found.end - BLOCK, found.end, "padding of the trailer")

    def opens_whole(self, found: Found) -> bool:
        """Tell whether all segments of a record open."""
        try:
            for part in every_part(found.trailer.shape):
                self.segment(found, part)
        except Illness:
            return False
        return True

    def flipped(self, offset: int, end: int, part: str) -> FlippedBit:
        """Make the illness of bytes that are not what was sealed."""
        return FlippedBit(study=self.study, pack=self.pack, offset=offset, end=end, part=part)

    def looks_like_trailer(self, at: int) -> bool:
        """Tell whether the block starts as a trailer does."""
        return self.block(at)[:8] == TRAILER_MAGIC

    def looks_like_head(self, at: int) -> bool:
        """Tell whether the block starts as a record does."""
        return self.block(at)[:8] == HEAD_MAGIC

    def _diagnose(self, found: Found, part: Part, sealed: bytes, sop: bytes) -> Illness:
        at = found.start + part.at
        places = (one for one in every_part(found.trailer.shape) if one.sealed == part.sealed and one != part)
        for _, other in zip(range(_DIAGNOSED), places, strict=False):
            if found.seal.open(other.role, other.counter, sop, sealed, last=other.last) is not None:
                return ReorderedSegment(study=self.study, pack=self.pack, offset=found.start, end=at + part.sealed)
        return self.flipped(at, at + part.sealed, "segment")


def _torn(found: bytes, meant: bytes) -> bool:
    sectors = [(found[at : at + _SECTOR], meant[at : at + _SECTOR]) for at in range(0, BLOCK, _SECTOR)]
    return all(one == other or not any(one) for one, other in sectors)
