"""Taking in one DICOM file that comes in pieces: sealed as it arrives, in memory never more than a few MiB of it.

The file's wrapping is left out; its data set is stored as it is.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from primum.ground.clock import Clock, to_text
from primum.imaging.errors import DamagedDataSet, ImagingRefusal
from primum.imaging.frames import FrameBuilder, frames_of
from primum.imaging.model import Stored
from primum.imaging.part10 import META_LIMIT, PREAMBLE, FileMeta, read_meta
from primum.imaging.peeking import NeedMore, Peek, peek, peek_first
from primum.imaging.storage import is_storable, is_storage
from primum.vault import Position, RecordFacts

if TYPE_CHECKING:
    from primum.vault import Vault, Writer

MIB = 1 << 20
_META = PREAMBLE + 4 + META_LIMIT


@dataclass(frozen=True, slots=True)
class TakingLimits:
    """What is held in memory of one file, in bytes."""

    at_once: int = 8 * MIB
    """A file up to here is stored in one write; a larger one is sealed as it comes (docs/design/vault.md)."""
    header: int = 64 * MIB
    """Where a large file must have begun its pixel data, or have told its UIDs."""
    file: int = 16 << 30
    """One file: ten times the largest tomosynthesis or whole-slide level that we know of."""


LIMITS = TakingLimits()


class NotStored(ImagingRefusal):
    """Instances of this SOP class, or in this transfer syntax, are not kept here."""

    code: ClassVar[str] = "imaging.not-stored"
    hint: ClassVar[str] = "docs/reference/dicom-conformance.md lists what is stored"


class OtherStudy(ImagingRefusal):
    """The instance belongs to another study than the one that was named."""

    code: ClassVar[str] = "imaging.other-study"
    hint: ClassVar[str] = "send it without naming a study, or name its own"


@dataclass(frozen=True, slots=True)
class Bringer:
    """On whose behalf: the controller whose studies these become, and who brings them (our own ids)."""

    controller_id: str
    by: str


@dataclass(slots=True)
class Told:
    """What a file has told of itself so far: for who has to answer for it, stored or not."""

    sop_class_uid: str = ""
    sop_instance_uid: str = ""
    study_instance_uid: str = ""


class Taker:
    """Takes files in, one after another. Used by one thread."""

    def __init__(  # noqa: PLR0917
        self,
        vault: Vault,
        writer: Writer,
        bringer: Bringer,
        clock: Clock,
        before_each: Callable[[], None] = lambda: None,
        limits: TakingLimits = LIMITS,
    ) -> None:
        """Store through `writer`. `before_each` may raise to stop before a file is stored (no room left)."""
        self._vault, self._writer, self._bringer, self._clock = vault, writer, bringer, clock
        self._before_each, self._limits = before_each, limits

    def take(self, pieces: Iterable[bytes], told: Told, study_uid: str = "") -> tuple[Stored, int]:
        """Store one file, all of whose bytes are in `pieces`; return what the index is told, and its length.

        `told` is filled in as far as is known. Raises ImagingRefusal (NotStored, OtherStudy where `study_uid` is
        another one), NotPart10, what `before_each` raises, and what the vault refuses.
        """
        source = _Source(iter(pieces), self._limits.file)
        meta = read_meta(bytes(source.have(_META)))
        told.sop_class_uid, told.sop_instance_uid = meta.sop_class_uid, meta.sop_instance_uid
        source.skip(meta.begins)
        self._before_each()
        first = source.have(self._limits.at_once)
        if source.ended:
            return self._whole(meta, bytes(first), told, study_uid), len(first)
        return self._in_pieces(meta, source, told, study_uid)

    def _whole(self, meta: FileMeta, data: bytes, told: Told, study_uid: str) -> Stored:
        found = peek(data, meta.transfer_syntax_uid)
        facts = self._facts(meta, found, told, study_uid)
        frames = frames_of(found, data, meta.transfer_syntax_uid)
        position = self._writer.store(self._study(found), facts, data, found.pixels_at, frames)
        return Stored(position, facts, data[: found.pixels_at], self._writer.tail)

    def _in_pieces(self, meta: FileMeta, source: _Source, told: Told, study_uid: str) -> tuple[Stored, int]:
        found = self._first(meta, source)
        facts = self._facts(meta, found, told, study_uid)
        record = self._writer.stream(self._study(found), facts, found.pixels_at)
        header = bytes(source.held[: found.pixels_at]) if found.pixels_at is not None else None
        builder = FrameBuilder(found, meta.transfer_syntax_uid)
        try:
            for piece in source.all():
                builder.feed(piece)
                record.append(piece)
            _refuse_cut_short(found, record.length)
            length = record.length
            position: Position = record.finish(frames=builder.finish())
        finally:
            if record.open:
                record.abandon()
        return Stored(position, facts, header, self._writer.tail), length

    def _first(self, meta: FileMeta, source: _Source) -> Peek:
        """Hold as much as tells what the file is, or as may be held."""
        while True:
            found = peek_first(bytes(source.held), meta.transfer_syntax_uid)
            if isinstance(found, Peek):
                return found
            before = len(source.held)
            source.have(min(max(found.bytes, before + self._limits.at_once), self._limits.header))
            if len(source.held) == before:
                return _so_far(found)

    def _study(self, found: Peek) -> str:
        return self._vault.study_ref(self._bringer.controller_id, found.study_uid)

    def _facts(self, meta: FileMeta, found: Peek, told: Told, study_uid: str) -> RecordFacts:
        told.sop_class_uid = found.sop_class_uid or meta.sop_class_uid
        told.sop_instance_uid, told.study_instance_uid = found.sop_uid, found.study_uid
        if not is_storage(told.sop_class_uid) or not is_storable(meta.transfer_syntax_uid):
            raise NotStored
        if study_uid not in {"", found.study_uid}:
            raise OtherStudy
        return RecordFacts(
            kind="instance",
            controller_id=self._bringer.controller_id,
            device_id=self._bringer.by,
            sop_class_uid=told.sop_class_uid,
            sop_instance_uid=found.sop_uid,
            series_instance_uid=found.series_uid,
            study_instance_uid=found.study_uid,
            transfer_syntax_uid=meta.transfer_syntax_uid,
            received_at=to_text(self._clock.now()),
            calling_aet="",
            implementation_class_uid=meta.implementation_class_uid,
        )


class _Source:
    """Pieces of a file, of which some are held until it is known what they are."""

    def __init__(self, pieces: Iterator[bytes], limit: int) -> None:
        self._pieces, self._left = pieces, limit
        self.held = bytearray()
        self.ended = False

    def have(self, count: int) -> bytearray:
        """Hold at least `count` bytes, if there are so many; return what is held."""
        while len(self.held) < count and not self.ended:
            piece = self._next()
            if piece is not None:
                self.held += piece
        return self.held

    def skip(self, count: int) -> None:
        """Let go of the first bytes."""
        del self.held[:count]

    def all(self) -> Iterator[bytes]:
        """Give everything from what is held on."""
        held, self.held = bytes(self.held), bytearray()
        yield held
        while not self.ended:
            piece = self._next()
            if piece:
                yield piece

    def _next(self) -> bytes | None:
        piece = next(self._pieces, None)
        if piece is None:
            self.ended = True
            return None
        self._left -= len(piece)
        if self._left < 0:
            raise DamagedDataSet(what="it is longer than any instance that is kept")
        return piece


def _so_far(found: NeedMore) -> Peek:
    if found.so_far is None:
        raise DamagedDataSet(what="it ends in the middle of an element")
    return found.so_far


def _refuse_cut_short(found: Peek, length: int) -> None:
    if found.pixels_value_at is not None and found.pixels_value_at + (found.pixels_length or 0) > length:
        raise DamagedDataSet(what="its pixel data are cut short")
