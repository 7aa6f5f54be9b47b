"""The short-lived process that fills a demo home with phantoms."""

from __future__ import annotations

from primum.app.demo import fill
from primum.app.payload import Payload
from primum.doors.cli.child import Status


def run(payload: Payload, status: Status) -> int:
    """Draw, store, end."""
    fill(payload, lambda done, total: status.say("progress", done=done, total=total))
    return 0
