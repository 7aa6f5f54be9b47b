"""What one may ask about commitment: keep a request, check it, deliver what came of it."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import TYPE_CHECKING

from sqlalchemy.engine import Engine

from primum.ground.clock import Clock, to_text
from primum.ground.errors import PrimumError
from primum.ground.ids import new_id
from primum.ground.log import Log
from primum.imaging.commitments import store
from primum.imaging.commitments.model import (
    REFERENCES,
    Commitment,
    NoCommitment,
    NothingReferenced,
    Reason,
    Reference,
    next_try,
)
from primum.imaging.model import InstanceEntry, Reach
from primum.imaging.store import reading
from primum.vault import Illness, RecordAbsent, Vault

if TYPE_CHECKING:
    from primum.imaging.archive import Archive

_log = Log("commitments")
Deliver = Callable[[Commitment], bool]
"""Calls the device with a result; tells whether it took it."""


class Commitments:
    """Requests for commitment of all devices. One checks at a time; safe to ask from several threads."""

    def __init__(
        self, records: Engine, archive: Archive, vault: Vault, clock: Clock, catch_up: Callable[[], object]
    ) -> None:
        """Keep in `records`, look up in `archive`; `catch_up` reads every pack up to where its writer stands."""
        self._records, self._archive, self._vault, self._clock = records, archive, vault, clock
        self._catch_up = catch_up
        self._checking = threading.Lock()

    def ask(
        self, device_id: str, controller_id: str, transaction_uid: str, references: Sequence[Reference]
    ) -> Commitment:
        """Keep a request, or find it where the device asked it before. On disc at return. Raises NothingReferenced."""
        if not 1 <= len(references) <= REFERENCES:
            raise NothingReferenced(most=REFERENCES)
        with self._records.begin() as tx:
            known = store.by_transaction(tx, device_id, transaction_uid)
            if known is not None:
                return known
            one = Commitment(
                new_id("cmt"), device_id, controller_id, transaction_uid, self._clock.now(), None, None, 0, None,
                tuple(references),
            )  # fmt: skip
            store.add(tx, one)
        return one

    def find(self, commitment_id: str) -> Commitment:
        """Find a request. Raises NoCommitment."""
        with reading(self._records) as tx:
            found = store.by_id(tx, commitment_id)
        if found is None:
            raise NoCommitment
        return found

    def recent(self, limit: int) -> list[tuple[Commitment, int, int]]:
        """List the newest requests, with how many instances each names and how many of them failed."""
        with reading(self._records) as tx:
            return [(one, *store.counts(tx, one.id)) for one in store.recent(tx, limit)]

    def committed(self, sop_uids: Sequence[str]) -> set[str]:
        """Tell which of these instances the archive answers for to some device."""
        with reading(self._records) as tx:
            return store.committed(tx, sop_uids)

    def check_all(self) -> int:
        """Check what was not checked yet; return how many requests that was."""
        with self._checking:
            with reading(self._records) as tx:
                waiting = store.unchecked(tx)
            for commitment_id in waiting:
                self._check(self.find(commitment_id))
        return len(waiting)

    def _check(self, one: Commitment) -> None:
        found = [self._look(one, reference) for reference in one.references]
        if not all(found):
            # what another receiver acknowledged a moment ago may not be in the index yet: the packs have it
            self._catch_up()
            found = [before or self._look(one, ref) for before, ref in zip(found, one.references, strict=True)]
        reasons = [self._judge(kept, ref) for kept, ref in zip(found, one.references, strict=True)]
        now = self._clock.now()
        with self._records.begin() as tx:
            store.set_reasons(tx, one.id, reasons)
            # whoever still has its association open is told there: a minute is left for that
            store.change(tx, one.id, checked_at=to_text(now), next_try_at=_text(next_try(one.asked_at, now, 1)))

    def _look(self, one: Commitment, reference: Reference) -> list[InstanceEntry]:
        # what a person hid is kept all the same
        reach = Reach(controllers=frozenset({one.controller_id}), confidential=True, rejected=True)
        return self._archive.records_of(reference.sop_instance_uid, reach)

    def _judge(self, kept: Sequence[InstanceEntry], reference: Reference) -> int | None:
        if not kept:
            return Reason.NO_SUCH_INSTANCE
        if all(entry.sop_class_uid != reference.sop_class_uid for entry in kept):
            return Reason.CLASS_INSTANCE_CONFLICT
        return None if all(map(self._opens, kept)) else Reason.PROCESSING_FAILURE

    def _opens(self, entry: InstanceEntry) -> bool:
        """Read a whole record, authenticated piece by piece, and compare its digest."""
        try:
            self._vault.open(entry.position).verify()
        except (Illness, RecordAbsent, OSError) as illness:
            place = entry.position
            _log.failure("commitment.illness", illness, study=place.study, pack=place.pack)
            return False
        return True

    def delivered(self, commitment_id: str) -> None:
        """Note that the device took the result. Raises NoCommitment."""
        with self._records.begin() as tx:
            if store.by_id(tx, commitment_id) is None:
                raise NoCommitment
            store.change(tx, commitment_id, delivered_at=to_text(self._clock.now()), next_try_at=None)

    def deliver_due(self, now: datetime, deliver: Deliver) -> int:
        """Call the devices whose results are due; return how many took theirs."""
        with reading(self._records) as tx:
            waiting = [self.find(one) for one in store.due(tx, now)]
        taken = 0
        for one in waiting:
            try:
                told = deliver(one)
            except PrimumError as refusal:
                _log.warning("commitment.undelivered", device=one.device_id, code=refusal.code)
                told = False
            if told:
                self.delivered(one.id)
                taken += 1
                continue
            with self._records.begin() as tx:
                due = next_try(one.asked_at, now, one.tries + 2)
                store.change(tx, one.id, tries=one.tries + 1, next_try_at=_text(due))
        return taken


def _text(at: datetime | None) -> str | None:
    return to_text(at) if at is not None else None
