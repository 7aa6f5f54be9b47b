"""Taking in a folder of DICOM files: a disc from another practice, an export of the archive before this one.

Data sets are stored as they are, file wrapping left out. A file name may hold a patient's name: it goes to
the caller's `progress` and nowhere else. Doing it again is harmless: the index keeps the same bytes once.
Files are read, not mapped: one that shrinks on a share while it is read is refused, and ends no process.
"""

from __future__ import annotations

import os
import stat
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, ClassVar

from primum.ground.clock import Clock, to_text
from primum.ground.errors import PrimumError
from primum.imaging.errors import DamagedDataSet, ImagingRefusal
from primum.imaging.frames import FrameBuilder, frames_of
from primum.imaging.model import Stored
from primum.imaging.part10 import META_LIMIT, PREAMBLE, FileMeta, NotPart10, read_meta
from primum.imaging.peeking import NeedMore, Peek, peek, peek_first
from primum.vault import FactsTooLong, RecordFacts, TooLarge

if TYPE_CHECKING:
    from primum.vault import Position, Vault, Writer

DIRECTORY = "1.2.840.10008.1.3.10"
"""Media Storage Directory: the DICOMDIR of a disc, which lists files and is no image."""
MIB = 1 << 20


@dataclass(frozen=True, slots=True)
class ImportLimits:
    """What an import holds in memory, in bytes and in counts."""

    at_once: int = 8 * MIB
    """A file up to here is read whole and stored in one write; larger ones go through in pieces."""
    piece: int = 4 * MIB
    """Bytes read at a time of a large file."""
    header: int = 64 * MIB
    """Where a large file must have begun its pixel data, or have told its UIDs."""
    batch: int = 64
    """Records told to the index at a time."""


LIMITS = ImportLimits()


class NoFolder(PrimumError):
    """There is no such folder to import."""

    code: ClassVar[str] = "import.no-folder"
    hint: ClassVar[str] = "give the path of a folder that the daemon may read"


class Unreadable(PrimumError):
    """The file cannot be read."""

    code: ClassVar[str] = "import.unreadable"
    hint: ClassVar[str] = "let the user who runs Primum read it, or copy it from its disc once more"


class SpaceLow(PrimumError):
    """The free space is below the low mark: the import has stopped, and what it had stored stays stored."""

    code: ClassVar[str] = "import.space-low"
    hint: ClassVar[str] = "free space on the disc of the home, or lower low_space_mib, then import again"


@dataclass(frozen=True, slots=True)
class Progress:
    """How far an import is: `done` of `total` files; the file just done, and why it was refused if it was."""

    done: int
    total: int
    file: Path = field(repr=False)
    refusal: PrimumError | None = None


@dataclass(frozen=True, slots=True)
class ImportReport:
    """What an import did. `refused` counts by code; no path, no name."""

    stored: int
    not_dicom: int
    refused: dict[str, int]
    bytes: int


@dataclass(frozen=True, slots=True)
class Origin:
    """On whose behalf: the controller whose studies these become, and the person who imports (our own ids)."""

    controller_id: str
    by: str


def import_folder(
    vault: Vault,
    folder: Path,
    origin: Origin,
    *,
    clock: Clock,
    intake: Callable[[list[Stored]], object],
    progress: Callable[[Progress], None] = lambda _: None,
    before_each: Callable[[], None] = lambda: None,
    limits: ImportLimits = LIMITS,
) -> ImportReport:
    """Store every DICOM file in `folder` and its subfolders; links are not followed.

    `intake` takes what was stored, in batches, each before the next file is opened (`Indexer.take`).
    `before_each` may raise to stop (no room left, shutting down). Raises NoFolder, and what ends the
    storing itself (vault.DiscFull, vault.WriteRefused); what was stored before stays stored.
    """
    if not folder.is_dir():
        raise NoFolder
    total = sum(1 for _ in _files(folder))
    with vault.writer() as writer:
        run = _Run(vault, writer, origin, clock, intake, limits)
        try:
            for done, file in enumerate(_files(folder), 1):
                before_each()
                progress(Progress(done, total, file, run.take(file)))
        finally:
            run.tell()
    return ImportReport(run.stored, run.not_dicom, dict(run.refused), run.bytes)


def _files(folder: Path) -> Iterator[Path]:
    """Give every regular file, folders in order of name: a scanner's export is then mostly study by study."""
    for place, folders, names in os.walk(folder, followlinks=False):
        folders.sort()
        for name in sorted(names):
            file = Path(place, name)
            try:
                mode = file.lstat().st_mode
            except OSError:
                continue
            if stat.S_ISREG(mode):
                yield file


class _Run:
    """One import under way."""

    def __init__(  # noqa: PLR0917
        self,
        vault: Vault,
        writer: Writer,
        origin: Origin,
        clock: Clock,
        intake: Callable[[list[Stored]], object],
        limits: ImportLimits,
    ) -> None:
        self._vault, self._writer, self._origin, self._clock = vault, writer, origin, clock
        self._intake, self._limits = intake, limits
        self._waiting: list[Stored] = []
        self.stored = self.not_dicom = self.bytes = 0
        self.refused: Counter[str] = Counter()

    def take(self, file: Path) -> PrimumError | None:
        """Store one file; return why it was refused."""
        try:
            length = self._store(file)
        except NotPart10:
            self.not_dicom += 1
            return None
        except (ImagingRefusal, FactsTooLong, TooLarge, Unreadable) as refusal:
            self.refused[refusal.code] += 1
            return refusal
        self.stored += 1
        self.bytes += length
        if len(self._waiting) >= self._limits.batch:
            self.tell()
        return None

    def tell(self) -> None:
        """Tell the index what was stored since it was last told."""
        if self._waiting:
            batch, self._waiting = self._waiting, []
            self._intake(batch)

    def _store(self, file: Path) -> int:
        try:
            stream = file.open("rb", buffering=0)
        except OSError:
            raise Unreadable from None
        with stream:
            size = os.fstat(stream.fileno()).st_size
            meta = read_meta(_read(stream, PREAMBLE + len(b"DICM") + META_LIMIT))
            if meta.sop_class_uid == DIRECTORY:
                raise NotPart10(reason="it is the directory of a disc")
            stream.seek(meta.begins)
            length = size - meta.begins
            self._waiting.append(
                self._whole(meta, _read(stream, length), length)
                if length <= self._limits.at_once
                else self._in_pieces(meta, stream, length)
            )
        return length

    def _whole(self, meta: FileMeta, data: bytes, length: int) -> Stored:
        if len(data) != length:
            raise Unreadable
        found = peek(data, meta.transfer_syntax_uid)
        frames = frames_of(found, data, meta.transfer_syntax_uid)
        facts = self._facts(meta, found)
        position = self._writer.store(self._study(found), facts, data, found.pixels_at, frames)
        return Stored(position, facts, data[: found.pixels_at], self._writer.tail)

    def _in_pieces(self, meta: FileMeta, stream: BinaryIO, length: int) -> Stored:
        first, found = self._first(meta, stream, length)
        if found.pixels_value_at is not None and found.pixels_value_at + (found.pixels_length or 0) > length:
            raise DamagedDataSet(what="its pixel data are cut short")
        facts = self._facts(meta, found)
        record = self._writer.stream(self._study(found), facts, found.pixels_at)
        builder = FrameBuilder(found, meta.transfer_syntax_uid)
        try:
            piece = first
            while piece:
                builder.feed(piece)
                record.append(piece)
                piece = _read(stream, min(self._limits.piece, length - record.length))
            if record.length != length:
                raise Unreadable
            position: Position = record.finish(frames=builder.finish())
        finally:
            if record.open:
                record.abandon()
        header = first[: found.pixels_at] if found.pixels_at is not None else None
        return Stored(position, facts, header, self._writer.tail)

    def _first(self, meta: FileMeta, stream: BinaryIO, length: int) -> tuple[bytes, Peek]:
        """Read until the pixel data begins, or until no more may be held."""
        first = _read(stream, self._limits.piece)
        while True:
            found = peek_first(first, meta.transfer_syntax_uid)
            if isinstance(found, Peek):
                return first, found
            more = min(max(found.bytes, len(first) + self._limits.piece), self._limits.header, length)
            added = _read(stream, more - len(first))
            if not added:
                return first, _so_far(found)
            first += added

    def _study(self, found: Peek) -> str:
        return self._vault.study_ref(self._origin.controller_id, found.study_uid)

    def _facts(self, meta: FileMeta, found: Peek) -> RecordFacts:
        return RecordFacts(
            kind="instance",
            controller_id=self._origin.controller_id,
            device_id=self._origin.by,
            sop_class_uid=found.sop_class_uid or meta.sop_class_uid,
            sop_instance_uid=found.sop_uid,
            series_instance_uid=found.series_uid,
            study_instance_uid=found.study_uid,
            transfer_syntax_uid=meta.transfer_syntax_uid,
            received_at=to_text(self._clock.now()),
            calling_aet="",
            implementation_class_uid=meta.implementation_class_uid,
        )


def _so_far(found: NeedMore) -> Peek:
    if found.so_far is None:
        raise DamagedDataSet(what="it ends in the middle of an element")
    return found.so_far


def _read(stream: BinaryIO, count: int) -> bytes:
    """Read `count` bytes, fewer only at the end of the file. Raises Unreadable."""
    parts, left = [], count
    while left > 0:
        try:
            part = stream.read(left)
        except OSError:
            raise Unreadable from None
        if not part:
            break
        parts.append(part)
        left -= len(part)
    return parts[0] if len(parts) == 1 else b"".join(parts)
