"""Whether a destination is asked to answer for what it was sent."""  # noqa: INP001 (Alembic reads it by its path)

import sqlalchemy as sa
from alembic import op

revision = "device_0004"
down_revision = "device_0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Ask those that offer it."""
    op.add_column("devices", sa.Column("ask_commitment", sa.Boolean, nullable=False, server_default=sa.true()))
