"""A sender of our own, in a process of its own: it writes down when each acknowledgement came."""

from __future__ import annotations

import multiprocessing
import time
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from tests.doors.dimse.caller import Caller
from tests.doors.dimse.instances import RELEASE_RQ, associate, message, store_command

from bench.load import Slice
from primum.imaging.demo.headers import CT_IMAGE
from primum.imaging.part10 import read_meta

if TYPE_CHECKING:
    from multiprocessing.connection import Connection

EXPLICIT = "1.2.840.10008.1.2.1"
_FRAGMENT = 100_000
"""Bytes of a fragment: below what the door takes in one PDU, so that a sender costs little of the machine."""


class Refused(RuntimeError):
    """An instance was not taken."""


class Storing:
    """One association that sends a study. Times are those of the machine's monotonic clock, the same in every process.

    Use: `start`, then `released` (returns when A-RELEASE-RP came), then `acknowledged`.
    """

    def __init__(self, slices: Sequence[Slice], port: int, calling: str, called: str) -> None:
        """Send these; nothing is started yet."""
        self._here, there = multiprocessing.Pipe()
        self._process = multiprocessing.get_context("fork").Process(
            target=_send, args=(there, [(one.sop_uid, one.file) for one in slices], port, calling, called), daemon=True
        )

    def start(self) -> None:
        """Begin."""
        self._process.start()

    def released(self, seconds: float = 300) -> float:
        """Wait for the end of the association; return when it was. Raises Refused."""
        if not self._here.poll(seconds):
            raise Refused("the sender has not ended")
        told = self._here.recv()
        if isinstance(told, str):
            raise Refused(told)
        return float(told)

    def acknowledged(self) -> dict[str, float]:
        """Return when each acknowledgement came, by SOP Instance UID."""
        times: dict[str, float] = self._here.recv()
        self._process.join(20)
        return times

    def end(self) -> None:
        """End it, if it has not ended by itself."""
        if self._process.is_alive():
            self._process.kill()
            self._process.join()


def _send(there: Connection, files: list[tuple[str, Path]], port: int, calling: str, called: str) -> None:
    times: dict[str, float] = {}
    with Caller(port) as caller:
        caller.associated(associate((1, CT_IMAGE, (EXPLICIT,)), calling=calling, called=called))
        for number, (uid, file) in enumerate(files, 1):
            whole = file.read_bytes()
            body = whole[read_meta(whole).begins :]
            command = store_command(uid, sop_class=CT_IMAGE, message=number % 65536)
            caller.say(message(1, command, body, _FRAGMENT))
            status = caller.status()
            times[uid] = time.monotonic()
            if status:
                there.send(f"status {status:04x}")
                return
        caller.say(RELEASE_RQ)
        answered = caller.hear()
        there.send(time.monotonic() if answered and answered[0] == 6 else "the release was not answered")
        there.send(times)
