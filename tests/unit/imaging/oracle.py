"""pydicom's own files, and pydicom's reading of them."""

from __future__ import annotations

import struct
import warnings
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple

import pydicom
import pydicom.data


class Sample(NamedTuple):
    """A Part 10 file: its transfer syntax and its data set as it would come over the network."""

    name: str
    path: Path
    syntax: str
    data: bytes

    def dataset(self) -> pydicom.Dataset:
        """What pydicom reads in it."""
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return pydicom.dcmread(self.path, force=True)


@lru_cache(maxsize=1)
def samples() -> tuple[Sample, ...]:
    """Every file of pydicom's that has file meta information with a transfer syntax."""
    root = Path(pydicom.data.__file__).parent
    found = []
    for folder in ("test_files", "charset_files", "palettes"):
        for path in sorted((root / folder).rglob("*")):
            if path.is_file() and path.name != "DICOMDIR":
                sample = _read(path, str(path.relative_to(root)))
                if sample is not None:
                    found.append(sample)
    return tuple(found)


def sample(name: str) -> Sample:
    """One of them by the end of its name."""
    (found,) = [one for one in samples() if one.name.endswith("/" + name)]
    return found


def _read(path: Path, name: str) -> Sample | None:
    raw = path.read_bytes()
    if raw[128:132] != b"DICM":
        return None
    at, syntax = 132, ""
    while raw[at : at + 2] == b"\x02\x00":
        long = raw[at + 4 : at + 6] in {b"OB", b"UN", b"UT", b"SQ", b"OW"}
        value = at + (12 if long else 8)
        length = struct.unpack_from("<I", raw, at + 8)[0] if long else struct.unpack_from("<H", raw, at + 6)[0]
        if raw[at + 2 : at + 4] == b"\x10\x00":
            syntax = raw[value : value + length].decode("ascii").rstrip("\0 ")
        at = value + length
    return Sample(name, path, syntax, raw[at:]) if syntax and "DICOMDIR" not in name else None
