"""Studies written as a medium: a ZIP with a DICOMDIR, sealed or in clear, as it goes (docs/design/media.md).

Data sets leave as they are served, in DICOM files of our own wrapping. No path, no name of an entry and no date of
one tells anything of a patient: folders and files are counted. Nothing is written anywhere but through `write`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from functools import partial
from importlib.resources import files
from typing import ClassVar, Protocol
from uuid import uuid4

from primum.ground.errors import PrimumError
from primum.imaging.errors import ImagingRefusal
from primum.imaging.media.dicomdir import DirectoryWriter, NotListed
from primum.imaging.media.limits import LIMITS, MediaLimits
from primum.imaging.media.zipwriter import ZipWriter
from primum.imaging.part10 import EXPLICIT_LITTLE, write_meta
from primum.imaging.peeking import NeedMore, Peek, peek_first
from primum.vault.agefile import AgeFile
from primum.vault.winzip import sealing

FILE_SET_ID = "PRIMUM"
_HEADER = 16 << 20
"""As much of a data set as is looked at for the directory: an unusual one of only header is listed by its beginning."""
_NATIVE = frozenset({EXPLICIT_LITTLE})
_JPEG = _NATIVE | {f"1.2.840.10008.1.2.4.{n}" for n in (50, 51, 70)}
_J2K = _NATIVE | {f"1.2.840.10008.1.2.4.{n}" for n in (90, 91)}

Write = Callable[[bytes], object]


class Sealing(StrEnum):
    """How a medium leaves."""

    AGE = "age"
    AES_ZIP = "aes-zip"
    CLEAR = "clear"


class NothingToExport(PrimumError):
    """There is nothing to export."""

    code: ClassVar[str] = "media.nothing"
    hint: ClassVar[str] = "find the studies first: primum find"


class TooMuchToExport(PrimumError):
    """There are more than {limit} instances for one medium."""

    code: ClassVar[str] = "media.too-much"
    hint: ClassVar[str] = "export fewer studies at a time"


class Kept(Protocol):
    """An instance as it is served."""

    @property
    def sop_class_uid(self) -> str:
        """Its SOP class."""
        ...

    @property
    def sop_instance_uid(self) -> str:
        """Its SOP Instance UID."""
        ...

    @property
    def transfer_syntax_uid(self) -> str:
        """The transfer syntax of `chunks`."""
        ...

    @property
    def length(self) -> int:
        """About how many bytes it has."""
        ...

    def chunks(self) -> Iterator[bytes]:
        """Give the data set, piece by piece."""
        ...


@dataclass(frozen=True, slots=True)
class Seal:
    """What opens the medium: a passphrase, or age keys of people; neither where it leaves in clear."""

    how: Sealing
    passphrase: str = field(default="", repr=False)
    recipients: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Exported:
    """What is on the medium. `unlisted` of the instances are files that its directory does not show."""

    instances: int
    unlisted: int
    bytes: int
    profile: str
    """The application profile of PS3.11 that it keeps, empty where it keeps none."""


def export_studies(
    studies: Sequence[Sequence[Kept]],
    write: Write,
    seal: Seal,
    *,
    at: datetime,
    progress: Callable[[int, int], None] = lambda _done, _total: None,
    limits: MediaLimits = LIMITS,
) -> Exported:
    """Write a medium with these studies; it is whole when this returns.

    Raises NothingToExport, TooMuchToExport, BadRecipient, an illness of the vault, and whatever `write` raises.
    """
    total = sum(map(len, studies))
    if not total:
        raise NothingToExport
    if total > limits.exported:
        raise TooMuchToExport(limit=limits.exported)
    counted = _Counted(write)
    outer = None
    if seal.how is Sealing.AGE:
        outer = AgeFile(counted.write, passphrase=seal.passphrase, recipients=seal.recipients)
    entry_seal = partial(sealing, seal.passphrase) if seal.how is Sealing.AES_ZIP else None
    archive = ZipWriter(outer.write if outer is not None else counted.write, at, entry_seal)
    medium = _Medium(archive)
    for index, instances in enumerate(studies):
        for number, one in enumerate(instances):
            medium.add(index, number, one)
            progress(medium.instances, total)
    profile = medium.close(at)
    archive.close()
    if outer is not None:
        outer.close()
    return Exported(medium.instances, medium.instances - medium.directory.listed, counted.bytes, profile)


@contextmanager
def sealed_file(write: Write, seal: Seal, name: str, at: datetime) -> Iterator[Write]:
    """Seal one file that is written piece by piece; whole when the block has ended."""
    match seal.how:
        case Sealing.CLEAR:
            yield write
        case Sealing.AGE:
            file = AgeFile(write, passphrase=seal.passphrase, recipients=seal.recipients)
            yield file.write
            file.close()
        case Sealing.AES_ZIP:
            # an entry takes its pieces from an iterator: a page is small, and waits here until all are written
            pieces: list[bytes] = []
            yield pieces.append
            archive = ZipWriter(write, at, partial(sealing, seal.passphrase))
            archive.add(name, pieces)
            archive.close()


class _Counted:
    def __init__(self, write: Write) -> None:
        self._write, self.bytes = write, 0

    def write(self, data: bytes) -> None:
        self.bytes += len(data)
        self._write(data)


class _Medium:
    """A medium under way."""

    def __init__(self, archive: ZipWriter) -> None:
        self._archive = archive
        self.directory = DirectoryWriter()
        self.instances = 0
        self._syntaxes: set[str] = set()
        self._series: dict[tuple[int, str], int] = {}

    def add(self, study: int, number: int, one: Kept) -> None:
        first = _First(one.chunks())
        found = first.look(one.transfer_syntax_uid)
        series = self._series.setdefault((study, found.series_uid if found else ""), len(self._series))
        place = ("DICOM", f"ST{study:06d}", f"SE{series:06d}", f"IM{number:06d}")
        self._archive.add("/".join(place), _file(one, first), expected=one.length)
        self.instances += 1
        self._syntaxes.add(one.transfer_syntax_uid)
        # a file that its directory cannot show is there all the same, and the report says how many
        with suppress(ImagingRefusal, NotListed):
            self.directory.add(
                place,
                first.held,
                sop_class_uid=one.sop_class_uid,
                sop_instance_uid=one.sop_instance_uid,
                transfer_syntax=one.transfer_syntax_uid,
            )

    def close(self, at: datetime) -> str:
        profile = profile_of(self._syntaxes) if self.directory.listed == self.instances else ""
        for name in ("LISEZMOI", "README"):
            text = files("primum.imaging.media").joinpath(f"{name}.txt").read_text("utf-8")
            told = text.format(date=f"{at:%Y-%m-%d}", instances=self.instances, profile=profile or "–")  # noqa: RUF001
            self._archive.add(f"{name}.TXT", [told.encode()])
        written = self.directory.written(
            file_set_id=FILE_SET_ID,
            instance_uid=f"2.25.{uuid4().int}",
        )
        self._archive.add("DICOMDIR", [written], expected=len(written))
        return profile


class _First:
    """The pieces of a data set, of which the first ones are looked at before any goes on."""

    def __init__(self, pieces: Iterator[bytes]) -> None:
        self._pieces = pieces
        self.held = b""

    def look(self, transfer_syntax: str) -> Peek | None:
        """Read until the header is at hand, within bounds; None where it cannot be read."""
        for piece in self._pieces:
            self.held += piece
            try:
                found = peek_first(self.held, transfer_syntax)
            except ImagingRefusal:
                return None
            if isinstance(found, Peek):
                return found
            if len(self.held) >= _HEADER:
                return found.so_far
        try:
            found = peek_first(self.held, transfer_syntax)
        except ImagingRefusal:
            return None
        return found.so_far if isinstance(found, NeedMore) else found

    def __iter__(self) -> Iterator[bytes]:
        yield self.held
        yield from self._pieces


def _file(one: Kept, data_set: Iterable[bytes]) -> Iterator[bytes]:
    yield write_meta(
        sop_class_uid=one.sop_class_uid,
        sop_instance_uid=one.sop_instance_uid,
        transfer_syntax_uid=one.transfer_syntax_uid,
    )
    yield from data_set


def profile_of(syntaxes: set[str]) -> str:
    """Name the general purpose profile that these transfer syntaxes keep (PS3.11 annexes D, H, J)."""
    if syntaxes <= _NATIVE:
        return "STD-GEN-CD, STD-GEN-DVD-RAM, STD-GEN-USB"
    if syntaxes <= _JPEG:
        return "STD-GEN-DVD-JPEG, STD-GEN-USB-JPEG"
    if syntaxes <= _J2K:
        return "STD-GEN-DVD-J2K, STD-GEN-USB-J2K"
    return ""
