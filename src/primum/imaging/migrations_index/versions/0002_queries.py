"""What queries of every kind need: moments, series dates, rarely asked terms. The index is emptied, to be made anew."""  # noqa: INP001 (found by Alembic, not imported)

from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

STATEMENTS = (
    # derived, so nothing is lost: positions go too, and the indexer catches up from the first record of each pack
    "DELETE FROM words",
    "DELETE FROM versions",
    "DELETE FROM instances",
    "DELETE FROM series",
    "DELETE FROM studies",
    "DELETE FROM packs",
    "ALTER TABLE studies ADD COLUMN moment INTEGER",
    "ALTER TABLE studies ADD COLUMN zone INTEGER",
    "ALTER TABLE series ADD COLUMN series_date TEXT NOT NULL DEFAULT ''",
    "ALTER TABLE series ADD COLUMN series_time TEXT NOT NULL DEFAULT ''",
    # values that are asked for too rarely for an index each; narrows, rows decide
    """
    CREATE TABLE terms (
      tag INTEGER NOT NULL,
      value TEXT NOT NULL,
      study_id INTEGER NOT NULL,
      PRIMARY KEY (tag, value, study_id)
    ) STRICT, WITHOUT ROWID
    """,
    "CREATE INDEX terms_by_study ON terms (study_id)",
)


def upgrade() -> None:
    """Empty the tables and widen them."""
    for statement in STATEMENTS:
        op.execute(statement)
