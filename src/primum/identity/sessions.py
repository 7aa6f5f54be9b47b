"""Sessions: opening, using, locking, stepping up, ending (docs/design/access.md)."""

from __future__ import annotations

import base64
import hashlib
import secrets
from dataclasses import replace
from datetime import datetime

from sqlalchemy import Connection

from primum.ground.clock import from_text, to_text
from primum.ground.ids import new_id
from primum.identity import store
from primum.identity.factors import CODE, PASSWORD, Factors, Suspect
from primum.identity.facts import Fact
from primum.identity.limits import LIMITS
from primum.identity.model import Session
from primum.identity.permissions import Actor, Permission
from primum.identity.refusals import NoSession, SessionLocked, SignInRefused, StepUpNeeded
from primum.identity.store import LiveSession, Row, instant

TOKEN_BYTES = 32
AGENTS = ("browser", "terminal")


def token_hash(token: str) -> str:
    """Hash a token for keeping: 256 random bits need no salt and no slow hash."""
    return hashlib.sha256(token.encode("utf-8", "replace")).hexdigest()


def csrf_of(token: str) -> str:
    """Derive what a form has to bring back, from the token that only the browser's cookie holds."""
    digest = hashlib.sha256(b"primum csrf\0" + token.encode("utf-8", "replace")).digest()
    return base64.urlsafe_b64encode(digest).decode("ascii").rstrip("=")


class Sessions(Factors):
    """What a person does at the door."""

    def sign_in(self, login: str, password: str, code: str, address: str, agent: str = "browser") -> Session:
        """Open a session. `code` is the authenticator's, or a recovery code. The token is given once.

        Raises SignInRefused (one sentence whatever the cause) or Throttled.
        """
        suspect = self._suspect_by_login(login)
        burnt = self._hear_password(suspect, code, address)
        right = self._password_fits(suspect, password)
        session = None
        with self._changing() as tx:
            wrong = self._wrong(tx, suspect, code, address, right=right, burnt=burnt)
            if suspect.person is not None and not wrong:
                session = self._welcome(tx, suspect.person.id, address, agent)
            else:
                self._record(Fact.SESSION_REFUSED, suspect.known, "", reason=wrong, address=address)
        if session is None:
            raise SignInRefused
        self._rehash(suspect, password)
        return session

    def _wrong(self, tx: Connection, suspect: Suspect, code: str, address: str, *, right: bool, burnt: bool) -> str:
        """Name the factor that is wrong: password, code; or "" where both are right."""
        if not right or not self._unchanged(tx, suspect):
            return PASSWORD
        return "" if burnt or self._code_fits(tx, suspect, code, address) else CODE

    def _welcome(self, tx: Connection, person_id: str, address: str, agent: str) -> Session:
        self._forgive(tx, person_id, PASSWORD, CODE)
        self._make_room(tx, person_id)
        token = secrets.token_urlsafe(TOKEN_BYTES)
        return replace(self._open(tx, person_id, token, address, agent), token=token)

    def _open(self, tx: Connection, person_id: str, token: str, address: str, agent: str) -> Session:
        now = self._now()
        row = {
            "id": new_id("ses"),
            "person_id": person_id,
            "token_hash": token_hash(token),
            "opened_at": to_text(now),
            "used_at": to_text(now),
            "ends_at": to_text(now + self._longest),
            "fresh_until": to_text(now + LIMITS.fresh) if agent == "terminal" else None,
            "address": address[: LIMITS.address],
            "agent": agent if agent in AGENTS else AGENTS[0],
        }
        store.add_session(tx, **row)
        found = store.session_by_hash(tx, token_hash(token))
        if found is None:  # pragma: no cover (it was written a line ago)
            raise NoSession
        self._record(Fact.SESSION_OPENED, person_id, found.id, session=found.id, address=found.address)
        return self._session(found, token, now)

    def _make_room(self, tx: Connection, person_id: str) -> None:
        live = store.open_sessions(tx, person_id)
        for row in live[: max(0, len(live) - LIMITS.sessions + 1)]:
            self._close(tx, row, "too-many")

    def _session(self, row: Row | LiveSession, token: str, now: datetime) -> Session:
        fresh_until = instant(row.fresh_until)
        return Session(
            id=row.id,
            person_id=row.person_id,
            opened_at=from_text(row.opened_at),
            ends_at=from_text(row.ends_at),
            fresh=fresh_until is not None and now < fresh_until,
            address=row.address,
            agent=row.agent,
            csrf=csrf_of(token),
        )

    def session(self, token: str) -> Session:
        """Find the session of a token, and note that it is used. Raises NoSession or SessionLocked."""
        now = self._now()
        row = self._known(token, now)
        if row.locked_at is None and now - from_text(row.used_at) >= self._idle:
            with self._changing() as tx:
                self._lock(tx, self._live(tx, token, now), now, "idle")
            raise SessionLocked
        if row.locked_at is not None:
            raise SessionLocked
        if now - from_text(row.used_at) >= LIMITS.touch:
            with self._changing() as tx:
                store.change_session(tx, row.id, used_at=to_text(now))
        return self._session(row, token, now)

    def glance(self, token: str) -> Session:
        """Find the session of a token without using it: an open channel keeps nobody signed in.

        Raises NoSession or SessionLocked.
        """
        now = self._now()
        row = self._known(token, now)
        if row.locked_at is not None or now - from_text(row.used_at) >= self._idle:
            raise SessionLocked
        return self._session(row, token, now)

    def _known(self, token: str, now: datetime) -> LiveSession:
        """Find a live session, reading again only where something was committed since (docs/decisions/0119)."""
        hashed = token_hash(token) if len(token) <= LIMITS.token else ""
        row = self._memo.get(("session", hashed), lambda: self._read_session(hashed)) if hashed else None
        if row is None or from_text(row.ends_at) <= now:
            raise NoSession
        return row

    def _read_session(self, hashed: str) -> LiveSession | None:
        with self._looking() as reader:
            return store.live_session(reader, hashed)

    def _live(self, tx: Connection, token: str, now: datetime) -> Row:
        row = store.session_by_hash(tx, token_hash(token)) if len(token) <= LIMITS.token else None
        if row is None or from_text(row.ends_at) <= now:
            raise NoSession
        return row

    def actor(self, session: Session) -> Actor:
        """Read what the session's person may do now: from the grants in force, at each request."""
        only = None if session.may is None else frozenset(map(Permission, session.may))
        grants = self._grants_now(session.person_id, self._now())
        return Actor(session.person_id, grants, fresh=session.fresh, session_id=session.id, only=only)

    def _fresh(self, token: str) -> Session:
        session = self.session(token)
        if not session.fresh:
            raise StepUpNeeded(action="own factors")
        return session

    def lock(self, token: str) -> None:
        """Lock a session. Raises NoSession."""
        now = self._now()
        with self._changing() as tx:
            self._lock(tx, self._live(tx, token, now), now, "asked")

    def _lock(self, tx: Connection, row: Row, now: datetime, reason: str) -> None:
        if row.locked_at is None:
            store.change_session(tx, row.id, locked_at=to_text(now), fresh_until=None)
            self._record(Fact.SESSION_LOCKED, row.person_id, row.id, session=row.id, reason=reason)

    def unlock(self, token: str, password: str, address: str) -> Session:
        """Open a locked session again. Raises NoSession, SignInRefused or Throttled."""
        suspect = self._claim(token)
        self._hear_password(suspect, "", address)
        right = self._password_fits(suspect, password)
        with self._changing() as tx:
            now = self._now()
            row = self._live(tx, token, now)
            if right:
                self._forgive(tx, suspect.counted, PASSWORD)
                store.change_session(tx, row.id, locked_at=None, used_at=to_text(now))
                self._record(Fact.SESSION_UNLOCKED, row.person_id, row.id, session=row.id, address=address)
            else:
                self._refuse_factor(row, PASSWORD, address)
        if not right:
            raise SignInRefused
        return self.session(token)

    def step_up(self, token: str, password: str, code: str, address: str) -> Session:
        """Make the session's person fresh for five minutes.

        Raises NoSession, SessionLocked, SignInRefused or Throttled.
        """
        self.session(token)
        suspect = self._claim(token)
        burnt = self._hear_password(suspect, code, address)
        right = self._password_fits(suspect, password)
        with self._changing() as tx:
            now = self._now()
            row = self._live(tx, token, now)
            wrong = self._wrong(tx, suspect, code, address, right=right, burnt=burnt)
            if not wrong:
                self._forgive(tx, suspect.counted, PASSWORD, CODE)
                store.change_session(tx, row.id, fresh_until=to_text(now + LIMITS.fresh), used_at=to_text(now))
                self._record(Fact.SESSION_STEPPED_UP, row.person_id, row.id, session=row.id, address=address)
            else:
                self._refuse_factor(row, wrong, address)
        if wrong:
            raise SignInRefused
        return self.session(token)

    def _claim(self, token: str) -> Suspect:
        with self._reading() as tx:
            row = self._live(tx, token, self._now())
        return self._suspect_by_id(row.person_id)

    def _refuse_factor(self, row: Row, what: str, address: str) -> None:
        self._record(
            Fact.FACTOR_REFUSED, row.person_id, row.id, session=row.id, reason="wrong", address=address, what=what
        )

    def sign_out(self, token: str) -> None:
        """End a session, locked or not. Raises NoSession."""
        with self._changing() as tx:
            self._close(tx, self._live(tx, token, self._now()), "asked")

    def end_sessions(self, person_id: str = "", *, but: str = "") -> int:
        """End every open session, or a person's, because of a breach; return how many. Ask `incident:contain` first.

        `but`: the session of whoever does it, who has more to do.
        """
        ended = 0
        with self._changing() as tx:
            for row in store.open_sessions(tx, person_id or None):
                if row.id != but:
                    self._close(tx, row, "contained")
                    ended += 1
        return ended

    def ended_session(self, person_id: str) -> str:
        """Return the token of a session that was never open: what a probe shows as expired, and opens nothing.

        Nobody signed in, and no fact says so.
        """
        token, now = secrets.token_urlsafe(TOKEN_BYTES), to_text(self._now())
        row = {"id": new_id("ses"), "person_id": person_id, "token_hash": token_hash(token), "address": ""}
        times = dict.fromkeys(("opened_at", "used_at", "ends_at", "closed_at"), now)
        with self._changing() as tx:
            store.add_session(tx, **row, **times, fresh_until=None, agent=AGENTS[0])
        return token

    def _close(self, tx: Connection, row: Row, reason: str) -> None:
        store.change_session(tx, row.id, closed_at=to_text(self._now()), fresh_until=None)
        self._record(Fact.SESSION_CLOSED, row.person_id, row.id, session=row.id, reason=reason)

    def _close_all(self, tx: Connection, person_id: str, reason: str, *, but: str = "") -> None:
        for row in store.open_sessions(tx, person_id):
            if row.id != but:
                self._close(tx, row, reason)

    def change_password(self, token: str, old: str, new: str, address: str) -> None:
        """Change the session's person's password; their other sessions end.

        Raises what `session`, `unlock` and `passwords.check_password` raise.
        """
        session = self.session(token)
        suspect = self._claim(token)
        if suspect.person is None:
            raise NoSession
        normal = self._checked(suspect.person, new)
        self._hear_password(suspect, "", address)
        right = self._password_fits(suspect, old)
        hashed = self._hasher.hash(normal)
        with self._changing() as tx:
            row = self._live(tx, token, self._now())
            if right:
                self._forgive(tx, suspect.counted, PASSWORD)
                store.set_password(tx, session.person_id, hashed)
                self._close_all(tx, session.person_id, "password-changed", but=session.id)
                self._record(Fact.PASSWORD_CHANGED, session.person_id, session.person_id, reason="asked")
            else:
                self._refuse_factor(row, PASSWORD, address)
        if not right:
            raise SignInRefused

    def sweep_sessions(self, now: datetime) -> int:
        """Lock what is idle and end what is over, so that the journal says so though nobody came back."""
        done = 0
        with self._changing() as tx:
            for row in store.open_sessions(tx):
                if from_text(row.ends_at) <= now:
                    self._close(tx, row, "expired")
                elif row.locked_at is None and now - from_text(row.used_at) >= self._idle:
                    self._lock(tx, row, now, "idle")
                else:
                    continue
                done += 1
        return done
