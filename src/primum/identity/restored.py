"""What must not come back with a restored records.db: open sessions, and links that may have been used since."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import delete, update
from sqlalchemy.engine import Engine

from primum.ground.clock import to_text
from primum.identity.tables import INVITATIONS, SESSIONS


def end_sessions_and_links(records: Engine, now: datetime) -> int:
    """Close every session, remove every link that was not used; return how many sessions were open."""
    with records.begin() as connection:
        open_ones = update(SESSIONS).where(SESSIONS.c.closed_at.is_(None)).values(closed_at=to_text(now))
        closed = connection.execute(open_ones).rowcount
        connection.execute(delete(INVITATIONS).where(INVITATIONS.c.used_at.is_(None)))
    return closed
