"""What the files of breaches do by themselves: each a sweep of what is due, safe to run twice."""

from __future__ import annotations

from datetime import datetime, timedelta, tzinfo

from primum.ground.jobs import Job
from primum.incidents.reminders import Recipients, Send, remind
from primum.incidents.service import Incidents


def reminder_job(files: Incidents, send: Send | None, recipients: Recipients, zone: tzinfo | None = None) -> Job:
    """Make the job that reminds. `send`: as `app.mail.mailer` gives it; None where nothing is mailed."""

    def sweep(now: datetime) -> int:
        return remind(files, send, recipients, now, zone=zone)

    return Job("incidents.remind", timedelta(minutes=5), sweep)
