"""A ZIP of named bytes: the same entries make the same file, whenever and wherever it is written."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Collection, Iterable
from typing import Final

_WHEN: Final = (1980, 1, 1, 0, 0, 0)
"""The date of every entry: ZIP has no earlier one, and a later one would tell when it was made."""
_MODE: Final = 0o100644 << 16


def zipped(entries: Iterable[tuple[str, bytes]], *, stored: Collection[str] = ()) -> bytes:
    """Return a ZIP with the entries in the order in which they come; those `stored` by name are not packed."""
    written = io.BytesIO()
    with zipfile.ZipFile(written, "w") as archive:
        for name, data in entries:
            entry = zipfile.ZipInfo(name, _WHEN)
            entry.external_attr, entry.create_system = _MODE, 3
            archive.writestr(entry, data, zipfile.ZIP_STORED if name in stored else zipfile.ZIP_DEFLATED, 9)
    return written.getvalue()
