"""Orders, their patients and steps, what was performed, what HL7 brought and takes (docs/design/orders.md)."""  # noqa: INP001 (found by Alembic, not imported)

from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

TABLES = (
    """
    CREATE TABLE order_patients (
      id TEXT PRIMARY KEY,
      controller_id TEXT NOT NULL,
      issuer TEXT NOT NULL,
      value TEXT NOT NULL,
      name TEXT NOT NULL,
      name_key TEXT NOT NULL,
      birth_name TEXT NOT NULL,
      birth_date TEXT NOT NULL,
      sex TEXT NOT NULL,
      ins TEXT NOT NULL,
      ins_oid TEXT NOT NULL,
      others TEXT NOT NULL,
      made_at TEXT NOT NULL,
      changed_at TEXT NOT NULL,
      UNIQUE (controller_id, issuer, value)
    ) STRICT
    """,
    "CREATE INDEX order_patients_by_name ON order_patients (name_key, controller_id)",
    """
    CREATE TABLE orders (
      id TEXT PRIMARY KEY,
      controller_id TEXT NOT NULL,
      patient_id TEXT NOT NULL REFERENCES order_patients (id),
      sender TEXT NOT NULL,
      placer_number TEXT NOT NULL,
      filler_number TEXT NOT NULL,
      accession TEXT NOT NULL,
      study_uid TEXT NOT NULL,
      procedure_id TEXT NOT NULL,
      state TEXT NOT NULL,
      facts TEXT NOT NULL,
      made_by TEXT NOT NULL,
      made_at TEXT NOT NULL,
      changed_at TEXT NOT NULL,
      UNIQUE (controller_id, accession),
      UNIQUE (controller_id, study_uid)
    ) STRICT
    """,
    "CREATE INDEX orders_by_placer ON orders (placer_number, controller_id, sender)",
    "CREATE INDEX orders_by_filler ON orders (filler_number, controller_id, sender)",
    "CREATE INDEX orders_by_patient ON orders (patient_id)",
    """
    CREATE TABLE order_steps (
      id TEXT PRIMARY KEY,
      order_id TEXT NOT NULL REFERENCES orders (id),
      controller_id TEXT NOT NULL,
      number TEXT NOT NULL,
      workitem_uid TEXT NOT NULL UNIQUE,
      start TEXT NOT NULL,
      modality TEXT NOT NULL,
      station_aet TEXT NOT NULL,
      state TEXT NOT NULL,
      done_by TEXT NOT NULL,
      facts TEXT NOT NULL,
      claim TEXT NOT NULL DEFAULT '',
      UNIQUE (controller_id, number)
    ) STRICT
    """,
    "CREATE INDEX order_steps_by_start ON order_steps (start, controller_id)",
    "CREATE INDEX order_steps_by_order ON order_steps (order_id)",
    """
    CREATE TABLE performed_steps (
      sop_uid TEXT PRIMARY KEY,
      controller_id TEXT NOT NULL,
      device_id TEXT NOT NULL,
      state TEXT NOT NULL,
      study_uid TEXT NOT NULL,
      accession TEXT NOT NULL,
      attributes TEXT NOT NULL,
      made_at TEXT NOT NULL,
      changed_at TEXT NOT NULL
    ) STRICT
    """,
    "CREATE INDEX performed_steps_by_study ON performed_steps (study_uid, controller_id)",
    """
    CREATE TABLE performed_links (
      sop_uid TEXT NOT NULL REFERENCES performed_steps (sop_uid),
      step_id TEXT NOT NULL REFERENCES order_steps (id),
      PRIMARY KEY (step_id, sop_uid)
    ) STRICT, WITHOUT ROWID
    """,
    "CREATE INDEX performed_links_by_performed ON performed_links (sop_uid)",
    """
    CREATE TABLE order_numbers (
      controller_id TEXT NOT NULL,
      name TEXT NOT NULL,
      last INTEGER NOT NULL,
      PRIMARY KEY (controller_id, name)
    ) STRICT, WITHOUT ROWID
    """,
    """
    CREATE TABLE hl7_messages (
      sender TEXT NOT NULL,
      control_id TEXT NOT NULL,
      digest TEXT NOT NULL,
      kind TEXT NOT NULL,
      subject TEXT NOT NULL,
      received_at TEXT NOT NULL,
      PRIMARY KEY (sender, control_id, digest)
    ) STRICT, WITHOUT ROWID
    """,
    "CREATE INDEX hl7_messages_by_time ON hl7_messages (received_at)",
    """
    CREATE TABLE merge_proposals (
      id TEXT PRIMARY KEY,
      controller_id TEXT NOT NULL,
      kind TEXT NOT NULL,
      issuer TEXT NOT NULL,
      value TEXT NOT NULL,
      other_issuer TEXT NOT NULL,
      other_value TEXT NOT NULL,
      facts TEXT NOT NULL,
      proposed_by TEXT NOT NULL,
      proposed_at TEXT NOT NULL,
      decision TEXT NOT NULL,
      decided_by TEXT NOT NULL,
      decided_at TEXT NOT NULL
    ) STRICT
    """,
    "CREATE INDEX merge_proposals_open ON merge_proposals (controller_id) WHERE decision = ''",
    """
    CREATE TABLE result_messages (
      id TEXT PRIMARY KEY,
      controller_id TEXT NOT NULL,
      kind TEXT NOT NULL,
      body BLOB NOT NULL,
      made_at TEXT NOT NULL,
      due_at TEXT NOT NULL,
      tries INTEGER NOT NULL,
      state TEXT NOT NULL,
      reason TEXT NOT NULL
    ) STRICT
    """,
    "CREATE INDEX result_messages_due ON result_messages (due_at) WHERE state = 'waiting'",
)


def upgrade() -> None:
    """Make the tables."""
    for statement in TABLES:
        op.execute(statement)
