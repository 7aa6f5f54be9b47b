"""Storage as SCU: instances out of the archive, one after the other, by an association whoever asked for it.

PS3.4 annex B. The association is a `Carrier`: one that we asked for (C-MOVE, `primum send`), or the caller's own
with the roles exchanged (C-GET).
"""

from __future__ import annotations

import time
from collections.abc import Callable, Generator, Iterable, Iterator, Mapping, Sequence
from enum import Enum
from functools import partial
from typing import TYPE_CHECKING, NamedTuple, Protocol

from primum.doors.dimse.ahead import Ahead
from primum.doors.dimse.proposing import choices
from primum.doors.dimse.refusals import BrokenOff
from primum.doors.dimse.requests import Originator, store_request
from primum.ground.errors import PrimumError
from primum.ground.log import Log

if TYPE_CHECKING:
    from typing_extensions import Buffer

    from primum.doors.dimse.contexts import Accepted
    from primum.doors.dimse.limits import Limits
    from primum.doors.dimse.requestor import Requested
    from primum.doors.dimse.serving import Serving
    from primum.imaging import InstanceEntry

_log = Log("dimse.sending")


class Carrier(Protocol):
    """An association by which instances can be sent."""

    @property
    def contexts(self) -> Mapping[int, Accepted]:
        """Contexts on which the peer takes instances."""
        ...

    def next_message_id(self) -> int:
        """Number a request."""
        ...

    def store(self, context: int, command: bytes, pieces: Iterable[Buffer]) -> int:
        """Send a C-STORE-RQ and its data set; return the length of that."""
        ...

    def status_of(self, message_id: int, deadline: float) -> int:
        """Wait for the response, and return its status."""
        ...


class Fate(Enum):
    """What became of an instance (PS3.7 C.4.2: the four counts)."""

    COMPLETED = "completed"
    WARNING = "warning"
    FAILED = "failed"


class Outcome(NamedTuple):
    """What became of one instance. `reason`: our code, or the peer's status; empty when it is stored."""

    entry: InstanceEntry
    fate: Fate
    sent_bytes: int = 0
    reason: str = ""


def send_instances(  # noqa: PLR0917 (called in two places)
    carrier: Carrier,
    serving: Serving,
    entries: Sequence[InstanceEntry],
    limits: Limits,
    originator: Originator | None = None,
    before: Callable[[InstanceEntry], None] = lambda _: None,
) -> Generator[Outcome]:
    """Send instances one after the other; give what became of each as soon as it is known.

    `before` is called ahead of each one's first byte: what it raises ends the sending. Raises what the carrier raises
    when the association is over, and BrokenOff; an instance that cannot be had is an outcome.
    """
    chosen = choices(entries, carrier.contexts, serving.can_serve)
    openers = [
        partial(serving.pieces, entry, context.transfer_syntax)
        for entry, context in zip(entries, chosen, strict=True)
        if context is not None
    ]
    with Ahead(openers, limits.ahead_pieces_bytes) as ahead:
        for entry, context in zip(entries, chosen, strict=True):
            before(entry)
            if context is None:
                yield Outcome(entry, Fate.FAILED, reason="dimse.nothing-accepted")
            else:
                yield _send(carrier, ahead, entry, context, limits, originator)


def _send(  # noqa: PLR0917
    carrier: Carrier,
    ahead: Ahead,
    entry: InstanceEntry,
    context: Accepted,
    limits: Limits,
    originator: Originator | None,
) -> Outcome:
    pieces = ahead.next()
    try:
        held = _opened(pieces, limits.ahead_pieces_bytes // 2)
    except Exception as error:  # noqa: BLE001 (one damaged record is one failed sub-operation)
        code = error.code if isinstance(error, PrimumError) else "dimse.processing-failure"
        _log.failure("instance.unreadable", error, study=entry.position.study, code=code)
        return Outcome(entry, Fate.FAILED, reason=code)
    number = carrier.next_message_id()
    command = store_request(number, entry.sop_class_uid, entry.sop_uid, originator)
    sent = carrier.store(context.id, command, _whole(held, pieces, entry))
    status = carrier.status_of(number, time.monotonic() + limits.answer_seconds)
    fate = _fate(status)
    return Outcome(entry, fate, sent, "" if fate is Fate.COMPLETED else f"status-{status:04x}")


def _opened(pieces: Iterator[bytes], most: int) -> list[bytes]:
    """Have an instance opened before its first byte leaves, or that much of it: a damaged one then fails alone."""
    held, size = [], 0
    for piece in pieces:
        held.append(piece)
        size += len(piece)
        if size >= most:
            break
    return held


def _whole(held: list[bytes], rest: Iterator[bytes], entry: InstanceEntry) -> Iterator[bytes]:
    yield from held
    try:
        yield from rest
    except Exception as error:
        _log.failure("instance.unreadable", error, study=entry.position.study)
        raise BrokenOff from error


def _fate(status: int) -> Fate:
    """Sort a status (PS3.7 annex C; PS3.4 table B.2-1)."""
    if status == 0:
        return Fate.COMPLETED
    warning = 0xB000 <= status <= 0xBFFF or status in {0x0001, 0x0107, 0x0116}  # noqa: PLR2004 (annex C.3)
    return Fate.WARNING if warning else Fate.FAILED


class RequestedCarrier:
    """An association that we asked for, as a carrier."""

    def __init__(self, association: Requested) -> None:
        """Carry by `association`."""
        self._association = association

    @property
    def contexts(self) -> Mapping[int, Accepted]:
        """What the destination accepted."""
        return self._association.contexts

    def next_message_id(self) -> int:
        """Number a request."""
        return self._association.next_message_id()

    def store(self, context: int, command: bytes, pieces: Iterable[Buffer]) -> int:
        """Send."""
        return self._association.send(context, command, pieces)

    def status_of(self, message_id: int, deadline: float) -> int:
        """Wait."""
        return self._association.response_to(message_id, deadline).status
