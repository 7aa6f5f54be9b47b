"""Enrolment links: one use, fifteen minutes, the secret in the fragment (docs/design/access.md)."""

from __future__ import annotations

import ipaddress
import secrets
from dataclasses import replace

from sqlalchemy import Connection

from primum.ground.clock import from_text, to_text
from primum.identity import recovery, store, store_rights, totp
from primum.identity.factors import CODE, PASSWORD, totp_purpose
from primum.identity.facts import OPERATOR, Fact
from primum.identity.limits import LIMITS
from primum.identity.model import Enrolment, Invitation, Person, Proposal, State
from primum.identity.permissions import Actor
from primum.identity.refusals import EnrolmentNotHere, InvitationRefused, WrongCode
from primum.identity.sessions import TOKEN_BYTES, Sessions, token_hash
from primum.identity.store import Row


class Enrolments(Sessions):
    """Making links, and what happens when one is opened."""

    def _make_link(
        self,
        tx: Connection,
        by: Actor | None,
        person: Person,
        proposals: tuple[Proposal, ...] = (),
        *,
        loopback: bool = False,
    ) -> Invitation:
        now = self._now()
        token = secrets.token_urlsafe(TOKEN_BYTES)
        expires_at = now + LIMITS.invitation
        hashed = token_hash(token)
        store.add_invitation(
            tx,
            token_hash=hashed,
            person_id=person.id,
            made_by=by.person_id if by else OPERATOR,
            made_at=to_text(now),
            expires_at=to_text(expires_at),
            loopback=loopback,
            totp_sealed=self._box.seal(f"invitation {hashed}", totp.new_secret()),
            tries=0,
        )
        asked = store_rights.proposals(tx, person.id)
        roles = ",".join(sorted({str(one.wish.role) for one in asked if one.wish and not one.cancelled_at}))
        facts = {"roles": roles, "controller": person.controller_id, "expires_at": to_text(expires_at)}
        self._record(Fact.PERSON_INVITED, by, person.id, **facts)
        return Invitation(token, person.id, expires_at, proposals)

    def enrol_begin(self, token: str, address: str) -> Enrolment:
        """Show what the link is for; the same as long as it lives. Raises InvitationRefused, EnrolmentNotHere."""
        with self._reading() as tx:
            row, person = self._invited(tx, token, address)
        secret = self._box.open(f"invitation {row.token_hash}", row.totp_sealed)
        return Enrolment(
            login=person.login,
            full_name=person.full_name,
            totp_uri=totp.uri(secret, person.login),
            totp_secret=totp.secret_text(secret),
            expires_at=from_text(row.expires_at),
        )

    def _invited(self, tx: Connection, token: str, address: str) -> tuple[Row, Person]:
        row = store.invitation(tx, token_hash(token)) if len(token) <= LIMITS.token else None
        if row is None or from_text(row.expires_at) <= self._now() or row.tries >= LIMITS.invitation_tries:
            raise InvitationRefused
        person = store.person(tx, row.person_id)
        if person is None or person.state is State.CLOSED:
            raise InvitationRefused
        if row.loopback and not _is_loopback(address):
            raise EnrolmentNotHere
        return row, person

    def enrol_finish(self, token: str, password: str, code: str, address: str) -> tuple[str, ...]:
        """Set password and factor, and return the recovery codes, once.

        Raises InvitationRefused, EnrolmentNotHere, WrongCode, PasswordTooShort, PasswordTooLong, PasswordGuessable.
        """
        with self._reading() as tx:
            row, person = self._invited(tx, token, address)
        normal = self._checked(person, password)
        secret = self._box.open(f"invitation {row.token_hash}", row.totp_sealed)
        step = totp.accepted_step(secret, code, self._now(), 0)
        if step is None:
            with self._changing() as tx:
                store.count_invitation_try(tx, row.token_hash)
            raise WrongCode
        hashed = self._hasher.hash(normal)
        with self._changing() as tx:
            row, person = self._invited(tx, token, address)  # again: somebody may have been faster
            if not store.use_invitation(tx, row.token_hash, self._now()):  # pragma: no cover (the row was just read)
                raise InvitationRefused
            return self._enrol(tx, person, hashed, secret, step)

    def _enrol(self, tx: Connection, person: Person, hashed: str, secret: bytes, step: int) -> tuple[str, ...]:
        now = self._now()
        sealed = self._box.seal(totp_purpose(person.id), secret)
        store.set_credentials(tx, person.id, password=hashed, totp=sealed, step=step, at=now)
        codes = self._new_codes(tx, person.id)
        if person.state is State.INVITED:
            store.change_person(tx, person.id, state=State.ENROLLED, enrolled_at=to_text(now))
            held = store_rights.held(tx, person.id)
            roles = ",".join(sorted({str(one.grant.role) for one in held}))
            self._record(Fact.PERSON_ADDED, person.id, person.id, roles=roles, controller=person.controller_id)
        self._close_all(tx, person.id, "enrolled-anew")
        self._forgive(tx, person.id, PASSWORD, CODE)
        self._record(Fact.FACTOR_ADDED, person.id, person.id, what="totp")
        self._record(Fact.PASSWORD_CHANGED, person.id, person.id, reason="enrolment")
        return codes

    def _new_codes(self, tx: Connection, person_id: str) -> tuple[str, ...]:
        codes = recovery.new_codes()
        store.set_recovery_codes(tx, person_id, [recovery.code_hash(person_id, one) for one in codes])
        self._record(Fact.RECOVERY_RENEWED, person_id, person_id, count=len(codes))
        return codes

    def renew_recovery_codes(self, token: str) -> tuple[str, ...]:
        """Replace the recovery codes of the session's person, who must be fresh. Raises NoSession, StepUpNeeded."""
        session = self._fresh(token)
        with self._changing() as tx:
            return self._new_codes(tx, session.person_id)

    def own_link(self, token: str) -> Invitation:
        """Make an enrolment link for the session's person, who must be fresh: a new telephone, a new password."""
        session = self._fresh(token)
        with self._changing() as tx:
            person = self._person(tx, session.person_id)
            return self._make_link(tx, replace(self._actor(tx, person.id, self._now()), session_id=session.id), person)


def _is_loopback(address: str) -> bool:
    try:
        return ipaddress.ip_address(address).is_loopback
    except ValueError:
        return False
