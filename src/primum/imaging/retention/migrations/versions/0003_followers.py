"""What followed an erased study, and promises about it that are still to be answered."""  # noqa: INP001 (found by Alembic, not imported)

from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the column and the table."""
    op.execute("ALTER TABLE erasures ADD COLUMN followed TEXT NOT NULL DEFAULT ''")
    op.execute("""
        CREATE TABLE erasure_promises (
          commitment_id TEXT NOT NULL,
          place INTEGER NOT NULL,
          erasure_id TEXT NOT NULL,
          PRIMARY KEY (commitment_id, place)
        ) STRICT, WITHOUT ROWID
    """)
