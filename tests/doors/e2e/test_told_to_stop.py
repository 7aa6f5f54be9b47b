"""Told to stop amid a store that does not end, and beside a stranger: everybody ends by themselves, in time."""

from __future__ import annotations

import json
import socket
import threading
import time
from contextlib import ExitStack
from pathlib import Path

import pytest

from primum.doors.cli.supervisor import GRACE, WORKER_GRACE
from primum.doors.dimse.limits import Limits
from tests.doors.dimse.caller import Caller
from tests.doors.dimse.instances import associate, p_data, pdv, store_command
from tests.doors.e2e.offline import make_enrolled_home
from tests.doors.e2e.processes import group_of
from tests.running import RunningPrimum

pytestmark = [pytest.mark.slow, pytest.mark.timeout(120)]


def refusals(primum: RunningPrimum) -> set[str]:
    """The reasons for which strangers were turned away, as the journal has them."""
    found = set()
    for chain in (primum.home / "journal" / "access").rglob("*.chain"):
        for line in chain.read_text("ascii").splitlines():
            fact = json.loads(line.split(" ", 1)[1])
            if fact["kind"].startswith("stranger:"):
                found.add(fact["details"]["reason"])
    return found


def trickle(caller: Caller, until: threading.Event) -> None:
    """Say a byte now and then, within the fragment that was begun, until the door hangs up."""
    caller.socket.sendall(p_data(pdv(1, 0, bytes(60_000)))[:100])
    while not until.wait(0.2):
        try:
            caller.socket.sendall(b"\0")
        except OSError:
            return


def test_nobody_is_killed_and_what_was_counted_is_written(tmp_path: Path) -> None:
    made, over = make_enrolled_home(tmp_path), threading.Event()
    with ExitStack() as stack:
        primum = stack.enter_context(made.primum)
        slow = stack.enter_context(Caller(made.plain_port))
        slow.associated(associate(calling="PLAIN1"))
        slow.say(p_data(pdv(1, 3, store_command())))
        stranger = stack.enter_context(socket.create_connection(("127.0.0.1", primum.settings["dicom_port"]), 20))
        stranger.sendall(b"\x16\x03\x01\x02\x00")
        with Caller(made.plain_port) as nobody:
            nobody.say(associate(calling="NOBODY"))
            assert nobody.hear() is not None  # refused, and counted: the minute is not over yet
        trickling = threading.Thread(target=trickle, args=(slow, over))
        trickling.start()
        assert primum.process is not None
        began = time.monotonic()
        primum.process.terminate()
        assert primum.process.wait(GRACE + WORKER_GRACE) == 0
        took = time.monotonic() - began
        over.set()
        trickling.join()
        assert group_of(primum) == []
    assert took >= Limits().drain_seconds - 2, "the store had its time"
    said = primum.log.read_text("utf-8")
    assert "supervisor.child-killed" not in said
    assert refusals(primum) == {"device.unknown"}
