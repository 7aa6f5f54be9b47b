"""The bytes of a pack (docs/design/vault.md §4): header block, head, trailer, chain. Pure: no file, no clock.

Version 2 is written, 1 and 2 are read. Offsets and lengths are in bytes and big-endian.
"""

from __future__ import annotations

import hashlib
import hmac
import struct
from dataclasses import dataclass
from typing import Final, Literal, NamedTuple, cast

from primum.ground.disc import BLOCK
from primum.vault.digests import Digest, algorithm_of
from primum.vault.keys import TAG_BYTES, hkdf
from primum.vault.model import Frames, RecordFacts, RecordKind
from primum.vault.refusals import BadFrames, FactsTooLong, UnknownVersion

VERSION: Final = 2
"""The version that is written."""
READABLE: Final = frozenset({1, VERSION})
SEGMENT: Final = 1024 * 1024
SEALED_SEGMENT: Final = SEGMENT + TAG_BYTES
HEAD_BYTES: Final = 64
FRAME_ENTRY: Final = struct.Struct(">QQ")
NO_PIXELS: Final = 2**64 - 1

PACK_MAGIC: Final = b"PRIMUMPK"
HEAD_MAGIC: Final = b"PRIMUMRH"
TRAILER_MAGIC: Final = b"PRIMUMRT"

_PACK = struct.Struct(">8sH6x16s16s16s")
_HEAD = struct.Struct(">8sHBB4x32sQ8x")
_TRAILER = struct.Struct(">8sHH4x32sQ8x")
_BODY = struct.Struct(">BB2xIQQQQQIIIIQQ16x32s32s")
_KINDS: dict[RecordKind, int] = {"instance": 1, "amendment": 2}
_KIND_NAMES: dict[int, RecordKind] = {number: name for name, number in _KINDS.items()}
_ORDERED, _UNIFORM, _TABLE, _LENGTH_KNOWN = 1, 2, 4, 8
_TEXT_LIMIT = 255
_TEXTS = RecordFacts._fields[1:]
"""All facts after the kind, in their order: it is that of the bytes, which the test vectors hold."""


# -- header block --


def label(version: int, name: bytes) -> bytes:
    """Return the label that keys and sealed parts of one version are bound to."""
    return b"primum/vault/%d/%s\0" % (version, name)


def key_mark(study_key: bytes, study: bytes, version: int = VERSION) -> bytes:
    """Return the 16 bytes that tell which study key a pack is under."""
    return hkdf(study_key, b"", label(version, b"key-mark") + study, 16)


def pack_header(study_key: bytes, study: bytes, pack: bytes, version: int = VERSION) -> bytes:
    """Make the header block of a pack."""
    mark = key_mark(study_key, study, version)
    clear = _PACK.pack(PACK_MAGIC, version, study, pack, mark).ljust(BLOCK - 32, b"\0")
    key = hkdf(study_key, pack, label(version, b"pack-header") + study + pack)
    return clear + hmac.digest(key, clear, hashlib.sha256)


HeaderVerdict = Literal["good", "wrong-place", "other-key", "broken"]


def judge_header(block: bytes, study_key: bytes, study: bytes, pack: bytes) -> HeaderVerdict:
    """Compare a header block with what it must be in this place. Raises UnknownVersion."""
    if len(block) < BLOCK or block[:8] != PACK_MAGIC:
        return "broken"
    _, version, found_study, found_pack, mark = _PACK.unpack_from(block)
    if version not in READABLE:
        raise UnknownVersion(version=version)
    if (found_study, found_pack) != (study, pack):
        return "wrong-place"
    if mark != key_mark(study_key, study, version):
        return "other-key"
    good = hmac.compare_digest(block, pack_header(study_key, study, pack, version))
    return "good" if good else "broken"


# -- head --


@dataclass(frozen=True, slots=True)
class Head:
    """A record's head, as read: nothing of it is to be believed before the trailer opens."""

    kind: int
    ordered: bool
    salt: bytes
    blocks: int


def head_bytes(kind: RecordKind, salt: bytes, blocks: int, *, ordered: bool, version: int = VERSION) -> bytes:
    """Make a head; `blocks` is 0 when the length is not known yet."""
    return _HEAD.pack(HEAD_MAGIC, version, _KINDS[kind], _ORDERED if ordered else 0, salt, blocks)


def read_head(block: bytes | memoryview) -> Head | None:
    """Read a head; None when there is none of a version that can be read."""
    if bytes(block[:8]) != HEAD_MAGIC or len(block) < HEAD_BYTES:
        return None
    _, version, kind, flags, salt, blocks = _HEAD.unpack_from(block)
    return Head(kind, bool(flags & _ORDERED), salt, blocks) if version in READABLE else None


# -- trailer --


@dataclass(frozen=True, slots=True)
class TrailerClear:
    """The clear start of a trailer block, as read."""

    version: int
    body: int
    salt: bytes
    blocks: int


def trailer_clear(version: int, body: int, salt: bytes, blocks: int) -> bytes:
    """Make the 64 clear bytes with which a trailer starts: its body's additional data."""
    return _TRAILER.pack(TRAILER_MAGIC, version, body, salt, blocks)


def read_trailer_clear(block: bytes | memoryview) -> TrailerClear | None:
    """Read the start of a trailer block; None when it is none of a version that can be read."""
    if bytes(block[:8]) != TRAILER_MAGIC or len(block) < BLOCK:
        return None
    _, version, body, salt, blocks = _TRAILER.unpack_from(block)
    sane = version in READABLE and TAG_BYTES < body <= BLOCK - HEAD_BYTES and blocks > 1
    return TrailerClear(version, body, salt, blocks) if sane else None


class Trailer(NamedTuple):
    """What a trailer says, once it has opened."""

    facts: RecordFacts
    ordered: bool
    length_known: bool
    offset: int
    sequence: int
    length: int
    split: int
    pixels_at: int | None
    frames: Frames | None
    """Without entries when there is a table: that is in segments of its own."""
    has_table: bool
    digest: Digest
    previous: bytes

    @property
    def shape(self) -> Shape:
        """Return where its segments are."""
        return Shape(
            self.split, self.length - self.split, self.frames.count * 16 if self.has_table and self.frames else 0
        )


class Shape(NamedTuple):
    """Bytes of plaintext per role; from them follows where each segment is."""

    header: int
    pixels: int
    table: int

    @property
    def counts(self) -> tuple[int, int, int]:
        """Return how many segments each role has."""
        return -(-self.header // SEGMENT), -(-self.pixels // SEGMENT), -(-self.table // SEGMENT)

    @property
    def starts(self) -> tuple[int, int, int]:
        """Return where each role's first segment starts in the record."""
        counts = self.counts
        pixels = HEAD_BYTES + self.header + TAG_BYTES * counts[0]
        return HEAD_BYTES, pixels, pixels + self.pixels + TAG_BYTES * counts[1]

    @property
    def end(self) -> int:
        """Return where the last segment ends in the record."""
        return HEAD_BYTES + self.header + self.pixels + self.table + TAG_BYTES * sum(self.counts)

    @property
    def blocks(self) -> int:
        """Return the length of the whole record in blocks, trailer included."""
        return -(-self.end // BLOCK) + 1


def trailer_body(trailer: Trailer, texts: bytes) -> bytes:
    """Write the plaintext of a trailer; `texts` is what `facts_bytes` made of its facts."""
    facts, frames = trailer.facts, trailer.frames
    flags = _ORDERED if trailer.ordered else 0
    flags |= _LENGTH_KNOWN if trailer.length_known else 0
    if frames is not None:
        flags |= _TABLE if trailer.has_table else _UNIFORM
    counts = trailer.shape.counts
    fixed = _BODY.pack(
        _KINDS[facts.kind], flags, SEGMENT, trailer.offset, trailer.sequence, trailer.length, trailer.split,
        NO_PIXELS if trailer.pixels_at is None else trailer.pixels_at, *counts,
        frames.count if frames else 0, frames.first if frames else 0, frames.size if frames else 0,
        trailer.digest.value, trailer.previous,
    )  # fmt: skip
    return fixed + texts


def facts_bytes(facts: RecordFacts) -> bytes:
    """Write the ten texts of a record's facts. Raises FactsTooLong."""
    parts: list[bytes] = []
    for name, text in zip(_TEXTS, facts[1:], strict=True):
        raw = text.encode("utf-8")
        if len(raw) > _TEXT_LIMIT:
            raise FactsTooLong(field=name)
        parts += (len(raw).to_bytes(2, "big"), raw)
    return b"".join(parts)


def read_trailer_body(body: bytes, clear: TrailerClear) -> Trailer | None:
    """Read the plaintext of a trailer that opened; None when it contradicts itself."""
    try:
        fields = _BODY.unpack_from(body)
        kind, flags, segment, offset, sequence, length, split, pixels_at = fields[:8]
        *counts, frames, first, size, value, chain = fields[8:]
        texts = _read_texts(body[_BODY.size :])
        facts = RecordFacts(_KIND_NAMES[kind], **dict(zip(_TEXTS, texts, strict=True)))
    except (struct.error, ValueError, KeyError):
        return None
    found = None
    if flags & (_UNIFORM | _TABLE):
        found = Frames(count=frames, first=first, size=size)
    digest = Digest(algorithm_of(clear.version), value)
    trailer = Trailer(
        facts=facts, ordered=bool(flags & _ORDERED), length_known=bool(flags & _LENGTH_KNOWN), offset=offset,
        sequence=sequence, length=length, split=split, pixels_at=None if pixels_at == NO_PIXELS else pixels_at,
        frames=found, has_table=bool(flags & _TABLE), digest=digest, previous=chain,
    )  # fmt: skip
    shape = trailer.shape
    sane = segment == SEGMENT and split <= length and tuple(counts) == shape.counts and clear.blocks == shape.blocks
    return trailer if sane else None


def _read_texts(raw: bytes) -> list[str]:
    texts, at = [], 0
    for _ in _TEXTS:
        size = int.from_bytes(raw[at : at + 2], "big")
        text = raw[at + 2 : at + 2 + size]
        if len(text) != size:
            raise ValueError("cut short")
        texts.append(text.decode("utf-8"))
        at += 2 + size
    if at != len(raw):
        raise ValueError("too long")
    return texts


def table_bytes(frames: Frames) -> bytes:
    """Write a frame table: the plaintext of the frame table segments."""
    return b"".join(FRAME_ENTRY.pack(*entry) for entry in frames.entries or ())


def read_table(raw: bytes) -> Frames:
    """Read what `table_bytes` wrote."""
    return Frames.table(cast("list[tuple[int, int]]", list(FRAME_ENTRY.iter_unpack(raw))))


def check_frames(frames: Frames | None, length: int, most: int) -> None:
    """Raise BadFrames unless there are at most `most` frames and all lie inside `length` bytes."""
    if frames is None:
        return
    numbers = [frames.count, frames.first, frames.size, *(n for entry in frames.entries or () for n in entry)]
    if frames.count > most or min(numbers) < 0 or frames.end() > length:
        raise BadFrames


# -- chain --


def chain_start(study: bytes, pack: bytes) -> bytes:
    """Return the chain of an empty pack, of any version."""
    return hashlib.sha256(b"primum/vault/1/chain\0" + study + pack).digest()


def chain_next(previous: bytes, trailer_block: bytes | memoryview) -> bytes:
    """Return the chain after one more trailer block."""
    return hashlib.sha256(previous + trailer_block).digest()
