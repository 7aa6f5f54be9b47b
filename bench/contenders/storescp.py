"""Receivers that write files, sync nothing and index nothing: DCMTK's storescp (what a socket costs), pynetdicom's.

pynetdicom's is the library's own program, in Python as we are; it has no switch for TCP_NODELAY on its side.
"""

from __future__ import annotations

import hashlib
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from tests.programs import accepts, find_program, free_port, wait_until

from bench.contenders.base import Way, children_of, compare, end
from bench.load import Slice
from primum.imaging.part10 import read_meta


class Storescp:
    """One run of DCMTK's storescp into an empty folder, one process per association."""

    name = "storescp"
    title = "STORESCP"

    def __init__(self) -> None:
        """Nothing has been started yet."""
        self._process: subprocess.Popen[bytes] | None = None

    def start(self, folder: Path, way: Way) -> None:
        """Start it; in clear only."""
        if way.tls:
            raise ValueError(f"{self.name} is compared in clear")
        folder.mkdir()
        self._files, self._port = folder / "files", free_port()
        self._files.mkdir()
        with (folder / "log").open("wb") as log:
            self._process = subprocess.Popen(
                self._command(self._port), cwd=folder, env=way.environment(), stdout=log, stderr=log
            )
        wait_until(lambda: accepts(self._port), seconds=20, running=self._process)

    def _command(self, port: int) -> list[str]:
        program = find_program("storescp")
        if program is None:
            raise FileNotFoundError("storescp is missing (Debian: apt-get install dcmtk)")
        return [str(program), "-q", "--fork", "-aet", self.title, "-od", str(self._files), str(port)]

    def target(self) -> Sequence[str]:
        """Return storescu's last arguments."""
        return ["127.0.0.1", str(self._port)]

    def wrong(self, sent: Sequence[Slice]) -> list[str]:
        """Read every file that it wrote and compare the data sets."""
        found: dict[str, str] = {}
        for file in self._files.iterdir():
            bytes_read = file.read_bytes()
            meta = read_meta(bytes_read)
            found[meta.sop_instance_uid] = hashlib.sha256(memoryview(bytes_read)[meta.begins :]).hexdigest()
        return compare({one.sop_uid: one.data_set for one in sent}, found)

    def processes(self) -> Sequence[int]:
        """Return its processes."""
        return children_of(self._process.pid) if self._process else []

    def stop(self) -> None:
        """End it."""
        end(self._process)


class Pynetdicom(Storescp):
    """One run of pynetdicom's storescp, one thread per association."""

    name = "pynetdicom"
    title = "PYNETDICOM"

    def _command(self, port: int) -> list[str]:
        options = ["-q", "-aet", self.title, "-ba", "127.0.0.1", "-od", str(self._files)]
        return [sys.executable, "-m", "pynetdicom", "storescp", *options, str(port)]
