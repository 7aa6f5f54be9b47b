"""DCMTK's storescp: receives and writes plain files, syncs nothing, indexes nothing. What a socket costs."""

from __future__ import annotations

import hashlib
import subprocess
from collections.abc import Sequence
from pathlib import Path

from tests.programs import accepts, find_program, free_port, wait_until

from bench.contenders.base import Way, children_of, compare, end
from bench.load import Slice
from primum.imaging.part10 import read_meta


class Storescp:
    """One run of storescp into an empty folder, one process per association."""

    name = "storescp"
    title = "STORESCP"

    def __init__(self) -> None:
        """Nothing has been started yet."""
        self._process: subprocess.Popen[bytes] | None = None

    def start(self, folder: Path, way: Way) -> None:
        """Start it; in clear only."""
        if way.tls:
            raise ValueError("storescp is compared in clear")
        folder.mkdir()
        self._files, self._port = folder / "files", free_port()
        self._files.mkdir()
        program = find_program("storescp")
        if program is None:
            raise FileNotFoundError("storescp is missing (Debian: apt-get install dcmtk)")
        command = [str(program), "-q", "--fork", "-aet", self.title, "-od", str(self._files), str(self._port)]
        with (folder / "log").open("wb") as log:
            self._process = subprocess.Popen(command, env=way.environment(), stdout=log, stderr=log)
        wait_until(lambda: accepts(self._port), seconds=20, running=self._process)

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
