"""Judging what somebody knows and has: password and code, with their tries counted before they are judged."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection

from primum.ground.clock import from_text, to_text
from primum.identity import recovery, store, totp
from primum.identity.facts import STRANGER, Fact
from primum.identity.limits import LIMITS
from primum.identity.model import Person, State
from primum.identity.names import fold_login
from primum.identity.office import Office
from primum.identity.passwords import check_password, readable
from primum.identity.refusals import Throttled
from primum.identity.throttle import bucket, next_try_at

PASSWORD, CODE = "password", "code"
_NOBODY = bytes(totp.SECRET_BYTES)


@dataclass(frozen=True, slots=True)
class Suspect:
    """Whoever claims a login: perhaps nobody. `counted` is where their tries are counted."""

    person: Person | None
    counted: str
    password_hash: str | None = None
    totp_sealed: bytes = b""
    last_step: int = 0

    @property
    def known(self) -> str:
        """Who it is for the journal: a stranger where the login is nobody's."""
        return self.person.id if self.person else STRANGER


def totp_purpose(person_id: str) -> str:
    """Say what a sealed TOTP secret is bound to."""
    return f"totp {person_id}"


class Factors(Office):
    """Passwords and codes."""

    def _suspect_by_login(self, login: str) -> Suspect:
        folded = fold_login(login)
        with self._reading() as tx:
            found = store.person_by_login(tx, folded) if folded else None
            return self._suspect(tx, found, bucket(folded))

    def _suspect_by_id(self, person_id: str) -> Suspect:
        with self._reading() as tx:
            return self._suspect(tx, store.person(tx, person_id), bucket(person_id))

    def _suspect(self, tx: Connection, found: Person | None, unknown: str) -> Suspect:
        row = store.credentials(tx, found.id) if found else None
        if found is None or row is None or found.state is not State.ENROLLED:
            return Suspect(None, unknown)
        return Suspect(found, found.id, row.password_hash, row.totp_sealed, row.last_step)

    def _unchanged(self, tx: Connection, suspect: Suspect) -> bool:
        """Tell whether what was judged still holds: hashing takes long enough to be closed or enrolled anew."""
        known = suspect.person
        now = self._suspect(tx, store.person(tx, known.id) if known else None, suspect.counted)
        return now.person is not None and now.password_hash == suspect.password_hash

    def _hear_password(self, suspect: Suspect, code: str, address: str) -> bool:
        """Count a try before it is judged. Raises Throttled when it is not heard at all.

        A recovery code is heard even then; the try burns it, right or wrong: True.
        """
        with self._changing() as tx:
            now = self._now()
            retry_at = self._count(tx, PASSWORD, suspect.counted, now)
            if retry_at is None:
                return False
            burnt = self._burn(tx, suspect, code, address, now)
            if not burnt:
                self._refuse_unheard(tx, suspect, address)
        if not burnt:
            raise Throttled(retry_at=to_text(retry_at))
        return True

    def _refuse_unheard(self, tx: Connection, suspect: Suspect, address: str) -> None:
        """Record the first try of a wait that is not heard; those after it are only counted."""
        row = store.tries(tx, PASSWORD, suspect.counted)
        if row is None or row.unheard == 0:
            self._record(Fact.SESSION_REFUSED, suspect.known, "", reason="throttled", address=address)
        store.count_unheard(tx, PASSWORD, suspect.counted)

    def _count(self, tx: Connection, what: str, who: str, now: datetime) -> datetime | None:
        """Count one more failure, to be forgiven on success; or return from when on a try is heard."""
        row = store.tries(tx, what, who)
        failures = row.failures if row else 0
        if row is not None:
            retry_at = next_try_at(failures, from_text(row.last_at), self._rules.tries)
            if now < retry_at:
                return retry_at
        store.set_tries(tx, what, who, failures=failures + 1, unheard=0, at=now)
        return None

    def _forgive(self, tx: Connection, who: str, *kinds: str) -> None:
        for what in kinds:
            store.set_tries(tx, what, who, failures=0, unheard=0, at=self._now())

    def _burn(self, tx: Connection, suspect: Suspect, code: str, address: str, now: datetime) -> bool:
        if suspect.person is None or len(code) > LIMITS.code or not recovery.plain(code):
            return False
        person_id = suspect.person.id
        if not store.use_recovery_code(tx, person_id, recovery.code_hash(person_id, code), now):
            return False
        left = store.recovery_codes_left(tx, person_id)
        self._record(Fact.RECOVERY_USED, person_id, person_id, address=address, count=left)
        return True

    def _password_fits(self, suspect: Suspect, password: str) -> bool:
        return self._hasher.fits(suspect.password_hash, readable(password, self._rules.password))

    def _code_fits(self, tx: Connection, suspect: Suspect, code: str, address: str) -> bool:
        """Judge a code, counting the try; use it up when it is right. Never raises."""
        now = self._now()
        if suspect.person is None or len(code) > LIMITS.code:
            return False
        if recovery.plain(code):
            return self._burn(tx, suspect, code, address, now)  # 80 random bits need no throttle
        if self._count(tx, CODE, suspect.counted, now) is not None:
            return False
        secret = self._box.open(totp_purpose(suspect.person.id), suspect.totp_sealed)
        step = totp.accepted_step(secret, code, now, suspect.last_step)
        return step is not None and store.use_step(tx, suspect.person.id, step)

    def _rehash(self, suspect: Suspect, password: str) -> None:
        """Hash anew what was hashed with yesterday's parameters, now that the password is known."""
        kept, normal = suspect.password_hash, readable(password, self._rules.password)
        if suspect.person is None or kept is None or normal is None or not self._hasher.outdated(kept):
            return
        fresh = self._hasher.hash(normal)
        with self._changing() as tx:
            store.set_password(tx, suspect.person.id, fresh)

    def _checked(self, person: Person, password: str) -> str:
        """Check a new password and return its form to be hashed."""
        return check_password(password, (person.login, person.full_name, person.mail), self._rules.password)
