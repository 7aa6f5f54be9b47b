"""One request and its responses, as a service sees them: what was asked, by whom, and the way back."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

from primum.doors.dimse import pdu
from primum.doors.dimse.command import RESPONSE, Command, Counts, Operation, decode_command, encode_response
from primum.doors.dimse.pdu import PduType
from primum.doors.dimse.reception import OtherPdu, Reception
from primum.doors.dimse.refusals import AbortReason, ClassNotNegotiated, InvalidPdu, NotPermitted, OperationUnknown
from primum.doors.dimse.statuses import Status

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from primum.doors.dimse.contexts import Accepted
    from primum.doors.dimse.services import Device, DimseServices
    from primum.doors.dimse.storing import Storing
    from primum.doors.dimse.wire import Wire


_WRITE = 64 * 1024
"""Bytes of small messages that leave in one write: a TLS record or four; more gain nothing."""


@dataclass(frozen=True, slots=True)
class Line:
    """The association that messages come by and go by. Used by one thread."""

    association: str
    calling_title: str
    wire: Wire
    reception: Reception
    storing: Storing
    contexts: Mapping[int, Accepted]
    peer_length: int
    """The longest P-DATA-TF that the caller takes; 0: any."""

    def send(self, context: int, command: bytes, data_set: bytes = b"") -> None:
        """Send a message. Raises ConnectionEnded when the caller does not take it in time."""
        out = pdu.encode_command(context, command, self.peer_length)
        self.wire.send(out + pdu.encode_data_set(context, data_set, self.peer_length) if data_set else out)

    def send_all(self, context: int, command: bytes, data_sets: Iterable[bytes]) -> None:
        """Send a message for each data set, all with one command, in few writes. Raises as `send`."""
        head = pdu.encode_command(context, command, self.peer_length)
        parts: list[bytes] = []
        size = 0
        for data_set in data_sets:
            parts += (head, pdu.encode_data_set(context, data_set, self.peer_length))
            size += len(data_set) + len(head)
            if size >= _WRITE:
                self.wire.send(b"".join(parts))
                parts, size = [], 0
        if parts:
            self.wire.send(b"".join(parts))

    def message(self, deadline: float) -> tuple[Accepted, Command]:
        """Wait for the next message's command. Raises TRANSPORT (`OtherPdu` where the caller releases or aborts)."""
        kind, length = self.reception.next_pdu(deadline)
        if kind != PduType.DATA_TF:
            raise OtherPdu(kind, length)
        context, body = self.reception.command(length, self.contexts)
        return self.contexts[context], decode_command(body)


class Later(Protocol):
    """What a service has still to say to its caller after its answer, while the association is open."""

    def turn(self, line: Line) -> bool:
        """Say it if it can be said now; tell whether there is nothing more to say. Raises TRANSPORT."""
        ...

    def heard(self, command: Command) -> None:
        """Take a response to a message of ours."""
        ...


@dataclass(slots=True)
class Exchange:
    """A request under way."""

    services: DimseServices
    line: Line
    command: Command
    context: Accepted
    device: Device
    """Who asks, as enrolled when the request came; `permit` looks again."""
    grant: str
    """What it takes (registry.py)."""
    later: list[Later] = field(default_factory=list)
    """What is to be said later; the association has it from here."""
    _read: bool = field(default=False, init=False)
    _cancelled: bool = field(default=False, init=False)

    @property
    def association(self) -> str:
        """Its id, for the journal."""
        return self.line.association

    @property
    def calling_title(self) -> str:
        """The caller's AE title, which is the device's."""
        return self.line.calling_title

    def permit(self) -> None:
        """Ask whether the device (still) may; to be asked again between responses. Raises NotPermitted, `device.…`."""
        self.device = self.services.devices.still(self.device)
        if self.grant not in self.device.may:
            raise NotPermitted
        if (
            self.command.sop_class_uid != self.context.abstract_syntax
            and self.command.field < Operation.N_EVENT_REPORT_RQ
        ):
            raise ClassNotNegotiated

    def identifier(self) -> bytes:
        """Read the request's data set; empty where there is none. Raises IdentifierTooLong, TRANSPORT."""
        self._read = True
        return self.line.storing.read(self.command, self.services.limits.identifier_bytes)

    def finish(self) -> None:
        """Read past a data set that nobody wanted."""
        if not self._read:
            self._read = True
            self.line.storing.skip(self.command)

    def lost(self) -> None:
        """Know that nothing more can be read: the connection is not what it was."""
        self._read = True

    def respond(
        self,
        status: Status,
        data_set: bytes = b"",
        counts: Counts | None = None,
        comment: str = "",
        offending: tuple[int, ...] = (),
    ) -> None:
        """Send a response that is not the last. `data_set` is in the context's transfer syntax."""
        response = encode_response(self.command, status, comment, offending, counts, has_data_set=bool(data_set))
        self.line.send(self.context.id, response, data_set)

    def respond_all(self, status: Status, data_sets: Iterable[bytes]) -> None:
        """Send responses that are not the last and differ in their data sets alone, many of them at once."""
        response = encode_response(self.command, status, has_data_set=True)
        self.line.send_all(self.context.id, response, data_sets)

    def wants_more(self, seconds: float) -> bool:
        """Give the caller a moment to cancel, and tell whether they have not. Raises as `cancelled`."""
        if not self.line.reception.ready():
            self.line.wire.pause(seconds)
        return not self.cancelled()

    def cancelled(self) -> bool:
        """Tell whether the caller has cancelled this request; waits for nothing. Raises TRANSPORT, OperationUnknown."""
        while not self._cancelled and self.line.reception.ready():
            self._hear(time.monotonic() + self.services.limits.tick_seconds)
        return self._cancelled

    def response_to(self, message_id: int, deadline: float) -> Command:
        """Wait for the response to a message of ours (C-GET's C-STORE); a cancel meanwhile is remembered."""
        while True:
            told = self._hear(deadline)
            if told is not None and told.message_id == message_id:
                return told

    def _hear(self, deadline: float) -> Command | None:
        """Take one message: a cancel, or a response, which is returned. Raises InvalidPdu for a new request.

        One request at a time is what was negotiated (PS3.7 D.3.3.3): another one amid it is the caller's fault.
        """
        _, command = self.line.message(deadline)
        if command.field == Operation.C_CANCEL_RQ:
            self._cancelled = self._cancelled or command.message_id == self.command.message_id
            return None
        if not command.field & RESPONSE:
            raise InvalidPdu(AbortReason.UNEXPECTED_PARAMETER)
        self.line.storing.skip(command)
        return command


def refuse_operation(command: Command, allowed: frozenset[Operation]) -> None:
    """Raise OperationUnknown unless the request is one of those that a service treats."""
    if command.field not in allowed:
        raise OperationUnknown
