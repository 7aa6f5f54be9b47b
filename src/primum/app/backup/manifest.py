"""The manifest of a generation: its lines, its MAC, and the bounds on reading one (docs/design/backup.md §4).

Reads and writes line by line; where the entries lie meanwhile its callers say: there may be millions. Nothing of a
manifest is to be believed before `verify`.
"""

from __future__ import annotations

import gzip
import hashlib
import hmac
import json
import re
import zlib
from collections.abc import Callable, Iterable, Iterator, MutableMapping
from dataclasses import dataclass, field
from typing import Any, BinaryIO, Final, NamedTuple

from primum.app.backup.limits import LIMITS, Limits
from primum.app.backup.refusals import ManifestAltered, UnknownFormat

FORMAT: Final = 1
_LABEL: Final = b"primum/backup/1/manifest\0"
_HASH = re.compile(r"[0-9a-f]{64}")
_GENERATION = re.compile(r"[0-9]{8}t[0-9]{9}z")
_STUDY = re.compile(r"[a-z2-7]{26}")
_SEGMENT = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._-]{0,127}")
_NOT_RESTORED = ("run/", "keyring/", "index.db", "backup.json")
_DEEPEST = 6
_UNREADABLE = (
    ValueError, KeyError, TypeError, IndexError, StopIteration, RecursionError, EOFError, gzip.BadGzipFile, zlib.error,
)  # fmt: skip


class Piece(NamedTuple):
    """SHA-256 of the bytes (also its name), and how many they are."""

    sha256: str
    length: int


class ExpectedTail(NamedTuple):
    """How far a pack goes: count of records, chain, end."""

    records: int
    chain: str
    end: int


class Entry(NamedTuple):
    """A file of the home, as far as it belongs to the generation."""

    path: str
    end: int
    mark: str
    pieces: tuple[Piece, ...] = ()
    seen: tuple[int, int] = (0, 0)
    """Size and time of change (ns) of the home's file when its end was found; packs only."""
    tail: ExpectedTail | None = None

    @property
    def study(self) -> str:
        """The study of a pack; empty for other files."""
        parts = self.path.split("/")
        return parts[2] if parts[0] == "vault" else ""

    @property
    def pack(self) -> str:
        """The id of a pack; empty for other files."""
        return self.path.rpartition("/")[2].removesuffix(".pack") if self.study else ""


@dataclass(frozen=True, slots=True)
class Manifest:
    """A generation."""

    generation: str
    home: str
    kind: str
    made_at: str
    previous: str
    version: str
    illnesses: int
    entries: MutableMapping[str, Entry]
    keyring: tuple[Piece, ...]
    keys: int
    erased: tuple[tuple[str, str], ...]
    digest: bytes = field(default=b"", repr=False)
    mac: bytes = field(default=b"", repr=False)

    def verify(self, key: bytes) -> None:
        """Raise ManifestAltered unless the home that has `key` made it."""
        if not hmac.compare_digest(self.mac, _mac(key, self.digest)):
            raise ManifestAltered(generation=self.generation)

    def pieces(self) -> Iterator[Piece]:
        """Give every piece of files (not of the keyring), some more than once."""
        for entry in self.entries.values():
            yield from entry.pieces

    @property
    def size(self) -> int:
        """Bytes of all files."""
        return sum(entry.end for entry in self.entries.values())


def is_generation(text: str) -> bool:
    """Tell whether this names a generation."""
    return _GENERATION.fullmatch(text) is not None


def write_manifest(manifest: Manifest, key: bytes, to: BinaryIO) -> None:
    """Write and MAC it."""
    digest = hashlib.sha256()
    with gzip.GzipFile(filename="", fileobj=to, mode="wb", compresslevel=3, mtime=0) as out:
        for data in _lines(manifest):
            digest.update(data)
            out.write(data)
        out.write(json.dumps({"mac": _mac(key, digest.digest()).hex()}).encode("ascii") + b"\n")


def scan_manifest(
    packed: BinaryIO, generation: str, take: Callable[[Entry], None], limits: Limits = LIMITS
) -> Manifest:
    """Read one, unverified, without its entries: each goes to `take`. `generation` "" takes whichever it is of.

    Raises ManifestAltered, UnknownFormat, whatever is in it. An OSError of `packed` or `take` says nothing of it.
    """
    digest = hashlib.sha256()
    try:
        lines = _bounded(packed, limits)
        head = _object(first := next(lines))
        digest.update(first)
        if head.get("primum_backup") != FORMAT:
            raise UnknownFormat(version=str(head.get("primum_backup"))[:8])
        count = int(head["entries"])
        generation = generation or head["generation"]
        if not 0 <= count <= limits.entries or head["generation"] != generation or not is_generation(generation):
            raise ManifestAltered(generation="unfinished")
        for _ in range(count):
            digest.update(line := next(lines))
            take(decode_entry(line))
        digest.update(line := next(lines))
        keys = _object(line)
        digest.update(line := next(lines))
        erased = _object(line)
        mac = bytes.fromhex(_object(next(lines))["mac"])
        return Manifest(
            generation=generation, home=str(head["home"]), kind=str(head["kind"]), made_at=str(head["made_at"]),
            previous=str(head["previous"]), version=str(head["version"]), illnesses=int(head["illnesses"]),
            entries={}, keyring=_pieces(keys["keyring"]), keys=int(keys["keys"]),
            erased=tuple((_checked(_STUDY, one[0]), str(one[1])) for one in erased["erased"]),
            digest=digest.digest(), mac=mac,
        )  # fmt: skip
    except _UNREADABLE:
        raise ManifestAltered(generation=generation) from None


def encode_entry(entry: Entry) -> bytes:
    """Write the line of an entry."""
    line: dict[str, Any] = {"path": entry.path, "end": entry.end, "mark": entry.mark, "pieces": entry.pieces}
    if entry.study:
        line |= {"seen": entry.seen, "tail": entry.tail}
    return _line(line)


def decode_entry(line: bytes) -> Entry:
    """Read the line of an entry. Raises ValueError, KeyError, TypeError, IndexError."""
    return _entry(_object(line))


def _lines(manifest: Manifest) -> Iterator[bytes]:
    yield _line({
        "primum_backup": FORMAT, "home": manifest.home, "kind": manifest.kind, "generation": manifest.generation,
        "made_at": manifest.made_at, "previous": manifest.previous, "version": manifest.version,
        "entries": len(manifest.entries), "illnesses": manifest.illnesses,
    })  # fmt: skip
    yield from map(encode_entry, manifest.entries.values())
    yield _line({"keyring": manifest.keyring, "keys": manifest.keys})
    yield _line({"erased": manifest.erased})


def _line(what: dict[str, Any]) -> bytes:
    return json.dumps(what, separators=(",", ":")).encode("ascii") + b"\n"


def _mac(key: bytes, digest: bytes) -> bytes:
    return hmac.digest(key, _LABEL + digest, hashlib.sha256)


def _bounded(packed: BinaryIO, limits: Limits) -> Iterator[bytes]:
    with gzip.GzipFile(fileobj=packed, mode="rb") as lines:
        while line := lines.readline(limits.line + 1):
            if len(line) > limits.line:
                raise ValueError("a line that is too long")
            yield line


def _object(line: bytes) -> dict[str, Any]:
    read = json.loads(line)
    if not isinstance(read, dict):
        raise ValueError("not an object")  # noqa: TRY004 (json raises ValueError too)
    return read


def _entry(line: dict[str, Any]) -> Entry:
    path, end, pieces = line["path"], line["end"], _pieces(line["pieces"])
    if not safe_path(path) or not isinstance(end, int) or end < 0:
        raise ValueError("not an entry")
    if pieces and sum(piece.length for piece in pieces) != end:
        raise ValueError("pieces that do not make the file")
    seen = line.get("seen") or (0, 0)
    tail = line.get("tail")
    return Entry(
        path, end, _checked(_HASH, line["mark"]), pieces, (int(seen[0]), int(seen[1])),
        ExpectedTail(int(tail[0]), _checked(_HASH, tail[1]), int(tail[2])) if tail else None,
    )  # fmt: skip


def _pieces(listed: Iterable[Any]) -> tuple[Piece, ...]:
    made = tuple(Piece(_checked(_HASH, sha256), int(length)) for sha256, length in listed)
    if any(not 0 <= piece.length <= LIMITS.piece for piece in made):
        raise ValueError("a piece that is too large")
    return made


def _checked(pattern: re.Pattern[str], text: object) -> str:
    if not isinstance(text, str) or pattern.fullmatch(text) is None:
        raise ValueError("not of this form")
    return text


def safe_path(path: object) -> bool:
    """Tell whether a path is one that a backup holds: inside the home, and of what is restored."""
    if not isinstance(path, str) or path.startswith(_NOT_RESTORED):
        return False
    parts = path.split("/")
    if len(parts) > _DEEPEST or not all(_SEGMENT.fullmatch(part) for part in parts):
        return False
    if parts[0] != "vault":
        return True
    packs = len(parts) == 4 and parts[3].endswith(".pack")  # noqa: PLR2004 (vault/xx/study/pack)
    return packs and all(_STUDY.fullmatch(one) for one in (parts[2], parts[3].removesuffix(".pack")))
