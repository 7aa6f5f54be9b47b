"""Looks for a canary patient in files, the way a thief of the disc would: any encoding, any case, compressed or not.

A search that finds nothing is worth something only beside one that finds everything: each test that uses this
also searches a plain copy of the same study (`plain_copies`).
"""

from __future__ import annotations

import gzip
import re
import zlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

import zstandard

ENCODINGS = ("latin-1", "utf-8", "utf-16-le", "utf-16-be")
LARGEST_UNPACKED = 64 << 20
_STREAM_STARTS = re.compile(rb"\x78[\x01\x5e\x9c\xda]|\x1f\x8b\x08|\x28\xb5\x2f\xfd")


@dataclass(frozen=True)
class Canary:
    """What must not be found."""

    name: str
    birth_date: str
    patient_id: str
    uid_root: str
    pixels: bytes

    def needles(self) -> dict[str, re.Pattern[bytes]]:
        """Give every pattern, by what it would betray."""
        found: dict[str, re.Pattern[bytes]] = {}
        texts = {"birth date": self.birth_date, "patient id": self.patient_id, "uid root": self.uid_root}
        for part in re.split(r"[\^= ]", self.name):
            texts[f"name {part}"] = part
        for what, text in texts.items():
            for encoding in ENCODINGS:
                found[f"{what} in {encoding}"] = _any_case(text, encoding)
        found["pixels"] = re.compile(re.escape(self.pixels))
        return found


def _any_case(text: str, encoding: str) -> re.Pattern[bytes]:
    letters = []
    for letter in text:
        forms = {letter.lower().encode(encoding, "ignore"), letter.upper().encode(encoding, "ignore")} - {b""}
        letters.append(b"(?:" + b"|".join(re.escape(form) for form in sorted(forms)) + b")")
    return re.compile(b"".join(letters), re.DOTALL)


def search(places: Iterable[Path], canary: Canary) -> set[tuple[str, str]]:
    """Return (file, what was found) for all files under `places`, unpacking what can be unpacked."""
    needles = canary.needles()
    found: set[tuple[str, str]] = set()
    for file in _files(places):
        try:
            content = file.read_bytes()
        except OSError:  # a socket, or gone in the meantime
            continue
        if content[128:132] == b"DICM":
            found.add((str(file), "DICM at 128"))
        for form, data in _forms(content):
            for what, pattern in needles.items():
                if pattern.search(data):
                    found.add((str(file), f"{what}{form}"))
    return found


def _files(places: Iterable[Path]) -> Iterator[Path]:
    for place in places:
        if place.is_file():
            yield place
        elif place.is_dir():
            yield from (file for file in place.rglob("*") if file.is_file() and not file.is_symlink())


def _forms(content: bytes) -> Iterator[tuple[str, bytes]]:
    yield "", content
    for start in _STREAM_STARTS.finditer(content):
        unpacked = _unpack(content, start.start())
        if unpacked:
            yield " in a compressed stream", unpacked


def _unpack(content: bytes, at: int) -> bytes:
    try:
        if content[at : at + 4] == b"\x28\xb5\x2f\xfd":
            unpacker = zstandard.ZstdDecompressor().decompressobj()
            return unpacker.decompress(content[at:])[:LARGEST_UNPACKED]
        inflater = zlib.decompressobj(31 if content[at] == 0x1F else 15)
        return inflater.decompress(content[at:], LARGEST_UNPACKED)
    except (zlib.error, zstandard.ZstdError, EOFError):
        return b""


def plain_copies(folder: Path, part10: bytes, canary: Canary) -> list[str]:
    """Write what an ordinary archive would leave behind, in every form; return what a search must find in it."""
    folder.mkdir()
    (folder / "image.dcm").write_bytes(part10)
    (folder / "image.zlib").write_bytes(b"head" + zlib.compress(part10))
    (folder / "image.gz").write_bytes(gzip.compress(part10))
    (folder / "image.zst").write_bytes(b"head" + zstandard.compress(part10))
    texts = [canary.birth_date, canary.patient_id, canary.uid_root, *re.split(r"[\^= ]", canary.name)]
    for encoding in ENCODINGS:
        for case in (str.lower, str.upper):
            (folder / f"index-{encoding}-{case.__name__}").write_bytes(case(" ".join(texts)).encode(encoding))
    return ["DICM at 128", *canary.needles(), "pixels in a compressed stream"]
