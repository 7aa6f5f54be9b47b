"""Messages about validated reports that wait to be sent: kept with the report's own transaction, tried again, told.

A result that is sent leaves its content behind: only that it was sent is kept.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import ClassVar, Final, NamedTuple

from sqlalchemy import Connection

from primum.ground.clock import to_text
from primum.ground.errors import PrimumError
from primum.ground.ids import new_id
from primum.imaging.orders.hl7.er7 import parse
from primum.imaging.orders.hl7.mllp import framed
from primum.imaging.orders.hl7.reports import ReportFacts, ResultKind, result_message
from primum.imaging.orders.service import Orders

Send = Callable[[bytes], bytes]
"""Sends a framed message and returns what was answered, without its frame. Raises PrimumError."""

PAUSES: Final = (1, 5, 15, 60)
"""Minutes between tries; the last one is repeated."""
GIVEN_UP_AFTER: Final = timedelta(days=7)
"""An interface that is down longer is somebody's business, and is on the page."""
LATE_AFTER: Final = timedelta(hours=1)
"""Waiting this long is shown: the first tries are over."""
_ERASED_SHOWN: Final = timedelta(days=30)
"""So long is shown that a result was withdrawn."""
_AT_ONCE = 20
"""Messages in one turn of the job."""
_SHOWN = 200
"""Troubles listed at once: an interface that is down fills pages that say the same."""


class Trouble(NamedTuple):
    """A result that did not arrive."""

    id: str
    controller_id: str
    kind: str
    made_at: str
    tries: int
    state: str
    reason: str

    @property
    def withdrawn(self) -> bool:
        """Whether the study that it was about was erased: nothing is left to send."""
        return self.state == "erased"


class NoSuchResult(PrimumError):
    """There is no such result that waits or was refused, or it is not within reach."""

    code: ClassVar[str] = "order.no-such-result"
    hint: ClassVar[str] = "open the page of orders again: it may have been sent meanwhile"


class Results:
    """The queue."""

    def __init__(self, orders: Orders, kinds: tuple[ResultKind, ...] = (ResultKind.ORU,)) -> None:
        """Send `kinds` for each report; none where nobody takes results."""
        self._orders, self._kinds = orders, kinds

    @property
    def kinds(self) -> tuple[ResultKind, ...]:
        """What is sent for each report."""
        return self._kinds

    def announce(
        self, facts: ReportFacts, connection: Connection | None = None, kinds: tuple[ResultKind, ...] | None = None
    ) -> list[str]:
        """Queue what is to be said of a validated report; return the ids. Raises BadField, TooLarge.

        In the caller's transaction of records.db, so that no validated report is forgotten and none announced twice.
        """
        if connection is None:
            with self._orders.engine.begin() as own:
                return self.announce(facts, own, kinds)
        now, made = self._orders.clock.now(), []
        for kind in self._kinds if kinds is None else kinds:
            result_id = new_id("res")
            body = result_message(kind, facts, _control_id(result_id), now)
            connection.exec_driver_sql(
                "INSERT INTO result_messages (id, controller_id, kind, body, made_at, due_at, tries, state, reason)"
                " VALUES (?, ?, ?, ?, ?, ?, 0, 'waiting', '')",
                (result_id, facts.controller_id, kind.value, body, to_text(now), to_text(now)),
            )
            made.append(result_id)
        return made

    def unfit(self, controller_id: str, kind: ResultKind, code: str, connection: Connection) -> str:
        """Keep that a result cannot be written as the study stands, for somebody to see; return its id."""
        result_id, now = new_id("res"), to_text(self._orders.clock.now())
        connection.exec_driver_sql(
            "INSERT INTO result_messages (id, controller_id, kind, body, made_at, due_at, tries, state, reason)"
            " VALUES (?, ?, ?, x'', ?, ?, 0, 'refused', ?)",
            (result_id, controller_id, kind.value, now, now, code),
        )
        details = {"controller": controller_id, "what": kind.value, "reason": code}
        self._orders.record("result:refused", "system", result_id, details)
        return result_id

    def troubles(self, controllers: Sequence[str] | None) -> list[Trouble]:
        """List results that were refused, given up, withdrawn, or have waited for long; of all controllers for None."""
        now = self._orders.clock.now()
        late = to_text(now - LATE_AFTER)
        with self._orders.engine.connect().execution_options(reading=True) as connection:
            rows = connection.exec_driver_sql(
                "SELECT id, controller_id, kind, made_at, tries, state, reason FROM result_messages"
                " WHERE (state IN ('refused', 'given-up') OR (state = 'waiting' AND made_at <= ?1)"
                " OR (state = 'erased' AND due_at >= ?4))"
                " AND (?2 IS NULL OR controller_id IN (SELECT value FROM json_each(?2)))"
                " ORDER BY made_at DESC LIMIT ?3",
                (
                    late,
                    None if controllers is None else json.dumps(sorted(controllers)),
                    _SHOWN,
                    to_text(now - _ERASED_SHOWN),
                ),
            ).all()
        return [Trouble(*row) for row in rows]

    def trouble(self, result_id: str, controllers: Sequence[str] | None) -> Trouble:
        """Find one of them. Raises NoSuchResult."""
        for one in self.troubles(controllers):
            if one.id == result_id and not one.withdrawn:
                return one
        raise NoSuchResult

    def superseded(self, result_id: str, connection: Connection) -> bool:
        """Put a result away that is sent anew by another message; tell whether it was still in trouble."""
        done = connection.exec_driver_sql(
            "UPDATE result_messages SET state = 'sent-again', body = x'' WHERE id = ?"
            " AND state IN ('refused', 'given-up', 'waiting')",
            (result_id,),
        )
        return bool(done.rowcount)

    def waiting(self) -> int:
        """Count those that are not sent."""
        with self._orders.engine.connect().execution_options(reading=True) as connection:
            return int(
                connection.exec_driver_sql("SELECT count(*) FROM result_messages WHERE state = 'waiting'").scalar_one()
            )

    def send_due(self, now: datetime, send: Send) -> int:
        """Send what is due (a job); return how many were taken."""
        with self._orders.engine.connect().execution_options(reading=True) as connection:
            due = connection.exec_driver_sql(
                "SELECT id, controller_id, kind, body, made_at, tries FROM result_messages"
                " WHERE state = 'waiting' AND due_at <= ? ORDER BY due_at LIMIT ?",
                (to_text(now), _AT_ONCE),
            ).all()
        taken = 0
        for row in due:
            code = self._send(now, send, _Due(*row))
            if not code:
                break  # who does not answer one does not answer the next: other jobs wait for this one
            taken += code == "AA"
        return taken

    def _send(self, now: datetime, send: Send, one: _Due) -> str:
        """Send one; return how it was answered, empty where it was not."""
        if not self._waits(one):
            return "erased"  # with its study, since the turn began
        try:
            code = _judged(send(framed(one.body)), one.control_id)
        except PrimumError as refusal:
            if now - datetime.fromisoformat(one.made_at) > GIVEN_UP_AFTER:
                self._settle(one, "given-up", refusal.code)
            else:
                pause = timedelta(minutes=PAUSES[min(one.tries, len(PAUSES) - 1)])
                self._later(one, now + pause, refusal.code)
            return ""
        self._settle(one, "sent" if code == "AA" else "refused", code.lower())
        return code

    def _waits(self, one: _Due) -> bool:
        with self._orders.engine.connect().execution_options(reading=True) as connection:
            sql = "SELECT 1 FROM result_messages WHERE id = ? AND state = 'waiting'"
            return connection.exec_driver_sql(sql, (one.id,)).first() is not None

    def _later(self, one: _Due, due: datetime, reason: str) -> None:
        with self._orders.engine.begin() as connection:
            connection.exec_driver_sql(
                "UPDATE result_messages SET tries = tries + 1, due_at = ?, reason = ? WHERE id = ?"
                " AND state = 'waiting'",
                (to_text(due), reason, one.id),
            )

    def _settle(self, one: _Due, state: str, reason: str) -> None:
        details: dict[str, str | int] = {"controller": one.controller_id, "what": one.kind}
        with self._orders.engine.begin() as connection:
            if state == "sent":
                self._orders.record("result:sent", "system", one.id, {**details, "count": one.tries + 1})
            else:
                self._orders.record("result:refused", "system", one.id, {**details, "reason": reason})
            connection.exec_driver_sql(
                "UPDATE result_messages SET state = ?, reason = ?, tries = tries + 1, body = CASE WHEN ? = 'sent'"
                " THEN x'' ELSE body END WHERE id = ? AND state = 'waiting'",
                (state, reason, state, one.id),
            )


class _Due(NamedTuple):
    id: str
    controller_id: str
    kind: str
    body: bytes
    made_at: str
    tries: int

    @property
    def control_id(self) -> str:
        """MSH-10 of this message: the end of our id, which fits the 20 characters of older versions."""
        return _control_id(self.id)


def _control_id(result_id: str) -> str:
    return result_id[4:24]


class AnswerUnreadable(PrimumError):
    """The host that takes results answered with something else than an acknowledgement of the message."""

    code: ClassVar[str] = "hl7.answer-unreadable"
    hint: ClassVar[str] = "look at the interface of the host named by hl7_results_host"


def _judged(answer: bytes, control_id: str) -> str:
    """Return AA, AE or AR of the answer to a message of ours. Raises AnswerUnreadable."""
    try:
        segment = parse(answer).first("MSA")
    except PrimumError:
        raise AnswerUnreadable from None
    if segment is None or segment.text(2) != control_id:
        raise AnswerUnreadable
    code = segment.text(1).replace("C", "A", 1)  # commit acknowledgements of the enhanced mode mean the same
    if code not in {"AA", "AE", "AR"}:
        raise AnswerUnreadable
    return code
