"""Breaches: records, files, entries that are never changed, documents."""  # noqa: INP001 (found by Alembic, not imported)

from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the tables."""
    op.execute("""
        CREATE TABLE incident_cases (
          id TEXT PRIMARY KEY,
          opened_at TEXT NOT NULL,
          exercise INTEGER NOT NULL
        ) STRICT
    """)
    op.execute("""
        CREATE TABLE incident_files (
          id TEXT PRIMARY KEY,
          case_id TEXT NOT NULL REFERENCES incident_cases (id),
          controller_id TEXT NOT NULL,
          role TEXT NOT NULL,
          opened_at TEXT NOT NULL,
          exercise INTEGER NOT NULL
        ) STRICT
    """)
    op.execute("CREATE INDEX incident_files_of ON incident_files (case_id)")
    op.execute("""
        CREATE TABLE incident_entries (
          seq INTEGER PRIMARY KEY AUTOINCREMENT,
          id TEXT NOT NULL UNIQUE,
          "of" TEXT NOT NULL,
          kind TEXT NOT NULL,
          at TEXT NOT NULL,
          "by" TEXT NOT NULL,
          body TEXT NOT NULL
        ) STRICT
    """)
    op.execute('CREATE INDEX incident_entries_of ON incident_entries ("of", seq)')
    for what in ("UPDATE", "DELETE"):
        op.execute(f"""
            CREATE TRIGGER incident_entries_no_{what.lower()} BEFORE {what} ON incident_entries
            BEGIN SELECT RAISE(ABORT, 'an entry is never changed'); END
        """)
    op.execute("""
        CREATE TABLE incident_documents (
          id TEXT PRIMARY KEY,
          "of" TEXT NOT NULL,
          name TEXT NOT NULL,
          size INTEGER NOT NULL,
          sha256 TEXT NOT NULL,
          at TEXT NOT NULL,
          "by" TEXT NOT NULL,
          body BLOB NOT NULL
        ) STRICT
    """)
    op.execute('CREATE INDEX incident_documents_of ON incident_documents ("of")')
    op.execute("""
        CREATE TABLE incident_considered (
          finding_id TEXT PRIMARY KEY,
          digest TEXT NOT NULL,
          case_id TEXT NOT NULL,
          at TEXT NOT NULL
        ) STRICT, WITHOUT ROWID
    """)
