"""The process that decodes, started by `pool` with the descriptor of its end of a pair.

It holds one end of a pair and nothing else. Once its libraries are loaded it gives up what hostile pixels could use
(docs/design/codecs.md), then takes one job after another until the other end goes away or has nothing for it.
"""

from __future__ import annotations

import contextlib
import ctypes
import socket
import struct
import sys
from collections.abc import Callable
from typing import Any, Final

import numpy as np

from primum.ground import process
from primum.imaging.codecs import wire
from primum.imaging.codecs.arrays import values
from primum.imaging.codecs.decoding import decode
from primum.imaging.codecs.encoding import encode
from primum.imaging.codecs.errors import Undecodable
from primum.imaging.codecs.limits import CODEC_LIMITS, CodecLimits
from primum.imaging.codecs.painting import paint
from primum.imaging.codecs.presenting import present
from primum.imaging.codecs.shape import PixelShape
from primum.imaging.codecs.table import BY_UID, Codec
from primum.imaging.errors import ImagingRefusal

_PR_SET_NO_NEW_PRIVS = 38
_WARM = 16
"""Rows and columns of the picture that is tried at the start."""


def main(descriptor: int, limits: CodecLimits = CODEC_LIMITS) -> int:
    """Serve jobs; return the exit status: 0 when there was nothing to do any more."""
    process.harden()
    pair = socket.socket(fileno=descriptor)
    pair.setblocking(True)
    _warm()
    confine(limits)
    try:
        wire.send(pair, {"ready": True}, [])
        # not settimeout: that would poll, which needs a descriptor to spare
        pair.setsockopt(socket.SOL_SOCKET, socket.SO_RCVTIMEO, struct.pack("ll", limits.idle_seconds, 0))
        while True:
            head, data = wire.receive(pair, limits.head_bytes, limits.frame_bytes + limits.tables_bytes)
            _budget(limits)
            wire.send(pair, *answer(head, bytes(data)))
    except (wire.Broken, TimeoutError):
        return 0


def answer(head: dict[str, Any], data: bytes) -> tuple[dict[str, Any], list[bytes]]:
    """Do one job."""
    try:
        said, made = _JOBS[head["do"]](head, data)
    except ImagingRefusal as refusal:
        return {"refused": refusal.code, "why": refusal.facts.get("why", "")}, []
    except MemoryError:
        return {"refused": Undecodable.code, "why": "it needs too much memory"}, []
    except Exception:  # noqa: BLE001 (a job that nobody foresaw is refused like one that somebody did)
        return {"refused": Undecodable.code, "why": "a frame is damaged or cut short"}, []
    return said, [made]


def _recode(head: dict[str, Any], data: bytes) -> tuple[dict[str, Any], bytes]:
    shape = PixelShape.of_message(head["shape"])
    array, photometric = decode(data, BY_UID[head["from"]].codec, shape)
    frame, written = encode(array, BY_UID[head["to"]].codec, shape, photometric)
    return {"photometric": written}, frame


def _paint(head: dict[str, Any], data: bytes) -> tuple[dict[str, Any], bytes]:
    shape = PixelShape.of_message(head["shape"])
    tables, frame = data[: head["tables"]], data[head["tables"] :]
    array, photometric = decode(frame, BY_UID[head["from"]].codec, shape)
    return {}, paint(values(array, shape), photometric, head["look"], tables)


def _present(head: dict[str, Any], data: bytes) -> tuple[dict[str, Any], bytes]:
    shape = PixelShape.of_message(head["shape"])
    tables, frame = data[: head["tables"]], data[head["tables"] :]
    array, _ = decode(frame, BY_UID[head["from"]].codec, shape)
    return {}, present(values(array, shape), head["look"], tables)


_JOBS: Final[dict[str, Callable[[dict[str, Any], bytes], tuple[dict[str, Any], bytes]]]] = {
    "recode": _recode,
    "paint": _paint,
    "present": _present,
}


def _warm() -> None:
    """Use every library once: whatever they load late is loaded now."""
    shape = PixelShape(_WARM, _WARM, 1, "MONOCHROME2", 8, 8, 7, signed=False, planar=0)
    for codec in Codec:
        if codec is not Codec.JPEG:
            encode(np.zeros((_WARM, _WARM), np.uint8), codec, shape, shape.photometric)
    grey, table = np.zeros((_WARM, _WARM), np.uint8), {"first": 0, "count": 1, "bits": 8, "at": 0}
    jpeg = paint(grey, shape.photometric, {"format": "jpeg"}, b"")
    decode(jpeg, Codec.JPEG, shape)
    for look in (
        {"modality": table, "padding": [1, 1], "viewport": [2, 2, 0, 0, 0, 0]},
        {"voi": table, "viewport": [99, 99, 0, 0, 0, 0]},
        {"window": [1, 2, "SIGMOID"]},
    ):
        paint(grey, shape.photometric, {"format": "png", **look}, b"\0\0")
    paint(grey, shape.photometric, {"format": "gif"}, b"")
    paint(grey, "PALETTE COLOR", {"format": "png", "palette": [table] * 3}, b"\0\0")
    paint(np.zeros((_WARM, _WARM, 3), np.uint8), "YBR_FULL", {"format": "png"}, b"")
    paint(grey.astype(np.float32), shape.photometric, {"format": "png"}, b"")
    answer({"do": ""}, b"")


def confine(limits: CodecLimits) -> None:
    """Give up files, sockets and privileges for good. Where the platform has no such call, the step is left out."""
    with contextlib.suppress(ImportError, ValueError, OSError):
        import resource  # noqa: PLC0415 (not on Windows)

        for which, most in (
            (resource.RLIMIT_AS, limits.memory_bytes),
            (resource.RLIMIT_FSIZE, 0),
            (resource.RLIMIT_NOFILE, 0),
        ):
            with contextlib.suppress(ValueError, OSError):
                resource.setrlimit(which, (most, most))
    if sys.platform == "linux":
        ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)


def _budget(limits: CodecLimits) -> None:
    """Allow the next job its time of the processor, and no more."""
    with contextlib.suppress(ImportError, ValueError, OSError):
        import resource  # noqa: PLC0415 (not on Windows; loaded long ago)

        used = resource.getrusage(resource.RUSAGE_SELF)
        most = int(used.ru_utime + used.ru_stime) + limits.processor_seconds
        resource.setrlimit(resource.RLIMIT_CPU, (most, resource.RLIM_INFINITY))
