"""Runs that say when something was open or closed, and what was found."""  # noqa: INP001 (found by Alembic, not imported)

from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the tables."""
    op.execute("""
        CREATE TABLE probe_runs (
          digest TEXT PRIMARY KEY,
          source TEXT NOT NULL,
          place TEXT NOT NULL,
          verdict TEXT NOT NULL,
          began_at TEXT NOT NULL,
          ended_at TEXT NOT NULL,
          holes INTEGER NOT NULL,
          body BLOB NOT NULL
        ) STRICT
    """)
    op.execute("CREATE INDEX probe_runs_by_place ON probe_runs (place, ended_at)")
    op.execute("""
        CREATE TABLE findings (
          id TEXT PRIMARY KEY,
          "key" TEXT NOT NULL,
          source TEXT NOT NULL,
          place TEXT NOT NULL,
          address TEXT NOT NULL,
          port INTEGER NOT NULL,
          mode TEXT NOT NULL,
          identity TEXT NOT NULL,
          rung TEXT NOT NULL,
          line TEXT NOT NULL,
          detected_at TEXT NOT NULL,
          last_closed_at TEXT,
          first_open_at TEXT NOT NULL,
          last_open_at TEXT NOT NULL,
          closed_at TEXT,
          product TEXT NOT NULL,
          refused_rung TEXT NOT NULL,
          refused_code TEXT NOT NULL,
          readable TEXT NOT NULL,
          studies INTEGER,
          studies_at_least INTEGER NOT NULL,
          run TEXT NOT NULL
        ) STRICT
    """)
    op.execute('CREATE UNIQUE INDEX findings_live ON findings ("key") WHERE closed_at IS NULL')
    op.execute("CREATE INDEX findings_by_time ON findings (first_open_at)")
