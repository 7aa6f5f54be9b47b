"""People, controllers, factors, grants, sessions."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None


def upgrade() -> None:
    """Make the first tables."""
    op.create_table(
        "controllers",
        sa.Column("id", sa.Text, primary_key=True),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("created_at", sa.Text, nullable=False),
    )
    op.create_table(
        "people",
        sa.Column("id", sa.Text, primary_key=True),
        sa.Column("login", sa.Text, nullable=False),
        sa.Column("full_name", sa.Text, nullable=False),
        sa.Column("controller_id", sa.Text, sa.ForeignKey("controllers.id"), nullable=False),
        sa.Column("mail", sa.Text, nullable=False),
        sa.Column("language", sa.Text, nullable=False),
        sa.Column("state", sa.Text, nullable=False),
        sa.Column("invited_at", sa.Text, nullable=False),
        sa.Column("enrolled_at", sa.Text),
        sa.Column("closed_at", sa.Text),
    )
    op.create_index("people_login", "people", ["login"], unique=True, sqlite_where=sa.text("state <> 'closed'"))
    op.create_table(
        "credentials",
        sa.Column("person_id", sa.Text, sa.ForeignKey("people.id"), primary_key=True),
        sa.Column("password_hash", sa.Text, nullable=False),
        sa.Column("totp_sealed", sa.LargeBinary, nullable=False),
        sa.Column("last_step", sa.Integer, nullable=False),
        sa.Column("set_at", sa.Text, nullable=False),
    )
    op.create_table(
        "tries",
        sa.Column("what", sa.Text, primary_key=True),
        sa.Column("who", sa.Text, primary_key=True),
        sa.Column("failures", sa.Integer, nullable=False),
        sa.Column("unheard", sa.Integer, nullable=False),
        sa.Column("last_at", sa.Text, nullable=False),
    )
    op.create_table(
        "recovery_codes",
        sa.Column("person_id", sa.Text, sa.ForeignKey("people.id"), primary_key=True),
        sa.Column("code_hash", sa.Text, primary_key=True),
        sa.Column("used_at", sa.Text),
    )
    op.create_table(
        "invitations",
        sa.Column("token_hash", sa.Text, primary_key=True),
        sa.Column("person_id", sa.Text, sa.ForeignKey("people.id"), nullable=False),
        sa.Column("made_by", sa.Text, nullable=False),
        sa.Column("made_at", sa.Text, nullable=False),
        sa.Column("expires_at", sa.Text, nullable=False),
        sa.Column("used_at", sa.Text),
        sa.Column("loopback", sa.Boolean, nullable=False),
        sa.Column("totp_sealed", sa.LargeBinary, nullable=False),
        sa.Column("tries", sa.Integer, nullable=False),
    )
    op.create_index("ix_invitations_person_id", "invitations", ["person_id"])
    op.create_table(
        "proposals",
        sa.Column("id", sa.Text, primary_key=True),
        sa.Column("subject", sa.Text, nullable=False),
        sa.Column("person_id", sa.Text, sa.ForeignKey("people.id"), nullable=False),
        sa.Column("proposed_by", sa.Text, nullable=False),
        sa.Column("proposed_at", sa.Text, nullable=False),
        sa.Column("way", sa.Text, nullable=False),
        sa.Column("thing_controller_id", sa.Text, nullable=False),
        sa.Column("effective_at", sa.Text),
        sa.Column("expires_at", sa.Text),
        sa.Column("approved_by", sa.Text, nullable=False),
        sa.Column("cancelled_by", sa.Text, nullable=False),
        sa.Column("cancelled_at", sa.Text),
        sa.Column("used_at", sa.Text),
        sa.Column("role", sa.Text),
        sa.Column("scope", sa.Text),
        sa.Column("controller_id", sa.Text),
        sa.Column("confidential", sa.Boolean),
    )
    op.create_index("ix_proposals_person_id", "proposals", ["person_id"])
    op.create_table(
        "grants",
        sa.Column("id", sa.Text, sa.ForeignKey("proposals.id"), primary_key=True),
        sa.Column("person_id", sa.Text, sa.ForeignKey("people.id"), nullable=False),
        sa.Column("role", sa.Text, nullable=False),
        sa.Column("scope", sa.Text, nullable=False),
        sa.Column("controller_id", sa.Text, sa.ForeignKey("controllers.id"), nullable=False),
        sa.Column("confidential", sa.Boolean, nullable=False),
        sa.Column("effective_at", sa.Text, nullable=False),
        sa.Column("announced_at", sa.Text),
        sa.Column("revoked_at", sa.Text),
        sa.Column("revoked_by", sa.Text, nullable=False),
    )
    op.create_index("ix_grants_person_id", "grants", ["person_id"])
    op.create_table(
        "referrer_names",
        sa.Column("proposal_id", sa.Text, sa.ForeignKey("proposals.id"), primary_key=True),
        sa.Column("folded", sa.Text, primary_key=True),
        sa.Column("name", sa.Text, nullable=False),
    )
    op.create_table(
        "sessions",
        sa.Column("id", sa.Text, primary_key=True),
        sa.Column("person_id", sa.Text, sa.ForeignKey("people.id"), nullable=False),
        sa.Column("token_hash", sa.Text, nullable=False, unique=True),
        sa.Column("opened_at", sa.Text, nullable=False),
        sa.Column("used_at", sa.Text, nullable=False),
        sa.Column("ends_at", sa.Text, nullable=False),
        sa.Column("fresh_until", sa.Text),
        sa.Column("locked_at", sa.Text),
        sa.Column("closed_at", sa.Text),
        sa.Column("address", sa.Text, nullable=False),
        sa.Column("agent", sa.Text, nullable=False),
    )
    op.create_index("ix_sessions_person_id", "sessions", ["person_id"])
    op.create_index("ix_sessions_closed_at", "sessions", ["closed_at"])
    op.create_table(
        "notices",
        sa.Column("proposal_id", sa.Text, sa.ForeignKey("proposals.id"), primary_key=True),
        sa.Column("made_at", sa.Text, nullable=False),
        sa.Column("shown_until", sa.Text, nullable=False),
        sa.Column("mailed_at", sa.Text),
    )
    op.create_index("ix_notices_shown_until", "notices", ["shown_until"])
