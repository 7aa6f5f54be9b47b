"""How the command line and the worker talk: one JSON object a line over a Unix socket.

The caller sends one request, `{"verb", "token", "args"}`. The answer is any number of `{"progress": …}`
lines, then one `{"ok": …}` or one `{"error": {"code", "fact", "hint"}}`, and the connection ends.
"""

from __future__ import annotations

import contextlib
import json
import os
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any, BinaryIO, ClassVar

from primum.ground.errors import PrimumError

MAX_LINE = 1 << 20
"""Bytes of a request or of one line of an answer: a certificate request or a page of journal is far smaller."""

SOCKET = "control.sock"


class BadRequest(PrimumError):
    """The request is not one that this socket knows."""

    code: ClassVar[str] = "control.bad-request"
    hint: ClassVar[str] = "use the primum command of the same version as the daemon"


class LineTooLong(PrimumError):
    """The other side sent a line of more than {limit} bytes."""

    code: ClassVar[str] = "control.line-too-long"
    hint: ClassVar[str] = "ask for less at a time"


def send(stream: BinaryIO, message: dict[str, Any]) -> None:
    """Write one message and flush it."""
    stream.write(json.dumps(message).encode() + b"\n")
    stream.flush()


def receive(stream: BinaryIO) -> dict[str, Any] | None:
    """Read one message; None at the end. Raises LineTooLong, BadRequest."""
    line = stream.readline(MAX_LINE + 1)
    if not line:
        return None
    if len(line) > MAX_LINE:
        raise LineTooLong(limit=MAX_LINE)
    try:
        message = json.loads(line)
    except (ValueError, RecursionError):  # brackets in brackets in brackets
        raise BadRequest from None
    if not isinstance(message, dict):
        raise BadRequest
    return message


@contextlib.contextmanager
def short_path(socket_path: Path) -> Iterator[str]:
    """Give a name for the socket that fits the 108 bytes of `sun_path`, however deep the home lies (Linux)."""
    if len(os.fsencode(socket_path)) < 100 or not Path("/proc/self/fd").is_dir():  # noqa: PLR2004
        yield str(socket_path)
        return
    folder = os.open(socket_path.parent, os.O_RDONLY | os.O_DIRECTORY)
    try:
        yield f"/proc/self/fd/{folder}/{socket_path.name}"
    finally:
        os.close(folder)


def connect(socket_path: Path) -> socket.socket:
    """Open a connection to the daemon. Raises OSError when nobody listens."""
    caller = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        with short_path(socket_path) as name:
            caller.connect(name)
    except OSError:
        caller.close()
        raise
    return caller
