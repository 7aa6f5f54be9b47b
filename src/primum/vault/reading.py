"""A record, read: only the segments that hold what is asked for, and nothing that did not authenticate."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from primum.vault.digests import Algorithm, Digest, begin_digest, digest_of
from primum.vault.model import Frames, Position, RecordFacts, Tail
from primum.vault.packfile import Found, PackFile
from primum.vault.packformat import FRAME_ENTRY, SEGMENT, read_table
from primum.vault.sealing import Role
from primum.vault.segments import part_of, parts_holding, parts_of


class Record:
    """One record. Reads open the pack anew each time: a record may be kept and shared between threads.

    Every read raises FlippedBit or ReorderedSegment rather than give a byte that did not authenticate.
    """

    __slots__ = ("_found", "_frames", "_key", "_path", "position")

    def __init__(self, path: Path, position: Position, found: Found, study_key: bytes) -> None:
        """Stand for the record `found` of the pack at `path`."""
        self._path, self._found, self._key = path, found, study_key
        self._frames: Frames | None = None
        self.position = position

    @property
    def facts(self) -> RecordFacts:
        """What was known when it arrived."""
        return self._found.trailer.facts

    @property
    def length(self) -> int:
        """Bytes of the data set."""
        return self._found.trailer.length

    @property
    def digest(self) -> Digest:
        """The digest of the data set that was sealed with it; by which algorithm, its format version tells."""
        return self._found.trailer.digest

    @property
    def pixels_at(self) -> int | None:
        """Where the pixel data element starts in the data set; None when there is none, or it was not found."""
        return self._found.trailer.pixels_at

    @property
    def sequence(self) -> int:
        """Rank of the record in its pack, from 1."""
        return self._found.trailer.sequence

    @property
    def tail(self) -> Tail:
        """The tail of the pack up to and with this record: what `check` may later be told to expect."""
        return self._found.tail(self.position.study, self.position.pack)

    @property
    def frames(self) -> Frames | None:
        """Where each frame lies; None when the sender's data did not tell."""
        trailer = self._found.trailer
        if self._frames is None and trailer.frames is not None:
            self._frames = trailer.frames
            if trailer.has_table:
                with self._open() as pack:
                    table = [pack.segment(self._found, part) for part in parts_of(trailer.shape, Role.TABLE)]
                self._frames = read_table(b"".join(table))
        return self._frames

    @property
    def frame_count(self) -> int | None:
        """How many frames there are; None when the sender's data did not tell. Reads nothing."""
        frames = self._found.trailer.frames
        return None if frames is None else frames.count

    @property
    def has_frame_table(self) -> bool:
        """Whether frames are of sizes of their own."""
        return self._found.trailer.has_table

    def frame_span(self, index: int) -> tuple[int, int]:
        """Return where frame `index` starts and stops, counted from 0. IndexError when there is no such frame.

        Of a table, only the segment that holds the frame's line is opened.
        """
        trailer = self._found.trailer
        if trailer.frames is None or not 0 <= index < trailer.frames.count:
            raise IndexError(index)
        if self._frames is not None or not trailer.has_table:
            return (self._frames or trailer.frames).span(index)
        counter, at = divmod(index * FRAME_ENTRY.size, SEGMENT)
        with self._open() as pack:
            lines = pack.segment(self._found, part_of(trailer.shape, Role.TABLE, counter))
        start, length = FRAME_ENTRY.unpack_from(lines, at)
        return start, start + length

    def header(self) -> bytes:
        """Return the data set up to its pixel data (all of it when there is none)."""
        return self.read(0, self.length if self.pixels_at is None else self.pixels_at)

    def read(self, start: int, stop: int) -> bytes:
        """Return bytes `start` to `stop` of the data set. ValueError outside of it."""
        if not 0 <= start <= stop <= self.length:
            raise ValueError("outside of the data set")
        pieces = []
        with self._open() as pack:
            for part, low, high in parts_holding(self._found.trailer.shape, start, stop):
                plain = pack.segment(self._found, part)
                pieces.append(plain if high - low == len(plain) else plain[low:high])
        return pieces[0] if len(pieces) == 1 else b"".join(pieces)

    def frame(self, index: int) -> bytes:
        """Return the bytes of one frame, counted from 0. IndexError when there is no such frame."""
        return self.read(*self.frame_span(index))

    def data_set(self) -> bytes:
        """Return the whole data set; its digest is compared besides."""
        whole = self.read(0, self.length)
        self._compare(digest_of(whole, self.digest.algorithm).value)
        return whole

    def digest_by(self, algorithm: Algorithm) -> bytes:
        """Return the data set's digest by this algorithm. Reads the record where it was sealed with another one."""
        return self.digest.value if algorithm == self.digest.algorithm else self._hashed(algorithm)

    def verify(self) -> None:
        """Read it all and compare its digest. Raises FlippedBit, ReorderedSegment."""
        self._compare(self._hashed(self.digest.algorithm))

    def chunks(self) -> Iterator[bytes]:
        """Yield the data set in pieces of at most 1 MiB, each authentic and in its place."""
        with self._open() as pack:
            for part, _, _ in parts_holding(self._found.trailer.shape, 0, self.length):
                yield pack.segment(self._found, part)

    def _hashed(self, algorithm: Algorithm) -> bytes:
        hasher = begin_digest(algorithm)
        for piece in self.chunks():
            hasher.update(piece)
        return hasher.digest()

    def _compare(self, digest: bytes) -> None:
        if digest != self.digest.value:
            with self._open() as pack:
                raise pack.flipped(self._found.start, self._found.end, "digest of the data set")

    def _open(self) -> PackFile:
        return PackFile(self._path, self.position.study, self.position.pack, self._key)
