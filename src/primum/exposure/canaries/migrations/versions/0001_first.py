"""Canaries that probes planted."""  # noqa: INP001 (found by Alembic, not imported)

from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the table."""
    op.execute("""
        CREATE TABLE canaries (
          study_uid TEXT PRIMARY KEY,
          study_ref TEXT NOT NULL,
          person_id TEXT NOT NULL,
          planted_at TEXT NOT NULL,
          removed_at TEXT
        ) STRICT, WITHOUT ROWID
    """)
