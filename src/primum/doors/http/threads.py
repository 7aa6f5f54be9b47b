"""The way of a request into a thread and back: the core is synchronous, and the loop must not wait for it.

`anyio.to_thread` gives the loop two turns before it hands over, and its queue is made of locks in Python. A request is
handed to the loop's own executor at once instead. Whoever may be cancelled amid it (streams, whose reader has gone)
needs anyio's, which waits for the thread. Both take their places from the same limiter, so that `Limits.threads` holds
for all of them together.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar, TypeVarTuple, Unpack

import anyio
import anyio.to_thread

_Given = TypeVarTuple("_Given")
_Answer = TypeVar("_Answer")


def set_threads(count: int) -> None:
    """Let `count` threads be at work for the running loop at once, for requests and for streams together."""
    anyio.to_thread.current_default_thread_limiter().total_tokens = count
    asyncio.get_running_loop().set_default_executor(ThreadPoolExecutor(count, thread_name_prefix="request"))


async def in_thread(call: Callable[[Unpack[_Given]], _Answer], *given: *_Given) -> _Answer:
    """Return what `call` answers, as soon as there is a place. Raises what it raises, StopIteration excepted."""
    places, place = anyio.to_thread.current_default_thread_limiter(), object()
    try:
        places.acquire_on_behalf_of_nowait(place)
    except anyio.WouldBlock:
        await places.acquire_on_behalf_of(place)
    try:
        return await asyncio.get_running_loop().run_in_executor(None, _called, call, *given)
    finally:
        places.release_on_behalf_of(place)


def _called(call: Callable[[Unpack[_Given]], _Answer], *given: *_Given) -> _Answer:
    try:
        return call(*given)
    except StopIteration as error:  # no future takes it, and whoever awaits it would wait for ever
        raise RuntimeError from error
