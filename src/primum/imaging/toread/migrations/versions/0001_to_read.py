"""The studies that wait to be read, who took them, and how that ended (docs/design/completion.md)."""  # noqa: INP001 (found by Alembic, not imported)

from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

STATEMENTS = (
    """
    CREATE TABLE to_read (
      study_ref TEXT PRIMARY KEY,
      controller_id TEXT NOT NULL,
      study_uid TEXT NOT NULL,
      modalities TEXT NOT NULL,
      stations TEXT NOT NULL,
      urgency INTEGER NOT NULL,
      since TEXT NOT NULL,
      state TEXT NOT NULL,
      new_images INTEGER NOT NULL,
      reported INTEGER NOT NULL,
      claimed_by TEXT NOT NULL,
      claimed_at TEXT NOT NULL,
      ended_by TEXT NOT NULL,
      ended_at TEXT NOT NULL
    ) STRICT, WITHOUT ROWID
    """,
    "CREATE INDEX to_read_waiting ON to_read (urgency DESC, since, study_ref) WHERE state = 'waiting'",
)


def upgrade() -> None:
    """Make the table."""
    for statement in STATEMENTS:
        op.execute(statement)
