"""What is written as it goes, for who reads as it comes: a writer in a thread of its own, a few pieces ahead.

A browser pulls; an archive under way pushes. When the reader goes, the writer's next write raises, and it ends.
"""

from __future__ import annotations

import contextlib
import queue
import threading
from collections.abc import Callable, Iterator
from typing import ClassVar

from primum.ground.errors import PrimumError

AHEAD = 8
"""Pieces that wait: some megabytes."""
PIECE = 256 * 1024
"""Small writes are gathered up to here."""
_LOOK = 0.5

Write = Callable[[bytes], object]


class ReaderGone(PrimumError):
    """Nobody reads any more."""

    code: ClassVar[str] = "media.reader-gone"


class _Pipe:
    def __init__(self) -> None:
        self.waiting: queue.Queue[bytes | None] = queue.Queue(AHEAD)
        self.gone = threading.Event()
        self.error: BaseException | None = None
        self._gathered = bytearray()

    def write(self, data: bytes) -> None:
        self._gathered += data
        if len(self._gathered) >= PIECE:
            self.flush()

    def flush(self) -> None:
        if self._gathered:
            self.put(bytes(self._gathered))
            self._gathered.clear()

    def put(self, data: bytes | None) -> None:
        while not self.gone.is_set():
            try:
                self.waiting.put(data, timeout=_LOOK)
            except queue.Full:
                continue
            return
        raise ReaderGone


def pulled(run: Callable[[Write], object]) -> Iterator[bytes]:
    """Give what `run` writes, piece by piece. Raises what `run` raises, so that a reader notices a broken end."""
    pipe = _Pipe()

    def work() -> None:
        try:
            run(pipe.write)
            pipe.flush()
        except BaseException as error:  # noqa: BLE001 (it is raised where it is read)
            pipe.error = error
        finally:
            with contextlib.suppress(ReaderGone):
                pipe.put(None)

    thread = threading.Thread(target=work, name="pulled", daemon=True)
    thread.start()
    try:
        while (data := pipe.waiting.get()) is not None:
            yield data
        if pipe.error is not None:
            raise pipe.error
    finally:
        pipe.gone.set()
