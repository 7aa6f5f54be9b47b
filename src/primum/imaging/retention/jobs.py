"""What retention does by itself: it proposes, carries out what people decided, and notes what came back."""

from __future__ import annotations

from datetime import timedelta

from primum.ground.jobs import Job
from primum.imaging.retention.erasing import Eraser
from primum.imaging.retention.service import Retention


def retention_jobs(retention: Retention, eraser: Eraser) -> list[Job]:
    """List the jobs (docs/reference/jobs.md)."""
    return [
        Job("imaging.propose-erasures", timedelta(hours=1), retention.sweep),
        Job("imaging.erase", timedelta(minutes=1), eraser.carry_out),
        Job("imaging.note-returned", timedelta(minutes=1), eraser.note_returned),
    ]
