"""What the practice's table needs of each dose report, so that it opens no report (docs/design/dose.md)."""  # noqa: INP001 (found by Alembic, not imported)

from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

STATEMENTS = (
    "CREATE TABLE dose_groups (id INTEGER PRIMARY KEY, body TEXT NOT NULL UNIQUE) STRICT",
    """
    CREATE TABLE dose_values (
      study_id INTEGER NOT NULL,
      study_ref TEXT NOT NULL,
      pack TEXT NOT NULL,
      start INTEGER NOT NULL,
      said TEXT,
      shared INTEGER NOT NULL DEFAULT 0,
      PRIMARY KEY (study_id, pack, start)
    ) STRICT, WITHOUT ROWID
    """,
    "CREATE INDEX dose_values_by_study ON dose_values (study_ref)",
    "CREATE INDEX dose_values_unmade ON dose_values (study_ref) WHERE said IS NULL",
    """
    CREATE TABLE dose_events (
      event INTEGER NOT NULL,
      study_ref TEXT NOT NULL,
      PRIMARY KEY (event, study_ref)
    ) STRICT, WITHOUT ROWID
    """,
    "CREATE INDEX dose_events_by_study ON dose_events (study_ref)",
    # what was read before: the job makes their values, and until then their reports are read
    """
    INSERT INTO dose_values (study_id, study_ref, pack, start)
    SELECT s.id, d.study_ref, d.pack, d.start FROM dose_reports d JOIN studies s ON s.ref = d.study_ref
    WHERE d.body IS NOT NULL
    """,
)


def upgrade() -> None:
    """Make the tables."""
    for statement in STATEMENTS:
        op.execute(statement)
