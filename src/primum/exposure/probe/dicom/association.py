"""One association, asked for and used over a wire of the probe.

What arrives lies in two rooms of fixed size that are overwritten after use, so that no copy of a patient's values is
left in the memory of the process. (What TLS keeps of what it deciphered is its own.)
"""

from __future__ import annotations

from collections.abc import Iterable
from types import TracebackType
from typing import Final, NamedTuple, Self

from primum.exposure.probe.dialling import Unanswered, Wire
from primum.exposure.probe.dicom import messages
from primum.exposure.probe.dicom.messages import Command
from primum.exposure.probe.dicom.pdu import (
    ABORT,
    ABORTING,
    ACCEPTED,
    ASSOCIATE_AC,
    ASSOCIATE_RJ,
    COMMAND,
    DATA_TF,
    HEADER,
    LAST,
    PDV_HEADER,
    RELEASE,
    RELEASE_RQ,
    Aborted,
    Accepted,
    NotDicom,
    Proposal,
    associate_request,
    data_pdus,
    read_abort,
    read_accept,
    read_reject,
)
from primum.exposure.probe.limits import Limits

ROOM: Final = 64 * 1024
"""Bytes of a command or a data set of UIDs and names; a longer answer is another protocol."""


class Message(NamedTuple):
    """A message that arrived. `data_set` lies in the association's room until the next is read."""

    command: Command
    data_set: memoryview | None

    @property
    def status(self) -> int:
        """Return its status; a request has none and answers -1."""
        return self.command.get(messages.STATUS, -1)


class Association:
    """An association that was granted; aborted when left, unless it was released."""

    def __init__(self, wire: Wire, limits: Limits) -> None:
        """Begin over an open wire."""
        self._wire = wire
        self._limits = limits
        self._pdu = memoryview(bytearray(limits.pdu_bytes))
        self._whole = memoryview(bytearray(ROOM))
        self._rest = self._pdu[:0]
        self._open = False
        self.proposals: tuple[Proposal, ...] = ()
        self.accepted = Accepted()

    def request(self, calling: str, called: str, proposals: Iterable[Proposal], version_name: str) -> Accepted:
        """Ask for it. Raises Rejected, Aborted, NotDicom, Unanswered."""
        self.proposals = tuple(proposals)
        # of images no more is to come along with their commands than need be
        most = _LITTLE if any(one.scp for one in self.proposals) else self._limits.pdu_bytes
        self._wire.send(associate_request(calling, called, self.proposals, version_name=version_name, max_length=most))
        kind, body = self._next_pdu()
        if kind == ASSOCIATE_RJ:
            raise read_reject(body)
        if kind != ASSOCIATE_AC:
            raise NotDicom
        self.accepted = read_accept(body)
        self._open = True
        return self.accepted

    def context(self, sop_class: str) -> tuple[int, int]:
        """Return the number and the result of a class's context; one that was not answered counts as rejected."""
        for number, one in enumerate(self.proposals):
            if one.abstract_syntax == sop_class:
                result, syntax = self.accepted.results.get(2 * number + 1, (_NO_REASON, ""))
                good = result == ACCEPTED and syntax in one.transfer_syntaxes
                return 2 * number + 1, result if result != ACCEPTED or good else _NO_REASON
        raise NotDicom

    def send(self, context: int, command: bytes, data_set: bytes | None = None) -> None:
        """Send a message. Raises Unanswered."""
        most = self.accepted.max_length
        parts = list(data_pdus(context, command, command=True, max_length=most))
        if data_set is not None:
            parts += data_pdus(context, data_set, command=False, max_length=most)
        self._wire.send(b"".join(parts))

    def receive(self) -> Message:
        """Return the next message. Raises Aborted, NotDicom, Unanswered."""
        command = messages.read_command(self._gather(COMMAND))
        if command[messages.DATA_SET_TYPE] == messages.NO_DATA_SET:
            return Message(command, None)
        return Message(command, self._gather(0))

    def receive_answer_to(self, request: int) -> Message:
        """Return the next message, which must answer this. Raises Aborted, NotDicom, Unanswered."""
        message = self.receive()
        if message.command[messages.FIELD] != request | messages.RESPONSE:
            raise NotDicom
        return message

    def receive_command(self) -> Command:
        """Return the next command set, its data set not read. Raises Aborted, NotDicom, Unanswered."""
        return messages.read_command(self._gather(COMMAND))

    def data_begins(self) -> bool:
        """Tell whether bytes of a data set come now; at most those that came along are read, and overwritten."""
        if self._rest:
            length, _, control = PDV_HEADER.unpack_from(self._fitting(), 0)
        else:
            self._fill(self._pdu[: HEADER.size + PDV_HEADER.size])
            kind, _ = HEADER.unpack_from(self._pdu, 0)
            length, _, control = PDV_HEADER.unpack_from(self._pdu, HEADER.size)
            if kind != DATA_TF:
                return False
        return not control & COMMAND and length > PDV_HEADER.size - 4

    def release(self, *, wait: bool = True) -> bool:
        """End it as it should be; tell whether the other side answered that, where one waits for it."""
        if not self._open:
            return wait
        self._open = False
        return self._last_word(RELEASE, wait=wait)

    def abort(self) -> None:
        """End it at once."""
        if self._open:
            self._open = False
            self._last_word(ABORTING, wait=False)

    def wipe(self) -> None:
        """Overwrite all that arrived."""
        for room in (self._pdu, self._whole):
            room[:] = bytes(len(room))
        self._rest = self._pdu[:0]

    def close(self) -> None:
        """Abort what was not released, overwrite, hang up."""
        self.abort()
        self.wipe()
        self._wire.close()

    def __enter__(self) -> Self:
        """Abort it afterwards, unless it was released."""
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        """Close it."""
        self.close()

    def _gather(self, which: int) -> memoryview:
        """Put the fragments of a command or of a data set together (PS3.8 E.2)."""
        size = 0
        while True:
            if not self._rest:
                self._rest = self._data_pdu()
            view = self._fitting()
            length, _, control = PDV_HEADER.unpack_from(view, 0)
            part = view[PDV_HEADER.size : 4 + length]
            if control & COMMAND != which or len(part) > len(self._whole) - size:
                raise NotDicom
            self._whole[size : size + len(part)] = part
            size += len(part)
            self._rest = self._rest[4 + length :]
            if control & LAST:
                return self._whole[:size]

    def _fitting(self) -> memoryview:
        """Return the rest of the PDU, which begins with a whole fragment."""
        if len(self._rest) < PDV_HEADER.size:
            raise NotDicom
        length, _, _ = PDV_HEADER.unpack_from(self._rest, 0)
        if not 2 <= length <= len(self._rest) - 4:  # noqa: PLR2004 the context and the control header
            raise NotDicom
        return self._rest

    def _data_pdu(self) -> memoryview:
        kind, body = self._next_pdu()
        if kind == RELEASE_RQ:
            raise Unanswered("reset", "released")
        if kind != DATA_TF:
            raise NotDicom
        return body

    def _next_pdu(self) -> tuple[int, memoryview]:
        self._fill(self._pdu[: HEADER.size])
        kind, length = HEADER.unpack_from(self._pdu, 0)
        if not ASSOCIATE_AC <= kind <= ABORT or length > len(self._pdu):
            raise NotDicom
        body = self._pdu[:length]
        self._fill(body)
        if kind == ABORT:
            self._open = False
            raise read_abort(body)
        return kind, body

    def _fill(self, room: memoryview) -> None:
        at = 0
        while at < len(room):
            size = self._wire.receive_into(room[at:])
            if not size:
                self._open = False
                raise Unanswered("reset", "ended")
            at += size

    def _last_word(self, pdu: bytes, *, wait: bool) -> bool:
        try:
            self._wire.send(pdu)
            if wait:
                self._wire.more_time(_FAREWELL_SECONDS)
                self._next_pdu()
        except (Unanswered, NotDicom, Aborted):
            return False
        return wait


_NO_REASON = 2
_LITTLE = 4096
_FAREWELL_SECONDS = 1.0
