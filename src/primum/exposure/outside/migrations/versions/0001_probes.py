"""One-file probes that were made, and the reports that came back."""  # noqa: INP001 (found by Alembic, not imported)

from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

TABLES = (
    """
    CREATE TABLE made_probes (
      id TEXT PRIMARY KEY,
      digest TEXT NOT NULL UNIQUE,
      made_by TEXT NOT NULL,
      made_at TEXT NOT NULL,
      expires_at TEXT NOT NULL,
      plan_digest TEXT NOT NULL,
      control_key BLOB NOT NULL,
      plan TEXT NOT NULL,
      spent_at TEXT
    ) STRICT
    """,
    "CREATE INDEX made_probes_live ON made_probes (expires_at) WHERE spent_at IS NULL",
    """
    CREATE TABLE outside_reports (
      id TEXT PRIMARY KEY,
      probe_id TEXT NOT NULL REFERENCES made_probes (id),
      read_by TEXT NOT NULL,
      read_at TEXT NOT NULL,
      run_at TEXT NOT NULL,
      standing TEXT NOT NULL,
      judged TEXT NOT NULL,
      report BLOB NOT NULL
    ) STRICT
    """,
    "CREATE INDEX outside_reports_by_time ON outside_reports (run_at)",
)


def upgrade() -> None:
    """Make the tables."""
    for statement in TABLES:
        op.execute(statement)
