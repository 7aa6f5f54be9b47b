"""The worker's process: the tables first, since the others wait for them; then all the rest."""

from __future__ import annotations

import signal

from primum.app.payload import Payload
from primum.app.worker import open_worker
from primum.doors.cli.child import Status
from primum.ground.process import Order


def run(payload: Payload, status: Status) -> int:
    """Serve until SIGTERM."""
    stop = Order()
    signal.signal(signal.SIGTERM, lambda *_: stop.give())
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C reaches the whole group; the supervisor decides
    worker = open_worker(payload, prepared=lambda: status.say("migrated"))
    from primum.doors.cli.worker_serving import serve  # noqa: PLC0415 (half of a start: loaded while the others go on)

    serve(payload, worker, status, stop)
    return 0
