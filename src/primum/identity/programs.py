"""Tokens for programs: a script or a viewer that asks in somebody's name, for some of what they may (access.md).

A token is named, scoped and ends. It can never do more than its person can at that moment, and of that only what it
names. It opens DICOMweb, and an association of a device that asks who uses it (claims.py), and no page.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterable
from datetime import timedelta

from primum.ground.clock import to_text
from primum.ground.ids import is_id, new_id
from primum.identity import store, store_tokens
from primum.identity.facts import Fact
from primum.identity.limits import LIMITS
from primum.identity.model import Person, ProgramToken, Session
from primum.identity.new_factors import NewFactors
from primum.identity.permissions import TOKEN_MAY, Actor, Permission, Role, Thing
from primum.identity.refusals import BadToken, NoSession, NoSuchToken, TooMany
from primum.identity.sessions import TOKEN_BYTES, token_hash

PREFIX = "ptk_"
"""Begins each token, so that a scanner for secrets finds one that was left in a file."""
_LENGTH = len(PREFIX) + len(secrets.token_urlsafe(TOKEN_BYTES))


class Programs(NewFactors):
    """Making, listing, revoking and using them."""

    def add_token(self, by: Actor, name: str, may: Iterable[str], lasts: timedelta) -> ProgramToken:
        """Make a token of one's own; its secret is given once.

        Raises NotPermitted, StepUpNeeded, BadToken, TooMany.
        """
        self._require(by, Permission.TOKEN_ADD, Thing("token"))
        meant = _meant(name, may, lasts)
        secret, now = PREFIX + secrets.token_urlsafe(TOKEN_BYTES), self._now()
        with self._changing() as tx:
            person = self._person(tx, by.person_id)
            live = [one for one in store_tokens.tokens(tx, person.id) if one.revoked_at is None and one.ends_at > now]
            if len(live) >= LIMITS.program_tokens:
                raise TooMany(count=len(live), what="tokens")
            one = ProgramToken(new_id("tok"), person.id, name.strip(), meant, now, now + lasts, None, None, secret)
            store_tokens.add_token(
                tx,
                id=one.id,
                person_id=one.person_id,
                name=one.name,
                token_hash=token_hash(secret),
                may=" ".join(sorted(one.may)),
                made_at=to_text(one.made_at),
                ends_at=to_text(one.ends_at),
            )
            what = "+".join(sorted(permission.removeprefix("study:") for permission in one.may))
            self._record(Fact.TOKEN_ADDED, by, one.id, what=what, expires_at=to_text(one.ends_at))
        return one

    def list_tokens(self, by: Actor) -> list[ProgramToken]:
        """List one's own tokens; everybody's for administrators and the dpo. Raises NotPermitted."""
        self._require(by, Permission.TOKEN_LIST, Thing("token"))
        with self._reading() as tx:
            return store_tokens.tokens(tx, "" if _sees_all(by) else by.person_id)

    def revoke_token(self, by: Actor, token_id: str) -> None:
        """End a token: one's own, or anybody's for administrators and the dpo. Raises NotPermitted, NoSuchToken."""
        self._require(by, Permission.TOKEN_REVOKE, Thing("token"))
        with self._changing() as tx:
            one = store_tokens.token(tx, token_id) if is_id(token_id, "tok") else None
            if one is None or not (one.person_id == by.person_id or _sees_all(by)):
                raise NoSuchToken
            if one.revoked_at is None:
                store_tokens.change_token(tx, one.id, revoked_at=to_text(self._now()))
                self._record(Fact.TOKEN_REVOKED, by, one.id, reason="asked")

    def end_tokens(self, by: Actor, person_id: str = "") -> int:
        """End every token, or a person's, because of a breach; return how many. Ask `incident:contain` first."""
        with self._changing() as tx:
            live = [one for one in store_tokens.tokens(tx, person_id) if one.revoked_at is None]
            for one in live:
                store_tokens.change_token(tx, one.id, revoked_at=to_text(self._now()))
                self._record(Fact.TOKEN_REVOKED, by, one.id, reason="contained")
        return len(live)

    def program(self, secret: str, address: str) -> Session:
        """Find what a token opens, and note that it is used: in the journal at most once an hour. Raises NoSession."""
        one, _ = self._living(secret)
        self._note_use(one, address)
        return Session(
            one.id, one.person_id, one.made_at, one.ends_at, fresh=False, address=address[: LIMITS.address],
            agent="program", csrf="", may=one.may,
        )  # fmt: skip

    def _living(self, secret: str) -> tuple[ProgramToken, Person]:
        """Find a token that is good now, and its person. Raises NoSession."""
        hashed = token_hash(secret) if len(secret) == _LENGTH else ""
        found = self._memo.get(("program", hashed), lambda: self._read_program(hashed)) if hashed else None
        one, person = found or (None, None)
        ended = one is None or one.revoked_at is not None or one.ends_at <= self._now()
        if one is None or ended or person is None or person.closed_at:
            raise NoSession
        return one, person

    def _read_program(self, hashed: str) -> tuple[ProgramToken, Person | None] | None:
        with self._reading() as tx:
            one = store_tokens.token_by_hash(tx, hashed)
            return None if one is None else (one, store.person(tx, one.person_id))

    def _note_use(self, one: ProgramToken, address: str) -> None:
        now = self._now()
        if one.used_at is None or now - one.used_at >= _TOLD_AGAIN:
            with self._changing() as tx:
                store_tokens.change_token(tx, one.id, used_at=to_text(now))
                self._record(Fact.TOKEN_USED, one.person_id, one.id, address=address[: LIMITS.address])


_TOLD_AGAIN = timedelta(hours=1)


def _meant(name: str, may: Iterable[str], lasts: timedelta) -> frozenset[str]:
    listed = frozenset(may)
    if not 1 <= len(name.strip()) <= LIMITS.program_token_name or not name.isprintable():
        raise BadToken(why=f"its name has 1 to {LIMITS.program_token_name} characters")
    if not listed or not listed <= TOKEN_MAY:
        raise BadToken(why="it may " + ", ".join(sorted(one.value for one in TOKEN_MAY)) + ", or some of these")
    if not timedelta(days=1) <= lasts <= LIMITS.program_token:
        raise BadToken(why=f"it is good for 1 to {LIMITS.program_token.days} days")
    return listed


def _sees_all(by: Actor) -> bool:
    return bool(by.roles & {Role.ADMINISTRATOR, Role.DPO})
