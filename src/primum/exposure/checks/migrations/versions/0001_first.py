"""Runs of the check, what is declared, and what was kept of a database of vulnerabilities."""  # noqa: INP001

from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

TABLES = (
    """
    CREATE TABLE check_runs (
      id TEXT PRIMARY KEY,
      made_at TEXT NOT NULL,
      asked_by TEXT NOT NULL,
      good INTEGER NOT NULL,
      attention INTEGER NOT NULL,
      bad INTEGER NOT NULL,
      undetermined INTEGER NOT NULL,
      hash TEXT NOT NULL,
      note TEXT NOT NULL
    ) STRICT
    """,
    "CREATE INDEX check_runs_by_time ON check_runs (made_at)",
    """
    CREATE TABLE check_declarations (
      id TEXT PRIMARY KEY,
      name TEXT NOT NULL,
      subject TEXT NOT NULL,
      value TEXT NOT NULL,
      until TEXT NOT NULL,
      declared_at TEXT NOT NULL,
      declared_by TEXT NOT NULL,
      ended_at TEXT
    ) STRICT
    """,
    "CREATE UNIQUE INDEX check_declarations_now ON check_declarations (name, subject) WHERE ended_at IS NULL",
    "CREATE TABLE check_advisories (only INTEGER PRIMARY KEY CHECK (only = 1), kept TEXT NOT NULL) STRICT",
)


def upgrade() -> None:
    """Make the tables."""
    for statement in TABLES:
        op.execute(statement)
