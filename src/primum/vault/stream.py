"""Storing what is too large for one write: segments sealed and written as they arrive, the trailer last."""

from __future__ import annotations

from typing import TYPE_CHECKING

from primum.ground.disc import BLOCK
from primum.vault.digests import Digest, algorithm_of, begin_digest
from primum.vault.keys import TAG_BYTES
from primum.vault.leases import Lease
from primum.vault.limits import Limits
from primum.vault.model import Frames, Position, RecordFacts
from primum.vault.packformat import (
    HEAD_BYTES,
    SEALED_SEGMENT,
    SEGMENT,
    Shape,
    Trailer,
    chain_next,
    check_frames,
    head_bytes,
    table_bytes,
)
from primum.vault.refusals import TooLarge
from primum.vault.sealing import RecordSeal, Role

if TYPE_CHECKING:
    from typing_extensions import Buffer


class RecordStream:
    """A record being written. Memory: the writer's buffer and one segment, however long it gets."""

    def __init__(  # noqa: PLR0917 (called by Writer alone)
        self,
        lease: Lease,
        seal: RecordSeal,
        facts: RecordFacts,
        texts: bytes,
        pixels_at: int | None,
        buffer: memoryview,
        limits: Limits,
        shape: Shape | None,
    ) -> None:
        """Begin at the end of the leased pack; `shape` when the length is known."""
        self._lease, self._seal, self._facts, self._limits, self._shape = lease, seal, facts, limits, shape
        self._texts = texts
        self._sop = facts.sop_instance_uid.encode("utf-8")
        self._pixels_at = pixels_at
        self._buffer, self._out = buffer, buffer[BLOCK:]
        self._start = self._at = lease.state.end
        self._filled = HEAD_BYTES
        self._out[:HEAD_BYTES] = head_bytes(facts.kind, seal.salt, shape.blocks if shape else 0, ordered=True)
        self._role, self._counter = Role.HEADER, 0
        self._staged, self._held = memoryview(bytearray(SEGMENT)), 0
        self._algorithm = algorithm_of(seal.version)
        self._digest, self._length = begin_digest(self._algorithm), 0
        self.open = True
        if pixels_at == 0:
            self._role = Role.PIXELS

    @property
    def length(self) -> int:
        """Bytes taken so far."""
        return self._length

    def append(self, data: Buffer) -> None:
        """Take the next bytes of the data set. Raises DiscFull, WriteRefused, TooLarge: the stream is over then."""
        self._refuse_when_over()
        view = memoryview(data).cast("B")
        self._digest.update(view)
        if self._length + len(view) > self._limits.record:
            self.abandon()
            raise TooLarge(size=self._length + len(view), limit=self._limits.record)
        while len(view):
            left = len(view)
            if self._role is Role.HEADER and self._pixels_at is not None:
                left = min(left, self._pixels_at - self._length)
            taken = self._take(view[:left])
            self._length += taken
            view = view[taken:]
            if self._role is Role.HEADER and self._length == self._pixels_at:
                self._end_role(Role.PIXELS)

    def finish(self, pixels_at: int | None = None, frames: Frames | None = None) -> Position:
        """Write the trailer; on disc at return. `pixels_at` if it was only found on the way.

        Raises DiscFull, WriteRefused, BadFrames: nothing is stored then.
        """
        self._refuse_when_over()
        try:
            trailer = self._trailer(pixels_at, frames)
            self._end_role(Role.TABLE)
            if trailer.has_table and frames is not None:
                self._seal_table(memoryview(table_bytes(frames)))
            return self._write_trailer(trailer)
        finally:
            if self.open:
                self.abandon()

    def abandon(self) -> None:
        """Forget it all; what was written is cut off."""
        self._refuse_when_over()
        self.open = False
        self._lease.cut()

    def _take(self, view: memoryview) -> int:
        # a full segment waits until another byte proves that it is not the last of its role
        if self._held == SEGMENT:
            self._emit(self._staged, last=False)
            self._held = 0
        if self._held == 0 and len(view) > SEGMENT:
            self._emit(view[:SEGMENT], last=False)
            return SEGMENT
        taken = min(len(view), SEGMENT - self._held)
        self._staged[self._held : self._held + taken] = view[:taken]
        self._held += taken
        return taken

    def _end_role(self, following: Role) -> None:
        if self._held:
            self._emit(self._staged[: self._held], last=True)
        self._role, self._counter, self._held = following, 0, 0

    def _emit(self, plain: memoryview, *, last: bool) -> None:
        size = len(plain) + TAG_BYTES
        if self._filled + SEALED_SEGMENT + BLOCK > len(self._out):
            self._flush()
        into = self._out[self._filled : self._filled + size]
        self._seal.seal(self._role, self._counter, self._sop, plain, into, last=last)
        self._filled += size
        self._counter += 1

    def _seal_table(self, table: memoryview) -> None:
        for at in range(0, len(table), SEGMENT):
            self._emit(table[at : at + SEGMENT], last=at + SEGMENT >= len(table))

    def _flush(self) -> None:
        """Write the whole blocks that are ready; keep the rest."""
        whole = self._filled // BLOCK * BLOCK
        self._write(whole)
        rest = self._filled - whole
        self._out[:rest] = self._out[whole : self._filled]
        self._filled = rest

    def _write(self, size: int) -> None:
        if not size:
            return
        try:
            self._lease.write(self._buffer, size, self._at)
        except BaseException:
            self.open = False
            raise
        self._at += size

    def _trailer(self, pixels_at: int | None, frames: Frames | None) -> Trailer:
        check_frames(frames, self._length, self._limits.frames)
        split = self._length if self._pixels_at is None else self._pixels_at
        found_at = pixels_at if self._pixels_at is None else self._pixels_at
        if split > self._length or (found_at or 0) > self._length:
            raise ValueError("the data set ended before its pixel data")
        return Trailer(
            facts=self._facts, ordered=True, length_known=self._shape is not None, offset=self._start,
            sequence=self._lease.state.count + 1, length=self._length, split=split, pixels_at=found_at,
            frames=frames, has_table=frames is not None and frames.entries is not None,
            digest=Digest(self._algorithm, self._digest.digest()), previous=self._lease.state.chain,
        )  # fmt: skip

    def _write_trailer(self, trailer: Trailer) -> Position:
        padded = -(-self._filled // BLOCK) * BLOCK
        self._out[self._filled : padded] = bytes(padded - self._filled)
        self._write(padded)
        block = self._out[:BLOCK]
        self._seal.seal_trailer(trailer, self._texts, block)
        chain = chain_next(trailer.previous, block)
        self._write(BLOCK)
        self.open = False
        self._lease.advance(chain, self._at)
        return Position(self._lease.study, self._lease.pack, self._start, self._at)

    def _refuse_when_over(self) -> None:
        if not self.open:
            raise RuntimeError("this stream is over")
