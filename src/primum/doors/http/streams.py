"""Long answers, in blocks: one is opened in a thread, then sent.

They take turns. Opening the next block while this one is sent was tried, and costs more than it gains: both hold the
interpreter's lock for nearly all of their time, and each piece sent meanwhile waits for it. What the connection does
meanwhile, the kernel does by itself, from its own buffer.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable, Iterator, Sequence

from anyio import CancelScope, to_thread

BLOCK_BYTES = 1 << 20
"""One is in memory for each answer, and what the connection has not taken of the last."""
_WRITE_BYTES = 256 << 10
"""What the event loop is kept busy with at a time: a millisecond of encryption."""
SHORT_BYTES = 32 << 10
"""Pieces up to this are joined, so that few are written; copying a longer one would cost more than writing it."""


def gathered(pieces: Iterable[bytes], size: int = BLOCK_BYTES) -> Iterator[Sequence[bytes]]:
    """Gather pieces into blocks of at least `size` bytes, the last one apart: short ones joined, long ones as is."""
    block: list[bytes] = []
    short: list[bytes] = []
    have = 0
    for piece in pieces:
        have += len(piece)
        if len(piece) <= SHORT_BYTES:
            short.append(piece)
        else:
            block += [b"".join(short), piece]
            short = []
        if have >= size:
            yield [*block, b"".join(short)]
            block, short, have = [], [], 0
    if have:
        yield [*block, b"".join(short)]


async def in_blocks(pieces: Iterator[bytes], size: int = BLOCK_BYTES) -> AsyncIterator[memoryview]:
    """Give `pieces` as they are to be written, each block opened in a thread. Raises what they raise."""
    blocks = gathered(pieces, size)
    try:
        while (block := await to_thread.run_sync(next, blocks, None)) is not None:
            for piece in block:
                view = memoryview(piece)
                for at in range(0, len(view), _WRITE_BYTES):
                    yield view[at : at + _WRITE_BYTES]
    finally:
        # who hung up amid it is cancelled where it waits, and would be at each wait that follows
        with CancelScope(shield=True):
            await to_thread.run_sync(_close, blocks, pieces)


def _close(*iterators: Iterator[object]) -> None:
    for one in iterators:
        close = getattr(one, "close", None)
        if close is not None:
            close()
