"""What people decided about patients (docs/design/patients.md)."""  # noqa: INP001 (found by Alembic, not imported)

from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

TABLES = (
    # lines are only added: undoing is a line too
    """
    CREATE TABLE patient_acts (
      number INTEGER PRIMARY KEY AUTOINCREMENT,
      id TEXT NOT NULL UNIQUE,
      controller_id TEXT NOT NULL,
      kind TEXT NOT NULL,
      patient_id TEXT NOT NULL,
      other TEXT NOT NULL,
      body TEXT NOT NULL,
      reason TEXT NOT NULL,
      made_at TEXT NOT NULL,
      made_by TEXT NOT NULL
    ) STRICT
    """,
    "CREATE INDEX patient_acts_by_patient ON patient_acts (patient_id)",
    "CREATE INDEX patient_acts_by_other ON patient_acts (other)",
    """
    CREATE TABLE study_moves (
      study_ref TEXT PRIMARY KEY,
      patient_id TEXT NOT NULL
    ) STRICT
    """,
    "CREATE INDEX study_moves_by_patient ON study_moves (patient_id)",
    "CREATE INDEX patients_by_name ON patients (controller_id, name_key)",
    "CREATE INDEX patients_by_birth ON patients (controller_id, birth_date)",
)


def upgrade() -> None:
    """Make the tables."""
    for statement in TABLES:
        op.execute(statement)
