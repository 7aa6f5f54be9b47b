"""An association that we ask for, from the first PDU to the close, driven by the table of request_machine.py."""

from __future__ import annotations

import contextlib
import time
from typing import TYPE_CHECKING, NamedTuple, NoReturn, Self

from primum.doors.dimse import pdu, request_pdu
from primum.doors.dimse.call_refusals import AssociationRejected, PeerAborted, PeerReleased
from primum.doors.dimse.command import RESPONSE, Command, decode_command
from primum.doors.dimse.contexts import Accepted, Result
from primum.doors.dimse.outflow import Outflow
from primum.doors.dimse.pdu import AbortSource, PduType
from primum.doors.dimse.reception import Buffer, OtherPdu, Reception
from primum.doors.dimse.refusals import (
    AbortReason,
    ConnectionEnded,
    DoorClosing,
    IdentifierTooLong,
    InvalidCommand,
    InvalidPdu,
    TooSlow,
)
from primum.doors.dimse.request_machine import RequestAction, RequestEvent, RequestMachine, RequestState
from primum.ground.ids import new_id

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping
    from types import TracebackType

    from typing_extensions import Buffer as Bytes

    from primum.doors.dimse.limits import Limits
    from primum.doors.dimse.request_pdu import AssociateAccept, Request
    from primum.doors.dimse.wire import Wire


class Answered(NamedTuple):
    """A response to a request of ours, and the data set that came with it."""

    command: Command
    data_set: bytes

    @property
    def status(self) -> int:
        """Its Status (0000,0900); 0110H where it has none."""
        found = self.command.short(0x0900)
        return 0x0110 if found is None else found


class Requested:
    """An association with a destination. Used by one thread; `close` it, or use it as a context manager."""

    def __init__(self, wire: Wire, limits: Limits, hang_up: Callable[[], None]) -> None:
        """Take over `wire`, whose TLS handshake (if any) is done; `hang_up` closes its socket."""
        self.id = new_id("asc")
        self.contexts: Mapping[int, Accepted] = {}
        """What was accepted, by id: `storage` where we may store."""
        self._wire = wire
        self._limits = limits
        self._hang_up = hang_up
        self._machine = RequestMachine()
        self._reception = Reception(wire, limits)
        self._pending: tuple[int, int] | None = None
        self._buffer: Buffer | None = None
        self._message_id = 0
        self._theirs: Answered | None = None
        self._outflow = Outflow(wire, 0, limits)
        self._machine.on(RequestEvent.EVT1)

    def __enter__(self) -> Self:
        """Be closed at the end of the block."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Release after a block that went well, abort otherwise."""
        if kind is None:
            self.release()
        else:
            self.abort()

    def ask(self, request: Request) -> None:
        """Ask for the association. Raises AssociationRejected, PeerAborted, InvalidPdu, TooSlow, ConnectionEnded."""
        self._machine.on(RequestEvent.EVT2)
        self._wire.send(request_pdu.encode_associate_request(request, self._limits))
        with self._or_abort():
            deadline = time.monotonic() + self._limits.artim_seconds
            self._reception.until = deadline
            event, length = self._hear(deadline)
            body = self._reception.body(self._bounded(event, length))
            self._reception.until = float("inf")
            accept = request_pdu.decode_associate_accept(body, self._limits) if event is RequestEvent.EVT3 else None
            action = self._machine.on(event)
            if action is RequestAction.AE3 and accept is not None:
                self._accept(request, accept)
            elif action is RequestAction.AE4:
                self._reject(body)
            else:
                self._refuse(action)

    def send(self, context: int, command: bytes, pieces: Iterable[Bytes] | None = None) -> int:
        """Send a request and its data set, if it has one; return the length of that.

        Raises ConnectionEnded, TooSlow, DoorClosing; whatever `pieces` raise. Abort then.
        """
        self._machine.on(RequestEvent.EVT9)
        if pieces is None:
            self._wire.send(pdu.encode_command(context, command, self._peer_length))
            return 0
        return self._outflow.message(context, command, pieces)

    def next_message_id(self) -> int:
        """Number a request: 1 to 65535, and round."""
        self._message_id = self._message_id % 0xFFFF + 1
        return self._message_id

    def response_to(self, message_id: int, deadline: float) -> Answered:
        """Wait for a response to a request of ours, with its data set; what answers another one is passed over.

        Raises PeerAborted, PeerReleased, InvalidPdu, InvalidCommand, TooSlow, ConnectionEnded, IdentifierTooLong.
        """
        with self._or_abort():
            while True:
                found = self._message(deadline)
                if found.command.field & RESPONSE and found.command.message_id == message_id:
                    return found
                if not found.command.field & RESPONSE:
                    self._theirs = found  # a report may overtake the answer to what it reports of

    def request_of_theirs(self, deadline: float, over: Callable[[], bool]) -> Answered | None:
        """Wait for a request of the peer's, with its data set; None at the deadline, or once it is `over`.

        Responses that nobody waits for are passed over. Raises as `response_to` does.
        """
        if self._theirs is not None:
            found, self._theirs = self._theirs, None
            return found
        with self._or_abort():
            while True:
                while self._pending is None and not self._reception.ready():
                    if time.monotonic() > deadline or over():
                        return None
                    self._wire.pause(_LOOK_SECONDS)
                found = self._message(time.monotonic() + self._limits.grace_seconds)
                if not found.command.field & RESPONSE:
                    return found

    def answer(self, context: int, response: bytes) -> None:
        """Send the response to a request of the peer's. Raises ConnectionEnded."""
        self._wire.send(pdu.encode_command(context, response, self._peer_length))

    def release(self) -> None:
        """End it in order, and hang up. Never raises: what was answered before is answered."""
        with contextlib.suppress(
            PeerAborted, PeerReleased, InvalidPdu, InvalidCommand, TooSlow, ConnectionEnded, DoorClosing, OtherPdu
        ):
            if self._machine.state is RequestState.STA6:
                self._machine.on(RequestEvent.EVT11)
                self._wire.send(request_pdu.encode_release_request())
                self._await_release(time.monotonic() + self._limits.artim_seconds)
        self.abort()

    def abort(self) -> None:
        """End it at once, if it has not ended. Never raises."""
        if self._machine.knows(RequestEvent.EVT15) and self._machine.state is not RequestState.STA4:
            self._machine.on(RequestEvent.EVT15)
            with contextlib.suppress(ConnectionEnded):
                self._wire.send(pdu.encode_abort(AbortSource.SERVICE_USER, AbortReason.NOT_SPECIFIED))
        self._hang_up()
        if self._buffer is not None:
            self._buffer.close()
            self._buffer = None

    # inside

    def _accept(self, request: Request, accept: AssociateAccept) -> None:
        asked = {one.id: one for one in request.contexts}
        contexts: dict[int, Accepted] = {}
        for one in accept.contexts:
            if one.result != Result.ACCEPTANCE:
                continue
            proposed = asked.get(one.id)
            if proposed is None or one.transfer_syntax not in proposed.transfer_syntaxes:
                self._refuse(self._machine.on(RequestEvent.EVT19))
            contexts[one.id] = Accepted(one.id, proposed.abstract_syntax, one.transfer_syntax, storage=True)
        self.contexts = contexts
        self._peer_length = accept.max_length
        self._outflow = Outflow(self._wire, accept.max_length, self._limits)

    def _reject(self, body: bytes) -> NoReturn:
        rejection = request_pdu.decode_associate_reject(body)
        raise AssociationRejected(result=rejection.result, source=rejection.source, reason=rejection.reason)

    _peer_length = 0

    def _hear(self, deadline: float) -> tuple[RequestEvent, int]:
        """Wait for a PDU; name the event that it is."""
        kind, length = self._pending or self._reception.next_pdu(deadline)
        self._pending = None
        return _EVENTS.get(kind, RequestEvent.EVT19), length

    def _bounded(self, event: RequestEvent, length: int) -> int:
        longest = self._limits.association_bytes if event in _LONG else _SHORT_BODY
        if event is RequestEvent.EVT19 or length > longest:
            raise InvalidPdu
        return length

    def _message(self, deadline: float) -> Answered:
        event, length = self._hear(deadline)
        action = self._machine.on(event)
        if action not in {RequestAction.DT2, RequestAction.AR6}:
            self._refuse(action)
        try:
            _, body = self._reception.command(length, self.contexts)
            command = decode_command(body)
            return Answered(command, self._data_set() if command.has_data_set else b"")
        except OtherPdu as other:
            self._pending = (other.kind, other.length)
            return self._message(deadline)

    def _data_set(self) -> bytes:
        if self._buffer is None:
            self._buffer = Buffer(self._limits)
        view, limit = self._buffer.view, self._limits.identifier_bytes
        self._reception.begin_data_set()
        used, ended = self._reception.fill(view, limit)
        if not ended:
            raise IdentifierTooLong(limit=limit)
        whole = bytes(view[:used])
        self._buffer.shrink(used)
        return whole

    def _refuse(self, action: RequestAction) -> NoReturn:
        """Do what the table says of a PDU that is not what was waited for, and raise."""
        match action:
            case RequestAction.AR2:
                self._machine.on(RequestEvent.EVT14)
                self._wire.send(pdu.encode_release_response())
                raise PeerReleased
            case RequestAction.AA3:
                raise PeerAborted
            case RequestAction.AA8:
                with contextlib.suppress(ConnectionEnded):
                    self._wire.send(pdu.encode_abort(AbortSource.SERVICE_PROVIDER, AbortReason.UNEXPECTED_PDU))
                raise InvalidPdu(AbortReason.UNEXPECTED_PDU)
            case _:
                raise InvalidPdu

    def _await_release(self, deadline: float) -> None:
        while self._machine.state is not RequestState.STA1:
            event, length = self._hear(deadline)
            action = self._machine.on(event)
            if action is RequestAction.AR6:  # a response that nobody waits for any more
                self._reception.command(length, self.contexts)
                continue
            if action is RequestAction.AR8:
                self._reception.body(self._bounded(event, length))
                self._machine.on(RequestEvent.EVT14)
                self._wire.send(pdu.encode_release_response())
            elif action is not RequestAction.AR3:
                self._refuse(action)

    @contextlib.contextmanager
    def _or_abort(self) -> Iterator[None]:
        """Tell the peer, as the table has it, when what it sent cannot be used; then raise."""
        try:
            yield
        except ConnectionEnded:
            if self._machine.knows(RequestEvent.EVT17):
                self._machine.on(RequestEvent.EVT17)
            raise
        except InvalidPdu as invalid:
            if self._machine.state is not RequestState.STA13:
                self._machine.on(RequestEvent.EVT19)
                with contextlib.suppress(ConnectionEnded):
                    self._wire.send(pdu.encode_abort(AbortSource.SERVICE_PROVIDER, invalid.reason))
            raise


_EVENTS: dict[int, RequestEvent] = {
    PduType.ASSOCIATE_RQ: RequestEvent.EVT6,
    PduType.ASSOCIATE_AC: RequestEvent.EVT3,
    PduType.ASSOCIATE_RJ: RequestEvent.EVT4,
    PduType.DATA_TF: RequestEvent.EVT10,
    PduType.RELEASE_RQ: RequestEvent.EVT12,
    PduType.RELEASE_RP: RequestEvent.EVT13,
    PduType.ABORT: RequestEvent.EVT16,
}
_LOOK_SECONDS = 0.1
"""Between two looks whether a request of the peer's has come."""
_SHORT_BODY = 4
_LONG = frozenset({RequestEvent.EVT3, RequestEvent.EVT6})
