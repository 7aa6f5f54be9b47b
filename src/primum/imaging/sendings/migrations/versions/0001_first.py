"""Sendings, and their instances that nobody has acknowledged yet."""  # noqa: INP001 (found by Alembic, not imported)

from alembic import op

revision = "sendings_0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the tables."""
    op.execute("""
        CREATE TABLE sendings (
          id TEXT PRIMARY KEY,
          study_ref TEXT NOT NULL,
          controller_id TEXT NOT NULL,
          destination_id TEXT NOT NULL,
          requested_by TEXT NOT NULL,
          channel TEXT NOT NULL,
          requested_at TEXT NOT NULL,
          due_at TEXT NOT NULL,
          attempts INTEGER NOT NULL,
          state TEXT NOT NULL,
          reason TEXT NOT NULL,
          instances INTEGER NOT NULL
        ) STRICT
    """)
    op.execute("CREATE INDEX sendings_by_state ON sendings (state, due_at)")
    op.execute("""
        CREATE TABLE sending_instances (
          sending_id TEXT NOT NULL REFERENCES sendings (id),
          sop_uid TEXT NOT NULL,
          PRIMARY KEY (sending_id, sop_uid)
        ) STRICT, WITHOUT ROWID
    """)
