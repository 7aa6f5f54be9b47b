"""Patients, which study is whose, and the tails of packs (docs/design/imaging.md)."""  # noqa: INP001 (found by Alembic, not imported)

from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

TABLES = (
    """
    CREATE TABLE patients (
      id TEXT PRIMARY KEY,
      controller_id TEXT NOT NULL,
      name TEXT NOT NULL,
      name_key TEXT NOT NULL,
      birth_date TEXT NOT NULL,
      sex TEXT NOT NULL,
      collision INTEGER NOT NULL,
      no_identifier INTEGER NOT NULL,
      made_at TEXT NOT NULL
    ) STRICT
    """,
    """
    CREATE TABLE patient_identifiers (
      patient_id TEXT NOT NULL REFERENCES patients (id),
      controller_id TEXT NOT NULL,
      issuer TEXT NOT NULL,
      value TEXT NOT NULL,
      kind TEXT NOT NULL,
      own INTEGER NOT NULL,
      PRIMARY KEY (patient_id, issuer, value, own)
    ) STRICT
    """,
    "CREATE INDEX patient_identifiers_by_value ON patient_identifiers (value, controller_id, issuer)",
    """
    CREATE TABLE study_patients (
      study_ref TEXT PRIMARY KEY,
      controller_id TEXT NOT NULL,
      patient_id TEXT NOT NULL REFERENCES patients (id),
      confidential INTEGER NOT NULL
    ) STRICT
    """,
    "CREATE INDEX study_patients_by_patient ON study_patients (patient_id)",
    """
    CREATE TABLE vault_tails (
      pack TEXT PRIMARY KEY,
      study_ref TEXT NOT NULL,
      count INTEGER NOT NULL,
      chain TEXT NOT NULL,
      stop INTEGER NOT NULL
    ) STRICT
    """,
    "CREATE INDEX vault_tails_by_study ON vault_tails (study_ref)",
)


def upgrade() -> None:
    """Make the tables."""
    for statement in TABLES:
        op.execute(statement)
