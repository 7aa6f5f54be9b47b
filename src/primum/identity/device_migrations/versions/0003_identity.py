"""Who uses a device: whether it has to say so, whose tokens count, and which tokens were used."""  # noqa: INP001 (Alembic reads it by its path)

import sqlalchemy as sa
from alembic import op

revision = "device_0003"
down_revision = "device_0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Ask nobody yet."""
    required = sa.Column("identity_required", sa.Boolean, nullable=False, server_default=sa.false())
    op.add_column("devices", required)
    op.create_table(
        "device_identity_keys",
        sa.Column("id", sa.Text, primary_key=True),
        sa.Column("device_id", sa.Text, sa.ForeignKey("devices.id"), nullable=False),
        sa.Column("algorithm", sa.Text, nullable=False),
        sa.Column("kid", sa.Text, nullable=False),
        sa.Column("public_key", sa.LargeBinary, nullable=False),
        sa.Column("added_at", sa.Text, nullable=False),
    )
    op.create_table(
        "device_identity_used",
        sa.Column("digest", sa.LargeBinary, primary_key=True),
        sa.Column("device_id", sa.Text, sa.ForeignKey("devices.id"), nullable=False),
        sa.Column("ends_at", sa.Text, nullable=False),
    )
    op.create_index("device_identity_used_ends", "device_identity_used", ["device_id", "ends_at"])
