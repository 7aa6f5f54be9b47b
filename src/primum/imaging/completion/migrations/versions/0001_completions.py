"""Which studies were complete, and where complete studies go by themselves."""  # noqa: INP001 (found by Alembic, not imported)

from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

TABLES = (
    """
    CREATE TABLE completions (
      study_ref TEXT PRIMARY KEY,
      controller_id TEXT NOT NULL,
      instances INTEGER NOT NULL,
      received_at TEXT NOT NULL,
      completed_at TEXT NOT NULL,
      how TEXT NOT NULL,
      times INTEGER NOT NULL
    ) STRICT, WITHOUT ROWID
    """,
    """
    CREATE TABLE forward_rules (
      id TEXT PRIMARY KEY,
      controller_id TEXT NOT NULL,
      destination_id TEXT NOT NULL,
      device_id TEXT NOT NULL,
      modality TEXT NOT NULL,
      made_by TEXT NOT NULL,
      made_at TEXT NOT NULL
    ) STRICT, WITHOUT ROWID
    """,
)


def upgrade() -> None:
    """Make the tables."""
    for statement in TABLES:
        op.execute(statement)
