"""Long answers, in blocks: one is opened, then sent.

They take turns. Opening the next block while this one is sent was tried, and costs more than it gains: both hold the
interpreter's lock for nearly all of their time, and each piece sent meanwhile waits for it. What the connection does
meanwhile, the kernel does by itself, from its own buffer.

The first block is opened in a thread, for it may have to come from the disc. Where that was quick, the system has the
bytes in memory, and the event loop opens what follows itself, at less than handing it to a thread and back would cost.
The first that was not quick sends the rest of the answer back to threads.
"""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Iterable, Iterator, Sequence

from anyio import CancelScope, to_thread
from anyio.lowlevel import checkpoint

BLOCK_BYTES = 1 << 20
"""One is in memory for each answer, and what the connection has not taken of the last."""
_QUICK_SECONDS = 0.002
"""Above this a block came from a disc, or from a machine with better things to do: half a millisecond is usual."""
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
    """Give `pieces` as they are to be written, each block opened before it is sent. Raises what they raise."""
    blocks = gathered(pieces, size)
    here = away = False
    try:
        while True:
            if here:
                await checkpoint()  # a reader who takes everything at once would keep all others waiting
            block, took = _opened(blocks) if here else await to_thread.run_sync(_opened, blocks)
            if block is None:
                return
            quick = took <= _QUICK_SECONDS
            away = away or (here and not quick)
            here = quick and not away
            for piece in block:
                yield memoryview(piece)
    finally:
        # who hung up amid it is cancelled where it waits, and would be at each wait that follows
        with CancelScope(shield=True):
            await to_thread.run_sync(_close, blocks, pieces)


def _opened(blocks: Iterator[Sequence[bytes]]) -> tuple[Sequence[bytes] | None, float]:
    """Open the next block, None when there is none, and tell the seconds that it took."""
    began = time.monotonic()
    return next(blocks, None), time.monotonic() - began


def _close(*iterators: Iterator[object]) -> None:
    for one in iterators:
        close = getattr(one, "close", None)
        if close is not None:
            close()
