"""What people decided, in the index (docs/design/patients.md)."""  # noqa: INP001 (found by Alembic, not imported)

from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

CHANGES = (
    "ALTER TABLE studies ADD COLUMN overlay TEXT",
    "ALTER TABLE studies ADD COLUMN hidden INTEGER NOT NULL DEFAULT 0",
    "ALTER TABLE versions ADD COLUMN decided INTEGER NOT NULL DEFAULT 0",
    # of a study reference: an amendment may be met before the study's first instance
    """
    CREATE TABLE amendments (
      study_ref TEXT NOT NULL,
      id TEXT NOT NULL,
      source_ref TEXT NOT NULL,
      first TEXT NOT NULL,
      kind TEXT NOT NULL,
      body TEXT NOT NULL,
      PRIMARY KEY (study_ref, id)
    ) STRICT, WITHOUT ROWID
    """,
    "CREATE INDEX amendments_by_source ON amendments (source_ref)",
    """
    CREATE TABLE rejected (
      sop_uid TEXT NOT NULL,
      study_id INTEGER NOT NULL,
      series_id INTEGER NOT NULL,
      sop_class_uid TEXT NOT NULL,
      syntax TEXT NOT NULL,
      number INTEGER,
      "rows" INTEGER, columns INTEGER, frames INTEGER, bits INTEGER,
      person BLOB NOT NULL,
      received_at TEXT NOT NULL,
      pack_id INTEGER NOT NULL,
      start INTEGER NOT NULL,
      stop INTEGER NOT NULL,
      digest BLOB,
      copies INTEGER NOT NULL,
      code TEXT NOT NULL DEFAULT '',
      PRIMARY KEY (sop_uid, study_id)
    ) STRICT, WITHOUT ROWID
    """,
    "CREATE INDEX rejected_by_study ON rejected (study_id)",
    "CREATE TABLE applied (id INTEGER PRIMARY KEY CHECK (id = 1), number INTEGER NOT NULL) STRICT",
    # `hidden` beside what else decides about reach, so that rows out of it are skipped without being read
    "DROP INDEX studies_by_date",
    """
    CREATE INDEX studies_by_date ON studies
      (study_date DESC, study_time DESC, study_uid, controller_id, confidential, referrer_key, hidden)
    """,
)


def upgrade() -> None:
    """Change the tables."""
    for statement in CHANGES:
        op.execute(statement)
