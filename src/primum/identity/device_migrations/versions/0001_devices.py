"""Devices, their grants, their certificates, the number of the last snapshot."""  # noqa: INP001 (Alembic reads it by its path)

import sqlalchemy as sa
from alembic import op

revision = "device_0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the four tables."""
    op.create_table(
        "devices",
        sa.Column("id", sa.Text, primary_key=True),
        sa.Column("name", sa.Text, nullable=False, unique=True),
        sa.Column("aet", sa.Text, nullable=False),
        sa.Column("controller_id", sa.Text, nullable=False),
        sa.Column("plain_address", sa.Text),
        sa.Column("added_at", sa.Text, nullable=False),
        sa.Column("added_by", sa.Text, nullable=False),
        sa.Column("revoked_at", sa.Text),
    )
    op.create_table(
        "device_services",
        sa.Column("device_id", sa.Text, sa.ForeignKey("devices.id"), primary_key=True),
        sa.Column("service", sa.Text, primary_key=True),
    )
    op.create_table(
        "device_certificates",
        sa.Column("fingerprint", sa.LargeBinary, primary_key=True),
        sa.Column("device_id", sa.Text, sa.ForeignKey("devices.id"), nullable=False),
        sa.Column("position", sa.Integer, nullable=False),
        sa.Column("public_key", sa.LargeBinary, nullable=False),
        sa.Column("not_before", sa.Text, nullable=False),
        sa.Column("not_after", sa.Text, nullable=False),
        sa.Column("ends_at", sa.Text, nullable=False),
        sa.Column("revoked_at", sa.Text),
    )
    op.create_index("device_certificates_by_key", "device_certificates", ["public_key"])
    op.create_table(
        "device_snapshots",
        sa.Column("id", sa.Integer, sa.CheckConstraint("id = 1"), primary_key=True),
        sa.Column("number", sa.Integer, nullable=False),
    )
