"""Subscribers to workitems, what they watch, and the events that wait for them."""  # noqa: INP001 (found by Alembic, not imported)

from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

TABLES = (
    """
    CREATE TABLE workitem_subscribers (
      title TEXT PRIMARY KEY,
      person_id TEXT NOT NULL,
      controllers TEXT NOT NULL,
      seen_at TEXT NOT NULL,
      dropped INTEGER NOT NULL DEFAULT 0
    ) STRICT
    """,
    "CREATE INDEX workitem_subscribers_by_person ON workitem_subscribers (person_id)",
    """
    CREATE TABLE workitem_subscriptions (
      title TEXT NOT NULL,
      target TEXT NOT NULL,
      wanted TEXT NOT NULL,
      suspended INTEGER NOT NULL DEFAULT 0,
      PRIMARY KEY (title, target)
    ) STRICT, WITHOUT ROWID
    """,
    """
    CREATE TABLE workitem_watches (
      workitem_uid TEXT NOT NULL,
      title TEXT NOT NULL,
      by_name INTEGER NOT NULL,
      PRIMARY KEY (workitem_uid, title)
    ) STRICT, WITHOUT ROWID
    """,
    "CREATE INDEX workitem_watches_by_title ON workitem_watches (title, by_name)",
    """
    CREATE TABLE workitem_events (
      number INTEGER PRIMARY KEY AUTOINCREMENT,
      workitem_uid TEXT NOT NULL,
      controller_id TEXT NOT NULL,
      kind INTEGER NOT NULL,
      told TEXT NOT NULL,
      made_at TEXT NOT NULL
    ) STRICT
    """,
    "CREATE INDEX workitem_events_by_time ON workitem_events (made_at)",
    "CREATE INDEX workitem_events_by_workitem ON workitem_events (workitem_uid)",
    """
    CREATE TABLE workitem_queue (
      title TEXT NOT NULL,
      number INTEGER NOT NULL REFERENCES workitem_events (number),
      PRIMARY KEY (title, number)
    ) STRICT, WITHOUT ROWID
    """,
    "CREATE INDEX workitem_queue_by_number ON workitem_queue (number)",
)


def upgrade() -> None:
    """Make the tables."""
    for statement in TABLES:
        op.execute(statement)
