"""What came back after it was erased: kept apart from everything that is listed (docs/design/retention.md)."""  # noqa: INP001 (found by Alembic, not imported)

from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

TABLES = (
    """
    CREATE TABLE returned (
      pack_id INTEGER NOT NULL,
      start INTEGER NOT NULL,
      stop INTEGER NOT NULL,
      study_ref TEXT NOT NULL,
      controller_id TEXT NOT NULL,
      study_uid TEXT NOT NULL,
      series_uid TEXT NOT NULL,
      sop_uid TEXT NOT NULL,
      received_at TEXT NOT NULL,
      PRIMARY KEY (pack_id, start)
    ) STRICT, WITHOUT ROWID
    """,
    "CREATE INDEX returned_by_study ON returned (study_ref)",
)


def upgrade() -> None:
    """Make the table."""
    for statement in TABLES:
        op.execute(statement)
