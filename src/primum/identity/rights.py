"""Giving and taking rights: proposals, approvals, delays, notices (docs/design/access.md, "Two people, or a day")."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from sqlalchemy import Connection

from primum.ground.clock import to_text
from primum.ground.ids import is_id, new_id
from primum.identity import store, store_rights
from primum.identity.enrolment import Enrolments
from primum.identity.facts import Fact
from primum.identity.limits import LIMITS
from primum.identity.model import Held, Notice, Person, Proposal, State, Subject, Wish
from primum.identity.names import fold_name
from primum.identity.permissions import SCOPES, Actor, Permission, Role, Scope, Thing, guarded
from primum.identity.refusals import (
    AlreadyGranted,
    BadGrant,
    LastAdministrator,
    NoSuchController,
    NoSuchGrant,
    NoSuchProposal,
    NotEnrolledYet,
    NotPermitted,
    TooMany,
)
from primum.identity.second_person import APPROVAL_LASTS, SHOWN_AFTER, Way, effective_at, may_approve, way_for


class Rights(Enrolments):
    """Grants and new factors, by two people or after a day."""

    def propose(self, by: Actor, person_id: str, wish: Wish) -> Proposal:
        """Propose a grant. What comes of it, and when, is in the proposal.

        Raises NotPermitted, StepUpNeeded, NoSuchPerson, NoSuchController, BadGrant, AlreadyGranted, TooMany.
        """
        self._require(by, Permission.GRANT_PROPOSE, Thing("person"))
        with self._changing() as tx:
            return self._propose(tx, by, self._person(tx, person_id), wish)

    def _propose(
        self, tx: Connection, by: Actor | None, person: Person, wish: Wish, *, first: bool = False
    ) -> Proposal:
        settled = self._settled(tx, person, wish)
        self._refuse_repeated(tx, person, settled)
        house = self._house(tx)
        thing = house if settled.scope is Scope.SITE else Thing("proposal", controller_id=settled.controller_id)
        is_guarded = guarded(settled.role) and not first
        one = self._new_proposal(tx, by, person, thing, Subject.GRANT, is_guarded=is_guarded, wish=settled)
        if one.effective_at is not None:
            store_rights.add_grant(tx, one, one.effective_at)
        self._record(Fact.GRANT_PROPOSED, by, person.id, **_described(one), due_at=due_text(one.effective_at))
        if one.way is Way.AT_ONCE:
            self._record(Fact.GRANT_APPLIED, by, person.id, **_described(one), reason=one.way)
        return one

    def _settled(self, tx: Connection, person: Person, wish: Wish) -> Wish:
        """Fill in what was left open, and refuse what cannot be."""
        scope = wish.settled_scope()
        controller_id = wish.controller_id or person.controller_id
        names = tuple(name.strip() for name in wish.referrer_names)
        if controller_id not in {one.id for one in store.controllers(tx)}:
            raise NoSuchController
        if scope not in SCOPES[wish.role]:
            raise BadGrant(why=f"a {wish.role} has no scope {scope}")
        if bool(names) != (scope is Scope.REFERRER):
            raise BadGrant(why="names of referrers go with the scope referrer, and only there")
        if len(names) > LIMITS.referrer_names or any(len(one) > LIMITS.referrer_name for one in names):
            raise BadGrant(why=f"at most {LIMITS.referrer_names} names of {LIMITS.referrer_name} characters")
        if not all(fold_name(one) and one.isprintable() for one in names):
            raise BadGrant(why="a name of a referrer has letters")
        if wish.confidential and wish.role not in {Role.PHYSICIAN, Role.TECHNOLOGIST, Role.SECRETARY}:
            raise BadGrant(why=f"a {wish.role} sees no studies, confidential or not")
        return Wish(wish.role, scope, controller_id, wish.confidential, names)

    def _refuse_repeated(self, tx: Connection, person: Person, wish: Wish) -> None:
        now = self._now()
        current = {one.id for one in store_rights.held(tx, person.id)}
        mine = [one for one in store_rights.proposals(tx, person.id) if one.id in current or one.waits(now)]
        if len(mine) >= LIMITS.grants:
            raise TooMany(count=len(mine), what="grants and proposals")
        if any(one.wish is not None and _alike(one.wish, wish) for one in mine):
            raise AlreadyGranted

    def _new_proposal(
        self,
        tx: Connection,
        by: Actor | None,
        person: Person,
        thing: Thing,
        subject: Subject,
        *,
        is_guarded: bool,
        wish: Wish | None = None,
    ) -> Proposal:
        now = self._now()
        proposer = by.person_id if by else ""
        thing = Thing("proposal", controller_id=thing.controller_id, parties=frozenset({proposer, person.id} - {""}))
        way = way_for(thing, is_guarded=is_guarded, enrolled=self._enrolled(tx, now) if by else ())
        due = effective_at(way, now)
        one = Proposal(
            id=new_id("grt"),
            subject=subject,
            person_id=person.id,
            proposed_by=proposer,
            proposed_at=now,
            way=way,
            effective_at=due,
            expires_at=None if due else now + APPROVAL_LASTS,
            approved_by="",
            cancelled_at=None,
            used_at=None,
            thing=thing,
            wish=wish,
        )
        store_rights.add_proposal(tx, one)
        if is_guarded:
            store_rights.add_notice(tx, one.id, now, (due or now + APPROVAL_LASTS) + SHOWN_AFTER)
        return one

    def _enrolled(self, tx: Connection, now: datetime) -> list[Actor]:
        grants: dict[str, list[Held]] = {}
        for one in store_rights.held(tx):
            if one.in_force(now):
                grants.setdefault(one.person_id, []).append(one)
        return [
            Actor(one.id, tuple(held.grant for held in grants.get(one.id, [])))
            for one in store.people(tx)
            if one.state is State.ENROLLED
        ]

    def enrolled(self) -> list[Actor]:
        """List everybody who can sign in, with what each holds now: who could be a second person."""
        with self._reading() as tx:
            return self._enrolled(tx, self._now())

    def approve(self, by: Actor, proposal_id: str) -> Proposal:
        """Put somebody else's proposal in force. Raises NotPermitted, StepUpNeeded, NoSuchProposal, NotEnrolledYet."""
        with self._changing() as tx:
            now = self._now()
            one = self._waiting(tx, proposal_id, now)
            self._require(by, Permission.GRANT_APPROVE, one.thing)
            if one.way is not Way.APPROVAL:
                raise NoSuchProposal
            if self._person(tx, one.person_id).state is not State.ENROLLED:
                raise NotEnrolledYet
            store_rights.approve(tx, one.id, by.person_id, now)
            store_rights.extend_notice(tx, one.id, now + SHOWN_AFTER)
            if one.subject is Subject.FACTORS:
                self._record(Fact.FACTORS_APPROVED, by, one.person_id, grant=one.id)
            else:
                store_rights.add_grant(tx, one, now)
                self._record(Fact.GRANT_APPROVED, by, one.person_id, **_described(one))
                self._record(Fact.GRANT_APPLIED, by, one.person_id, **_described(one), reason=one.way)
            return replace(one, approved_by=by.person_id, effective_at=now)

    def _waiting(self, tx: Connection, proposal_id: str, now: datetime) -> Proposal:
        one = store_rights.proposal(tx, proposal_id) if is_id(proposal_id, "grt") else None
        if one is None or not one.waits(now):
            raise NoSuchProposal
        return one

    def cancel(self, by: Actor, proposal_id: str) -> None:
        """Take a waiting proposal back. Raises NotPermitted, NoSuchProposal."""
        with self._changing() as tx:
            one = self._waiting(tx, proposal_id, self._now())
            concerned = by.person_id in one.thing.parties
            if not concerned:
                self._require(by, Permission.GRANT_CANCEL, one.thing)
            if one.way is Way.APPROVAL and not concerned and not may_approve(by, one.thing):
                raise NotPermitted(action=str(Permission.GRANT_CANCEL), rule="silence")
            self._cancel(tx, by, one)

    def _cancel(self, tx: Connection, by: Actor | None, one: Proposal) -> None:
        store_rights.cancel(tx, one.id, by.person_id if by else "", self._now())
        if one.subject is Subject.FACTORS:
            self._record(Fact.FACTORS_CANCELLED, by, one.person_id, grant=one.id)
        else:
            self._record(Fact.GRANT_REFUSED, by, one.person_id, **_described(one))

    def revoke(self, by: Actor, grant_id: str) -> None:
        """Take a grant away, at once. Raises NotPermitted, StepUpNeeded, NoSuchGrant, LastAdministrator."""
        with self._changing() as tx:
            one = next((held for held in store_rights.held(tx) if held.id == grant_id), None)
            if one is None or not one.in_force(self._now()):
                raise NoSuchGrant
            self._require(by, Permission.GRANT_REVOKE, Thing("grant", controller_id=one.grant.controller_id))
            if not self._may_revoke(tx, by, one):
                raise NotPermitted(action=str(Permission.GRANT_REVOKE), rule="silence")
            self._revoke(tx, by, one)

    def _may_revoke(self, tx: Connection, by: Actor, one: Held) -> bool:
        """A physician takes away only what they could have approved; administrator and dpo anything."""
        if by.roles & {Role.ADMINISTRATOR, Role.DPO}:
            return True
        narrow = one.grant.scope is not Scope.SITE
        thing = Thing("proposal", controller_id=one.grant.controller_id) if narrow else self._house(tx)
        return may_approve(by, thing)

    def _revoke(self, tx: Connection, by: Actor, one: Held) -> None:
        now = self._now()
        if one.grant.role is Role.ADMINISTRATOR:
            left = [grant for other in self._enrolled(tx, now) for grant in other.grants if grant.id != one.id]
            if not any(grant.role is Role.ADMINISTRATOR for grant in left):
                raise LastAdministrator
            self._void_proposals_of(tx, by, one.person_id)
        store_rights.revoke(tx, one.id, by.person_id, now)
        grant = one.grant
        self._record(
            Fact.GRANT_REVOKED,
            by,
            one.person_id,
            grant=one.id,
            role=grant.role,
            scope=grant.scope,
            controller=grant.controller_id,
        )

    def _void_proposals_of(self, tx: Connection, by: Actor, person_id: str) -> None:
        """Cancel what somebody had proposed, now that they may no longer propose."""
        now = self._now()
        for one in store_rights.proposals(tx):
            if one.proposed_by == person_id and one.waits(now):
                self._cancel(tx, by, one)

    def proposals(self) -> list[Proposal]:
        """List what waits now."""
        with self._reading() as tx:
            now = self._now()
            return [one for one in store_rights.proposals(tx) if one.waits(now)]

    def grants(self, person_id: str) -> list[Held]:
        """List what somebody holds, what is to come included."""
        with self._reading() as tx:
            return store_rights.held(tx, person_id)

    def notices(self) -> list[Notice]:
        """List what everybody's home page shows now."""
        with self._reading() as tx:
            return store_rights.notices(tx, self._now())

    def unmailed(self) -> list[Proposal]:
        """List proposals whose notice was not mailed and that still wait."""
        with self._reading() as tx:
            now, due = self._now(), set(store_rights.unmailed(tx))
            return [one for one in store_rights.proposals(tx) if one.id in due and one.waits(now)]

    def mailed(self, proposal_id: str, now: datetime) -> None:
        """Note that a notice was mailed."""
        with self._changing() as tx:
            store_rights.mailed(tx, proposal_id, now)

    def announce(self, now: datetime) -> int:
        """Record the grants that came into force by themselves. They count without this."""
        with self._changing() as tx:
            due = store_rights.to_announce(tx, now)
            for grant_id in due:
                one = store_rights.proposal(tx, grant_id)
                if one is not None:
                    self._record(Fact.GRANT_APPLIED, None, one.person_id, **_described(one), reason=one.way)
                store_rights.announced(tx, grant_id, now)
        return len(due)


def _alike(one: Wish, other: Wish) -> bool:
    return _essence(one) == _essence(other)


def _essence(one: Wish) -> tuple[object, ...]:
    names = frozenset(fold_name(name) for name in one.referrer_names)
    return one.role, one.settled_scope(), one.controller_id, one.confidential, names


def _described(one: Proposal) -> dict[str, str]:
    if one.wish is None:
        return {"grant": one.id}
    wish = one.wish
    return {"grant": one.id, "role": wish.role, "scope": wish.settled_scope(), "controller": wish.controller_id}


def due_text(at: datetime | None) -> str:
    """Write an instant that may be missing; "" where it is."""
    return to_text(at) if at else ""
