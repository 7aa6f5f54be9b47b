"""How accounts stand, for whoever oversees the house: who has a second factor, rights, and used them last when."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.engine import Engine

from primum.identity.model import State
from primum.identity.store import instant
from primum.identity.tables import CREDENTIALS, GRANTS, INVITATIONS, PEOPLE, SESSIONS


@dataclass(frozen=True, slots=True)
class Account:
    """An account that is open. `roles`: of grants in force."""

    person_id: str
    enrolled: bool
    second_factor: bool
    roles: tuple[str, ...]
    since: datetime
    last_session_at: datetime | None
    invitation_until: datetime | None


def accounts(engine: Engine) -> list[Account]:
    """List the accounts of everybody who is not closed."""
    with engine.begin() as tx:
        factors = {
            row[0]
            for row in tx.execute(
                sa.select(CREDENTIALS.c.person_id).where(sa.func.length(CREDENTIALS.c.totp_sealed) > 0)
            )
        }
        last = _newest(tx, SESSIONS.c.person_id, SESSIONS.c.opened_at)
        unused = INVITATIONS.c.used_at.is_(None)
        until = _newest(tx, INVITATIONS.c.person_id, INVITATIONS.c.expires_at, unused)
        roles: dict[str, set[str]] = {}
        for row in tx.execute(sa.select(GRANTS.c.person_id, GRANTS.c.role).where(GRANTS.c.revoked_at.is_(None))):
            roles.setdefault(row[0], set()).add(row[1])
        people = tx.execute(sa.select(PEOPLE).where(PEOPLE.c.state != State.CLOSED.value).order_by(PEOPLE.c.id)).all()
    return [
        Account(
            one.id, one.state == State.ENROLLED.value, one.id in factors, tuple(sorted(roles.get(one.id, ()))),
            _known(one.enrolled_at or one.invited_at), instant(last.get(one.id)), instant(until.get(one.id)),
        )
        for one in people
    ]  # fmt: skip


def _newest(
    tx: sa.Connection, who: sa.Column[str], when: sa.Column[str], *where: sa.ColumnElement[bool]
) -> dict[str, str]:
    rows = tx.execute(sa.select(who, sa.func.max(when)).where(*where).group_by(who))
    return {row[0]: row[1] for row in rows}


def _known(text: str) -> datetime:
    found = instant(text)
    if found is None:
        raise ValueError("an account without an instant")
    return found
