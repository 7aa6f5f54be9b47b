"""Storing a record whose length is foretold: sealed, and written, while its last bytes are still coming.

What results is the record that one write would have made (docs/design/vault.md §5, A record that is still coming).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from primum.ground.disc import BLOCK
from primum.vault.keys import TAG_BYTES
from primum.vault.leases import Lease, Write
from primum.vault.model import Frames, Position, RecordFacts
from primum.vault.packformat import HEAD_BYTES, Shape, Trailer, chain_next, check_frames, head_bytes
from primum.vault.sealing import OpenSegment, RecordSeal
from primum.vault.segments import every_part

if TYPE_CHECKING:
    from primum.vault.limits import Limits

WRITTEN_AHEAD = 256 * 1024
"""Bytes that are worth a write of their own: each costs some 0.15 ms besides 0.2 ms for so many bytes."""


class RecordAhead:
    """A record that is being taken in. Uses its writer's buffer; one at a time."""

    def __init__(  # noqa: PLR0917 (called by Writer alone)
        self, lease: Lease, seal: RecordSeal, facts: RecordFacts, texts: bytes, shape: Shape, pixels_at: int,
        buffer: memoryview, limits: Limits,
    ) -> None:  # fmt: skip
        """Begin at the end of the leased pack."""
        self._lease, self._seal, self.facts, self._texts = lease, seal, facts, texts
        self._shape, self._pixels_at, self._buffer, self._limits = shape, pixels_at, buffer, limits
        self._size = shape.blocks * BLOCK
        self._out = buffer[BLOCK : BLOCK + self._size]
        self._out[:HEAD_BYTES] = head_bytes(facts.kind, seal.salt, shape.blocks, ordered=False)
        self._sop = facts.sop_instance_uid.encode("utf-8")
        self._parts = list(every_part(shape))
        self._part: OpenSegment | None = None
        self._taken = self._taken_of_part = self._written = 0
        self.length = shape.header + shape.pixels
        """Bytes that the data set must turn out to have."""
        self.open = True

    def take(self, data: memoryview) -> None:
        """Seal what is new in `data`, which is the data set from its beginning; write whole blocks of it.

        Raises DiscFull, WriteRefused: it is over then.
        """
        self._refuse_when_over()
        self._seal_to(data)
        whole = self._sealed_to() // BLOCK * BLOCK
        if whole - self._written >= WRITTEN_AHEAD and self.length - self._taken >= WRITTEN_AHEAD // 4:
            self._write(self._lease.write_ahead, whole)

    def finish(self, data: memoryview, frames: Frames | None, sha256: bytes) -> Position:
        """Seal and write the rest; on disc at return. `data` has `length` bytes; its frames are uniform.

        Raises DiscFull, WriteRefused, BadFrames: nothing is stored then.
        """
        self._refuse_when_over()
        if len(data) != self.length or (frames is not None and frames.entries is not None):
            raise ValueError("not what was foretold")
        try:
            check_frames(frames, self.length, self._limits.frames)
            self._seal_to(data)
            self._seal_trailer(frames, sha256)
            state = self._lease.state
            chain = chain_next(state.chain, self._out[self._size - BLOCK :])
            self._write(self._lease.write, self._size)
            self._lease.advance(chain, state.end + self._size)
        except BaseException:
            if self.open:
                self.abandon()
            raise
        self.open = False
        return Position(self._lease.study, self._lease.pack, state.end, state.end + self._size)

    def abandon(self) -> None:
        """Forget it; what was written is cut off."""
        self._refuse_when_over()
        self.open = False
        if self._written:
            self._lease.cut()

    def _seal_to(self, data: memoryview) -> None:
        while self._parts and self._taken < len(data):
            part = self._parts[0]
            if self._part is None:
                self._part = self._seal.begin(part.role, part.counter, self._sop, last=part.last)
            count = min(part.plain - self._taken_of_part, len(data) - self._taken)
            at = part.at + self._taken_of_part
            self._part.add(data[self._taken : self._taken + count], self._out[at : at + count])
            self._taken += count
            self._taken_of_part += count
            if self._taken_of_part == part.plain:
                self._out[at + count : at + count + TAG_BYTES] = self._part.finish()
                self._part, self._taken_of_part = None, 0
                del self._parts[0]

    def _sealed_to(self) -> int:
        return self._parts[0].at + self._taken_of_part if self._parts else self._shape.end

    def _seal_trailer(self, frames: Frames | None, sha256: bytes) -> None:
        padding = self._size - BLOCK - self._shape.end
        self._out[self._shape.end : self._size - BLOCK] = bytes(padding)
        state = self._lease.state
        trailer = Trailer(
            facts=self.facts, ordered=False, length_known=True, offset=state.end, sequence=state.count + 1,
            length=self.length, split=self._shape.header, pixels_at=self._pixels_at, frames=frames, has_table=False,
            sha256=sha256, previous=state.chain,
        )  # fmt: skip
        self._seal.seal_trailer(trailer, self._texts, self._out[self._size - BLOCK :])

    def _write(self, write: Write, end: int) -> None:
        try:
            write(self._buffer[self._written :], end - self._written, self._lease.state.end + self._written)
        except BaseException:
            self.open = False
            raise
        self._written = end

    def _refuse_when_over(self) -> None:
        if not self.open:
            raise RuntimeError("this record is over")
