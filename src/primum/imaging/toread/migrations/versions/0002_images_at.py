"""When the newest images of an entry were found complete (docs/design/completion.md)."""  # noqa: INP001 (found by Alembic, not imported)

from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the column."""
    op.execute("ALTER TABLE to_read ADD COLUMN images_at TEXT NOT NULL DEFAULT ''")
