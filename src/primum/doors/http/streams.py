"""Long answers: read ahead by one block while the last one is being sent.

A block is opened in a thread and handed to the connection in one piece: what a piece costs on its way through the
event loop and TLS does not depend on how long it is.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Iterable, Iterator

from anyio import CancelScope, to_thread

BLOCK_BYTES = 1 << 20
"""Two are in memory for each answer: one being opened, one being sent."""
_WRITE_BYTES = 256 << 10
"""What the event loop is kept busy with at a time: a millisecond of encryption."""


def gathered(pieces: Iterable[bytes], size: int = BLOCK_BYTES) -> Iterator[bytes]:
    """Join pieces into blocks of at least `size` bytes, the last one apart."""
    held: list[bytes] = []
    have = 0
    for piece in pieces:
        held.append(piece)
        have += len(piece)
        if have >= size:
            yield held[0] if len(held) == 1 else b"".join(held)
            held, have = [], 0
    if held:
        yield b"".join(held)


async def read_ahead(pieces: Iterator[bytes], size: int = BLOCK_BYTES) -> AsyncIterator[memoryview]:
    """Give `pieces` in blocks, each opened while the one before is sent. Raises what they raise."""
    blocks = gathered(pieces, size)
    coming = asyncio.create_task(_next(blocks))
    try:
        # shielded: who hangs up does not cancel a thread
        while (block := await asyncio.shield(coming)) is not None:
            coming = asyncio.create_task(_next(blocks))
            view = memoryview(block)
            for at in range(0, len(view), _WRITE_BYTES):
                yield view[at : at + _WRITE_BYTES]
    finally:
        # who hung up amid it: the thread finishes its block, and then what it reads from is closed; starlette cancels
        # us where we wait, and would cancel each wait that follows
        with CancelScope(shield=True):
            with contextlib.suppress(Exception):
                await coming
            await to_thread.run_sync(_close, blocks, pieces)


async def _next(blocks: Iterator[bytes]) -> bytes | None:
    return await to_thread.run_sync(next, blocks, None)


def _close(*iterators: Iterator[bytes]) -> None:
    for one in iterators:
        close = getattr(one, "close", None)
        if close is not None:
            close()
