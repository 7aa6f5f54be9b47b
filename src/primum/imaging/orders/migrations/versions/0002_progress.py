"""What a performer says of a workitem while it works."""  # noqa: INP001 (found by Alembic, not imported)

from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the column."""
    op.execute("ALTER TABLE order_steps ADD COLUMN progress TEXT NOT NULL DEFAULT '{}'")
