"""How many instances somebody was promised to keep, beside each erasure (docs/design/retention.md)."""  # noqa: INP001 (found by Alembic, not imported)

from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the column."""
    op.execute("ALTER TABLE erasures ADD COLUMN committed INTEGER NOT NULL DEFAULT 0")
