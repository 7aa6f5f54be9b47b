"""The supervisor of `primum up`: starts the children, hands each its keys, restarts the fallen, ends them all.

Children are started anew (never forked with our memory) and inherit a few descriptors: the pipe
with their keys, their status pipe, and for dimse and worker their ends of the intake pairs. We keep both
ends of those pairs, so that what dimse has said is not lost while the worker is restarted.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from primum.app.payload import Payload, write_payload
from primum.doors.cli.watch import Watch
from primum.ground.log import Log

GRACE = 25.0
"""Seconds that the doors have, all at once, to finish what is under way."""
WORKER_GRACE = 10.0
"""Seconds that the worker has then, whatever the doors took."""
CLOSING = 2.0
"""Seconds that a door has when it is closed because of a breach: what is under way may be what is to be stopped."""
CLOSED = frozenset({"dimse", "hl7"})
"""The doors that are not there while a home is closed."""

_ORDER = ("worker", "web", "dimse")
"""The worker first: it brings the tables up to date. Ended last: the doors ask it for things to the end."""

_log = Log("supervisor")
OnState = Callable[[str, dict[str, Any]], None]


@dataclass
class _Child:
    name: str
    process: subprocess.Popen[bytes]
    payload_fd: int
    status: Any
    started: float = field(default_factory=time.monotonic)


class Supervisor:
    """Runs the children of one home until told to stop."""

    def __init__(
        self,
        payloads: dict[str, Payload],
        on_state: OnState,
        environment: dict[str, dict[str, str]],
        more: tuple[str, ...] = (),
        closed: Callable[[], bool] = lambda: False,
    ) -> None:
        """Hold the children's inheritances; call `on_state(child, facts)` for each line of their status.

        `environment` is what a child needs in its environment besides ours; never a secret. `more` are the children
        that this home has besides the usual ones. `closed` tells whether its doors are closed now (ground/closed.py);
        it is asked at the start, and whenever the worker has spoken or is gone.
        """
        self._closed_now = closed
        self._closed = False
        self._started = False
        self._order = (*_ORDER, *more)
        self._environment = environment
        self._payloads = payloads
        self._on_state = on_state
        self._children: dict[str, _Child] = {}
        self._watch = Watch(self._start)
        self._tables_ready = False
        self._ready: set[str] = set()
        self.refusal: dict[str, Any] | None = None
        """Why a child could not start, where one could not before all had."""

    def run(self) -> int:
        """Start everything, and return when it has been told to stop and all children have ended."""
        self._watch.obey_signals()
        self._closed = self._closed_now()
        for name in self._wanted():
            self._start(name)
        while not self._watch.stopping:
            for child in self._watch.turn():
                self._hear(child)
        self._end_all()
        return 0 if self.refusal is None else 1

    def run_once(self, name: str, on_state: OnState) -> int:
        """Run one child to its end (filling a demo); return its exit status."""
        child = self._spawn(name)
        write_payload(child.payload_fd, self._payloads[name])
        for line in child.status:
            on_state(name, json.loads(line))
        return child.process.wait()

    def _hear(self, child: _Child) -> None:
        if self._children.get(child.name) is not child:
            return  # it was ended while others of this turn were heard
        line = child.status.readline()
        if not line:
            self._fell(child)
            return
        facts = json.loads(line)
        if child.name == "worker":
            self._look_at_doors()
        if facts["state"] == "doors":
            return
        if child.name == "worker" and facts["state"] == "migrated":
            self._tables_ready = True
            for other in self._children.values():
                self._hand_over(other)
        self._judge_start(child.name, facts)
        self._on_state(child.name, facts)

    def _judge_start(self, name: str, facts: dict[str, Any]) -> None:
        """Give up where a child refuses to start at all; once everything ran, the fallen are started again."""
        if facts["state"] == "ready":
            self._ready.add(name)
            self._started = self._started or self._ready >= set(self._wanted())
        elif facts["state"] == "refused" and not self._started:
            self.refusal = facts
            self._watch.stopping = True

    def _wanted(self) -> list[str]:
        """List the children that there are to be."""
        return [name for name in self._order if not (self._closed and name in CLOSED)]

    def _look_at_doors(self) -> None:
        """Close the doors, or open them again, where that was said since the last look."""
        closed = self._closed_now()
        if closed == self._closed:
            return
        self._closed = closed
        _log.warning("supervisor.doors", status="closed" if closed else "open")
        # the pages too: they are started again where they may listen now
        ended = [self._children[name] for name in (*CLOSED, "web") if name in self._children]
        _end(ended, CLOSING)
        for one in ended:
            self._forget(one)
        for name in self._wanted():
            if name != "worker":  # one that fell has a pause of its own
                self._start(name)

    def _start(self, name: str) -> None:
        if name in self._children or name not in self._wanted():
            return  # started or closed since its fall
        child = self._spawn(name)
        self._children[name] = child
        self._watch.hear(child.status, child)
        if name == "worker" or self._tables_ready:
            self._hand_over(child)

    def _spawn(self, name: str) -> _Child:
        theirs, ours = os.pipe()
        status_ours, status_theirs = os.pipe()
        inherited = [theirs, status_theirs, *self._payloads[name].intakes]
        command = [sys.executable, "-m", "primum", "--child", name, str(theirs), str(status_theirs)]
        environment = {**os.environ, **self._environment.get(name, {})}
        process = subprocess.Popen(  # noqa: S603 (ourselves)
            command, pass_fds=inherited, stdin=subprocess.DEVNULL, env=environment
        )
        os.close(theirs)
        os.close(status_theirs)
        # unbuffered: the selector must see every line that is still to be read
        return _Child(name, process, ours, os.fdopen(status_ours, "rb", buffering=0))

    def _hand_over(self, child: _Child) -> None:
        if child.payload_fd >= 0:
            fd, child.payload_fd = child.payload_fd, -1
            try:
                write_payload(fd, self._payloads[child.name])
            except BrokenPipeError:
                _log.warning("supervisor.child-gone", process=child.name)

    def _fell(self, child: _Child) -> None:
        self._forget(child)
        status = child.process.wait()
        times = self._watch.fell(child.name, time.monotonic() - child.started)
        _log.warning("supervisor.child-ended", process=child.name, exit_status=status, count=times)
        self._on_state(child.name, {"state": "ended", "falls": times})
        if child.name == "worker":
            self._look_at_doors()  # it may have gone between saying so on disc and saying so to us

    def _forget(self, child: _Child) -> None:
        self._watch.ignore(child.status)
        child.status.close()
        self._children.pop(child.name, None)
        if child.payload_fd >= 0:
            os.close(child.payload_fd)

    def _end_all(self) -> None:
        """End the doors together, so that none has only what another has left of the time; then the worker."""
        children = [self._children[name] for name in self._order if name in self._children]
        _end([one for one in children if one.name != "worker"], GRACE)
        _end([one for one in children if one.name == "worker"], WORKER_GRACE)


def _end(children: list[_Child], seconds: float) -> None:
    for one in children:
        one.process.terminate()
    deadline = time.monotonic() + seconds
    for one in children:
        try:
            one.process.wait(max(deadline - time.monotonic(), 0))
        except subprocess.TimeoutExpired:
            _log.warning("supervisor.child-killed", process=one.name)
            one.process.kill()
            one.process.wait()
