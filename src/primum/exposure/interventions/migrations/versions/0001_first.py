"""Interventions, and the reports that were attached to them."""  # noqa: INP001 (found by Alembic, not imported)

from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the tables."""
    op.execute("""
        CREATE TABLE interventions (
          id TEXT PRIMARY KEY,
          kind TEXT NOT NULL,
          author TEXT NOT NULL,
          company TEXT NOT NULL,
          contract TEXT NOT NULL,
          purpose TEXT NOT NULL,
          state TEXT NOT NULL,
          controller_id TEXT NOT NULL,
          opened_at TEXT NOT NULL,
          opened_by TEXT NOT NULL,
          closed_at TEXT,
          closed_by TEXT NOT NULL,
          outcome TEXT,
          difference TEXT
        ) STRICT
    """)
    op.execute("CREATE INDEX interventions_by_state ON interventions (state, opened_at)")
    op.execute("""
        CREATE TABLE intervention_probes (
          intervention_id TEXT NOT NULL REFERENCES interventions (id),
          "when" TEXT NOT NULL,
          at TEXT NOT NULL,
          run TEXT NOT NULL,
          verdict TEXT NOT NULL,
          reason TEXT NOT NULL,
          body BLOB,
          PRIMARY KEY (intervention_id, "when")
        ) STRICT, WITHOUT ROWID
    """)
    op.execute("""
        CREATE TABLE intervention_reports (
          id TEXT PRIMARY KEY,
          intervention_id TEXT NOT NULL REFERENCES interventions (id),
          name TEXT NOT NULL,
          size INTEGER NOT NULL,
          sha256 TEXT NOT NULL,
          at TEXT NOT NULL,
          person_id TEXT NOT NULL,
          body BLOB NOT NULL
        ) STRICT
    """)
    op.execute("CREATE INDEX intervention_reports_of ON intervention_reports (intervention_id)")
