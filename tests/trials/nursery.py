"""A process of its own that starts every service, each in its namespace, and ends them all when its parent is gone.

It has one thread and what the twins import, so that a child is forked in milliseconds. Orders come as JSON packets
over a socket; end of file is the death of the parent: whatever still runs is killed and every namespace of the parent
removed.
"""

from __future__ import annotations

import json
import os
import select
import signal
import socket
import subprocess
import sys
import threading
import traceback
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any, Final, NoReturn, Self

PACKET: Final = 1 << 16


class Nursery:
    """The parent's end. Any thread may order; orders take turns."""

    def __init__(self) -> None:
        """Start the process."""
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self._socket, self._turn = ours, threading.Lock()
        root = Path(__file__).parents[2]
        environment = {**os.environ, "PYTHONPATH": f"{root / 'src'}{os.pathsep}{root}"}
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.trials.nursery", str(theirs.fileno())],
            pass_fds=[theirs.fileno()], cwd=root, env=environment, start_new_session=True,
        )  # fmt: skip
        theirs.close()
        self._ask({"do": "hello"})

    def start(
        self, space: str, command: Sequence[str], *, log: Path, folder: Path | None = None,
        environment: Mapping[str, str] | None = None,
    ) -> int:  # fmt: skip
        """Start a program in a namespace; return its process id."""
        order: dict[str, Any] = {"do": "start", "space": space, "command": list(command), "log": str(log)}
        order |= {"folder": str(folder) if folder else "/", "environment": dict(environment or {})}
        return int(self._ask(order)["pid"])

    def twin(self, space: str, name: str, *, log: Path, **options: Any) -> int:
        """Start one of `twins.py` in a namespace; return its process id."""
        return int(self._ask({"do": "twin", "space": space, "twin": name, "log": str(log), "options": options})["pid"])

    def stop(self, pids: Sequence[int]) -> None:
        """End processes that were started here, and what they started in their sessions, at once."""
        self._ask({"do": "stop", "pids": list(pids)})

    def close(self) -> None:
        """End it, and with it all that it started."""
        self._socket.close()
        self._process.wait(60)

    def __enter__(self) -> Self:
        """Close it afterwards."""
        return self

    def __exit__(self, *_: object) -> None:
        """Close."""
        self.close()

    def _ask(self, order: Mapping[str, Any]) -> dict[str, Any]:
        with self._turn:
            self._socket.send(json.dumps(order).encode())
            said = self._socket.recv(PACKET)
        if not said:
            raise RuntimeError("the nursery has died")
        answer: dict[str, Any] = json.loads(said)
        if "error" in answer:
            raise RuntimeError(answer["error"])
        return answer


def _serve(orders: socket.socket) -> None:
    from tests.trials import spaces

    parent, living = os.getppid(), set[int]()
    while True:
        ready, _, _ = select.select([orders], [], [], 0.5)
        _reap(living)
        if not ready:
            continue
        order = orders.recv(PACKET)
        if not order:
            break
        try:
            answer = _obey(json.loads(order), living, orders)
        except Exception as error:  # noqa: BLE001 - said to who ordered
            answer = {"error": f"{type(error).__name__}: {error}"}
        with suppress(OSError):
            orders.send(json.dumps(answer).encode())
    _end(living)
    spaces.remove_all_of(parent)


def _obey(order: dict[str, Any], living: set[int], orders: socket.socket) -> dict[str, Any]:
    match order["do"]:
        case "start" | "twin":
            pid = os.fork()
            if pid == 0:
                _child(order, orders)
            living.add(pid)
            return {"pid": pid}
        case "stop":
            _end(living & set(order["pids"]))
            living -= set(order["pids"])
            return {}
        case _:
            return {}


def _child(order: dict[str, Any], orders: socket.socket) -> NoReturn:
    from tests.trials import spaces, twins

    status = 1
    try:
        os.setsid()
        log = os.open(order["log"], os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        nothing = os.open(os.devnull, os.O_RDONLY)
        for number, descriptor in enumerate((nothing, log, log)):
            os.dup2(descriptor, number)
        spaces.enter(order["space"])
        if order["do"] == "start":
            os.chdir(order["folder"])
            os.execvpe(order["command"][0], order["command"], {**os.environ, **order["environment"]})
        orders.close()
        twins.TWINS[order["twin"]](**order["options"])
        status = 0
    except BaseException:  # noqa: BLE001 - a child must never go on as the nursery
        traceback.print_exc()
    finally:
        os._exit(status)


def _reap(living: set[int]) -> None:
    for pid in list(living):
        with suppress(ChildProcessError):
            if os.waitpid(pid, os.WNOHANG)[0] == pid:
                living.discard(pid)


def _end(pids: set[int]) -> None:
    for pid in pids:
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(pid, signal.SIGKILL)
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
    for pid in pids:
        with suppress(ChildProcessError):
            os.waitpid(pid, 0)


if __name__ == "__main__":
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    from tests.trials import twins as _twins  # imported once, for every child

    _twins.prepare()
    _serve(socket.socket(fileno=int(sys.argv[1])))
