"""The processes that decode, seen from who asks: bounded in number, started when needed, replaced when they fall."""

from __future__ import annotations

import contextlib
import os
import re
import socket
import subprocess
import sys
import threading
import time
import weakref
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from primum.imaging.codecs import wire
from primum.imaging.codecs.errors import CodecsBusy, NotAPicture, NotTranscoded, Undecodable
from primum.imaging.codecs.limits import CODEC_LIMITS, CodecLimits

if TYPE_CHECKING:
    from typing_extensions import Buffer

_REFUSALS = {kind.code: kind for kind in (Undecodable, NotTranscoded, NotAPicture)}
_SENTENCE = re.compile(r"[A-Za-z0-9 ,:-]{0,120}")
_SOURCES = str(Path(__file__).parents[3])
_PROGRAM = """import sys
sys.path.insert(0, sys.argv[1])
from primum.imaging.codecs.child import main
sys.exit(main(int(sys.argv[2])))"""
"""In isolated mode (`-I`) no environment and no working folder say where code is: we do."""
_ENVIRONMENT = {"OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1"}
"""All that a codec process has: libraries that would start threads are told not to."""


class Codecs:
    """Does jobs in codec processes. Costs nothing until the first; safe to share between threads."""

    def __init__(self, limits: CodecLimits = CODEC_LIMITS) -> None:
        """Run at most `limits.processes` at once."""
        self.limits = limits
        self._free = threading.BoundedSemaphore(limits.processes)
        self._lock = threading.Lock()
        self._idle: list[_Worker] = []
        self._waiting = 0
        self._pid = os.getpid()
        weakref.finalize(self, _end, self._idle, self._pid)

    def run(
        self, head: dict[str, Any], pieces: Sequence[Buffer], *, begun: bool = False
    ) -> tuple[dict[str, Any], bytes]:
        """Do one job. Raises Undecodable, NotTranscoded, NotAPicture.

        Raises CodecsBusy when no process is free for long; at once when many wait already, unless the answer that the
        job is for has `begun`: half an answer helps nobody.
        """
        self._wait(begun=begun)
        try:
            return self._run(head, pieces)
        finally:
            self._free.release()

    def _wait(self, *, begun: bool) -> None:
        if self._free.acquire(blocking=False):
            return
        with self._lock:
            if self._waiting >= self.limits.waiting and not begun:
                raise CodecsBusy
            self._waiting += 1
        try:
            if not self._free.acquire(timeout=self.limits.waiting_seconds):
                raise CodecsBusy
        finally:
            with self._lock:
                self._waiting -= 1

    def close(self) -> None:
        """End the processes that have nothing to do."""
        with self._lock:
            _end(self._idle, self._pid)

    def _run(self, head: dict[str, Any], pieces: Sequence[Buffer]) -> tuple[dict[str, Any], bytes]:
        worker = self._take()
        try:
            said, data = worker.ask(head, pieces)
        except wire.Broken:
            left = worker.end()
            if not (worker.used and left == 0):
                raise Undecodable(why="the process that decoded it fell") from None
            # it had just ended for want of work
            worker = _Worker(self.limits)
            said, data = self._ask_anew(worker, head, pieces)
        except TimeoutError:
            worker.end()
            raise Undecodable(why="it takes too long") from None
        except BaseException:
            worker.end()
            raise
        worker.used = True
        with self._lock:
            self._idle.append(worker)
        return _believed(said, data)

    @staticmethod
    def _ask_anew(worker: _Worker, head: dict[str, Any], pieces: Sequence[Buffer]) -> tuple[dict[str, Any], bytearray]:
        try:
            return worker.ask(head, pieces)
        except (wire.Broken, TimeoutError):
            worker.end()
            raise Undecodable(why="the process that decoded it fell") from None

    def _take(self) -> _Worker:
        with self._lock:
            if self._pid != os.getpid():
                # forked: the processes are the parent's
                self._pid = os.getpid()
                self._idle.clear()
            while self._idle:
                worker = self._idle.pop()
                if worker.alive():
                    return worker
                worker.end()
        return _Worker(self.limits)


def _end(workers: list[_Worker], pid: int) -> None:
    """End processes, if they are of the process that asks."""
    while workers and pid == os.getpid():
        workers.pop().end()


class _Worker:
    """One codec process."""

    def __init__(self, limits: CodecLimits) -> None:
        self._limits = limits
        self.used = False
        self._pair, theirs = socket.socketpair()
        with theirs:
            self._process = subprocess.Popen(  # noqa: S603 (ourselves)
                [sys.executable, "-I", "-c", _PROGRAM, _SOURCES, str(theirs.fileno())],
                pass_fds=[theirs.fileno()],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                cwd="/",
                env=_ENVIRONMENT,
            )
        try:
            wire.receive(self._pair, limits.head_bytes, 0, time.monotonic() + limits.start_seconds)
        except (wire.Broken, TimeoutError):
            self.end()
            raise Undecodable(why="the process that decodes does not start") from None

    def alive(self) -> bool:
        return self._process.poll() is None

    def ask(self, head: dict[str, Any], pieces: Sequence[Buffer]) -> tuple[dict[str, Any], bytearray]:
        limits = self._limits
        wire.send(self._pair, head, pieces, limits.job_seconds)
        return wire.receive(self._pair, limits.head_bytes, limits.frame_bytes, time.monotonic() + limits.job_seconds)

    def end(self) -> int:
        """End it, if it has not ended by itself; return its exit status."""
        self._pair.close()
        with contextlib.suppress(subprocess.TimeoutExpired):
            return self._process.wait(0.05)
        self._process.kill()
        return self._process.wait()


def _believed(said: dict[str, Any], data: bytearray) -> tuple[dict[str, Any], bytes]:
    if "refused" not in said:
        return said, bytes(data)
    why = said.get("why")
    if not isinstance(why, str) or _SENTENCE.fullmatch(why) is None:
        why = "a frame is damaged or cut short"
    raise _REFUSALS.get(said["refused"] if isinstance(said["refused"], str) else "", Undecodable)(why=why)
