"""Dose reports and what they say (docs/design/dose.md): a part of index.db, derived."""  # noqa: INP001 (found by Alembic, not imported)

from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

STATEMENTS = (
    # of a record, as `instances` has it: which one of a UID's records is served may be decided anew
    """
    CREATE TABLE dose_reports (
      study_ref TEXT NOT NULL,
      sop_uid TEXT NOT NULL,
      pack TEXT NOT NULL,
      start INTEGER NOT NULL,
      stop INTEGER NOT NULL,
      syntax TEXT NOT NULL,
      body TEXT,
      PRIMARY KEY (study_ref, pack, start)
    ) STRICT, WITHOUT ROWID
    """,
    "CREATE INDEX dose_reports_unread ON dose_reports (study_ref, pack, start) WHERE body IS NULL",
    # what was indexed before there was this table; the Modality of every report is SR (PS3.3 A.35)
    *(
        f"""
        INSERT INTO dose_reports (study_ref, sop_uid, pack, start, stop, syntax)
        SELECT s.ref, t.sop_uid, p.pack, t.start, t.stop, t.syntax FROM series e
        JOIN studies s ON s.id = e.study_id JOIN {table} t ON t.series_id = e.id AND t.study_id = e.study_id
        JOIN packs p ON p.id = t.pack_id
        WHERE e.modality = 'SR' AND t.sop_class_uid IN (
          '1.2.840.10008.5.1.4.1.1.88.67', '1.2.840.10008.5.1.4.1.1.88.68',
          '1.2.840.10008.5.1.4.1.1.88.75', '1.2.840.10008.5.1.4.1.1.88.76'
        ) ON CONFLICT DO NOTHING
        """  # noqa: S608 (our own tables)
        for table in ("instances", "versions", "rejected")
    ),
)


def upgrade() -> None:
    """Make the table, and note in it what is to be read."""
    for statement in STATEMENTS:
        op.execute(statement)
