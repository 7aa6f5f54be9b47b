"""What the vault speaks of: facts of a record, its frames, positions, tails."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal, NamedTuple

StudyRef = str
"""26 characters of lower-case base 32: a keyed hash of controller and StudyInstanceUID."""

RecordKind = Literal["instance", "amendment"]


class RecordFacts(NamedTuple):
    """What was known of a data set when it arrived. Sealed in the trailer in this order; texts of 255 bytes at most."""

    kind: RecordKind
    controller_id: str
    device_id: str
    sop_class_uid: str
    sop_instance_uid: str
    series_instance_uid: str
    study_instance_uid: str
    transfer_syntax_uid: str
    received_at: str
    calling_aet: str
    implementation_class_uid: str = ""

    def __repr__(self) -> str:
        # UIDs are a patient's: they stay out of tracebacks
        return f"RecordFacts(kind={self.kind!r}, …)"


@dataclass(frozen=True, slots=True)
class Frames:
    """Where each frame lies in the data set: `count` frames of `size` bytes from `first`, or a table."""

    count: int
    first: int = 0
    size: int = 0
    entries: tuple[tuple[int, int], ...] | None = None

    @classmethod
    def uniform(cls, first: int, size: int, count: int) -> Frames:
        """Frames of one size, one after another from offset `first`."""
        return cls(count=count, first=first, size=size)

    @classmethod
    def table(cls, entries: Iterable[tuple[int, int]]) -> Frames:
        """Frames at given (offset, length) each."""
        listed = tuple(entries)
        return cls(count=len(listed), entries=listed)

    def span(self, index: int) -> tuple[int, int]:
        """Return (start, stop) of frame `index`, counted from 0. Raises IndexError."""
        if not 0 <= index < self.count:
            raise IndexError(index)
        if self.entries is None:
            start = self.first + index * self.size
            return start, start + self.size
        offset, length = self.entries[index]
        return offset, offset + length

    def end(self) -> int:
        """Return the largest stop of any frame; 0 without frames."""
        if self.entries is None:
            return self.first + self.count * self.size if self.count else 0
        return max((offset + length for offset, length in self.entries), default=0)


class Position(NamedTuple):
    """Where a record is: bytes `offset` to `end` of a pack. The order of offsets is the order of arrival."""

    study: StudyRef
    pack: str
    offset: int
    end: int


@dataclass(frozen=True, slots=True)
class Tail:
    """How far a pack goes: `count` records, the chain over their trailers (hexadecimal), where the last ends."""

    study: StudyRef
    pack: str
    count: int
    chain: str
    end: int


@dataclass(frozen=True, slots=True)
class PackInfo:
    """A pack as the folder shows it: its id and size in bytes."""

    study: StudyRef
    pack: str
    size: int


@dataclass(frozen=True, slots=True)
class Erased:
    """What an erasure removed from the live vault."""

    study: StudyRef
    packs: int
    bytes: int


@dataclass(frozen=True, slots=True)
class Rewritten:
    """What a rewriting left and what it dropped: records, and bytes of packs that went."""

    study: StudyRef
    kept: int
    dropped: int
    bytes: int
