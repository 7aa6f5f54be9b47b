"""The way of a request into a thread and back: the core is synchronous, and the loop must not wait for it.

`anyio.to_thread` gives the loop two turns before it hands over, and its queue is made of locks in Python: together a
tenth of a search for one study. Here a request is handed over at once, by the queue that C has. Whoever may be
cancelled amid it (streams, whose reader has gone) needs anyio's, which waits for the thread. Both take their places
from the same limiter, so that `Limits.threads` holds for all of them together.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from queue import SimpleQueue
from threading import Thread
from typing import Any, TypeVar, TypeVarTuple, Unpack

import anyio
import anyio.to_thread
from anyio.lowlevel import RunVar

_Given = TypeVarTuple("_Given")
_Answer = TypeVar("_Answer")
_Task = tuple[asyncio.Future[Any], Callable[..., Any], tuple[Any, ...]]


async def in_thread(call: Callable[[Unpack[_Given]], _Answer], *given: *_Given) -> _Answer:
    """Return what `call` answers, as soon as there is a place. Raises what it raises."""
    threads = _THREADS.get(None)
    if threads is None:
        threads = _Threads()
        _THREADS.set(threads)
    answer: _Answer = await threads.run(call, given)
    return answer


def end_threads() -> None:
    """End the threads of this loop, each once it has done what it is at."""
    threads = _THREADS.get(None)
    if threads is not None:
        threads.end()
        _THREADS.set(None)


class _Threads:
    """The threads of one event loop, as many as were ever busy at once. Used by the loop alone, but for `_work`."""

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._places = anyio.to_thread.current_default_thread_limiter()
        self._tasks: SimpleQueue[_Task | None] = SimpleQueue()
        self._count = self._idle = 0

    async def run(self, call: Callable[..., Any], given: tuple[Any, ...]) -> Any:  # noqa: ANN401 (whatever it answers)
        place = object()
        try:
            self._places.acquire_on_behalf_of_nowait(place)
        except anyio.WouldBlock:
            await self._places.acquire_on_behalf_of(place)
        try:
            future: asyncio.Future[Any] = self._loop.create_future()
            self._one_more()
            self._tasks.put((future, call, given))
            return await future
        finally:
            self._places.release_on_behalf_of(place)

    def end(self) -> None:
        for _ in range(self._count):
            self._tasks.put(None)

    def _one_more(self) -> None:
        """See to it that somebody is there for one more task."""
        if self._idle:
            self._idle -= 1
        else:
            self._count += 1
            Thread(target=self._work, name="request").start()

    def _work(self) -> None:
        while (task := self._tasks.get()) is not None:
            future, call, given = task
            answer: Any = None
            error: BaseException | None = None
            try:
                answer = call(*given)
            except BaseException as raised:  # noqa: BLE001 (it is raised where the answer is awaited)
                # no future takes that one, and whoever awaits it would wait for ever
                error = RuntimeError() if isinstance(raised, StopIteration) else raised
            try:
                self._loop.call_soon_threadsafe(self._done, future, answer, error)
            except RuntimeError:  # the loop is closed: nobody waits any more
                return
            del task, future, call, given, answer, error  # nothing is kept until the next one comes

    def _done(self, future: asyncio.Future[Any], answer: Any, error: BaseException | None) -> None:  # noqa: ANN401
        self._idle += 1
        if future.done():  # who waited was cancelled
            return
        if error is None:
            future.set_result(answer)
        else:
            future.set_exception(error)


_THREADS: RunVar[_Threads | None] = RunVar("primum_threads")
