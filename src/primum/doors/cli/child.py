"""A child of the supervisor: hardens itself, takes its keys from the pipe, opens its one door.

It tells the supervisor how far it is with JSON lines on its status pipe: `{"state": "ready", …}`.
"""

from __future__ import annotations

import importlib
import json
import os
from collections.abc import Callable

from primum.ground import process
from primum.ground.errors import PrimumError
from primum.ground.log import Log, start_logging

_MODULES = {
    "dimse": "primum.doors.cli.child_dimse",
    "hl7": "primum.doors.cli.child_hl7",
    "web": "primum.doors.cli.child_web",
    "worker": "primum.doors.cli.child_worker",
    "demo": "primum.doors.cli.child_demo",
}


class Status:
    """The pipe on which a child says how far it is."""

    def __init__(self, fd: int) -> None:
        """Speak on `fd`."""
        self._fd = fd

    def say(self, state: str, **facts: object) -> None:
        """Write one line; a supervisor that is gone is no reason to fail."""
        try:
            os.write(self._fd, json.dumps({"state": state, **facts}).encode() + b"\n")
        except OSError:
            Log("child").warning("child.unheard")


def run(name: str, payload_fd: int, status_fd: int) -> int:
    """Become the child `name`; return its exit status."""
    process.harden()
    process.die_with_parent()
    start_logging(name)
    os.set_inheritable(status_fd, False)
    module = importlib.import_module(_MODULES[name])
    from primum.app.payload import read_payload  # noqa: PLC0415 (after the door's own imports, while the keys are awaited)

    payload, status = read_payload(payload_fd), Status(status_fd)
    return guarded(name, status, lambda: int(module.run(payload, status)))


def guarded(name: str, status: Status, body: Callable[[], int]) -> int:
    """Run a process's body and return its exit status; a refusal is told to the supervisor, a fault logged."""
    try:
        return body()
    except PrimumError as refusal:
        Log("child").failure("child.refused", refusal, process=name, code=refusal.code)
        status.say("refused", code=refusal.code, fact=str(refusal), hint=refusal.way_out())
        return 1
    except Exception as error:  # noqa: BLE001 (the supervisor hears of it by the exit status)
        Log("child").failure("child.failed", error, process=name, code=getattr(error, "code", ""))
        return 1
