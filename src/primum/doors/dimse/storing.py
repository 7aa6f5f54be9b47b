"""C-STORE: from a command and the data set behind it to a record on disc (PS3.4 annex B).

Whatever is refused, the data set is read to its end first, so that the association goes on; what is wrong with the
connection itself (TRANSPORT) passes through.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from primum.doors.dimse.reception import Buffer, OtherPdu, Reception
from primum.doors.dimse.refusals import (
    ArgumentsMistyped,
    BrokenOff,
    ClassNotNegotiated,
    ConnectionEnded,
    DataSetMismatch,
    DoorClosing,
    IdentifierTooLong,
    InstanceTooLong,
    InstanceUidInvalid,
    InvalidPdu,
    NotPermitted,
    SpaceLow,
    TooSlow,
)
from primum.ground.clock import to_text
from primum.imaging import FrameBuilder, NeedMore, Peek, Stored, frames_of, peek, peek_first
from primum.imaging.errors import DamagedDataSet
from primum.imaging.intake import HEADER_BYTES
from primum.vault import Position, RecordFacts

if TYPE_CHECKING:
    from primum.doors.dimse.command import Command
    from primum.doors.dimse.contexts import Accepted
    from primum.doors.dimse.services import Device, DimseServices
    from primum.vault import RecordStream, Writer

TRANSPORT = (InvalidPdu, OtherPdu, TooSlow, ConnectionEnded, DoorClosing, InstanceTooLong, BrokenOff)
"""What ends the association rather than the instance."""

_UID = re.compile(r"[0-9][0-9.]{0,63}")


@dataclass(frozen=True, slots=True)
class Sender:
    """Who sends, for the whole association."""

    device: Device
    calling_title: str
    implementation_class_uid: str


class Receipt(NamedTuple):
    """What was stored: what the indexer is told, and how long it was."""

    hint: Stored
    length: int


class Storing:
    """The instances of one association. Used by one thread."""

    def __init__(self, services: DimseServices, sender: Sender, reception: Reception) -> None:
        """Store what `reception` brings, as coming from `sender`."""
        self._services = services
        self._limits = services.limits
        self._sender = sender
        self._device = sender.device  # as it is now
        self._reception = reception
        self._buffer: Buffer | None = None
        self._writer: Writer | None = None
        self._study_ref = ("", "", "")  # the last one, behind what it is made of
        self._ended = True  # whether the data set was received to its end

    def store(self, command: Command, context: Accepted) -> Receipt:
        """Receive the data set of a C-STORE-RQ and store it: on disc at return.

        Raises TRANSPORT, and any refusal of the instance, after its data set was read.
        """
        buffer = self._begin(command)
        used = 0
        try:
            self._permit(command, context)
            used, self._ended = self._reception.fill(buffer.view, buffer.capacity)
            if self._ended:
                return self._store_whole(buffer.view[:used], command, context)
            return self._store_streamed(buffer, command, context)
        except TRANSPORT:
            raise
        except Exception:
            self._drain(buffer)
            raise
        finally:
            buffer.shrink(buffer.capacity if used == buffer.capacity else used)

    def read(self, command: Command, limit: int) -> bytes:
        """Receive a data set that is no instance; empty if none is announced. Raises IdentifierTooLong, TRANSPORT."""
        if not command.has_data_set:
            return b""
        buffer = self._begin(command)
        used, self._ended = self._reception.fill(buffer.view, min(limit, buffer.capacity))
        whole = bytes(buffer.view[:used])
        if not self._ended:
            self._drain(buffer)
            raise IdentifierTooLong(limit=limit)
        buffer.shrink(used)
        return whole

    def skip(self, command: Command) -> None:
        """Receive a data set, if there is one, and forget it."""
        if command.has_data_set:
            self._drain(self._begin(command))

    @property
    def leasing(self) -> bool:
        """Tell whether packs are held."""
        return self._writer is not None

    def release(self) -> None:
        """Give back the leases on packs; the next instance takes new ones."""
        if self._writer is not None:
            self._writer.close()
            self._writer = None

    def close(self) -> None:
        """Give back everything."""
        self.release()
        if self._buffer is not None:
            self._buffer.close()
            self._buffer = None

    def _begin(self, command: Command) -> Buffer:
        self._ended = not command.has_data_set
        if command.has_data_set:
            self._reception.begin_data_set()
        if self._buffer is None:
            self._buffer = Buffer(self._limits)
        return self._buffer

    def _permit(self, command: Command, context: Accepted) -> None:
        """Ask, before a byte of the data set is used, what can be asked without it."""
        self._device = self._services.devices.still(self._device)
        if "store" not in self._device.may:
            raise NotPermitted
        if not context.storage or command.sop_class_uid != context.abstract_syntax:
            raise ClassNotNegotiated
        if not command.has_data_set:
            raise ArgumentsMistyped
        if _UID.fullmatch(command.sop_instance_uid) is None:
            raise InstanceUidInvalid
        self._refuse_without_room()

    def _refuse_without_room(self) -> None:
        if self._services.space.low():
            raise SpaceLow

    def _store_whole(self, data: memoryview, command: Command, context: Accepted) -> Receipt:
        found = peek(data, context.transfer_syntax)
        _compare(found, command)
        frames = frames_of(found, data, context.transfer_syntax)
        facts = self._facts(found, context)
        study = self._study(found)
        writer = self._open_writer()
        position = writer.store(study, facts, data, found.pixels_at, frames)
        return Receipt(Stored(position, facts, _header(data, found, whole=True), writer.tail), len(data))

    def _store_streamed(self, buffer: Buffer, command: Command, context: Accepted) -> Receipt:
        data = buffer.view[: buffer.capacity]
        found = _so_far(peek_first(data, context.transfer_syntax))
        _compare(found, command)
        facts = self._facts(found, context)
        header = _header(data, found, whole=False)
        writer = self._open_writer()
        stream = writer.stream(self._study(found), facts, found.pixels_at)
        try:
            length, position = self._pour(stream, FrameBuilder(found, context.transfer_syntax), buffer)
        finally:
            if stream.open:
                stream.abandon()
        return Receipt(Stored(position, facts, header, writer.tail), length)

    def _pour(self, stream: RecordStream, frames: FrameBuilder, buffer: Buffer) -> tuple[int, Position]:
        length = looked = 0
        used = buffer.capacity
        while True:
            part = buffer.view[:used]
            stream.append(part)
            frames.feed(part)
            length += used
            if self._ended:
                return length, stream.finish(frames=frames.finish())
            if length > self._limits.instance_bytes:
                raise InstanceTooLong(limit=self._limits.instance_bytes)
            if length - looked >= self._limits.space_check_bytes:
                self._refuse_without_room()
                looked = length
            used, self._ended = self._reception.fill(buffer.view, buffer.capacity)

    def _drain(self, buffer: Buffer) -> None:
        length = 0
        while not self._ended:
            used, self._ended = self._reception.fill(buffer.view, self._limits.kept_bytes)
            length += used
            if length > self._limits.instance_bytes:
                raise InstanceTooLong(limit=self._limits.instance_bytes)

    def _open_writer(self) -> Writer:
        if self._writer is None:
            self._writer = self._services.vault.writer()
        return self._writer

    def _study(self, found: Peek) -> str:
        made_of = self._device.controller_id, found.study_uid
        if self._study_ref[:2] != made_of:
            self._study_ref = (*made_of, self._services.vault.study_ref(*made_of))
        return self._study_ref[2]

    def _facts(self, found: Peek, context: Accepted) -> RecordFacts:
        return RecordFacts(
            kind="instance",
            controller_id=self._device.controller_id,
            device_id=self._device.id,
            sop_class_uid=found.sop_class_uid,
            sop_instance_uid=found.sop_uid,
            series_instance_uid=found.series_uid,
            study_instance_uid=found.study_uid,
            transfer_syntax_uid=context.transfer_syntax,
            received_at=to_text(self._services.clock.now()),
            calling_aet=self._sender.calling_title,
            implementation_class_uid=self._sender.implementation_class_uid,
        )


def _compare(found: Peek, command: Command) -> None:
    found.must_be(command.sop_instance_uid)
    if found.sop_class_uid != command.sop_class_uid:
        raise DataSetMismatch


def _so_far(found: Peek | NeedMore) -> Peek:
    """Go on with what the first 8 MiB told; without the UIDs in them there is nothing to go on with."""
    if isinstance(found, Peek):
        return found
    if found.so_far is None:
        raise DamagedDataSet(what="its UIDs are not in its first 8 MiB")
    return found.so_far


def _header(data: memoryview, found: Peek, *, whole: bool) -> bytes | None:
    """Copy what the indexer needs, unless it is too long to travel."""
    end = found.pixels_at if found.pixels_at is not None else len(data) if whole else HEADER_BYTES + 1
    return bytes(data[:end]) if end <= HEADER_BYTES else None
