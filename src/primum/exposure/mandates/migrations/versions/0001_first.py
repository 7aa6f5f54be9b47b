"""Mandates that were given in this home."""  # noqa: INP001 (found by Alembic, not imported)

from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the table."""
    op.execute("""
        CREATE TABLE mandates (
          id TEXT PRIMARY KEY,
          note TEXT NOT NULL,
          person_id TEXT NOT NULL,
          given_at TEXT NOT NULL,
          ends_at TEXT NOT NULL,
          withdrawn_at TEXT
        ) STRICT, WITHOUT ROWID
    """)
