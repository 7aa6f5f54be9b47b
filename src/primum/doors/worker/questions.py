"""Answers what the doors ask of the worker over their pairs: what needs the keys of records.db, or the index's pen.

The process that asks holds no such key. What it asks is a verb of an exact list; each verb decides for itself whether
the device or person that is named may have it, from what the worker knows, not from what the door says.
"""

from __future__ import annotations

import select
import socket
import time
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from primum.doors.worker.control import InternalFault, describe
from primum.doors.worker.protocol import BadRequest
from primum.ground.errors import PrimumError
from primum.ground.log import Log
from primum.imaging.intake import encode, pack_body, pieces, unpack_body

THREADS = 4
"""Questions answered at once: each is a few milliseconds of a database."""
PATIENCE = 10.0
"""Seconds that an answer waits for room in the pair; whoever asked has given up by then."""

Body = tuple[dict[str, Any], bytes]
DoorVerb = Callable[[dict[str, Any], bytes], Body]
"""Takes the arguments and the bytes of a question; returns those of its answer, or raises a refusal."""

_log = Log("questions")


class Questions:
    """Answers questions from threads of its own."""

    def __init__(self, verbs: Mapping[str, DoorVerb]) -> None:
        """Answer `verbs`."""
        self._verbs = verbs
        self._pool = ThreadPoolExecutor(THREADS, "question")

    def hear(self, pair: socket.socket, number: int, question: bytes) -> None:
        """Take a question; its answer goes back to the pair it came by."""
        self._pool.submit(self._serve, pair, number, question)

    def stop(self) -> None:
        """Answer what was asked, and no more."""
        self._pool.shutdown(cancel_futures=True)

    def _serve(self, pair: socket.socket, number: int, question: bytes) -> None:
        answer = self._answer(question)
        deadline = time.monotonic() + PATIENCE
        try:
            for piece in pieces(number, answer):
                _send(pair, encode(piece), deadline)
        except (OSError, PrimumError) as error:  # nobody reads any more, or the answer is too long
            _log.failure("question.unanswered", error)

    def _answer(self, question: bytes) -> bytes:
        try:
            asked, data = unpack_body(question)
            result, more = self._perform(asked, data)
            return pack_body({"ok": result}, more)
        except PrimumError as refusal:
            return pack_body({"error": describe(refusal)})
        except Exception as error:  # noqa: BLE001 (the worker outlives any one question)
            _log.failure("question.fault", error)
            return pack_body({"error": describe(InternalFault())})

    def _perform(self, asked: dict[str, Any], data: bytes) -> Body:
        match asked:
            case {"verb": str(verb), "args": dict(args)} if verb in self._verbs:
                return self._verbs[verb](args, data)
            case _:
                raise BadRequest


def _send(pair: socket.socket, packet: bytes, deadline: float) -> None:
    while True:
        try:
            pair.send(packet, socket.MSG_DONTWAIT)
        except BlockingIOError:
            if time.monotonic() > deadline:
                raise
            select.select([], [pair], [], max(0.0, deadline - time.monotonic()))
        else:
            return
