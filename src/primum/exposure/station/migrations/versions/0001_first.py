"""Files that were made for stations, and what they said."""  # noqa: INP001 (found by Alembic, not imported)

from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the tables."""
    op.execute("""
        CREATE TABLE stations (
          id TEXT PRIMARY KEY,
          name TEXT NOT NULL UNIQUE,
          added_at TEXT NOT NULL,
          removed_at TEXT
        ) STRICT
    """)
    op.execute("""
        CREATE TABLE station_files (
          nonce TEXT PRIMARY KEY,
          "key" BLOB,
          station_id TEXT NOT NULL REFERENCES stations (id),
          issued_at TEXT NOT NULL,
          expires_at TEXT NOT NULL,
          issued_by TEXT NOT NULL,
          read_at TEXT
        ) STRICT
    """)
    op.execute("""
        CREATE TABLE station_results (
          nonce TEXT PRIMARY KEY REFERENCES station_files (nonce),
          station_id TEXT NOT NULL REFERENCES stations (id),
          ended_at TEXT NOT NULL,
          bad INTEGER NOT NULL,
          body TEXT NOT NULL
        ) STRICT
    """)
    op.execute("CREATE INDEX station_results_of ON station_results (station_id, ended_at)")
