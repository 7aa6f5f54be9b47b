"""The worker's socket: takes a request, finds its verb, answers with a refusal or a result.

Only processes of the same user are heard (SO_PEERCRED); the folder that holds the socket is closed to
others besides. One thread per caller, a bounded number of callers.
"""

from __future__ import annotations

import os
import socket
import struct
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any, BinaryIO, ClassVar, cast

from primum.doors.worker import protocol
from primum.ground.errors import PrimumError
from primum.ground.log import Log

MAX_CALLERS = 16
"""Command lines at once: people type them."""
PATIENCE = 30.0
"""Seconds that a caller may take to send its request."""
_AGAIN_SECONDS = 1.0

Progress = Callable[[dict[str, Any]], None]
Handler = Callable[[str | None, dict[str, Any], Progress], dict[str, Any]]

_log = Log("control")


class InternalFault(PrimumError):
    """Something unexpected happened in the daemon; it was logged, and nothing was half done."""

    code: ClassVar[str] = "control.fault"
    hint: ClassVar[str] = "look at the daemon's log, then try again"


class Control:
    """The listening socket and its threads."""

    def __init__(self, socket_path: Path, verbs: dict[str, Handler]) -> None:
        """Answer `verbs` at `socket_path`."""
        self._path = socket_path
        self._verbs = verbs
        self._free = threading.BoundedSemaphore(MAX_CALLERS)
        self._ended = threading.Event()
        self._listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)

    def start(self) -> None:
        """Bind, listen, and answer from a thread."""
        self._path.unlink(missing_ok=True)
        with protocol.short_path(self._path) as name:
            self._listener.bind(name)
        self._path.chmod(0o600)
        self._listener.listen(MAX_CALLERS)
        threading.Thread(target=self._accept, name="control", daemon=True).start()

    def stop(self) -> None:
        """Take no more callers."""
        self._ended.set()
        self._listener.close()
        self._path.unlink(missing_ok=True)

    def _accept(self) -> None:
        while True:
            try:
                caller, _ = self._listener.accept()
            except OSError as error:
                if self._ended.is_set():
                    return
                _log.failure("accept.failed", error)  # out of descriptors: some come back
                self._ended.wait(_AGAIN_SECONDS)
                continue
            self._free.acquire()
            threading.Thread(target=self._hear, args=(caller,), daemon=True).start()

    def _hear(self, caller: socket.socket) -> None:
        try:
            with caller:
                if not _same_user(caller):
                    return
                caller.settimeout(PATIENCE)
                with caller.makefile("rwb") as stream:
                    self._serve(cast("BinaryIO", stream), caller)
        except (OSError, ValueError):
            pass  # the caller went away
        finally:
            self._free.release()

    def _verb(self, name: str) -> Handler:
        if name not in self._verbs:
            raise protocol.BadRequest
        return self._verbs[name]

    def _serve(self, stream: BinaryIO, caller: socket.socket) -> None:
        try:
            verb, token, args = _request(protocol.receive(stream))
            caller.settimeout(None)
            result = self._verb(verb)(token, args, lambda facts: protocol.send(stream, {"progress": facts}))
            protocol.send(stream, {"ok": result})
        except PrimumError as refusal:
            protocol.send(stream, {"error": describe(refusal)})
        except OSError:
            raise
        except Exception as error:  # noqa: BLE001 (the daemon outlives any one request)
            _log.failure("control.fault", error)
            protocol.send(stream, {"error": describe(InternalFault())})


def describe(refusal: PrimumError) -> dict[str, str]:
    """Write a refusal as the answer's `error`."""
    return {"code": refusal.code, "fact": str(refusal), "hint": refusal.way_out()}


def _request(message: dict[str, Any] | None) -> tuple[str, str | None, dict[str, Any]]:
    match message:
        case {"verb": str(verb), "token": str() | None as token, "args": dict(args)}:
            return verb, token, args
        case _:
            raise protocol.BadRequest


def _same_user(caller: socket.socket) -> bool:
    if not hasattr(socket, "SO_PEERCRED"):  # pragma: no cover (macOS: the folder's mode alone decides)
        return True
    _pid, uid, _gid = struct.unpack("3i", caller.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, 12))
    return bool(uid == os.getuid())
