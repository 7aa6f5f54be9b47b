"""Studies that something has come for, until they are found complete (docs/design/completion.md)."""  # noqa: INP001 (found by Alembic, not imported)

from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the table."""
    op.execute("CREATE TABLE arrivals (study_ref TEXT PRIMARY KEY, last_at TEXT NOT NULL) STRICT, WITHOUT ROWID")
