"""Sendings are listed by study and by age."""  # noqa: INP001 (found by Alembic, not imported)

from alembic import op

revision = "sendings_0002"
down_revision = "sendings_0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the indexes."""
    op.execute("CREATE INDEX sendings_by_study ON sendings (study_ref, requested_at)")
    op.execute("CREATE INDEX sendings_by_age ON sendings (requested_at)")
