"""Who says that they use a device, and may what: user identity negotiation (PS3.7 D.3.3.7), judged.

A claim is a program's token with a name, or a JSON Web Token. Either leads to a person of the house; what is asked
on the association may never be more than the device has, than that person may, and than a program could be given.
Wrong claims are counted per device and waited for, as wrong passwords are (throttle.py).
"""

from __future__ import annotations

import hmac
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from types import MappingProxyType
from typing import TYPE_CHECKING, Final

from primum.ground.clock import from_text, to_text
from primum.identity import store, store_tokens
from primum.identity.device_model import LIMITS, Device, IdentityRefused, Service
from primum.identity.model import Person, State
from primum.identity.names import fold_login
from primum.identity.permissions import TOKEN_MAY, Actor, Permission, Thing, decide
from primum.identity.programs import Programs
from primum.identity.refusals import NoSession, Throttled
from primum.identity.throttle import next_try_at

if TYPE_CHECKING:
    from primum.identity.identity_keys import IdentityKeys

CLAIM: Final = "claim"
"""How wrong claims are called where tries are counted."""

NEEDS: Mapping[Service, Permission] = MappingProxyType(
    {
        Service.STORE: Permission.STUDY_IMPORT,
        Service.COMMITMENT: Permission.STUDY_IMPORT,
        Service.FIND: Permission.STUDY_LIST,
        Service.GET: Permission.STUDY_OPEN,
        Service.MOVE: Permission.STUDY_SEND,
        Service.WORKLIST: Permission.ORDER_LIST,
        Service.MPPS: Permission.ORDER_WRITE,
        Service.REJECTED: Permission.INSTANCE_SEE_REJECTED,
    }
)
"""What whoever uses a device needs for each service asked by an association; what is not here is not asked by one."""


@dataclass(frozen=True, slots=True)
class Shown:
    """What an association presented. A passcode with a name, or a JSON Web Token without one."""

    name: str
    proof: bytes = field(repr=False)
    json_token: bool
    address: str


@dataclass(frozen=True, slots=True)
class Claim:
    """A claim that holds: whose, by which token or key, until when, and for which services."""

    person_id: str
    id: str
    ends_at: datetime
    may: frozenset[Service]


class Claims(Programs):
    """Judging who uses a device."""

    def claim(self, device: Device, shown: Shown, keys: IdentityKeys, audience: Iterable[str]) -> Claim:
        """Judge what was shown. Raises IdentityRefused (one sentence whatever is wrong), Throttled."""
        self._refuse_soon_again(device.id)
        try:
            if shown.json_token:
                return self._by_json_token(device, shown, keys, audience)
            return self._by_program(device, shown)
        except (IdentityRefused, NoSession):
            with self._changing() as tx:
                row = store.tries(tx, CLAIM, device.id)
                failures = row.failures if row else 0
                store.set_tries(tx, CLAIM, device.id, failures=failures + 1, unheard=0, at=self._now())
            raise IdentityRefused from None

    def still(self, device: Device, claim: Claim, keys: IdentityKeys) -> Claim:
        """Say what a claim that held is good for now. Raises IdentityRefused when it holds no more."""
        with self._reading() as tx:
            person = store.person(tx, claim.person_id)
            token = store_tokens.token(tx, claim.id)
        if person is None or person.state is not State.ENROLLED or claim.ends_at <= self._now():
            raise IdentityRefused
        if token is not None and token.revoked_at is None:
            return self._for(device, person, token.id, token.ends_at, token.may)
        if any(one.id == claim.id for one in keys.of(device.id)):
            return self._for(device, person, claim.id, claim.ends_at, TOKEN_MAY)
        raise IdentityRefused

    def forgive(self, device_id: str) -> None:
        """End a device's wait after wrong claims."""
        with self._changing() as tx:
            row = store.tries(tx, CLAIM, device_id)
            if row is not None and row.failures:
                self._forgive(tx, device_id, CLAIM)

    def _refuse_soon_again(self, device_id: str) -> None:
        with self._reading() as tx:
            row = store.tries(tx, CLAIM, device_id)
        if row is None or not row.failures:
            return
        retry_at = next_try_at(row.failures, from_text(row.last_at), self._rules.tries)
        if self._now() < retry_at:
            raise Throttled(retry_at=to_text(retry_at))

    def _by_program(self, device: Device, shown: Shown) -> Claim:
        one, person = self._living(shown.proof.decode("ascii", "replace"))
        if not _is_named(shown.name, person.login, one.name):
            raise IdentityRefused
        claim = self._for(device, person, one.id, one.ends_at, one.may)
        self._note_use(one, shown.address)
        self.forgive(device.id)
        return claim

    def _by_json_token(self, device: Device, shown: Shown, keys: IdentityKeys, audience: Iterable[str]) -> Claim:
        from primum.identity.json_tokens import judge_token  # noqa: PLC0415 (most houses have no such token)

        said = judge_token(shown.proof, keys.of(device.id), audience, self._now())
        with self._reading() as tx:
            folded = fold_login(said.subject)
            person = store.person_by_login(tx, folded) if folded else None
        if person is None or person.state is not State.ENROLLED:
            raise IdentityRefused
        keys.use_once(device.id, said.digest, said.ends_at)
        self.forgive(device.id)
        return self._for(device, person, said.key_id, said.ends_at, TOKEN_MAY)

    def _for(
        self, device: Device, person: Person, claim_id: str, ends_at: datetime, only: Iterable[str]
    ) -> Claim:  # fmt: skip
        with self._reading() as tx:
            held = self._actor(tx, person.id, self._now())
        actor = Actor(held.person_id, held.grants, only=frozenset(map(Permission, only)))
        # a name of a referring physician says nothing of a device's studies: such a grant covers none of them here
        thing = Thing("study", device.controller_id)
        may = {one for one in device.may if one in NEEDS and decide(actor, NEEDS[one], thing).allowed}
        return Claim(person.id, claim_id, ends_at, frozenset(may))


def _is_named(name: str, *names: str) -> bool:
    """Tell whether somebody gave one of the names, in a time that does not tell which characters fit."""
    given = name.strip()[: LIMITS.identity_name]
    tried = [hmac.compare_digest(one.encode(), two.encode()) for two in names for one in (given, fold_login(given))]
    return any(tried)
