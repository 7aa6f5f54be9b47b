"""C-GET and C-MOVE, what they have in common: what is asked, what was sent, what is answered (PS3.4 C.4.2, C.4.3).

No disclosure without its trace: the fact that a study goes out is on disc before its first byte leaves.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, ClassVar

from primum.doors.dimse.call_refusals import Untraced
from primum.doors.dimse.command import Counts
from primum.doors.dimse.reaching import reach_of
from primum.doors.dimse.refusals import OperationUnknown
from primum.doors.dimse.sending import Fate, Outcome
from primum.doors.dimse.statuses import Answer, Status
from primum.ground.errors import PrimumError
from primum.ground.log import Log
from primum.imaging import read_wanted, write_failed
from primum.journal import Fact, Kind

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from primum.doors.dimse.command import Operation
    from primum.doors.dimse.exchange import Exchange
    from primum.imaging import InstanceEntry, Root
    from primum.journal import Journal

_log = Log("dimse.retrieving")


class RetrievalTooLarge(PrimumError):
    """The retrieval asks for more than {limit} instances at once."""

    code: ClassVar[str] = "dimse.retrieval-too-large"
    hint: ClassVar[str] = "ask study by study, or series by series"


class IndexUnreadable(PrimumError):
    """The index cannot be read just now."""

    code: ClassVar[str] = "dimse.index-unreadable"
    hint: ClassVar[str] = "try again in a moment; primum status says how the worker does"


def find_wanted(exchange: Exchange, operation: Operation, root: Root) -> list[InstanceEntry]:
    """Read what a request asks for, and find it within the caller's reach: its controller's, none confidential.

    Raises OperationUnknown, BadRetrieval, RetrievalTooLarge, IndexUnreadable, TRANSPORT.
    """
    if exchange.command.field != operation:
        raise OperationUnknown
    limit = exchange.services.limits.sub_operations
    wanted = read_wanted(exchange.identifier(), exchange.context.transfer_syntax, root)
    try:
        found = exchange.services.archive().retrieved(wanted, reach_of(exchange.device), limit + 1)
    except PrimumError:
        raise
    except Exception as error:
        _log.failure("index.unreadable", error)
        raise IndexUnreadable from error
    if len(found) > limit:
        raise RetrievalTooLarge(limit=limit)
    return found


@dataclass(slots=True)
class Trace:
    """What the journal says of the studies that go out by one association; they come one after the other."""

    journal: Journal
    actor: str
    destination: str
    controller: str
    channel: str
    association: str
    meant: dict[str, int]
    """How many instances of each study are to be sent."""
    rejected: dict[str, int] = field(default_factory=dict)
    """How many of them are hidden from ordinary use."""
    _study: str = ""
    _instances: int = 0
    _bytes: int = 0

    @classmethod
    def of(cls, exchange: Exchange, destination: str, channel: str, entries: Sequence[InstanceEntry]) -> Trace:
        """Trace what a device asked for."""
        device = exchange.device
        return cls(
            exchange.services.journal, device.id, destination, device.controller_id, channel, exchange.association,
            _by_study(entries), _by_study(one for one in entries if one.rejected),
        )  # fmt: skip

    def before(self, entry: InstanceEntry) -> None:
        """Have it on disc that this study goes out. Raises Untraced: then nothing may leave."""
        study = entry.position.study
        if study == self._study:
            return
        self.close("next")
        details: dict[str, str | int] = {**self._details(), "instances": self.meant[study]}
        try:
            self.journal.record(Fact(Kind.STUDY_SENT, self.actor, study, details))
            if study in self.rejected:
                shown = details | {"instances": self.rejected[study]}
                self.journal.record(Fact(Kind.REJECTED_SHOWN, self.actor, study, shown))
        except PrimumError:
            raise Untraced from None
        self._study = study

    def after(self, outcome: Outcome) -> None:
        """Count what was sent."""
        if outcome.fate is not Fate.FAILED:
            self._instances += 1
            self._bytes += outcome.sent_bytes

    def close(self, reason: str) -> None:
        """Write the counts of the study under way. Never raises: what left has its trace already."""
        if not self._study:
            return
        refused = max(0, self.meant[self._study] - self._instances)
        details: dict[str, str | int] = {
            **self._details(), "instances": self._instances, "refused": refused, "bytes": self._bytes,
            "reason": "done" if reason == "next" or not refused else reason,
        }  # fmt: skip
        fact = Fact(Kind.STUDY_DELIVERED, self.actor, self._study, details)
        self._study, self._instances, self._bytes = "", 0, 0
        try:
            self.journal.record(fact)
        except PrimumError as error:
            _log.warning("journal.unwritable", code=error.code)

    def _details(self) -> dict[str, str | int]:
        return {
            "association": self.association,
            "destination": self.destination,
            "controller": self.controller,
            "channel": self.channel,
        }


def _by_study(entries: Iterable[InstanceEntry]) -> dict[str, int]:
    meant: dict[str, int] = {}
    for one in entries:
        meant[one.position.study] = meant.get(one.position.study, 0) + 1
    return meant


@dataclass(slots=True)
class Progress:
    """The sub-operations of one retrieval: what they came to, and what the caller is told of it."""

    exchange: Exchange
    entries: Sequence[InstanceEntry]
    completed: int = 0
    warning: int = 0
    failed: list[str] = field(default_factory=list, repr=False)
    _told_at: float = 0.0

    def add(self, outcome: Outcome) -> None:
        """Count one, and tell the caller now and then."""
        match outcome.fate:
            case Fate.COMPLETED:
                self.completed += 1
            case Fate.WARNING:
                self.warning += 1
            case Fate.FAILED:
                self.failed.append(outcome.entry.sop_uid)
        now = time.monotonic()
        if self.remaining and now - self._told_at >= self.exchange.services.limits.pending_seconds:
            self._told_at = now
            self.exchange.respond(Status.PENDING, counts=self._counts(self.remaining))

    @property
    def done(self) -> int:
        """How many sub-operations have ended."""
        return self.completed + self.warning + len(self.failed)

    @property
    def remaining(self) -> int:
        """How many have not."""
        return len(self.entries) - self.done

    def cancelled(self) -> Answer:
        """Answer a retrieval that the caller has cancelled."""
        return Answer(
            Status.CANCEL, counts=self._counts(self.remaining), data_set=self._failed_list(self.failed)
        )  # fmt: skip

    def finished(self, comment: str = "") -> Answer:
        """Answer a retrieval that is over; what was not sent counts as failed. `comment`: our code for why."""
        failed = self.failed + [one.sop_uid for one in self.entries[self.done :]]
        counts = Counts(None, self.completed, len(failed), self.warning)
        if not failed:
            status = Status.SUBOPERATIONS_WARNING if self.warning else Status.SUCCESS
            return Answer(status, counts=counts)
        status = Status.SUBOPERATIONS_WARNING if self.completed else Status.CANNOT_PERFORM_SUBOPERATIONS
        return Answer(status, comment, counts=counts, data_set=self._failed_list(failed))

    def follow(self, sending: Iterable[Outcome], trace: Trace) -> Answer | None:
        """Count outcomes as they come, and tell of them; answer at once where the caller cancels."""
        for outcome in sending:
            trace.after(outcome)
            self.add(outcome)
            if self.remaining and self.exchange.cancelled():
                return self.cancelled()
        return None

    def _counts(self, remaining: int) -> Counts:
        return Counts(remaining, self.completed, len(self.failed), self.warning)

    def _failed_list(self, failed: list[str]) -> bytes:
        return write_failed(failed, self.exchange.context.transfer_syntax) if failed else b""
