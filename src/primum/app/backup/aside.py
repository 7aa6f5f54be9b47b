"""What a run puts aside on disc while it goes on, so that it holds nothing in memory for each study.

`folder` is `run/backup` of the home. A restore without a running home has none: what it needs is in memory.
"""

from __future__ import annotations

import io
import tempfile
from collections.abc import Iterable, MutableMapping
from dataclasses import replace
from pathlib import Path
from typing import BinaryIO, cast

from primum.app.backup.limits import LIMITS, Limits
from primum.app.backup.manifest import Entry, Manifest, decode_entry, encode_entry, scan_manifest
from primum.ground.discmap import CodedMap


def entries_aside(folder: Path | None) -> MutableMapping[str, Entry]:
    """Return a place for the entries of a manifest, by path, in the order in which they come."""
    return {} if folder is None else CodedMap(folder, encode_entry, decode_entry)


def nameless(folder: Path | None) -> BinaryIO:
    """Return a file that is gone when it is closed."""
    return io.BytesIO() if folder is None else cast("BinaryIO", tempfile.TemporaryFile(dir=folder))


def spooled(chunks: Iterable[bytes], folder: Path | None) -> BinaryIO:
    """Return a file of what comes bit by bit, at its beginning: all of it has come before any is looked at."""
    file = nameless(folder)
    try:
        file.writelines(chunks)
        file.seek(0)
    except BaseException:
        file.close()
        raise
    return file


def read_manifest(packed: BinaryIO, generation: str, folder: Path | None = None, limits: Limits = LIMITS) -> Manifest:
    """Read one with its entries, unverified. As `scan_manifest` otherwise."""
    entries = entries_aside(folder)

    def take(entry: Entry) -> None:
        entries[entry.path] = entry

    return replace(scan_manifest(packed, generation, take, limits), entries=entries)
