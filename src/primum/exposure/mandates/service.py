"""Mandates of a home: who may give, list and withdraw them; kept in records.db, every step in the account ledger."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import replace
from importlib.resources import as_file, files
from typing import TYPE_CHECKING, Final

from primum.exposure.mandates.errors import BadWish, MandateWithdrawn, NoSuchMandate, TooManyMandates
from primum.exposure.mandates.folder import Kept
from primum.exposure.mandates.making import Wish, make
from primum.exposure.mandates.rules import mandate_rules
from primum.exposure.mandates.signing import sign, verified
from primum.exposure.mandates.tokens import token_from
from primum.exposure.mandates.writing import given_details
from primum.ground.clock import to_text
from primum.ground.db import migrate
from primum.identity import Permission, Role, Thing, require

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from sqlalchemy import Connection
    from sqlalchemy.engine import Engine

    from primum.exposure.mandates.signing import Hand
    from primum.exposure.probe.gate import Mandate
    from primum.exposure.probe.proving import Token
    from primum.ground.clock import Clock
    from primum.identity import Actor, Recorder

MOST: Final = 200
"""In force at once: a practice has a handful; more is a list that nobody reads."""
HOUSE: Final = Thing("house")


def prepare_mandates(engine: Engine) -> None:
    """Bring the table to its newest shape."""
    with as_file(files("primum.exposure.mandates").joinpath("migrations")) as folder:
        migrate(engine, folder, "mandates_version")


class Mandates:
    """What may be asked about mandates. Safe to use from several threads."""

    def __init__(self, records: Engine, clock: Clock, record: Recorder, hand: Hand, token_key: bytes) -> None:
        """Keep in `records`, sign with `hand` (the journal's signer); tokens come from `token_key`."""
        self._records, self._clock, self._record, self._hand = records, clock, record, hand
        self._token_key = token_key

    def give(self, by: Actor, wish: Wish) -> Mandate:
        """Give a mandate. Raises NotPermitted, StepUpNeeded, BadWish, BadMandate, TooManyMandates."""
        require(by, Permission.MANDATE_GIVE, HOUSE)
        quality = mandate_rules().qualities.get(wish.quality)
        own_words = not wish.recorded_by
        if quality is not None and quality.controls and own_words and Role.PHYSICIAN not in by.roles:
            raise BadWish(what="an administrator is not the controller: --by names who allows it")
        now = self._clock.now()
        mandate = make(wish, now=now, key=self._hand.verifier_key)
        note = sign(mandate, self._hand)
        with self._records.begin() as tx:
            if len([one for one in _kept(tx, self._hand.verifier_key) if one.stands(now)]) >= MOST:
                raise TooManyMandates(most=MOST)
            tx.exec_driver_sql(
                "INSERT INTO mandates (id, note, person_id, given_at, ends_at) VALUES (?, ?, ?, ?, ?)",
                (mandate.id, note, by.person_id, to_text(now), to_text(mandate.ends_at)),
            )
            details = given_details(mandate, note) | {"session": by.session_id}
            self._record("mandate:given", by.person_id, mandate.id, details)
        return mandate

    def every(self, by: Actor) -> list[Kept]:
        """List them all, newest first. Raises NotPermitted."""
        require(by, Permission.MANDATE_LIST, HOUSE)
        with self._reading() as tx:
            return _kept(tx, self._hand.verifier_key)

    def one(self, by: Actor, mandate_id: str) -> Kept:
        """Find one. Raises NotPermitted, NoSuchMandate."""
        require(by, Permission.MANDATE_LIST, HOUSE)
        with self._reading() as tx:
            return self._one(tx, mandate_id)

    def note(self, by: Actor, mandate_id: str) -> str:
        """Return the file of one that was not withdrawn. Raises NotPermitted, NoSuchMandate, MandateWithdrawn."""
        if self.one(by, mandate_id).withdrawn:
            raise MandateWithdrawn
        with self._reading() as tx:
            return str(tx.exec_driver_sql("SELECT note FROM mandates WHERE id = ?", (mandate_id,)).scalar())

    def withdraw(self, by: Actor, mandate_id: str) -> None:
        """Take one back, at once. Raises NotPermitted, NoSuchMandate, MandateWithdrawn."""
        require(by, Permission.MANDATE_WITHDRAW, HOUSE)
        with self._records.begin() as tx:
            if self._one(tx, mandate_id).withdrawn:
                raise MandateWithdrawn
            tx.exec_driver_sql(
                "UPDATE mandates SET withdrawn_at = ? WHERE id = ?", (to_text(self._clock.now()), mandate_id)
            )
            self._record("mandate:withdrawn", by.person_id, mandate_id, {"session": by.session_id})

    def token(self, by: Actor, mandate_id: str, what: str) -> Token:
        """Hand out the secret of one. Raises NotPermitted, StepUpNeeded, NoSuchMandate, MandateWithdrawn."""
        require(by, Permission.MANDATE_GIVE, HOUSE)
        with self._reading() as tx:
            kept = self._one(tx, mandate_id)
        if kept.withdrawn:
            raise MandateWithdrawn
        self._record("mandate:token:taken", by.person_id, mandate_id, {"what": what, "session": by.session_id})
        return token_from(self._token_key, mandate_id)

    def in_force(self, now: datetime) -> list[Mandate]:
        """List what a probe of this home may go by now: each verified as it is read."""
        with self._reading() as tx:
            return [one.mandate for one in _kept(tx, self._hand.verifier_key) if one.stands(now)]

    def _one(self, tx: Connection, mandate_id: str) -> Kept:
        found = _kept(tx, self._hand.verifier_key, mandate_id)
        if not found:
            raise NoSuchMandate
        return found[0]

    @contextmanager
    def _reading(self) -> Iterator[Connection]:
        with self._records.connect().execution_options(reading=True) as tx:
            yield tx


def _kept(tx: Connection, key: str, mandate_id: str | None = None) -> list[Kept]:
    """Read mandates, each verified: a row that somebody changed past us is not acted on."""
    sql = (
        "SELECT note, withdrawn_at FROM mandates WHERE ?1 IS NULL OR id = ?1"
        " ORDER BY given_at DESC, id DESC LIMIT 10000"
    )
    return [Kept(verified(note, keys=[key]), at is not None) for note, at in tx.exec_driver_sql(sql, (mandate_id,))]


def spoken_for(wish: Wish, *, by: str, full_name: str) -> Wish:
    """Say who allows: `by` where somebody else does, else who is signed in."""
    return replace(wish, given_by=by or full_name, recorded_by=full_name if by else "")
