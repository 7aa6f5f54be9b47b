"""Whether there is room to store: the low mark below which every door says so (docs/design/dimse.md, Space)."""

from __future__ import annotations

import shutil
from pathlib import Path


class FreeSpace:
    """The free space of the file system that holds the vault."""

    def __init__(self, folder: Path, low_mib: int) -> None:
        """Watch the file system of `folder`; the mark is `low_mib` MiB."""
        self._folder = folder
        self._low_bytes = low_mib << 20

    def low(self) -> bool:
        """Ask the system."""
        return shutil.disk_usage(self._folder).free < self._low_bytes
