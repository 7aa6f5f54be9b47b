"""A later answer about the same study is looked for."""  # noqa: INP001 (found by Alembic, not imported)

from alembic import op

revision = "confirmations_0002"
down_revision = "confirmations_0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the index."""
    op.execute("CREATE INDEX confirmations_by_study ON confirmations (study_ref, destination_id)")
