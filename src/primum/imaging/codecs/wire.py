"""Messages between a codec process and who asks it: a head in JSON and bytes, both of bounded length.

Both ends read with the same bounds: an answer is as little to be believed as a job.
"""

from __future__ import annotations

import json
import socket
import struct
import time
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from typing_extensions import Buffer

_HEAD = struct.Struct("<IQ")
_PIECE = 1 << 20


class Broken(Exception):
    """The other end went away, or does not speak as agreed."""


def send(pair: socket.socket, head: dict[str, Any], pieces: Sequence[Buffer], seconds: float | None = None) -> None:
    """Send one message, in so many seconds a piece. Raises Broken."""
    text = json.dumps(head, separators=(",", ":")).encode()
    pair.settimeout(seconds)
    try:
        pair.sendall(_HEAD.pack(len(text), sum(memoryview(piece).nbytes for piece in pieces)) + text)
        for piece in pieces:
            pair.sendall(piece)
    except OSError:
        raise Broken from None


def receive(
    pair: socket.socket, head_bytes: int, data_bytes: int, until: float | None = None
) -> tuple[dict[str, Any], bytearray]:
    """Receive one message. Raises Broken; TimeoutError when the clock (`time.monotonic`) passes `until`."""
    lengths = _HEAD.unpack(_exactly(pair, _HEAD.size, until))
    if lengths[0] > head_bytes or lengths[1] > data_bytes:
        raise Broken
    try:
        head = json.loads(_exactly(pair, lengths[0], until))
    except ValueError:
        raise Broken from None
    if not isinstance(head, dict):
        raise Broken
    return head, _exactly(pair, lengths[1], until)


def _exactly(pair: socket.socket, length: int, until: float | None) -> bytearray:
    data = bytearray(length)
    view, at = memoryview(data), 0
    while at < length:
        if until is not None:
            # zero would mean: do not wait at all
            pair.settimeout(max(until - time.monotonic(), 0.001))
        try:
            got = pair.recv_into(view[at : at + _PIECE])
        except (TimeoutError, BlockingIOError):
            raise TimeoutError from None
        except OSError:
            raise Broken from None
        if not got:
            raise Broken
        at += got
    return data
