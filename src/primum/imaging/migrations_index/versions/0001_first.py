"""The index as docs/design/imaging.md describes it."""  # noqa: INP001 (found by Alembic, not imported)

from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

TABLES = (
    """
    CREATE TABLE packs (
      id INTEGER PRIMARY KEY,
      pack TEXT NOT NULL UNIQUE,
      study_ref TEXT NOT NULL,
      stop INTEGER NOT NULL
    ) STRICT
    """,
    """
    CREATE TABLE studies (
      id INTEGER PRIMARY KEY,
      ref TEXT NOT NULL UNIQUE,
      controller_id TEXT NOT NULL,
      study_uid TEXT NOT NULL,
      patient_id TEXT NOT NULL,
      confidential INTEGER NOT NULL,
      first TEXT NOT NULL,
      study_date TEXT NOT NULL,
      study_time TEXT NOT NULL,
      name_a TEXT NOT NULL, name_i TEXT, name_p TEXT,
      flat_a TEXT NOT NULL, flat_i TEXT, flat_p TEXT,
      name_key TEXT NOT NULL,
      patient_number TEXT NOT NULL,
      issuer TEXT NOT NULL,
      birth_date TEXT NOT NULL,
      sex TEXT NOT NULL,
      accession TEXT NOT NULL,
      study_number TEXT NOT NULL,
      description TEXT NOT NULL,
      referrer_a TEXT NOT NULL, referrer_i TEXT, referrer_p TEXT,
      referrer_key TEXT NOT NULL,
      shown TEXT NOT NULL,
      flags INTEGER NOT NULL,
      mixed INTEGER NOT NULL DEFAULT 0,
      modalities TEXT NOT NULL DEFAULT '',
      series INTEGER NOT NULL DEFAULT 0,
      instances INTEGER NOT NULL DEFAULT 0
    ) STRICT
    """,
    # what comes after the order lets rows out of reach be skipped without being read
    """
    CREATE INDEX studies_by_date ON studies
      (study_date DESC, study_time DESC, study_uid, controller_id, confidential, referrer_key)
    """,
    "CREATE INDEX studies_by_uid ON studies (study_uid)",
    "CREATE INDEX studies_by_name ON studies (flat_a)",
    "CREATE INDEX studies_by_ideographic ON studies (flat_i) WHERE flat_i IS NOT NULL",
    "CREATE INDEX studies_by_phonetic ON studies (flat_p) WHERE flat_p IS NOT NULL",
    "CREATE INDEX studies_by_number ON studies (patient_number)",
    "CREATE INDEX studies_by_accession ON studies (accession)",
    "CREATE INDEX studies_by_name_key ON studies (name_key, controller_id, patient_id)",
    "CREATE INDEX studies_by_referrer ON studies (referrer_key)",
    "CREATE INDEX studies_by_patient ON studies (patient_id)",
    """
    CREATE TABLE series (
      id INTEGER PRIMARY KEY,
      study_id INTEGER NOT NULL REFERENCES studies (id),
      series_uid TEXT NOT NULL,
      first TEXT NOT NULL,
      modality TEXT NOT NULL,
      number INTEGER,
      description TEXT NOT NULL,
      station TEXT NOT NULL,
      body_part TEXT NOT NULL,
      step_date TEXT NOT NULL,
      step_time TEXT NOT NULL,
      shown TEXT NOT NULL,
      instances INTEGER NOT NULL DEFAULT 0,
      person_low BLOB, person_high BLOB,
      UNIQUE (study_id, series_uid)
    ) STRICT
    """,
    "CREATE INDEX series_by_uid ON series (series_uid)",
    "CREATE INDEX series_by_modality ON series (modality, study_id)",
    """
    CREATE TABLE instances (
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
      PRIMARY KEY (sop_uid, study_id)
    ) STRICT, WITHOUT ROWID
    """,
    "CREATE INDEX instances_by_series ON instances (series_id, person)",
    """
    CREATE TABLE versions (
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
      digest BLOB NOT NULL,
      copies INTEGER NOT NULL,
      PRIMARY KEY (sop_uid, study_id, digest)
    ) STRICT, WITHOUT ROWID
    """,
    "CREATE INDEX versions_by_study ON versions (study_id)",
    # contentless: the words are in `studies`; detail=column: positions are not needed, rows are compared whole
    """
    CREATE VIRTUAL TABLE words USING fts5 (
      name, patient_number, accession, description,
      tokenize = 'trigram case_sensitive 1', content = '', contentless_delete = 1, detail = column
    )
    """,
    "INSERT INTO words (words, rank) VALUES ('secure-delete', 1)",
)


def upgrade() -> None:
    """Make the tables."""
    for statement in TABLES:
        op.execute(statement)
