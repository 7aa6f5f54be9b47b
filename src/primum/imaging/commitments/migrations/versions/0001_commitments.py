"""Requests for storage commitment, and what they name."""  # noqa: INP001 (found by Alembic, not imported)

from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

TABLES = (
    """
    CREATE TABLE commitments (
      id TEXT PRIMARY KEY,
      device_id TEXT NOT NULL,
      controller_id TEXT NOT NULL,
      transaction_uid TEXT NOT NULL,
      asked_at TEXT NOT NULL,
      checked_at TEXT,
      delivered_at TEXT,
      tries INTEGER NOT NULL DEFAULT 0,
      next_try_at TEXT,
      UNIQUE (device_id, transaction_uid)
    ) STRICT
    """,
    "CREATE INDEX commitments_unchecked ON commitments (asked_at) WHERE checked_at IS NULL",
    "CREATE INDEX commitments_due ON commitments (next_try_at) WHERE next_try_at IS NOT NULL",
    """
    CREATE TABLE commitment_references (
      commitment_id TEXT NOT NULL REFERENCES commitments (id),
      place INTEGER NOT NULL,
      sop_class_uid TEXT NOT NULL,
      sop_uid TEXT NOT NULL,
      reason INTEGER,
      PRIMARY KEY (commitment_id, place)
    ) STRICT, WITHOUT ROWID
    """,
    "CREATE INDEX commitment_references_by_uid ON commitment_references (sop_uid)",
)


def upgrade() -> None:
    """Make the tables."""
    for statement in TABLES:
        op.execute(statement)
