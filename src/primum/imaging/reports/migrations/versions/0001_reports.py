"""Reports: drafts, and what is known of those that are instances."""  # noqa: INP001 (found by Alembic, not imported)

from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

TABLES = (
    """
    CREATE TABLE reports (
      id TEXT PRIMARY KEY,
      study_ref TEXT NOT NULL,
      controller_id TEXT NOT NULL,
      state TEXT NOT NULL,
      format TEXT NOT NULL,
      series_uid TEXT NOT NULL,
      sop_uid TEXT NOT NULL,
      said TEXT NOT NULL,
      title TEXT NOT NULL,
      author TEXT NOT NULL,
      at TEXT NOT NULL,
      relation TEXT NOT NULL,
      about TEXT NOT NULL,
      place TEXT NOT NULL,
      sha256 TEXT NOT NULL,
      made_by TEXT NOT NULL,
      made_at TEXT NOT NULL,
      validated_by TEXT NOT NULL,
      validated_at TEXT NOT NULL,
      shown_as TEXT NOT NULL,
      validated_sha256 TEXT NOT NULL
    ) STRICT, WITHOUT ROWID
    """,
    "CREATE UNIQUE INDEX reports_by_instance ON reports (study_ref, sop_uid)",
    "CREATE INDEX reports_validating ON reports (id) WHERE state = 'validating'",
    # apart, so that a list of reports reads no documents
    """
    CREATE TABLE report_contents (
      report_id TEXT PRIMARY KEY REFERENCES reports (id) ON DELETE CASCADE,
      findings TEXT NOT NULL,
      impression TEXT NOT NULL,
      language TEXT NOT NULL,
      document BLOB NOT NULL
    ) STRICT
    """,
    """
    CREATE TABLE report_results (
      result_id TEXT PRIMARY KEY,
      report_id TEXT NOT NULL,
      study_ref TEXT NOT NULL
    ) STRICT, WITHOUT ROWID
    """,
    "CREATE INDEX report_results_by_study ON report_results (study_ref)",
)


def upgrade() -> None:
    """Make the tables."""
    for statement in TABLES:
        op.execute(statement)
