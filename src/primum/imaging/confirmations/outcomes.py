"""What became of sendings: sent, answered for or not, and why not. Pure, but for the lists at its end."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import NamedTuple

from sqlalchemy.engine import Engine

from primum.imaging.confirmations.model import NOT_ASKED, Confirmation, Stage
from primum.imaging.sendings.model import ERASED, Sending, State
from primum.imaging.sendings.store import COLUMNS, sending_of
from primum.imaging.store import reading


class Answer(StrEnum):
    """How far a destination answers for what it was sent."""

    NOTHING = "nothing"
    """There is nothing to say yet."""
    NOT_ASKED = "not-asked"
    NOT_OFFERED = "not-offered"
    ASKED = "asked"
    NO_ANSWER = "no-answer"
    COMMITTED = "committed"
    NOT_COMMITTED = "not-committed"


class Outcome(StrEnum):
    """Where a sending stands, as people are told."""

    WAITING = "waiting"
    UNDER_WAY = "under-way"
    TO_RETRY = "to-retry"
    SENT = "sent"
    ASKED = "asked"
    NO_ANSWER = "no-answer"
    COMMITTED = "committed"
    NOT_COMMITTED = "not-committed"
    GIVEN_UP = "given-up"
    CANCELLED = "cancelled"
    ERASED = "erased"


class Which(StrEnum):
    """The sendings that are listed together."""

    EVERY = ""
    WAITING = "waiting"
    FAILED = "failed"
    SENT = "sent"
    NOT_COMMITTED = "not-committed"
    CANCELLED = "cancelled"


def answer(asked: Sequence[Confirmation]) -> Answer:
    """Say how far a destination answers for a sending, from what it was asked about it."""
    stages = {one.stage for one in asked}
    if any(one.reason == ERASED for one in asked):
        return Answer.NOTHING  # which instances were asked about is not known any more
    if refused(asked):
        return Answer.NOT_COMMITTED
    if not asked or Stage.GATHERING in stages:
        return Answer.NOTHING
    if all(one.answered_at is not None for one in asked):
        return Answer.COMMITTED
    if Stage.DECLINED in stages:
        never = any(one.reason == NOT_ASKED for one in asked)
        return Answer.NOT_ASKED if never else Answer.NOT_OFFERED
    return Answer.NO_ANSWER if Stage.GIVEN_UP in stages else Answer.ASKED


def refused(asked: Sequence[Confirmation]) -> int:
    """Count the instances that the destination does not answer for."""
    return sum(one.failed for one in asked)


def answered_at(asked: Sequence[Confirmation]) -> datetime | None:
    """Say when the last answer came; None where none did."""
    return max((one.answered_at for one in asked if one.answered_at is not None), default=None)


def outcome(sending: Sending, asked: Sequence[Confirmation], *, under_way: bool) -> Outcome:
    """Say where a sending stands."""
    said = answer(asked)
    if said is Answer.NOT_COMMITTED:
        return Outcome.NOT_COMMITTED
    match sending.state:
        case State.WAITING if under_way:
            return Outcome.UNDER_WAY
        case State.WAITING:
            return Outcome.TO_RETRY if sending.attempts else Outcome.WAITING
        case State.CANCELLED:
            return Outcome.CANCELLED
        case State.GIVEN_UP:
            return Outcome.ERASED if sending.reason == ERASED else Outcome.GIVEN_UP
        case State.DONE:
            return _AFTER.get(said, Outcome.SENT)


_AFTER = {
    Answer.ASKED: Outcome.ASKED,
    Answer.NO_ANSWER: Outcome.NO_ANSWER,
    Answer.COMMITTED: Outcome.COMMITTED,
}
_WHERE = {
    Which.EVERY: "1",
    Which.WAITING: "s.state = 'waiting'",
    Which.FAILED: f"(s.state = 'given-up' AND s.reason <> '{ERASED}' OR s.state = 'waiting' AND s.attempts > 0)",
    Which.SENT: "s.state = 'done'",
    Which.NOT_COMMITTED: "s.id IN (SELECT c.sending_id FROM confirmations c WHERE c.stage = 'failed')",
    Which.CANCELLED: "s.state = 'cancelled'",
}


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which sendings are listed."""

    which: Which = Which.EVERY
    destination_id: str = ""
    controllers: Sequence[str] | None = None
    """Whose studies; None: everybody's."""


def search(records: Engine, wanted: Wanted, *, limit: int, offset: int) -> list[Sending]:
    """List what waits, and then what ended, the newest first."""
    whose = None if wanted.controllers is None else json.dumps(list(wanted.controllers))
    order = "s.state = 'waiting' DESC, s.requested_at DESC, s.id"
    # the page is chosen first: what is left of a sending is counted for those of the page alone
    sql = (
        f"SELECT {COLUMNS} FROM sendings s WHERE s.id IN (SELECT s.id FROM sendings s WHERE {_WHERE[wanted.which]}"  # noqa: S608 (texts of ours)
        " AND (?1 = '' OR s.destination_id = ?1)"
        " AND (?2 IS NULL OR s.controller_id IN (SELECT value FROM json_each(?2)))"
        f" ORDER BY {order} LIMIT ?3 OFFSET ?4) ORDER BY {order}"
    )
    with reading(records) as connection:
        rows = connection.exec_driver_sql(sql, (wanted.destination_id, whose, limit, offset)).fetchall()
    return [sending_of(row) for row in rows]


class Tally(NamedTuple):
    """How many sendings want to be looked at."""

    waiting: int
    retried: int
    """Of those, the ones that have failed at least once."""
    given_up: int
    not_committed: int
    """Studies of which a destination does not answer for something, and has not since."""


def tally(records: Engine) -> Tally:
    """Count what is queued, and what ended badly in the days that are kept."""
    states = (
        "SELECT count(*) FILTER (WHERE state = 'waiting'), count(*) FILTER (WHERE state = 'waiting' AND attempts > 0),"
        " count(*) FILTER (WHERE state = 'given-up' AND reason <> ?) FROM sendings"
    )
    answers = (
        "SELECT count(*) FROM (SELECT DISTINCT c.study_ref, c.destination_id FROM confirmations c"
        " JOIN confirmation_references r ON r.confirmation_id = c.id"
        " WHERE c.stage = 'failed' AND r.reason IS NOT NULL AND NOT EXISTS"
        " (SELECT 1 FROM confirmations l JOIN confirmation_references k ON k.sending_id = l.sending_id"
        " AND k.sop_uid = r.sop_uid AND k.confirmation_id = l.id"
        " WHERE l.study_ref = c.study_ref AND l.destination_id = c.destination_id AND l.begun_at > c.begun_at"
        " AND l.answered_at IS NOT NULL AND k.reason IS NULL))"
    )
    with reading(records) as connection:
        waiting, retried, given_up = connection.exec_driver_sql(states, (ERASED,)).one()
        return Tally(waiting, retried, given_up, connection.exec_driver_sql(answers).scalar_one())
