"""Where grants, proposals and notices are kept."""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy import Connection

from primum.ground.clock import from_text, to_text
from primum.ground.db import Reader
from primum.identity.model import Held, Notice, Proposal, Subject, Wish
from primum.identity.names import fold_name
from primum.identity.permissions import Grant, Role, Scope, Thing
from primum.identity.second_person import Way
from primum.identity.store import Row, instant
from primum.identity.tables import GRANTS, NOTICES, PEOPLE, PROPOSALS, REFERRER_NAMES


def add_proposal(tx: Connection, one: Proposal) -> None:
    """Keep a new proposal, and the referrer names that it asks for."""
    wish = one.wish
    tx.execute(
        PROPOSALS.insert().values(
            id=one.id,
            subject=one.subject,
            person_id=one.person_id,
            proposed_by=one.proposed_by,
            proposed_at=to_text(one.proposed_at),
            way=one.way,
            thing_controller_id=one.thing.controller_id,
            effective_at=to_text(one.effective_at) if one.effective_at else None,
            expires_at=to_text(one.expires_at) if one.expires_at else None,
            approved_by=one.approved_by,
            cancelled_by="",
            role=wish.role if wish else None,
            scope=wish.settled_scope() if wish else None,
            controller_id=wish.controller_id if wish else None,
            confidential=wish.confidential if wish else None,
        )
    )
    for name in wish.referrer_names if wish else ():
        values = {"proposal_id": one.id, "folded": fold_name(name), "name": name}
        tx.execute(REFERRER_NAMES.insert().prefix_with("OR IGNORE").values(**values))


def _referrers(tx: Connection) -> dict[str, list[tuple[str, str]]]:
    found: dict[str, list[tuple[str, str]]] = {}
    for row in tx.execute(sa.select(REFERRER_NAMES).order_by(REFERRER_NAMES.c.folded)):
        found.setdefault(row.proposal_id, []).append((row.folded, row.name))
    return found


def _wish(row: Row, names: list[tuple[str, str]]) -> Wish | None:
    if row.role is None:
        return None
    spelt = tuple(name for _, name in names)
    return Wish(Role(row.role), Scope(row.scope), row.controller_id, row.confidential, spelt)


def proposals(tx: Connection, person_id: str | None = None) -> list[Proposal]:
    """List proposals, the newest first: one beneficiary's, or all."""
    found = sa.select(PROPOSALS).order_by(PROPOSALS.c.proposed_at.desc(), PROPOSALS.c.id)
    if person_id is not None:
        found = found.where(PROPOSALS.c.person_id == person_id)
    names = _referrers(tx)
    return [_proposal(row, names.get(row.id, [])) for row in tx.execute(found)]


def proposal(tx: Connection, proposal_id: str) -> Proposal | None:
    """Find a proposal."""
    row = tx.execute(sa.select(PROPOSALS).where(PROPOSALS.c.id == proposal_id)).first()
    return _proposal(row, _referrers(tx).get(row.id, [])) if row else None


def _proposal(row: Row, names: list[tuple[str, str]]) -> Proposal:
    parties = frozenset(one for one in (row.proposed_by, row.person_id) if one)
    return Proposal(
        id=row.id,
        subject=Subject(row.subject),
        person_id=row.person_id,
        proposed_by=row.proposed_by,
        proposed_at=from_text(row.proposed_at),
        way=Way(row.way),
        effective_at=instant(row.effective_at),
        expires_at=instant(row.expires_at),
        approved_by=row.approved_by,
        cancelled_at=instant(row.cancelled_at),
        used_at=instant(row.used_at),
        thing=Thing("proposal", controller_id=row.thing_controller_id, parties=parties),
        wish=_wish(row, names),
    )


def approve(tx: Connection, proposal_id: str, by: str, at: datetime) -> None:
    """Put a proposal in force."""
    values = {"approved_by": by, "effective_at": to_text(at)}
    tx.execute(PROPOSALS.update().where(PROPOSALS.c.id == proposal_id).values(**values))


def cancel(tx: Connection, proposal_id: str, by: str, at: datetime) -> None:
    """Take a proposal back; the grant that was to come of it is revoked before it counts."""
    values = {"cancelled_by": by, "cancelled_at": to_text(at)}
    tx.execute(PROPOSALS.update().where(PROPOSALS.c.id == proposal_id).values(**values))
    revoke(tx, proposal_id, by, at)
    tx.execute(NOTICES.update().where(NOTICES.c.proposal_id == proposal_id).values(shown_until=to_text(at)))


def use_factors_proposal(tx: Connection, proposal_id: str, at: datetime) -> None:
    """Use up a proposal of new factors."""
    tx.execute(PROPOSALS.update().where(PROPOSALS.c.id == proposal_id).values(used_at=to_text(at)))


def add_grant(tx: Connection, one: Proposal, effective_at: datetime) -> None:
    """Keep the grant that comes of a proposal, under the same id."""
    wish = one.wish
    if wish is None:
        return
    tx.execute(
        GRANTS.insert().values(
            id=one.id,
            person_id=one.person_id,
            role=wish.role,
            scope=wish.settled_scope(),
            controller_id=wish.controller_id,
            confidential=wish.confidential,
            effective_at=to_text(effective_at),
            announced_at=None if one.way is Way.DELAY else to_text(effective_at),
            revoked_by="",
        )
    )


def held(tx: Connection, person_id: str | None = None) -> list[Held]:
    """List grants that were not revoked, those of the future included: one person's, or all."""
    found = sa.select(GRANTS).where(GRANTS.c.revoked_at.is_(None)).order_by(GRANTS.c.effective_at, GRANTS.c.id)
    if person_id is not None:
        found = found.where(GRANTS.c.person_id == person_id)
    rows = list(tx.execute(found))
    names = _referrers(tx) if any(row.scope == Scope.REFERRER for row in rows) else {}
    return [_held(row, names.get(row.id, [])) for row in rows]


_GRANTED = (
    "SELECT id, role, scope, controller_id, confidential, effective_at FROM grants"
    " WHERE person_id = ? AND revoked_at IS NULL ORDER BY effective_at, id"
)
_NAMED = "SELECT folded FROM referrer_names WHERE proposal_id = ? ORDER BY folded"


def granted(reader: Reader, person_id: str) -> list[tuple[datetime, Grant]]:
    """List a person's grants that were not revoked, and since when each is in force: asked of the driver itself."""
    found = []
    for id_, role, scope, controller_id, confidential, effective_at in reader.execute(
        _GRANTED, (person_id,)
    ).fetchall():
        named = reader.execute(_NAMED, (id_,)).fetchall() if scope == Scope.REFERRER else []
        names = tuple(name for (name,) in named)
        grant = Grant(Role(role), Scope(scope), controller_id, bool(confidential), names, id_)
        found.append((from_text(effective_at), grant))
    return found


def _held(row: Row, names: list[tuple[str, str]]) -> Held:
    grant = Grant(
        role=Role(row.role),
        scope=Scope(row.scope),
        controller_id=row.controller_id,
        confidential=row.confidential,
        referrers=tuple(folded for folded, _ in names),
        id=row.id,
    )
    return Held(row.id, row.person_id, grant, from_text(row.effective_at), instant(row.revoked_at))


def revoke(tx: Connection, grant_id: str, by: str, at: datetime) -> None:
    """Take a grant away."""
    fits = (GRANTS.c.id == grant_id) & GRANTS.c.revoked_at.is_(None)
    tx.execute(GRANTS.update().where(fits).values(revoked_at=to_text(at), revoked_by=by))


def to_announce(tx: Connection, at: datetime) -> list[str]:
    """List grants that came into force by themselves and were not recorded yet."""
    table = GRANTS.c
    fits = table.announced_at.is_(None) & table.revoked_at.is_(None) & (table.effective_at <= to_text(at))
    return [row.id for row in tx.execute(sa.select(table.id).where(fits))]


def announced(tx: Connection, grant_id: str, at: datetime) -> None:
    """Note that a grant's coming into force was recorded."""
    tx.execute(GRANTS.update().where(GRANTS.c.id == grant_id).values(announced_at=to_text(at)))


def add_notice(tx: Connection, proposal_id: str, at: datetime, until: datetime) -> None:
    """Show a proposal to everybody."""
    values = {"proposal_id": proposal_id, "made_at": to_text(at), "shown_until": to_text(until)}
    tx.execute(NOTICES.insert().values(**values))


def extend_notice(tx: Connection, proposal_id: str, until: datetime) -> None:
    """Show a proposal until another instant."""
    tx.execute(NOTICES.update().where(NOTICES.c.proposal_id == proposal_id).values(shown_until=to_text(until)))


def notices(tx: Connection, at: datetime) -> list[Notice]:
    """List what everybody is shown now, the newest first."""
    shown = {
        row.proposal_id: from_text(row.shown_until)
        for row in tx.execute(sa.select(NOTICES).where(NOTICES.c.shown_until > to_text(at)))
    }
    names = {row.id: row.full_name for row in tx.execute(sa.select(PEOPLE.c.id, PEOPLE.c.full_name))}
    return [
        Notice(one, shown[one.id], names[one.person_id], names.get(one.proposed_by, ""))
        for one in (proposals(tx) if shown else [])
        if one.id in shown
    ]


def unmailed(tx: Connection) -> list[str]:
    """List proposals whose notice has not been mailed."""
    return [row.proposal_id for row in tx.execute(sa.select(NOTICES).where(NOTICES.c.mailed_at.is_(None)))]


def mailed(tx: Connection, proposal_id: str, at: datetime) -> None:
    """Note that a notice was mailed."""
    tx.execute(NOTICES.update().where(NOTICES.c.proposal_id == proposal_id).values(mailed_at=to_text(at)))
