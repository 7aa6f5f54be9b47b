"""A caller that says whatever the test wants, byte by byte."""

from __future__ import annotations

import socket
import struct
import threading
import time
from types import TracebackType
from typing import Self

from primum.doors.dimse.command import _elements

SECONDS = 20


class Caller:
    def __init__(self, port: int) -> None:
        self.socket = socket.create_connection(("127.0.0.1", port), SECONDS)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.socket.close()

    def say(self, *parts: bytes) -> None:
        for part in parts:
            self.socket.sendall(part)

    def say_until_hung_up(self, part: bytes, seconds: float, pause: float = 0) -> None:
        """Go on saying it, until the door hangs up. Fails when it does not."""
        begun = time.monotonic()
        while time.monotonic() - begun < seconds:
            try:
                self.socket.sendall(part)
            except OSError:
                return
            threading.Event().wait(pause)
        raise AssertionError("the door goes on listening")

    def hear(self) -> tuple[int, bytes] | None:
        """The next PDU: type and body; None when the door has closed."""
        header = self._exactly(6)
        if header is None:
            return None
        kind, length = struct.unpack(">BxL", header)
        body = self._exactly(length)
        return None if body is None else (kind, body)

    def associated(self, request: bytes) -> bytes:
        """Ask for an association, and return the body of the A-ASSOCIATE-AC."""
        self.say(request)
        return self._body_of(2)

    def status(self) -> int:
        """The status of the next response."""
        return int.from_bytes(self.response()[0x0900], "little")

    def response(self) -> dict[int, bytes]:
        return dict(_elements(self._body_of(4)[6:]))

    def _body_of(self, kind: int) -> bytes:
        heard = self.hear()
        assert heard is not None, "the door has closed"
        assert heard[0] == kind
        return heard[1]

    def _exactly(self, count: int) -> bytes | None:
        got = b""
        while len(got) < count:
            try:
                part = self.socket.recv(count - len(got))
            except ConnectionResetError:
                return None
            if not part:
                return None
            got += part
        return got
