"""What one may do about confirmations: gather what was sent, ask, hear the answer, send again what has failed."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from primum.ground.clock import to_text
from primum.ground.errors import PrimumError
from primum.ground.ids import new_id
from primum.ground.log import Log
from primum.imaging.commitments.model import Reference, next_try
from primum.imaging.confirmations import store
from primum.imaging.confirmations.model import (
    AGAIN,
    DECLINED,
    NOT_ASKED,
    REFERENCES,
    Confirmation,
    NoConfirmation,
    Report,
    Stage,
    judge,
)
from primum.imaging.store import reading

if TYPE_CHECKING:
    from sqlalchemy import Connection
    from sqlalchemy.engine import Engine

    from primum.ground.clock import Clock
    from primum.identity import Destination
    from primum.imaging.confirmations.model import Ask
    from primum.imaging.sendings.model import Sending
    from primum.imaging.sendings.store import Sendings

_log = Log("confirmations")
Heard = Callable[[Confirmation], None]
"""Writes in the journal what a destination said, before it is kept."""


class Confirmations:
    """What destinations were asked to answer for. Safe for many threads; one thread asks one destination."""

    def __init__(  # noqa: PLR0917 (each is a collaborator)
        self,
        records: Engine,
        sendings: Sendings,
        find: Callable[[str], Destination],
        ask: Ask,
        clock: Clock,
        heard: Heard,
    ) -> None:
        """Keep in `records`; `find` gives a destination by its device's id, `ask` asks it."""
        self._records, self._sendings, self._find, self._ask = records, sendings, find, ask
        self._clock, self._heard = clock, heard

    def sent(self, sending: Sending, acknowledged: Mapping[str, str]) -> None:
        """Note instances (SOP class by SOP Instance UID) that a destination acknowledged. On disc at return."""
        left = [Reference(sop_class, uid) for uid, sop_class in acknowledged.items()]
        with self._records.begin() as tx:
            while left:
                part = self._open_part(tx, sending)
                room = REFERENCES - part.instances
                store.refer(tx, part, left[:room])
                left = left[room:]

    def ended(self, sending: Sending) -> None:
        """Know that no more of a sending will go: now the destination can be asked."""
        with self._records.begin() as tx:
            for part in store.of_sending(tx, sending.id):
                if part.stage is Stage.GATHERING:
                    now = to_text(self._clock.now())
                    store.change(tx, part.id, stage=Stage.TO_ASK.value, due_at=now)

    def of_sending(self, sending_id: str) -> list[Confirmation]:
        """List the requests about a sending."""
        with reading(self._records) as tx:
            return store.of_sending(tx, sending_id)

    def references(self, confirmation_id: str) -> list[Reference]:
        """List the instances of a request, each with what the destination said of it."""
        with reading(self._records) as tx:
            return store.references(tx, confirmation_id)

    def refused(self, sending_id: str) -> set[str]:
        """List the instances of a sending that its destination does not answer for."""
        with reading(self._records) as tx:
            return store.refused(tx, sending_id)

    def destinations_due(self, now: datetime) -> list[str]:
        """List the destinations that are to be asked something; drop what is over since long."""
        with self._records.begin() as tx:
            store.forget(tx, now - _KEPT)
            return list(dict.fromkeys(one.destination_id for one in store.due(tx, now)))

    def ask_due(self, destination_id: str) -> None:
        """Ask a destination what is due. Never raises for its faults."""
        with reading(self._records) as tx:
            waiting = store.due(tx, self._clock.now(), destination_id)
        for one in waiting:
            try:
                self._ask_one(one)
            except PrimumError as refusal:
                _log.warning("confirmation.unasked", device=one.destination_id, code=refusal.code)
                self._postpone(one, refusal.code)

    def hear(self, device_id: str, report: Report) -> None:
        """Take what a destination says of a request of ours; the first answer counts. Raises NoConfirmation."""
        with self._records.begin() as tx:
            one = store.by_transaction(tx, device_id, report.transaction_uid)
            if one is None or one.stage is Stage.GATHERING:
                raise NoConfirmation
            if one.answered_at is not None:
                return
            reasons = judge(store.references(tx, one.id), report)
            failed = [uid for uid, reason in reasons.items() if reason is not None]
            store.set_reasons(tx, one.id, reasons)
            stage = Stage.FAILED if failed else Stage.COMMITTED
            now = self._clock.now()
            store.change(tx, one.id, stage=stage.value, due_at=None, reason="", answered_at=to_text(now))
            answered = store.one(tx, one.id)
            if answered is not None:
                self._heard(answered)
        self._send_again(one, failed)

    def _open_part(self, tx: Connection, sending: Sending) -> Confirmation:
        parts = [one for one in store.of_sending(tx, sending.id) if one.stage is Stage.GATHERING]
        for part in parts:
            if part.instances < REFERENCES:
                return part
        made = Confirmation(
            new_id("cfm"), sending.id, sending.study_ref, sending.controller_id, sending.destination_id,
            sending.requested_by, sending.channel, f"2.25.{uuid.uuid4().int}", self._clock.now(), None, 0,
            Stage.GATHERING, "", None, 0, 0,
        )  # fmt: skip
        store.add(tx, made)
        return made

    def _ask_one(self, one: Confirmation) -> None:
        destination = self._find(one.destination_id)
        if not destination.address.ask_commitment:
            self._over(one, Stage.DECLINED, NOT_ASKED)
            return
        # a report may come by another association before this one is over: from here on it is one that was asked
        self._postpone(one, "", stage=Stage.ASKED)
        asked = self.references(one.id)
        if not asked:
            return  # erased meanwhile
        told = self._ask(destination, one.transaction_uid, asked, lambda: self._answered(one))
        if told.report is not None and told.report.transaction_uid == one.transaction_uid:
            self.hear(destination.id, told.report)
        elif told.reason == DECLINED:
            self._over(one, Stage.DECLINED, DECLINED)
        elif told.reason and not self._answered(one):
            self._postpone(one, told.reason)

    def _answered(self, one: Confirmation) -> bool:
        with reading(self._records) as tx:
            found = store.one(tx, one.id)
        return found is None or found.answered_at is not None

    def _postpone(self, one: Confirmation, reason: str, stage: Stage = Stage.TO_ASK) -> None:
        """Say when it is asked again: soon where it was not taken, later where only the result has not come."""
        now = self._clock.now()
        tries = max(one.tries + 1, _PATIENT if stage is Stage.ASKED else 0)
        due = next_try(one.begun_at, now, tries)
        with self._records.begin() as tx:
            found = store.one(tx, one.id)
            if found is None or found.answered_at is not None:
                return
            shown = stage if due is not None else Stage.GIVEN_UP
            text = to_text(due) if due is not None else None
            store.change(tx, one.id, stage=shown.value, due_at=text, tries=one.tries + 1, reason=reason)

    def _over(self, one: Confirmation, stage: Stage, reason: str) -> None:
        with self._records.begin() as tx:
            store.change(tx, one.id, stage=stage.value, due_at=None, reason=reason)

    def _send_again(self, one: Confirmation, failed: Sequence[str]) -> None:
        """Send once more what the destination does not answer for; what fails again is shown to people."""
        if not failed or one.channel == AGAIN:
            return
        try:
            self._sendings.add(
                one.study_ref, one.controller_id, one.destination_id, one.requested_by, AGAIN, failed,
                self._clock.now(),
            )  # fmt: skip
        except PrimumError as refusal:
            _log.warning("confirmation.not-sent-again", device=one.destination_id, code=refusal.code)


_KEPT = timedelta(days=30)
"""What is over is listed for so long, like sendings."""
_PATIENT = 4
"""A destination that took the request has an hour before it is asked again (`commitments.model.next_try`)."""
