"""Where a device is called, and how it is known there."""  # noqa: INP001 (Alembic reads it by its path)

import sqlalchemy as sa
from alembic import op

revision = "device_0002"
down_revision = "device_0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Give devices an address; those that exist have none."""
    op.add_column("devices", sa.Column("host", sa.Text))
    op.add_column("devices", sa.Column("port", sa.Integer))
    op.add_column("devices", sa.Column("their_certificate", sa.Text))
    op.add_column("devices", sa.Column("pinned", sa.LargeBinary))
    op.add_column("devices", sa.Column("authority", sa.Boolean))
