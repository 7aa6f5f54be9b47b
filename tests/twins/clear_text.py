"""Looks for a canary patient in files, the way a thief of the disc would: any encoding, any case, compressed or not.

A search that finds nothing is worth something only beside one that finds everything: each test that uses this
also searches a plain copy of the same study (`plain_copies`).
"""

from __future__ import annotations

import gzip
import itertools
import os
import re
import unicodedata
import zlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

import zstandard

ENCODINGS = ("latin-1", "utf-8", "utf-16-le", "utf-16-be")
IDEOGRAPHIC_ENCODINGS = ("utf-8", "utf-16-le", "utf-16-be", "iso2022_jp", "shift_jis", "euc_jp")
LARGEST_UNPACKED = 64 << 20
_PIECE = 1 << 16
_STREAM_STARTS = re.compile(rb"\x78[\x01\x5e\x9c\xda]|\x1f\x8b\x08|\x28\xb5\x2f\xfd")
_SEPARATORS = re.compile(r"[\^= ]")


@dataclass(frozen=True)
class Needle:
    """What is looked for: any of these, in a haystack whose ASCII letters were made small."""

    forms: tuple[bytes, ...]

    def inside(self, lowered: bytes) -> bool:
        """Look in a haystack that `bytes.lower` went over: it is what makes the search quick."""
        return any(form in lowered for form in self.forms)

    def search(self, data: bytes) -> bool:
        """Look in bytes as they are."""
        return self.inside(data.lower())


@dataclass(frozen=True)
class Canary:
    """What must not be found. `ideographic` is the same name as a Japanese hospital writes it, or nothing."""

    name: str
    birth_date: str
    patient_id: str
    uid_root: str
    pixels: bytes
    ideographic: str = ""

    def texts(self) -> dict[str, str]:
        """Give every text, by what it would betray; a name also as an index folds it, without its accents."""
        found = {"birth date": self.birth_date, "patient id": self.patient_id, "uid root": self.uid_root}
        for part in _SEPARATORS.split(self.name):
            found[f"name {part}"] = part
            if (folded := without_accents(part)) != part:
                found[f"name {folded}"] = folded
        return found

    def needles(self) -> dict[str, Needle]:
        """Give everything to look for, by what it would betray."""
        found = {
            f"{what} in {encoding}": _any_case(text, encoding)
            for what, text in self.texts().items()
            for encoding in ENCODINGS
        }
        if self.ideographic:
            for encoding in IDEOGRAPHIC_ENCODINGS:
                found[f"ideographic name in {encoding}"] = Needle((self.ideographic.encode(encoding).lower(),))
        found["pixels"] = Needle((self.pixels.lower(),))
        return found


def without_accents(text: str) -> str:
    """Write a text as an index folds it."""
    return "".join(one for one in unicodedata.normalize("NFKD", text) if not unicodedata.combining(one))


def _any_case(text: str, encoding: str) -> Needle:
    # ASCII letters are made small in the haystack; the few others are tried in both cases
    letters = [{one} if one.isascii() else {one.lower(), one.upper()} for one in text]
    return Needle(tuple({"".join(form).encode(encoding).lower() for form in itertools.product(*letters)}))


def search(places: Iterable[Path], canary: Canary) -> set[tuple[str, str]]:
    """Return (file, what was found) for all files under `places`, unpacking what can be unpacked."""
    needles = canary.needles()
    found: set[tuple[str, str]] = set()
    for file in files_in(places):
        try:
            content = file.read_bytes()
        except OSError:  # a socket, or gone in the meantime
            continue
        found.update((str(file), what) for what in search_bytes(content, needles))
    return found


def search_bytes(content: bytes, needles: dict[str, Needle]) -> set[str]:
    """Return what was found in `content` and in what is compressed inside it."""
    found = set()
    for form, data in _forms(content):
        lowered = data.lower()
        if data[128:132] == b"DICM":
            found.add(f"DICM at 128{form}")
        found.update(f"{what}{form}" for what, needle in needles.items() if needle.inside(lowered))
    return found


def files_in(places: Iterable[Path]) -> Iterator[Path]:
    """Give every ordinary file under `places`; folders of others may go while one looks."""
    for place in places:
        if place.is_file():
            yield place
        elif place.is_dir():
            every = (Path(folder, name) for folder, _, names in os.walk(place) for name in names)
            yield from (file for file in every if file.is_file() and not file.is_symlink())


def _forms(content: bytes) -> Iterator[tuple[str, bytes]]:
    yield "", content
    whole = memoryview(content)
    for start in _STREAM_STARTS.finditer(content):
        unpacked = _unpack(whole[start.start() :])
        if unpacked:
            yield " in a compressed stream", unpacked


def _unpack(packed: memoryview) -> bytes:
    """Unpack piece by piece, and keep what came before the first damage: most starts are no start at all."""
    if packed[:4] == b"\x28\xb5\x2f\xfd":
        unpacker = zstandard.ZstdDecompressor().decompressobj()
    else:
        unpacker = zlib.decompressobj(31 if packed[0] == 0x1F else 15)
    parts: list[bytes] = []
    length = 0
    try:
        for at in range(0, len(packed), _PIECE):
            parts.append(unpacker.decompress(packed[at : at + _PIECE]))
            length += len(parts[-1])
            if unpacker.eof or length > LARGEST_UNPACKED:
                break
    except (zlib.error, zstandard.ZstdError, EOFError):
        pass
    return b"".join(parts)


def plain_copies(folder: Path, part10: bytes, canary: Canary) -> list[str]:
    """Write what an ordinary archive would leave behind, in every form; return what a search must find in it."""
    folder.mkdir()
    (folder / "image.dcm").write_bytes(part10)
    (folder / "image.zlib").write_bytes(b"head" + zlib.compress(part10))
    (folder / "image.gz").write_bytes(gzip.compress(part10))
    (folder / "image.zst").write_bytes(b"head" + zstandard.compress(part10))
    joined = " ".join(canary.texts().values())
    for encoding in ENCODINGS:
        for case in (str.lower, str.upper):
            (folder / f"index-{encoding}-{case.__name__}").write_bytes(case(joined).encode(encoding))
    for encoding in IDEOGRAPHIC_ENCODINGS if canary.ideographic else ():
        (folder / f"index-{encoding}-ideographic").write_bytes(b"0" + canary.ideographic.encode(encoding))
    packed = ("DICM at 128 in a compressed stream", "pixels in a compressed stream")
    return ["DICM at 128", *canary.needles(), *packed]
