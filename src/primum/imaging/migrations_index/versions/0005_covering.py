"""The index by date holds what a walk by date asks most: modality, names, description. Rows are not opened for that."""  # noqa: INP001 (found by Alembic, not imported)

from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

STATEMENTS = (
    "DROP INDEX studies_by_date",
    """
    CREATE INDEX studies_by_date ON studies
      (study_date DESC, study_time DESC, study_uid, controller_id, confidential, referrer_key, hidden,
       modalities, flat_a, flat_i, flat_p, sex, description)
    """,
)


def upgrade() -> None:
    """Make the index anew."""
    for statement in STATEMENTS:
        op.execute(statement)
