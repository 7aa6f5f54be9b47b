"""The processes of a running Primum, as Linux shows them."""

from __future__ import annotations

import os
import signal
from pathlib import Path

from tests.programs import wait_until
from tests.running import RunningPrimum


def group_of(primum: RunningPrimum) -> list[int]:
    """Everything that lives in the process group of `primum up`."""
    assert primum.process is not None
    return [pid for pid in _all() if (facts := _stat(pid)) and facts[2] == primum.process.pid and facts[0] != "Z"]


def children(primum: RunningPrimum) -> dict[str, int]:
    """The process ids of the supervisor's children, by name."""
    assert primum.process is not None
    found = {}
    for pid in _all():
        facts = _stat(pid)
        if facts is None or facts[1] != primum.process.pid or facts[0] == "Z":
            continue
        words = _command(pid)
        if "--child" in words:
            found[words[words.index("--child") + 1]] = pid
    return found


def receivers(primum: RunningPrimum) -> list[int]:
    """The process ids of those that receive: the children of the DICOM door's process."""
    door = children(primum)["dimse"]
    return sorted(pid for pid in _all() if (facts := _stat(pid)) and facts[1] == door and facts[0] != "Z")


def alive(pid: int) -> bool:
    facts = _stat(pid)
    return facts is not None and facts[0] != "Z"


def kill_all(primum: RunningPrimum) -> None:
    """`kill -9` of every process, and wait until none is left."""
    pids = group_of(primum)
    primum.kill()
    wait_until(lambda: not any(alive(pid) for pid in pids), seconds=30)


def kill_child(primum: RunningPrimum, name: str) -> int:
    """`kill -9` of one child; return the process id that it had."""
    pid = children(primum)[name]
    os.kill(pid, signal.SIGKILL)
    return pid


def restarted(primum: RunningPrimum, name: str, before: int, seconds: float = 60) -> int:
    """Wait until the supervisor has started a child again; return its new process id."""
    wait_until(lambda: children(primum).get(name, before) != before, seconds=seconds, running=primum.process)
    return children(primum)[name]


def _all() -> list[int]:
    return [int(one.name) for one in Path("/proc").iterdir() if one.name.isdigit()]


def _stat(pid: int) -> tuple[str, int, int] | None:
    """State, parent and process group; None when it is gone."""
    try:
        after_name = Path(f"/proc/{pid}/stat").read_text("ascii", "replace").rpartition(")")[2].split()
    except OSError:
        return None
    return after_name[0], int(after_name[1]), int(after_name[2])


def _command(pid: int) -> list[str]:
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes().decode("utf-8", "replace").split("\0")
    except OSError:
        return []
