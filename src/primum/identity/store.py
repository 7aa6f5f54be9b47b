"""Where people, factors and sessions are kept: statements on the tables, each inside a caller's transaction."""

from __future__ import annotations

from datetime import datetime
from typing import Any, NamedTuple

import sqlalchemy as sa
from sqlalchemy import Connection
from sqlalchemy.dialects.sqlite import insert as upsert

from primum.ground.clock import from_text, to_text
from primum.ground.db import Reader
from primum.identity.model import Controller, Person, State
from primum.identity.tables import (
    CONTROLLERS,
    CREDENTIALS,
    INVITATIONS,
    PEOPLE,
    RECOVERY_CODES,
    SESSIONS,
    TRIES,
)

Row = sa.Row[Any]


def instant(text: str | None) -> datetime | None:
    """Read an instant that may be missing."""
    return from_text(text) if text else None


def _person(row: Row) -> Person:
    return Person(
        id=row.id,
        login=row.login,
        full_name=row.full_name,
        controller_id=row.controller_id,
        mail=row.mail,
        language=row.language,
        state=State(row.state),
        invited_at=from_text(row.invited_at),
        enrolled_at=instant(row.enrolled_at),
        closed_at=instant(row.closed_at),
    )


def controllers(tx: Connection) -> list[Controller]:
    """List the controllers, oldest first."""
    rows = tx.execute(sa.select(CONTROLLERS).order_by(CONTROLLERS.c.created_at, CONTROLLERS.c.id))
    return [Controller(row.id, row.name, from_text(row.created_at)) for row in rows]


def add_controller(tx: Connection, one: Controller) -> None:
    """Keep a new controller."""
    tx.execute(CONTROLLERS.insert().values(id=one.id, name=one.name, created_at=to_text(one.created_at)))


def rename_controller(tx: Connection, controller_id: str, name: str) -> None:
    """Give a controller another name."""
    tx.execute(CONTROLLERS.update().where(CONTROLLERS.c.id == controller_id).values(name=name))


def people(tx: Connection) -> list[Person]:
    """List everybody, closed people included, by name."""
    return [_person(row) for row in tx.execute(sa.select(PEOPLE).order_by(PEOPLE.c.full_name, PEOPLE.c.id))]


def person(tx: Connection, person_id: str) -> Person | None:
    """Find a person by id."""
    row = tx.execute(sa.select(PEOPLE).where(PEOPLE.c.id == person_id)).first()
    return _person(row) if row else None


def person_by_login(tx: Connection, login: str) -> Person | None:
    """Find a person who is not closed by their (folded) login."""
    found = sa.select(PEOPLE).where(PEOPLE.c.login == login, PEOPLE.c.state != State.CLOSED)
    row = tx.execute(found).first()
    return _person(row) if row else None


def add_person(tx: Connection, one: Person) -> None:
    """Keep a new person."""
    tx.execute(
        PEOPLE.insert().values(
            id=one.id,
            login=one.login,
            full_name=one.full_name,
            controller_id=one.controller_id,
            mail=one.mail,
            language=one.language,
            state=one.state,
            invited_at=to_text(one.invited_at),
        )
    )


def change_person(tx: Connection, person_id: str, **values: str | None) -> None:
    """Change columns of a person."""
    tx.execute(PEOPLE.update().where(PEOPLE.c.id == person_id).values(**values))


def anybody_enrolled(tx: Connection) -> bool:
    """Tell whether anybody has ever enrolled."""
    return tx.execute(sa.select(PEOPLE.c.id).where(PEOPLE.c.enrolled_at.is_not(None)).limit(1)).first() is not None


def credentials(tx: Connection, person_id: str) -> Row | None:
    """Find a person's factors."""
    return tx.execute(sa.select(CREDENTIALS).where(CREDENTIALS.c.person_id == person_id)).first()


def set_credentials(tx: Connection, person_id: str, *, password: str, totp: bytes, step: int, at: datetime) -> None:
    """Give a person factors, in place of those they had."""
    values = {"password_hash": password, "totp_sealed": totp, "last_step": step, "set_at": to_text(at)}
    statement = upsert(CREDENTIALS).values(person_id=person_id, **values)
    tx.execute(statement.on_conflict_do_update(index_elements=["person_id"], set_=values))


def set_password(tx: Connection, person_id: str, password: str) -> None:
    """Change the password's hash alone."""
    tx.execute(CREDENTIALS.update().where(CREDENTIALS.c.person_id == person_id).values(password_hash=password))


def use_step(tx: Connection, person_id: str, step: int) -> bool:
    """Use up a step; False when it, or a later one, was used already."""
    fits = (CREDENTIALS.c.person_id == person_id) & (CREDENTIALS.c.last_step < step)
    return tx.execute(CREDENTIALS.update().where(fits).values(last_step=step)).rowcount == 1


def set_recovery_codes(tx: Connection, person_id: str, hashes: list[str]) -> None:
    """Replace a person's recovery codes."""
    tx.execute(RECOVERY_CODES.delete().where(RECOVERY_CODES.c.person_id == person_id))
    tx.execute(RECOVERY_CODES.insert(), [{"person_id": person_id, "code_hash": one} for one in hashes])


def use_recovery_code(tx: Connection, person_id: str, code_hash: str, at: datetime) -> bool:
    """Use up a recovery code; False when there is no such unused one."""
    table = RECOVERY_CODES.c
    fits = (table.person_id == person_id) & (table.code_hash == code_hash) & table.used_at.is_(None)
    return tx.execute(RECOVERY_CODES.update().where(fits).values(used_at=to_text(at))).rowcount == 1


def recovery_codes_left(tx: Connection, person_id: str) -> int:
    """Count a person's unused recovery codes."""
    table = RECOVERY_CODES.c
    fits = (table.person_id == person_id) & table.used_at.is_(None)
    return tx.execute(sa.select(sa.func.count()).select_from(RECOVERY_CODES).where(fits)).scalar_one()


def tries(tx: Connection, what: str, who: str) -> Row | None:
    """Find the count of failed tries."""
    return tx.execute(sa.select(TRIES).where(TRIES.c.what == what, TRIES.c.who == who)).first()


def set_tries(tx: Connection, what: str, who: str, *, failures: int, unheard: int, at: datetime) -> None:
    """Keep the count of failed tries, and of those refused unheard since the last that was heard."""
    values = {"failures": failures, "unheard": unheard, "last_at": to_text(at)}
    statement = upsert(TRIES).values(what=what, who=who, **values)
    tx.execute(statement.on_conflict_do_update(index_elements=["what", "who"], set_=values))


def count_unheard(tx: Connection, what: str, who: str) -> None:
    """Count a try that the throttle refused; it does not push the next one further away."""
    fits = (TRIES.c.what == what) & (TRIES.c.who == who)
    tx.execute(TRIES.update().where(fits).values(unheard=TRIES.c.unheard + 1))


def add_invitation(tx: Connection, **values: object) -> None:
    """Keep a new enrolment link; those the person had before are dead."""
    tx.execute(
        INVITATIONS.delete().where(INVITATIONS.c.person_id == values["person_id"], INVITATIONS.c.used_at.is_(None))
    )
    tx.execute(INVITATIONS.insert().values(**values))


def invitation(tx: Connection, token_hash: str) -> Row | None:
    """Find an enrolment link that was not used."""
    table = INVITATIONS.c
    return tx.execute(sa.select(INVITATIONS).where(table.token_hash == token_hash, table.used_at.is_(None))).first()


def use_invitation(tx: Connection, token_hash: str, at: datetime) -> bool:
    """Use up an enrolment link; False when somebody was faster."""
    fits = (INVITATIONS.c.token_hash == token_hash) & INVITATIONS.c.used_at.is_(None)
    return tx.execute(INVITATIONS.update().where(fits).values(used_at=to_text(at))).rowcount == 1


def count_invitation_try(tx: Connection, token_hash: str) -> None:
    """Count a wrong first code."""
    fits = INVITATIONS.c.token_hash == token_hash
    tx.execute(INVITATIONS.update().where(fits).values(tries=INVITATIONS.c.tries + 1))


def drop_invitations(tx: Connection, person_id: str) -> None:
    """Make a person's unused enrolment links dead."""
    tx.execute(INVITATIONS.delete().where(INVITATIONS.c.person_id == person_id, INVITATIONS.c.used_at.is_(None)))


def add_session(tx: Connection, **values: object) -> None:
    """Keep a new session."""
    tx.execute(SESSIONS.insert().values(**values))


def session_by_hash(tx: Connection, token_hash: str) -> Row | None:
    """Find a session that was not closed."""
    table = SESSIONS.c
    return tx.execute(sa.select(SESSIONS).where(table.token_hash == token_hash, table.closed_at.is_(None))).first()


class LiveSession(NamedTuple):
    """A session as each request looks at it."""

    id: str
    person_id: str
    opened_at: str
    used_at: str
    ends_at: str
    fresh_until: str | None
    locked_at: str | None
    address: str
    agent: str


_LIVE_SESSION = f"SELECT {', '.join(LiveSession._fields)} FROM sessions WHERE token_hash = ? AND closed_at IS NULL"  # noqa: S608


def live_session(reader: Reader, token_hash: str) -> LiveSession | None:
    """Find a session that was not closed: asked at each request, so it is asked of the driver itself."""
    row = reader.execute(_LIVE_SESSION, (token_hash,)).fetchone()
    return None if row is None else LiveSession(*row)


def open_sessions(tx: Connection, person_id: str | None = None) -> list[Row]:
    """List sessions that were not closed, oldest first: a person's, or everybody's."""
    found = sa.select(SESSIONS).where(SESSIONS.c.closed_at.is_(None)).order_by(SESSIONS.c.opened_at)
    if person_id is not None:
        found = found.where(SESSIONS.c.person_id == person_id)
    return list(tx.execute(found))


def change_session(tx: Connection, session_id: str, **values: str | None) -> None:
    """Change columns of a session."""
    tx.execute(SESSIONS.update().where(SESSIONS.c.id == session_id).values(**values))
