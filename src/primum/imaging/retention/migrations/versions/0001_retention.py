"""Retention and erasure: kinds, deaths, holds, erasures, tombstones, returns (docs/design/retention.md)."""  # noqa: INP001 (found by Alembic, not imported)

from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

TABLES = (
    """
    CREATE TABLE retention_kinds (
      controller_id TEXT PRIMARY KEY,
      kind TEXT NOT NULL,
      set_by TEXT NOT NULL,
      set_at TEXT NOT NULL
    ) STRICT
    """,
    """
    CREATE TABLE retention_deaths (
      patient_id TEXT PRIMARY KEY,
      died_on TEXT NOT NULL,
      stated_by TEXT NOT NULL,
      stated_at TEXT NOT NULL
    ) STRICT
    """,
    """
    CREATE TABLE retention_holds (
      id TEXT PRIMARY KEY,
      controller_id TEXT NOT NULL,
      study_ref TEXT NOT NULL,
      patient_id TEXT NOT NULL,
      reason TEXT NOT NULL,
      note TEXT NOT NULL,
      until_on TEXT NOT NULL,
      opened_by TEXT NOT NULL,
      opened_at TEXT NOT NULL,
      released_by TEXT NOT NULL,
      released_at TEXT NOT NULL
    ) STRICT
    """,
    "CREATE INDEX retention_holds_by_study ON retention_holds (study_ref) WHERE released_at = ''",
    "CREATE INDEX retention_holds_by_patient ON retention_holds (patient_id) WHERE released_at = ''",
    """
    CREATE TABLE erasures (
      id TEXT PRIMARY KEY,
      controller_id TEXT NOT NULL,
      study_ref TEXT NOT NULL,
      patient_id TEXT NOT NULL,
      study_uid TEXT NOT NULL,
      level TEXT NOT NULL,
      part_uid TEXT NOT NULL,
      reason TEXT NOT NULL,
      note TEXT NOT NULL,
      rule TEXT NOT NULL,
      floor_on TEXT NOT NULL,
      ceiling_on TEXT NOT NULL,
      state TEXT NOT NULL,
      way TEXT NOT NULL,
      proposed_by TEXT NOT NULL,
      proposed_at TEXT NOT NULL,
      effective_at TEXT NOT NULL,
      decided_by TEXT NOT NULL,
      decided_at TEXT NOT NULL,
      done_at TEXT NOT NULL,
      series INTEGER NOT NULL,
      instances INTEGER NOT NULL,
      bytes INTEGER NOT NULL
    ) STRICT
    """,
    "CREATE UNIQUE INDEX erasures_live ON erasures (study_ref) WHERE state IN ('waiting', 'approved', 'erasing')",
    "CREATE INDEX erasures_by_study ON erasures (study_ref, decided_at)",
    "CREATE INDEX erasures_by_state ON erasures (state, proposed_at)",
    """
    CREATE TABLE tombstones (
      study_ref TEXT NOT NULL,
      mark TEXT NOT NULL,
      level TEXT NOT NULL,
      controller_id TEXT NOT NULL,
      erasure_id TEXT NOT NULL,
      erased_at TEXT NOT NULL,
      PRIMARY KEY (study_ref, mark)
    ) STRICT, WITHOUT ROWID
    """,
    """
    CREATE TABLE erasure_returns (
      id TEXT PRIMARY KEY,
      study_ref TEXT NOT NULL,
      controller_id TEXT NOT NULL,
      instances INTEGER NOT NULL,
      seen_at TEXT NOT NULL,
      decision TEXT NOT NULL,
      decided_by TEXT NOT NULL,
      decided_at TEXT NOT NULL,
      done_at TEXT NOT NULL
    ) STRICT
    """,
    "CREATE UNIQUE INDEX erasure_returns_open ON erasure_returns (study_ref) WHERE done_at = ''",
)


def upgrade() -> None:
    """Make the tables."""
    for statement in TABLES:
        op.execute(statement)
