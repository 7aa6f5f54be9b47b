"""Asking a vantage for a look at oneself: as whom it sees us, then the look."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from typing import Final

from primum.exposure.probe.plan import Plan, write_plan
from primum.exposure.vantage.invitations import Ticket
from primum.exposure.vantage.limits import LIMITS, Limits
from primum.exposure.vantage.wire import (
    ConversationEnded,
    Greeting,
    Line,
    greet,
    raise_refusal,
    secured,
    text_of,
)
from primum.ground.outbound import dial_vantage

_STAGES: Final = frozenset({"fixtures", "sweep", "ladders"})
_MOST: Final = 1 << 20
"""Ports or services of one look: beyond, it is no progress of a look."""
Progress = Callable[[str, int, int], None]


def ask_where(host: str, port: int, ticket: Ticket, limits: Limits = LIMITS) -> str:
    """Return the address under which the vantage sees us. Raises Unreachable, and what it refuses with."""
    with _greeted(host, port, ticket, limits) as (_, greeting):
        return greeting.seen_as


def ask_for_a_look(
    host: str, port: int, ticket: Ticket, plan: Plan, *, progress: Progress, limits: Limits = LIMITS
) -> bytes:
    """Have the vantage follow the plan; return the report as it came. Raises Unreachable, and what it refuses with."""
    with _greeted(host, port, ticket, limits) as (line, greeting):
        line.send(mac=greeting.mac(ticket, "caller"), plan=write_plan(plan).decode("ascii"))
        line.deadline += limits.run_seconds
        return look(line, progress, limits)


def look(line: Line, progress: Progress, limits: Limits) -> bytes:
    """Hear how a look goes on, until its report. Raises ConversationEnded, VantageRefused."""
    while True:
        told = line.receive(limits.answer_bytes)
        raise_refusal(told)
        if "report" in told:
            return text_of(told, "report", limits.answer_bytes).encode("ascii", "replace")
        _show(told.get("progress"), progress)


def _show(told: object, progress: Progress) -> None:
    match told:
        case [str(stage), int(done), int(whole)] if stage in _STAGES and 0 <= done <= whole <= _MOST:
            progress(stage, done, whole)
        case _:
            raise ConversationEnded


@contextlib.contextmanager
def _greeted(host: str, port: int, ticket: Ticket, limits: Limits) -> Iterator[tuple[Line, Greeting]]:
    plain = dial_vantage(host, port, limits.hello_seconds)
    try:
        with secured(plain, limits.hello_seconds) as connection:
            line = Line.over(connection, limits.hello_seconds)
            yield line, greet(line, ticket)
    except OSError:
        raise ConversationEnded from None
    finally:
        plain.close()
