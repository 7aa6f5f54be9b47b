"""The tables of people in records.db. Instants are ISO text in UTC. migrations/ makes them."""

from __future__ import annotations

from sqlalchemy import Boolean, Column, ForeignKey, Index, Integer, LargeBinary, MetaData, Table, Text, text

METADATA = MetaData()

CONTROLLERS = Table(
    "controllers",
    METADATA,
    Column("id", Text, primary_key=True),
    Column("name", Text, nullable=False),
    Column("created_at", Text, nullable=False),
)

PEOPLE = Table(
    "people",
    METADATA,
    Column("id", Text, primary_key=True),
    Column("login", Text, nullable=False),
    Column("full_name", Text, nullable=False),
    Column("controller_id", Text, ForeignKey("controllers.id"), nullable=False),
    Column("mail", Text, nullable=False),
    Column("language", Text, nullable=False),
    Column("state", Text, nullable=False),
    Column("invited_at", Text, nullable=False),
    Column("enrolled_at", Text),
    Column("closed_at", Text),
    # a closed person's login may be given again; the closed person stays, the journal names them
    Index("people_login", "login", unique=True, sqlite_where=text("state <> 'closed'")),
)

CREDENTIALS = Table(
    "credentials",
    METADATA,
    Column("person_id", Text, ForeignKey("people.id"), primary_key=True),
    Column("password_hash", Text, nullable=False),
    Column("totp_sealed", LargeBinary, nullable=False),
    Column("last_step", Integer, nullable=False),
    Column("set_at", Text, nullable=False),
)

TRIES = Table(
    "tries",
    METADATA,
    Column("what", Text, primary_key=True),  # password | code
    Column("who", Text, primary_key=True),  # a person's id, or the bucket of an unknown login
    Column("failures", Integer, nullable=False),
    Column("unheard", Integer, nullable=False),
    Column("last_at", Text, nullable=False),
)

RECOVERY_CODES = Table(
    "recovery_codes",
    METADATA,
    Column("person_id", Text, ForeignKey("people.id"), primary_key=True),
    Column("code_hash", Text, primary_key=True),
    Column("used_at", Text),
)

INVITATIONS = Table(
    "invitations",
    METADATA,
    Column("token_hash", Text, primary_key=True),
    Column("person_id", Text, ForeignKey("people.id"), nullable=False, index=True),
    Column("made_by", Text, nullable=False),
    Column("made_at", Text, nullable=False),
    Column("expires_at", Text, nullable=False),
    Column("used_at", Text),
    Column("loopback", Boolean, nullable=False),
    Column("totp_sealed", LargeBinary, nullable=False),
    Column("tries", Integer, nullable=False),
)

PROPOSALS = Table(
    "proposals",
    METADATA,
    Column("id", Text, primary_key=True),
    Column("subject", Text, nullable=False),  # grant | factors
    Column("person_id", Text, ForeignKey("people.id"), nullable=False, index=True),
    Column("proposed_by", Text, nullable=False),
    Column("proposed_at", Text, nullable=False),
    Column("way", Text, nullable=False),
    Column("thing_controller_id", Text, nullable=False),
    Column("effective_at", Text),
    Column("expires_at", Text),
    Column("approved_by", Text, nullable=False),
    Column("cancelled_by", Text, nullable=False),
    Column("cancelled_at", Text),
    Column("used_at", Text),
    Column("role", Text),
    Column("scope", Text),
    Column("controller_id", Text),
    Column("confidential", Boolean),
)

GRANTS = Table(
    "grants",
    METADATA,
    Column("id", Text, ForeignKey("proposals.id"), primary_key=True),
    Column("person_id", Text, ForeignKey("people.id"), nullable=False, index=True),
    Column("role", Text, nullable=False),
    Column("scope", Text, nullable=False),
    Column("controller_id", Text, ForeignKey("controllers.id"), nullable=False),
    Column("confidential", Boolean, nullable=False),
    Column("effective_at", Text, nullable=False),
    Column("announced_at", Text),
    Column("revoked_at", Text),
    Column("revoked_by", Text, nullable=False),
)

REFERRER_NAMES = Table(
    "referrer_names",
    METADATA,
    Column("proposal_id", Text, ForeignKey("proposals.id"), primary_key=True),
    Column("folded", Text, primary_key=True),
    Column("name", Text, nullable=False),
)

SESSIONS = Table(
    "sessions",
    METADATA,
    Column("id", Text, primary_key=True),
    Column("person_id", Text, ForeignKey("people.id"), nullable=False, index=True),
    Column("token_hash", Text, nullable=False, unique=True),
    Column("opened_at", Text, nullable=False),
    Column("used_at", Text, nullable=False),
    Column("ends_at", Text, nullable=False),
    Column("fresh_until", Text),
    Column("locked_at", Text),
    Column("closed_at", Text, index=True),
    Column("address", Text, nullable=False),
    Column("agent", Text, nullable=False),
)

PROGRAM_TOKENS = Table(
    "program_tokens",
    METADATA,
    Column("id", Text, primary_key=True),
    Column("person_id", Text, ForeignKey("people.id"), nullable=False, index=True),
    Column("name", Text, nullable=False),
    Column("token_hash", Text, nullable=False, unique=True),
    Column("may", Text, nullable=False),  # names of permissions, a space between two
    Column("made_at", Text, nullable=False),
    Column("ends_at", Text, nullable=False),
    Column("used_at", Text),
    Column("revoked_at", Text),
)

NOTICES = Table(
    "notices",
    METADATA,
    Column("proposal_id", Text, ForeignKey("proposals.id"), primary_key=True),
    Column("made_at", Text, nullable=False),
    Column("shown_until", Text, nullable=False, index=True),
    Column("mailed_at", Text),
)
