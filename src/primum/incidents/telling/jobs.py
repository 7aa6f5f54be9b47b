"""What telling people does by itself: letters that are due leave, addresses that are no longer needed go."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import TYPE_CHECKING

from primum.ground.jobs import Job

if TYPE_CHECKING:
    from primum.incidents.telling.service import Telling


def telling_jobs(telling: Callable[[], Telling]) -> list[Job]:
    """List the jobs. `telling` opens the room, when it is first asked."""
    return [
        Job("incidents.send-letters", timedelta(minutes=1), lambda now: telling().send_due(now)),
        Job("incidents.forget-addresses", timedelta(days=1), lambda now: telling().forget_due(now)),
    ]
