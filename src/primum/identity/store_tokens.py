"""Where tokens for programs are kept: their hashes, never themselves."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from sqlalchemy import Connection

from primum.ground.clock import from_text
from primum.identity.model import ProgramToken
from primum.identity.store import instant
from primum.identity.tables import PROGRAM_TOKENS

_Row = sa.Row[Any]


def _token(row: _Row) -> ProgramToken:
    return ProgramToken(
        id=row.id,
        person_id=row.person_id,
        name=row.name,
        may=frozenset(row.may.split()),
        made_at=from_text(row.made_at),
        ends_at=from_text(row.ends_at),
        used_at=instant(row.used_at),
        revoked_at=instant(row.revoked_at),
    )


def add_token(tx: Connection, **row: object) -> None:
    """Keep a new token."""
    tx.execute(PROGRAM_TOKENS.insert().values(**row))


def tokens(tx: Connection, person_id: str = "") -> list[ProgramToken]:
    """List the tokens of somebody, or of everybody; newest first."""
    found = sa.select(PROGRAM_TOKENS).order_by(PROGRAM_TOKENS.c.made_at.desc(), PROGRAM_TOKENS.c.id)
    if person_id:
        found = found.where(PROGRAM_TOKENS.c.person_id == person_id)
    return [_token(row) for row in tx.execute(found)]


def token(tx: Connection, token_id: str) -> ProgramToken | None:
    """Find a token by its id."""
    row = tx.execute(sa.select(PROGRAM_TOKENS).where(PROGRAM_TOKENS.c.id == token_id)).first()
    return _token(row) if row else None


def token_by_hash(tx: Connection, token_hash: str) -> ProgramToken | None:
    """Find a token by what is kept of its secret."""
    row = tx.execute(sa.select(PROGRAM_TOKENS).where(PROGRAM_TOKENS.c.token_hash == token_hash)).first()
    return _token(row) if row else None


def change_token(tx: Connection, token_id: str, **values: object) -> None:
    """Change a token."""
    tx.execute(PROGRAM_TOKENS.update().where(PROGRAM_TOKENS.c.id == token_id).values(**values))
