"""A door's end of its pair to the worker: hints out, barriers and questions answered.

Sending a hint never waits for the worker on an instance's way. The messages are those of `primum.imaging.intake`.
"""

from __future__ import annotations

import itertools
import select
import socket
import threading
import time
from dataclasses import dataclass, field
from typing import Any, ClassVar, Protocol

from primum.ground.errors import PrimumError
from primum.ground.log import Log
from primum.imaging import Stored
from primum.imaging.intake import (
    MESSAGE_BYTES,
    Barrier,
    IntakeUnreadable,
    Passed,
    Piece,
    Pieces,
    decode,
    encode,
    pack_body,
    pieces,
    unpack_body,
)

_log = Log("intake")
ASK_SECONDS = 30.0
"""How long a question is waited for: the worker is restarted within 15."""


class WorkerAbsent(PrimumError):
    """The worker did not answer in time."""

    code: ClassVar[str] = "imaging.worker-absent"
    hint: ClassVar[str] = "it is started again by itself; try again in a moment"


class WorkerRefused(PrimumError):
    """{fact}"""  # noqa: D415 (the worker's own sentence)

    code: ClassVar[str] = "imaging.worker-refused"

    def __init__(self, code: str, fact: str, way_out_text: str) -> None:
        """Stand for a refusal of the worker: its code, its sentence, its hint."""
        super().__init__(fact=fact, way_out_text=way_out_text)
        self.__dict__["code"] = code

    def __str__(self) -> str:
        """Give the worker's sentence, as it is."""
        return str(self.facts["fact"])

    def way_out(self) -> str:
        """Give the worker's hint, as it is."""
        return str(self.facts["way_out_text"])

    def __reduce__(self) -> tuple[object, ...]:
        """Survive a pickle."""
        return type(self), (self.code, str(self), self.way_out())


class Intake(Protocol):
    """Where a door tells what it stored, and asks what only the worker may do."""

    def stored(self, hint: Stored) -> None:
        """Say that a record was stored; never waits, may be lost."""
        ...

    def barrier(self, timeout_seconds: float) -> bool:
        """Wait until all that was said before is in the index; False when that took too long."""
        ...

    def ask(self, verb: str, args: dict[str, Any], data: bytes = b"") -> tuple[dict[str, Any], bytes]:
        """Ask the worker for one of its door verbs. Raises WorkerRefused (with the refusal's code), WorkerAbsent."""
        ...


@dataclass(slots=True)
class _Question:
    answered: threading.Event = field(default_factory=threading.Event)
    answer: bytes | None = None


class PairIntake:
    """An intake over a SOCK_SEQPACKET pair. Safe for many threads; one more thread reads the answers."""

    def __init__(self, pair: socket.socket, *, behind: bool = False) -> None:
        """Take over one end of the pair.

        `behind`: an earlier process may have ended between an answer and its hint; the first barrier says so.
        """
        pair.setblocking(False)
        self._pair = pair
        self._numbers = itertools.count(time.monotonic_ns())  # never those of an earlier process on the same pair
        self._lock = threading.Lock()
        self._waiting: dict[int, threading.Event] = {}
        self._questions: dict[int, _Question] = {}
        self._pieces = Pieces()
        self._dropped = int(behind)  # hints lost so far
        self._caught_up = 0  # of which the index knows since
        self._closed = threading.Event()
        self._reader = threading.Thread(target=self._read, name="intake", daemon=True)
        self._reader.start()

    def stored(self, hint: Stored) -> None:
        """Send a hint, or count it as dropped when the pair is full."""
        if not self._send(encode(hint)):
            with self._lock:
                self._dropped += 1

    def barrier(self, timeout_seconds: float) -> bool:
        """Send a barrier, and wait for its answer."""
        deadline = time.monotonic() + timeout_seconds
        number, passed = next(self._numbers), threading.Event()
        with self._lock:
            self._waiting[number] = passed
            dropped, behind = self._dropped, self._dropped > self._caught_up
        try:
            sent = self._send_waiting(encode(Barrier(number, behind)), deadline)
            reached = sent and passed.wait(max(0, deadline - time.monotonic())) and not self._closed.is_set()
        finally:
            with self._lock:
                del self._waiting[number]
        if reached:
            with self._lock:
                self._caught_up = max(self._caught_up, dropped)
        return reached

    def ask(
        self, verb: str, args: dict[str, Any], data: bytes = b"", timeout_seconds: float = ASK_SECONDS
    ) -> tuple[dict[str, Any], bytes]:
        """Ask the worker, and wait for its answer. Raises WorkerRefused, WorkerAbsent, IntakeUnreadable."""
        deadline = time.monotonic() + timeout_seconds
        number, question = next(self._numbers), _Question()
        whole = pack_body({"verb": verb, "args": args}, data)
        with self._lock:
            self._questions[number] = question
        try:
            for piece in pieces(number, whole):
                if not self._send_waiting(encode(piece), deadline):
                    raise WorkerAbsent
            question.answered.wait(max(0, deadline - time.monotonic()))
        finally:
            with self._lock:
                del self._questions[number]
        if question.answer is None:
            raise WorkerAbsent
        return _answer(question.answer)

    def close(self) -> None:
        """Stop reading; whoever waits is told that its barrier was not reached."""
        self._closed.set()
        self._reader.join()
        self._release_all()
        self._pair.close()

    def _send(self, packet: bytes) -> bool:
        try:
            self._pair.send(packet)
        except OSError:  # full, too long for the buffer, or nobody at the other end
            return False
        return True

    def _send_waiting(self, packet: bytes, deadline: float) -> bool:
        while not self._send(packet):
            left = deadline - time.monotonic()
            if left <= 0 or self._closed.is_set():
                return False
            select.select([], [self._pair], [], min(left, _LOOK_SECONDS))
        return True

    def _read(self) -> None:
        while not self._closed.is_set():
            readable, _, _ = select.select([self._pair], [], [], _LOOK_SECONDS)
            if readable and not self._take_answer():
                break
        self._closed.set()
        self._release_all()

    def _take_answer(self) -> bool:
        try:
            packet = self._pair.recv(MESSAGE_BYTES)
            message = decode(packet) if packet else None
            if isinstance(message, Piece):
                self._take_piece(message)
        except BlockingIOError:
            return True
        except (OSError, IntakeUnreadable) as error:
            _log.failure("intake.unreadable", error)
            return isinstance(error, IntakeUnreadable)
        if isinstance(message, Passed):
            with self._lock:
                waiting = self._waiting.get(message.number)
            if waiting is not None:
                waiting.set()
        return message is not None

    def _take_piece(self, piece: Piece) -> None:
        whole = self._pieces.add(piece)
        with self._lock:
            question = self._questions.get(piece.number)
        if whole is not None and question is not None:
            question.answer = whole
            question.answered.set()

    def _release_all(self) -> None:
        with self._lock:
            for waiting in self._waiting.values():
                waiting.set()
            for question in self._questions.values():
                question.answered.set()


def _answer(body: bytes) -> tuple[dict[str, Any], bytes]:
    facts, data = unpack_body(body)
    match facts:
        case {"ok": dict(result)}:
            return result, data
        case {"error": {"code": str(code), "fact": str(fact), "hint": str(hint)}}:
            raise WorkerRefused(code, fact, hint)
        case _:
            raise IntakeUnreadable


_LOOK_SECONDS = 0.5
