"""What the people half does by itself: each a sweep of what is due, safe to run twice."""

from __future__ import annotations

from datetime import datetime, timedelta

from primum.ground.jobs import Job
from primum.identity.notices import Send, mail_notices
from primum.identity.people import People


def people_jobs(people: People, send: Send | None) -> list[Job]:
    """List the jobs. `send` is `outbound.Submission.send`; None where no mail is sent (demo, no server)."""
    minute = timedelta(minutes=1)
    jobs = [
        Job("identity.lock-sessions", minute, people.sweep_sessions),
        Job("identity.announce-grants", minute, people.announce),
    ]
    if send is not None:
        sender = send

        def mail(now: datetime) -> int:
            return mail_notices(people, sender, now)

        jobs.append(Job("identity.mail-notices", minute, mail))
    return jobs
