"""One association, from the first PDU to the close, driven by the table of machine.py."""

from __future__ import annotations

import contextlib
import time
from dataclasses import replace
from typing import TYPE_CHECKING

from primum.doors.dimse import pdu, registry
from primum.doors.dimse.acceptance import Acceptance, consider
from primum.doors.dimse.chronicle import Chronicle
from primum.doors.dimse.command import RESPONSE, Command, Operation, decode_command, encode_response
from primum.doors.dimse.contexts import VERIFICATION, Accepted
from primum.doors.dimse.exchange import Exchange, Later, Line
from primum.doors.dimse.machine import TRANSITIONS, Action, Event, Machine, State
from primum.doors.dimse.pdu import AbortSource, AssociateRequest, PduType
from primum.doors.dimse.reception import OtherPdu, Reception
from primum.doors.dimse.refusals import (
    AbortReason,
    BrokenOff,
    ClassNotNegotiated,
    ConnectionEnded,
    DoorClosing,
    InstanceTooLong,
    InvalidCommand,
    InvalidPdu,
    OperationUnknown,
    TooSlow,
)
from primum.doors.dimse.statuses import Answer, Status, answer_to, rejection_for
from primum.doors.dimse.storing import TRANSPORT, Receipt, Sender, Storing
from primum.ground.errors import PrimumError
from primum.ground.ids import new_id
from primum.ground.log import Log

if TYPE_CHECKING:
    from primum.doors.dimse.crowd import Place
    from primum.doors.dimse.peers import Peer
    from primum.doors.dimse.services import DimseServices
    from primum.doors.dimse.wire import Wire

_log = Log("dimse.association")

_EVENTS = {
    PduType.ASSOCIATE_RQ: Event.EVT6,
    PduType.ASSOCIATE_AC: Event.EVT3,
    PduType.ASSOCIATE_RJ: Event.EVT4,
    PduType.DATA_TF: Event.EVT10,
    PduType.RELEASE_RQ: Event.EVT12,
    PduType.RELEASE_RP: Event.EVT13,
    PduType.ABORT: Event.EVT16,
}
_Content = AssociateRequest | int | AbortReason | None


class Association:
    """An association with one caller. Used by one thread."""

    def __init__(self, services: DimseServices, wire: Wire, peer: Peer, place: Place) -> None:
        """Be ready to serve `peer`, whose TLS handshake (if any) is done, on `wire`."""
        self.id = new_id("asc")
        self._services = services
        self._limits = services.limits
        self._wire = wire
        self._peer = peer
        self._place = place
        self._machine = Machine()
        self._reception = Reception(wire, services.limits)
        self._pending: tuple[int, int] | None = None
        self._accepted: dict[int, Accepted] = {}
        self._peer_length = 0
        self._sender: Sender | None = None
        self._later: list[Later] = []
        self._chronicle: Chronicle | None = None
        self._storing: Storing | None = None
        self._ending = "closed"

    def serve(self) -> None:
        """Serve until the connection is over. Never raises."""
        try:
            self._machine.on(Event.EVT5)
            self._reception.until = time.monotonic() + self._limits.artim_seconds
            while self._machine.state not in {State.STA1, State.STA13}:
                self._turn()
        except ConnectionEnded:
            self._machine.on(Event.EVT17)
        except Exception as error:  # noqa: BLE001 (a fault of ours ends one association, not the door)
            _log.failure("association.failed", error, association=self.id)
            self._give_up()
        self._close_story()
        if self._machine.state is State.STA13:
            self._await_close()

    def _turn(self) -> None:
        """Wait for one PDU, and do what the table says of it."""
        try:
            kind, length = self._pending or self._wait()
            self._pending = None
            event, content = self._read_pdu(kind, length)
            self._do(self._machine.on(event), content)
        except OtherPdu as other:
            self._pending = (other.kind, other.length)
        except InvalidPdu as invalid:
            self._end("invalid-pdu", Event.EVT19, invalid.reason)
        except (TooSlow, DoorClosing, InvalidCommand, InstanceTooLong, BrokenOff) as refusal:
            expired = self._machine.state is State.STA2
            self._end(refusal.code.partition(".")[2], Event.EVT18 if expired else Event.EVT15)

    def _wait(self) -> tuple[int, int]:
        if self._machine.state is State.STA2:
            return self._reception.next_pdu(self._reception.until)
        patience = self._limits.idle_seconds if self._accepted else self._limits.useless_seconds
        deadline = time.monotonic() + patience
        self._say_later(deadline)
        if self._storing is not None and self._storing.leasing:
            try:
                return self._reception.next_pdu(time.monotonic() + self._limits.lease_seconds)
            except TooSlow:
                self._storing.release()
        return self._reception.next_pdu(deadline)

    def _say_later(self, deadline: float) -> None:
        """Say what services have still to say, until something comes. Raises TooSlow at `deadline`."""
        while self._later and not self._reception.ready():
            line = self._line()
            self._later = [one for one in self._later if not one.turn(line)]
            if time.monotonic() > deadline:
                raise TooSlow
            self._wire.pause(_LATER_SECONDS)

    def _read_pdu(self, kind: int, length: int) -> tuple[Event, _Content]:
        """Name the event that a PDU is, and read what the action needs. Raises InvalidPdu."""
        if kind not in _EVENTS:
            raise InvalidPdu(reason=AbortReason.UNRECOGNIZED_PDU)
        if kind == PduType.DATA_TF:
            return Event.EVT10, length
        longest = self._limits.association_bytes if kind in _LONG else _SHORT_BODY
        if length > longest:
            raise InvalidPdu(reason=AbortReason.INVALID_PARAMETER_VALUE)
        if kind == PduType.ASSOCIATE_RQ and self._machine.state is State.STA2:
            return Event.EVT6, pdu.decode_associate_request(self._reception.body(length), self._limits)
        return _EVENTS[PduType(kind)], None

    def _do(self, action: Action, content: _Content) -> None:
        match action, content:
            case Action.AE6, AssociateRequest():
                self._consider(content)
            case Action.DT2, int():
                self._take_message(content)
            case Action.AR2, _:
                self._release()
            case Action.AA1, _:
                self._wire.send(pdu.encode_abort(AbortSource.SERVICE_USER, AbortReason.NOT_SPECIFIED))
            case Action.AA8, _:
                reason = content if isinstance(content, AbortReason) else AbortReason.UNEXPECTED_PDU
                self._wire.send(pdu.encode_abort(AbortSource.SERVICE_PROVIDER, reason))
            case Action.AA3, _:
                self._ending = "aborted"
            case _:
                pass  # timers are deadlines here, indications have nobody to go to, and closing is the owner's

    def _end(self, ending: str, event: Event, reason: AbortReason | None = None) -> None:
        self._ending = ending
        self._do(self._machine.on(event), reason)

    # the association is asked for

    def _consider(self, request: AssociateRequest) -> None:
        try:
            accepted = consider(request, self._peer, self._services, self._place)
        except Exception as error:  # noqa: BLE001 (the caller gets an answer, always)
            if not isinstance(error, PrimumError):
                _log.failure("association.failed", error, association=self.id)
            self._machine.on(Event.EVT8)
            self._wire.send(pdu.encode_associate_reject(rejection_for(error)))
            return
        self._accept(request, accepted)
        self._machine.on(Event.EVT7)
        shown = request.user.identity
        said = accepted.identified is not None and shown is not None and shown.response_requested
        made = accepted.negotiated
        self._wire.send(
            pdu.encode_associate_accept(
                request, made.answers, made.roles, self._limits, extended=made.extended, identified=said
            )
        )

    def _accept(self, request: AssociateRequest, accepted: Acceptance) -> None:
        device, identified = accepted.device, accepted.identified
        if identified is not None:
            self._services = replace(self._services, devices=identified)
        self._accepted = accepted.negotiated.accepted
        self._peer_length = request.user.max_length
        self._reception.until = float("inf")
        self._sender = Sender(device, request.calling_title, request.user.implementation_class_uid)
        self._storing = Storing(self._services, self._sender, self._reception)
        if self._accepted:
            self._chronicle = Chronicle(self._services.journal, self.id, device.id, device.controller_id)
            titles = {"calling_aet": request.calling_title, "called_aet": request.called_title}
            who = identified.told() if identified is not None else {}
            self._chronicle.opened({"address": self._peer.address, "tls": self._peer.tls, **titles, **who})

    # a message

    def _take_message(self, length: int) -> None:
        context_id, body = self._reception.command(length, self._accepted)
        command, context = decode_command(body), self._accepted[context_id]
        if command.field & RESPONSE or command.field == Operation.C_CANCEL_RQ:
            # nothing of theirs is under way, to be cancelled; a response is to what was said later, or to nothing
            for one in self._later if command.field & RESPONSE else ():
                one.heard(command)
            self._store().skip(command)
            return
        answer, stored = self._perform(command, context)
        self._machine.on(Event.EVT9)
        self._respond(command, context, answer)
        self._tell(command, answer, stored)
        if answer.status is Status.NOT_AUTHORIZED:
            self._end(answer.comment, Event.EVT15)

    def _respond(self, command: Command, context: Accepted, answer: Answer) -> None:
        response = encode_response(
            command, answer.status, answer.comment, answer.offending, answer.counts,
            has_data_set=bool(answer.data_set), instance_uid=answer.instance_uid, others=answer.others,
        )  # fmt: skip
        sent = pdu.encode_command(context.id, response, self._peer_length)
        if answer.data_set:
            sent += pdu.encode_data_set(context.id, answer.data_set, self._peer_length)
        self._wire.send(sent)

    def _perform(self, command: Command, context: Accepted) -> tuple[Answer, Receipt | None]:
        """Do what is asked; whatever goes wrong with it, there is an answer."""
        try:
            if command.field == Operation.C_STORE_RQ:
                return Answer(Status.SUCCESS), self._store().store(command, context)
            if context.abstract_syntax in registry.BY_SYNTAX:
                return self._serve(command, context), None
            self._store().skip(command)
            _refuse_all_but_echo(command, context)
            return Answer(Status.SUCCESS), None
        except TRANSPORT:
            raise
        except Exception as error:  # noqa: BLE001 (the sender gets an answer, always)
            if not isinstance(error, PrimumError):
                _log.failure("instance.failed", error, association=self.id)
            return answer_to(error), None

    def _serve(self, command: Command, context: Accepted) -> Answer:
        """Have a service answer; it alone knows what the request may be."""
        if self._sender is None:
            raise RuntimeError("a message before the association was accepted")
        syntax = context.abstract_syntax
        grant = registry.grant_for(context, command)
        exchange = Exchange(self._services, self._line(), command, context, self._sender.device, grant, self._later)
        try:
            exchange.permit()
            return registry.BY_SYNTAX[syntax].perform(exchange)
        except TRANSPORT:
            exchange.lost()
            raise
        finally:
            exchange.finish()

    def _line(self) -> Line:
        storing, title = self._store(), self._sender.calling_title if self._sender is not None else ""
        return Line(self.id, title, self._wire, self._reception, storing, self._accepted, self._peer_length)

    def _store(self) -> Storing:
        if self._storing is None:
            raise RuntimeError("a message before the association was accepted")
        return self._storing

    def _tell(self, command: Command, answer: Answer, stored: Receipt | None) -> None:
        if stored is not None:
            self._services.intake.stored(stored.hint)
        if self._chronicle is None:
            return
        if stored is not None:
            self._chronicle.instance_stored(stored.hint.position.study, stored.length)
        elif command.field == Operation.C_STORE_RQ:
            self._chronicle.instance_refused(answer.comment)

    # the end

    def _release(self) -> None:
        """Answer the release once a query would see what was stored (or after a while)."""
        self._store().release()
        if self._chronicle is not None and self._chronicle.stored:
            passed = self._services.intake.barrier(self._limits.barrier_seconds)
            if not passed:
                _log.warning("barrier.missed", association=self.id)
        self._ending = "released"
        self._machine.on(Event.EVT14)
        self._wire.send(pdu.encode_release_response())

    def _give_up(self) -> None:
        with contextlib.suppress(ConnectionEnded):
            if (Event.EVT15, self._machine.state) in TRANSITIONS:
                self._end("failure", Event.EVT15)

    def _close_story(self) -> None:
        if self._storing is not None:
            self._storing.close()
            self._storing = None
        if self._chronicle is not None:
            self._chronicle.closed(self._ending)

    def _await_close(self) -> None:
        """Let the peer read our last PDU and close; what it still sends is ignored (Sta13)."""
        scratch = memoryview(bytearray(_SCRATCH_BYTES))
        stopping = self._wire.stopping
        deadline = time.monotonic() + (self._limits.closing_seconds if stopping else self._limits.artim_seconds)
        try:
            while True:
                self._wire.receive_into(scratch, lambda: deadline, idle=not stopping)
                self._wire.look(deadline, idle=not stopping)
        except (TooSlow, DoorClosing):
            self._machine.on(Event.EVT18)
        except ConnectionEnded:
            self._machine.on(Event.EVT17)


def _refuse_all_but_echo(command: Command, context: Accepted) -> None:
    if command.field != Operation.C_ECHO_RQ:
        raise OperationUnknown
    if context.abstract_syntax != VERIFICATION:
        raise ClassNotNegotiated


_LATER_SECONDS = 0.25
"""Between two looks at what services have still to say."""
_SHORT_BODY = 4
"""A-ASSOCIATE-RJ, A-RELEASE-RQ and -RP, A-ABORT (PS3.8 9.3.4, 9.3.6 to 9.3.8)."""
_LONG = frozenset({PduType.ASSOCIATE_RQ, PduType.ASSOCIATE_AC})
_SCRATCH_BYTES = 16 * 1024
