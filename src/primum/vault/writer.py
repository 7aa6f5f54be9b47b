"""Storing: seal into an aligned buffer, one durable write, done (docs/design/vault.md §5)."""

from __future__ import annotations

import mmap
from typing import TYPE_CHECKING, Protocol, Self

from primum.ground.disc import BLOCK
from primum.vault.digests import algorithm_of, digest_of
from primum.vault.keys import TAG_BYTES, Entropy
from primum.vault.leases import Lease
from primum.vault.limits import Limits
from primum.vault.model import Frames, Position, RecordFacts, Tail
from primum.vault.packformat import (
    FRAME_ENTRY,
    HEAD_BYTES,
    SEALED_SEGMENT,
    SEGMENT,
    Shape,
    Trailer,
    chain_next,
    check_frames,
    facts_bytes,
    head_bytes,
    table_bytes,
)
from primum.vault.refusals import TooLarge
from primum.vault.sealing import RecordSeal, Role
from primum.vault.stream import RecordStream

if TYPE_CHECKING:
    from types import TracebackType

    from typing_extensions import Buffer

_ZEROS = bytes(BLOCK)
SALT_BYTES = 32


class Packs(Protocol):
    """What gives a writer the packs that it appends to (`Leases`)."""

    def take(self, study: str, room: int) -> Lease:
        """Return a lease with place for `room` bytes."""
        ...

    def close(self) -> None:
        """Give all leases back."""
        ...


class Writer:
    """Stores records; one per thread. Holds leases until it is closed: close it when its sender has gone."""

    def __init__(self, leases: Packs, limits: Limits, entropy: Entropy) -> None:
        """Write through `leases`. The buffer is address space: only what was used once occupies memory."""
        self._leases, self._limits, self._entropy = leases, limits, entropy
        size = max(limits.single_write, 2 * SEALED_SEGMENT)
        self._buffer = memoryview(mmap.mmap(-1, -(-size // BLOCK) * BLOCK + 3 * BLOCK))
        self._stream: RecordStream | None = None
        self._last: Lease | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def store(
        self,
        study: str,
        facts: RecordFacts,
        data: Buffer,
        pixels_at: int | None = None,
        frames: Frames | None = None,
    ) -> Position:
        """Store one data set; on disc, with its key and its names, at return.

        `pixels_at` is where the pixel data element starts.
        Raises DiscFull, WriteRefused, FactsTooLong, BadFrames, TooLarge; nothing is stored then.
        """
        self._refuse_while_streaming()
        plain = memoryview(data).cast("B")
        length = len(plain)
        split = length if pixels_at is None else pixels_at
        if not 0 <= split <= length:
            raise ValueError("pixel data outside of the data set")
        check_frames(frames, length, self._limits.frames)
        has_table = frames is not None and frames.entries is not None
        shape = Shape(split, length - split, FRAME_ENTRY.size * frames.count if has_table and frames else 0)
        texts = facts_bytes(facts)
        if shape.end > self._limits.single_write:
            return self._store_long(study, facts, plain, pixels_at, frames, shape)
        size = shape.blocks * BLOCK
        lease = self._last = self._leases.take(study, size)
        seal = lease.secret.record(self._entropy(SALT_BYTES))
        record = self._buffer[BLOCK : BLOCK + size]
        record[:HEAD_BYTES] = head_bytes(facts.kind, seal.salt, shape.blocks, ordered=False)
        self._seal_segments(seal, facts, plain, frames, shape, record)
        trailer = Trailer(
            facts=facts, ordered=False, length_known=True, offset=lease.state.end, sequence=lease.state.count + 1,
            length=length, split=split, pixels_at=pixels_at, frames=frames, has_table=has_table,
            digest=digest_of(plain, algorithm_of(seal.version)), previous=lease.state.chain,
        )  # fmt: skip
        seal.seal_trailer(trailer, texts, record[size - BLOCK :])
        return self._commit(lease, record, size)

    def stream(self, study: str, facts: RecordFacts, pixels_at: int | None = None) -> RecordStream:
        """Begin a data set whose length is not known. One at a time; nothing else is stored meanwhile.

        `pixels_at` None: no pixel data was found at the start; all goes under role header.
        Raises DiscFull, WriteRefused, FactsTooLong.
        """
        return self._begin(study, facts, pixels_at, None)

    @property
    def tail(self) -> Tail | None:
        """Return how far the pack goes that was written last; None before anything was."""
        if self._last is None:
            return None
        state = self._last.state
        return Tail(self._last.study, self._last.pack, state.count, state.chain.hex(), state.end)

    def close(self) -> None:
        """Abandon a stream that is open, and give all leases back."""
        if self._stream is not None and self._stream.open:
            self._stream.abandon()
        self._leases.close()

    def _begin(self, study: str, facts: RecordFacts, pixels_at: int | None, shape: Shape | None) -> RecordStream:
        self._refuse_while_streaming()
        texts = facts_bytes(facts)
        lease = self._last = self._leases.take(study, shape.blocks * BLOCK if shape else BLOCK)
        seal = lease.secret.record(self._entropy(SALT_BYTES))
        self._stream = RecordStream(lease, seal, facts, texts, pixels_at, self._buffer, self._limits, shape)
        return self._stream

    def _store_long(  # noqa: PLR0917
        self,
        study: str,
        facts: RecordFacts,
        plain: memoryview,
        pixels_at: int | None,
        frames: Frames | None,
        shape: Shape,
    ) -> Position:
        if len(plain) > self._limits.record:
            raise TooLarge(size=len(plain), limit=self._limits.record)
        stream = self._begin(study, facts, pixels_at, shape)
        try:
            stream.append(plain)
            return stream.finish(frames=frames)
        finally:
            if stream.open:
                stream.abandon()

    @staticmethod
    def _seal_segments(  # noqa: PLR0917
        seal: RecordSeal, facts: RecordFacts, plain: memoryview, frames: Frames | None, shape: Shape, record: memoryview
    ) -> None:
        sop = facts.sop_instance_uid.encode("utf-8")
        table = memoryview(table_bytes(frames)) if shape.table and frames else plain[:0]
        at = HEAD_BYTES
        for role, source in (
            (Role.HEADER, plain[: shape.header]), (Role.PIXELS, plain[shape.header :]), (Role.TABLE, table)
        ):  # fmt: skip
            size = len(source)
            for counter in range(-(-size // SEGMENT)):
                piece = source[counter * SEGMENT : (counter + 1) * SEGMENT]
                end = at + len(piece) + TAG_BYTES
                seal.seal(role, counter, sop, piece, record[at:end], last=(counter + 1) * SEGMENT >= size)
                at = end
        record[at : len(record) - BLOCK] = _ZEROS[: len(record) - BLOCK - at]

    def _commit(self, lease: Lease, record: memoryview, size: int) -> Position:
        start = lease.state.end
        lease.write(self._buffer, size, start)
        lease.advance(chain_next(lease.state.chain, record[size - BLOCK :]), start + size)
        return Position(lease.study, lease.pack, start, start + size)

    def _refuse_while_streaming(self) -> None:
        if self._stream is not None and self._stream.open:
            raise RuntimeError("a stream is open on this writer")
