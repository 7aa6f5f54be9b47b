"""Whom a breach is told to: lists, people (content that can be erased), batches, letters."""  # noqa: INP001 (found by Alembic, not imported)

from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the tables."""
    op.execute("""
        CREATE TABLE telling_lists (
          seq INTEGER PRIMARY KEY AUTOINCREMENT,
          id TEXT NOT NULL UNIQUE,
          file_id TEXT NOT NULL REFERENCES incident_files (id),
          source TEXT NOT NULL,
          at TEXT NOT NULL,
          digest TEXT NOT NULL,
          count INTEGER NOT NULL
        ) STRICT
    """)
    op.execute("""
        CREATE TABLE telling_people (
          id TEXT PRIMARY KEY,
          list_id TEXT NOT NULL REFERENCES telling_lists (id),
          place INTEGER NOT NULL,
          reach TEXT NOT NULL,
          reference TEXT NOT NULL,
          name TEXT NOT NULL,
          guardian TEXT NOT NULL,
          mail TEXT NOT NULL,
          address TEXT NOT NULL,
          language TEXT NOT NULL,
          gone TEXT NOT NULL DEFAULT '',
          gone_at TEXT
        ) STRICT
    """)
    op.execute("CREATE INDEX telling_people_of ON telling_people (list_id, place)")
    op.execute("CREATE INDEX telling_people_reference ON telling_people (reference)")
    op.execute("""
        CREATE TABLE telling_batches (
          seq INTEGER PRIMARY KEY AUTOINCREMENT,
          id TEXT NOT NULL UNIQUE,
          file_id TEXT NOT NULL REFERENCES incident_files (id),
          list_id TEXT NOT NULL REFERENCES telling_lists (id),
          channel TEXT NOT NULL,
          letter TEXT NOT NULL,
          at TEXT NOT NULL,
          "by" TEXT NOT NULL,
          domain TEXT NOT NULL,
          over INTEGER NOT NULL DEFAULT 0,
          trouble TEXT NOT NULL DEFAULT '',
          trouble_at TEXT
        ) STRICT
    """)
    op.execute("""
        CREATE TABLE telling_letters (
          id TEXT PRIMARY KEY,
          batch_id TEXT NOT NULL REFERENCES telling_batches (id),
          number INTEGER NOT NULL,
          fate TEXT NOT NULL,
          attempts INTEGER NOT NULL DEFAULT 0,
          tried_at TEXT,
          next_at TEXT,
          code INTEGER NOT NULL DEFAULT 0,
          detail TEXT NOT NULL DEFAULT '',
          UNIQUE (batch_id, number)
        ) STRICT
    """)
    op.execute("CREATE INDEX telling_letters_due ON telling_letters (batch_id, fate, next_at)")
    op.execute("CREATE INDEX telling_letters_tried ON telling_letters (tried_at)")
    op.execute("""
        CREATE TABLE telling_to (
          letter_id TEXT NOT NULL REFERENCES telling_letters (id),
          person_id TEXT NOT NULL REFERENCES telling_people (id),
          PRIMARY KEY (letter_id, person_id)
        ) STRICT, WITHOUT ROWID
    """)
    op.execute("CREATE INDEX telling_to_person ON telling_to (person_id)")
