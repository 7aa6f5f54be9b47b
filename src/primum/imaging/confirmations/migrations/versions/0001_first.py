"""Requests to destinations that they answer for what they were sent."""  # noqa: INP001 (found by Alembic, not imported)

from alembic import op

revision = "confirmations_0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the tables."""
    op.execute("""
        CREATE TABLE confirmations (
          id TEXT PRIMARY KEY,
          sending_id TEXT NOT NULL,
          study_ref TEXT NOT NULL,
          controller_id TEXT NOT NULL,
          destination_id TEXT NOT NULL,
          requested_by TEXT NOT NULL,
          channel TEXT NOT NULL,
          transaction_uid TEXT NOT NULL UNIQUE,
          begun_at TEXT NOT NULL,
          due_at TEXT,
          tries INTEGER NOT NULL,
          stage TEXT NOT NULL,
          reason TEXT NOT NULL,
          answered_at TEXT
        ) STRICT
    """)
    op.execute("CREATE INDEX confirmations_by_due ON confirmations (due_at)")
    op.execute("CREATE INDEX confirmations_by_sending ON confirmations (sending_id)")
    op.execute("""
        CREATE TABLE confirmation_references (
          confirmation_id TEXT NOT NULL REFERENCES confirmations (id),
          sending_id TEXT NOT NULL,
          sop_uid TEXT NOT NULL,
          sop_class_uid TEXT NOT NULL,
          reason INTEGER,
          PRIMARY KEY (sending_id, sop_uid)
        ) STRICT, WITHOUT ROWID
    """)
    op.execute("CREATE INDEX confirmation_references_of ON confirmation_references (confirmation_id)")
