"""Taking in studies from media: a folder, a file, a ZIP, a disc image, and such inside such.

Data sets are stored as they are, file wrapping left out. A file name may hold a patient's name: it goes to
the caller's `progress` and nowhere else. Doing it again goes on where it was: what the archive has already, byte for
byte, is not stored once more, whatever its file is called. Files are read, not mapped: one that shrinks on a share
while it is read is refused, and ends no process.
"""

from __future__ import annotations

import stat
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path, PurePath, PurePosixPath
from typing import TYPE_CHECKING, BinaryIO, ClassVar

from primum.ground.clock import Clock, to_text
from primum.ground.errors import PrimumError
from primum.imaging.errors import DamagedDataSet, DataSetTooLarge, ImagingRefusal
from primum.imaging.frames import FrameBuilder, frames_of
from primum.imaging.media.dicomdir import missing, read_directory
from primum.imaging.media.iso9660 import MARK, MARK_AT, DiscImage
from primum.imaging.media.items import BadContainer, Bomb, Container, Folder, Item, Unreadable, file_item
from primum.imaging.media.kinds import kind_of
from primum.imaging.media.limits import LIMITS as MEDIA_LIMITS
from primum.imaging.media.udf import UdfImage, UdfUnknown, is_udf
from primum.imaging.media.ziparchive import BROKEN, Budget, ZipArchive, rewindable
from primum.imaging.model import Stored
from primum.imaging.part10 import META_LIMIT, PREAMBLE, FileMeta, NotPart10, read_meta
from primum.imaging.peeking import NeedMore, Peek, peek, peek_first
from primum.imaging.syntaxes import syntax_of
from primum.vault import FactsTooLong, RecordFacts, TooLarge, begin_digest, digest_of
from primum.vault.winzip import WrongZipPassphrase, ZipEntryAltered

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
    """There is no such folder or file to import."""

    code: ClassVar[str] = "import.no-folder"
    hint: ClassVar[str] = "give the path of a folder or file that the daemon may read"


class SpaceLow(PrimumError):
    """The free space is below the low mark: the import has stopped, and what it had stored stays stored."""

    code: ClassVar[str] = "import.space-low"
    hint: ClassVar[str] = "free space on the disc of the home, or lower low_space_mib, then import again"


@dataclass(frozen=True, slots=True)
class Progress:
    """How far an import is: `done` of `total` files; the file just done, and what came of it.

    `refusal` is why it was refused, `left` what it is where it is not DICOM.
    """

    done: int
    total: int
    file: PurePath = field(repr=False)
    refusal: PrimumError | None = None
    left: str = ""


@dataclass(frozen=True, slots=True)
class ImportReport:
    """What an import did. `refused` counts by code, `kinds` what was not DICOM by what it is; no path, no name."""

    stored: int
    not_dicom: int
    refused: dict[str, int]
    bytes: int
    known: int = 0
    """What the archive had already, byte for byte."""
    conflicts: int = 0
    """Of those stored: other bytes under a SOP Instance UID that the archive had."""
    kinds: dict[str, int] = field(default_factory=dict)
    listed: int = 0
    missing: int = 0
    """Files that a DICOMDIR lists and that are not there."""
    outside: int = 0
    """Files that a DICOMDIR lists outside of its disc; they were not looked for."""
    container: str = "folder"


@dataclass(frozen=True, slots=True)
class Origin:
    """On whose behalf: the controller whose studies these become, and the person who imports (our own ids)."""

    controller_id: str
    by: str


Known = Callable[[str, str], frozenset[bytes]]
"""The BLAKE3 of every version that the archive has of a SOP Instance UID in a study, by the study's reference."""
Seen = Callable[[str, str, bytes], object]
"""Hears of each instance of the source: its study's reference, its SOP Instance UID, the BLAKE3 of its data set."""


def import_folder(
    vault: Vault,
    folder: Path,
    origin: Origin,
    *,
    clock: Clock,
    intake: Callable[[list[Stored]], object],
    progress: Callable[[Progress], None] = lambda _: None,
    before_each: Callable[[], None] = lambda: None,
    known: Known = lambda _study, _sop: frozenset(),
    seen: Seen | None = None,
    passphrase: str = "",
    limits: ImportLimits = LIMITS,
) -> ImportReport:
    """Store every DICOM file in `folder` and its subfolders, or in the archive, disc image or file at that path.

    `intake` takes what was stored, in batches, each before the next file is opened (`Indexer.take`).
    `before_each` may raise to stop (no room left, shutting down). Raises NoFolder, PassphraseNeeded,
    WrongZipPassphrase, and what ends the storing itself (vault.DiscFull, vault.WriteRefused); what was stored before
    stays stored.
    """
    source = _source(folder)
    return import_items(
        vault, source, origin, clock=clock, intake=intake, progress=progress, before_each=before_each, known=known,
        seen=seen, passphrase=passphrase, limits=limits,
    )  # fmt: skip


def import_items(
    vault: Vault,
    source: Container,
    origin: Origin,
    *,
    clock: Clock,
    intake: Callable[[list[Stored]], object],
    progress: Callable[[Progress], None] = lambda _: None,
    before_each: Callable[[], None] = lambda: None,
    known: Known = lambda _study, _sop: frozenset(),
    seen: Seen | None = None,
    passphrase: str = "",
    leave_headers: bool = False,
    limits: ImportLimits = LIMITS,
) -> ImportReport:
    """Store every DICOM file of a container; as `import_folder`.

    With `leave_headers`, what announces pixels and has none is left, and counted as `header`.
    """
    with vault.writer() as writer:
        run = _Run(vault, writer, origin, clock, intake, limits)
        run.known, run.seen, run.passphrase = known, seen, passphrase
        run.progress, run.before_each, run.leave_headers = progress, before_each, leave_headers
        try:
            run.all_of(source)
        finally:
            run.tell()
    return run.report(source.kind)


class _OneFile:
    """A file that was named itself."""

    kind = "file"

    def __init__(self, item: Item) -> None:
        self._item = item

    def count(self) -> int:
        return 1

    def items(self) -> Iterator[Item]:
        yield self._item


def _source(place: Path) -> Container:
    try:
        found = place.stat()
    except OSError:
        raise NoFolder from None
    if stat.S_ISDIR(found.st_mode):
        return Folder(place)
    if not stat.S_ISREG(found.st_mode):
        raise NoFolder
    item = file_item(place, found.st_size, PurePosixPath(place))
    if _is_directory(item):
        return Folder(place.parent)
    return _OneFile(item)


def _is_directory(item: Item) -> bool:
    """Tell whether it is the DICOMDIR of a disc: what is meant then is the disc."""
    try:
        with item.open() as stream:
            return read_meta(_read(stream, PREAMBLE + 4 + META_LIMIT)).sop_class_uid == DIRECTORY
    except (NotPart10, Unreadable):
        return False


class _OnlyHeader(Exception):
    """A header whose pixels are elsewhere."""


_REFUSALS = (
    ImagingRefusal, FactsTooLong, TooLarge, Unreadable, BadContainer, Bomb, UdfUnknown, ZipEntryAltered,
)  # fmt: skip
"""What is wrong with one file: it is told, and the import goes on."""


class _Run:
    """One import under way."""

    known: Known
    seen: Seen | None
    passphrase: str
    progress: Callable[[Progress], None]
    before_each: Callable[[], None]
    leave_headers: bool

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
        self._done = self._total = 0
        self._stored = self._known = self._conflicts = self._bytes = 0
        self._listed = self._missing = self._outside = 0
        self._refused: Counter[str] = Counter()
        self._kinds: Counter[str] = Counter()
        self._only = ""

    def report(self, kind: str) -> ImportReport:
        return ImportReport(
            stored=self._stored,
            not_dicom=self._kinds.total(),
            refused=dict(self._refused),
            bytes=self._bytes,
            known=self._known,
            conflicts=self._conflicts,
            kinds=dict(self._kinds),
            listed=self._listed,
            missing=self._missing,
            outside=self._outside,
            container=(self._only or kind) if kind == "file" else kind,
        )

    def all_of(self, source: Container, depth: int = 0, budget: Budget | None = None) -> None:
        """Store what a container holds, and what is in the containers of that."""
        self._total += source.count()
        for item in source.items():
            self.before_each()
            left, refusal = "", None
            try:
                left = self._take(item, depth, budget)
            except _REFUSALS as refused:
                refusal = refused
            if refusal is not None:
                self._refused[refusal.code] += 1
            if left:
                self._kinds[left] += 1
            self._done += 1
            self.progress(Progress(self._done, self._total, item.name, refusal, left))

    def tell(self) -> None:
        """Tell the index what was stored since it was last told."""
        if self._waiting:
            batch, self._waiting = self._waiting, []
            self._intake(batch)

    def _take(self, item: Item, depth: int, budget: Budget | None) -> str:
        """Store one file, or what is in it; return what it is where it is not DICOM."""
        with item.open() as stream:
            first = _read(stream, PREAMBLE + len(b"DICM") + META_LIMIT)
            try:
                meta = read_meta(first)
            except NotPart10:
                pass
            else:
                if meta.sop_class_uid == DIRECTORY:
                    self._read_directory(item, first, stream)
                    return "directory"
                return self._store(item, meta, first[meta.begins :], stream)
        return self._open(item, first, depth, budget)

    def _open(self, item: Item, first: bytes, depth: int, budget: Budget | None) -> str:
        """Take what is in an archive or a disc image; return what else it is."""
        kind = kind_of(first)
        image = first[MARK_AT : MARK_AT + len(MARK)] == MARK
        udf = not image and is_udf(first)
        if kind != "zip" and not image and not udf:
            return kind
        if depth >= MEDIA_LIMITS.nested:
            raise Bomb(what="archives inside archives")
        allowed = budget or Budget(item.size)
        with rewindable(item) as stream:
            inner: Container
            if image:
                inner = DiscImage(stream, item.size, item.name)
            elif udf:
                inner = UdfImage(stream, item.size, item.name)
            else:
                inner = ZipArchive(stream, item.size, item.name, allowed, self.passphrase)
            self._only = inner.kind if depth == 0 else self._only
            self.all_of(inner, depth + 1, allowed)
        return ""

    def _read_directory(self, item: Item, first: bytes, stream: BinaryIO) -> None:
        if item.size > MEDIA_LIMITS.directory_bytes:
            raise DataSetTooLarge(limit=MEDIA_LIMITS.directory_bytes, of="bytes")
        listed = read_directory(first + _read(stream, item.size - len(first)))
        self._listed += len(listed.files) + listed.outside
        self._outside += listed.outside
        self._missing += missing(listed, item.beside)

    def _store(self, item: Item, meta: FileMeta, first: bytes, rest: BinaryIO) -> str:
        """Store the data set of a file, of which `first` was read already; return `header` where it is only that."""
        length = item.size - meta.begins
        source = _Begun(first, rest)
        taken = self._whole if length <= self._limits.at_once else self._in_pieces
        try:
            stored = taken(item, meta, source, length)
        except _OnlyHeader:
            return "header"
        if stored is None:
            self._known += 1
            return ""
        self._waiting.append(stored)
        self._stored += 1
        self._bytes += length
        if len(self._waiting) >= self._limits.batch:
            self.tell()
        return ""

    def _whole(self, _item: Item, meta: FileMeta, source: _Begun, length: int) -> Stored | None:
        data = source.read(length)
        if len(data) != length:
            raise Unreadable
        found = peek(data, meta.transfer_syntax_uid)
        if self._has(meta, found, lambda: digest_of(data, "blake3").value):
            return None
        frames = frames_of(found, data, meta.transfer_syntax_uid)
        facts = self._facts(meta, found)
        position = self._writer.store(self._study(found), facts, data, found.pixels_at, frames)
        return Stored(position, facts, data[: found.pixels_at], self._writer.tail)

    def _in_pieces(self, item: Item, meta: FileMeta, source: _Begun, length: int) -> Stored | None:
        first, found = self._first(meta, source, length)
        if found.pixels_value_at is not None and found.pixels_value_at + (found.pixels_length or 0) > length:
            raise DamagedDataSet(what="its pixel data are cut short")
        if self._has(meta, found, lambda: _digest(item, meta.begins, self._limits.piece)):
            return None
        facts = self._facts(meta, found)
        record = self._writer.stream(self._study(found), facts, found.pixels_at)
        builder = FrameBuilder(found, meta.transfer_syntax_uid)
        try:
            piece = first
            while piece:
                builder.feed(piece)
                record.append(piece)
                piece = source.read(min(self._limits.piece, length - record.length))
            if record.length != length:
                raise Unreadable
            position: Position = record.finish(frames=builder.finish())
        finally:
            if record.open:
                record.abandon()
        header = first[: found.pixels_at] if found.pixels_at is not None else None
        return Stored(position, facts, header, self._writer.tail)

    def _first(self, meta: FileMeta, source: _Begun, length: int) -> tuple[bytes, Peek]:
        """Read until the pixel data begins, or until no more may be held."""
        first = source.read(self._limits.piece)
        while True:
            found = peek_first(first, meta.transfer_syntax_uid)
            if isinstance(found, Peek):
                return first, found
            more = min(max(found.bytes, len(first) + self._limits.piece), self._limits.header, length)
            added = source.read(more - len(first))
            if not added:
                return first, _so_far(found)
            first += added

    def _has(self, meta: FileMeta, found: Peek, digest: Callable[[], bytes]) -> bool:
        """Tell whether the archive has these very bytes; count where it has others under this UID."""
        # of what is deflated nobody knows here where its pixels begin
        headless = found.pixels_at is None and found.shape.rows and not syntax_of(meta.transfer_syntax_uid).deflated
        if self.leave_headers and headless:
            raise _OnlyHeader
        study = self._study(found)
        versions = self.known(study, found.sop_uid)
        if not versions and self.seen is None:
            return False
        own = digest()
        if self.seen is not None:
            self.seen(study, found.sop_uid, own)
        self._conflicts += bool(versions) and own not in versions
        return own in versions

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


class _Begun:
    """A stream of which the beginning was read already."""

    def __init__(self, first: bytes, rest: BinaryIO) -> None:
        self._first, self._rest = first, rest

    def read(self, count: int) -> bytes:
        """Read `count` bytes, fewer only at the end. Raises Unreadable."""
        if not self._first:
            return _read(self._rest, count)
        part, self._first = self._first[:count], self._first[count:]
        return part + _read(self._rest, count - len(part)) if len(part) < count else part


def _digest(item: Item, begins: int, piece: int) -> bytes:
    """BLAKE3 of a large data set, read a second time: only where its UID is known already."""
    whole = begin_digest("blake3")
    with item.open() as stream:
        _read(stream, begins)
        while data := _read(stream, piece):
            whole.update(data)
    return whole.digest()


def _read(stream: BinaryIO, count: int) -> bytes:
    """Read `count` bytes, fewer only at the end of the file. Raises Unreadable."""
    parts, left = [], count
    while left > 0:
        try:
            part = stream.read(left)
        except BROKEN:
            raise Unreadable from None
        if not part:
            break
        parts.append(part)
        left -= len(part)
    return parts[0] if len(parts) == 1 else b"".join(parts)


__all__ = [
    "ImportLimits", "ImportReport", "NoFolder", "Origin", "Progress", "SpaceLow", "Unreadable", "WrongZipPassphrase",
    "import_folder", "import_items",
]  # fmt: skip
