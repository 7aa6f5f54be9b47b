"""Orthanc with its index in PostgreSQL, as larger sites run it: Debian's plug-in, files on disc as before.

PostgreSQL is started here: a cluster of its own for each run, Debian's settings untouched (everything is synced),
reached by a socket of the file system. It refuses to run as root, so that it runs as Debian's user `postgres` when the
benchmark runs as root.
"""

from __future__ import annotations

import os
import pwd
import shutil
import subprocess
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import TypedDict

from tests.programs import wait_until

from bench.contenders.base import Way, children_of
from bench.contenders.orthanc import PLUGIN, Orthanc
from bench.load import Slice
from bench.trust import Trust

INDEX_PLUGIN = Path("/usr/share/orthanc/plugins/libOrthancPostgreSQLIndex.so")
_PROGRAMS = Path("/usr/lib/postgresql")
_USER, _DATABASE = "postgres", "orthanc"


def there() -> bool:
    """Tell whether PostgreSQL and the plug-in are on this machine."""
    return INDEX_PLUGIN.exists() and _folder_of_programs() is not None


def _folder_of_programs() -> Path | None:
    """Find the newest version's programs: Debian keeps them off PATH."""
    found = [one.parent for one in _PROGRAMS.glob("*/bin/postgres")]
    return max(found, key=lambda one: float(one.parent.name)) if found else None


class _As(TypedDict, total=False):
    user: int
    group: int
    extra_groups: list[int]


def _unprivileged() -> _As:
    """Say as whom PostgreSQL is to run: as ourselves, but not as root."""
    if os.geteuid():
        return {}
    one = pwd.getpwnam(_USER)
    return {"user": one.pw_uid, "group": one.pw_gid, "extra_groups": []}


class Server:
    """One PostgreSQL server on a fresh cluster, reached only through a socket in a folder of its own."""

    def __init__(self) -> None:
        """Nothing has been started yet."""
        self.process: subprocess.Popen[bytes] | None = None
        self.folder: Path | None = None

    def start(self) -> Path:
        """Make a cluster and a database, start; return the folder of the socket."""
        programs = _folder_of_programs()
        if programs is None:
            raise FileNotFoundError("PostgreSQL is missing (Debian: apt-get install postgresql orthanc-postgresql)")
        # not inside the run's folder: who is not root may not go through root's, and a socket's path is short
        self.folder = folder = Path(tempfile.mkdtemp(prefix="bench-pg-"))
        who = _unprivileged()
        if who:
            os.chown(folder, who["user"], who["group"])
        data = folder / "data"
        make = [str(programs / "initdb"), "-D", str(data), "-U", _USER, "-A", "trust", "-E", "UTF8", "--locale=C.UTF-8"]
        subprocess.run(make, check=True, capture_output=True, cwd=folder, **who)
        with (folder / "log").open("wb") as log:
            self.process = subprocess.Popen(
                [str(programs / "postgres"), "-D", str(data), "-k", str(folder), "-c", "listen_addresses="],
                cwd=folder, stdin=subprocess.DEVNULL, stdout=log, stderr=log, **who,
            )  # fmt: skip
        create = [str(programs / "createdb"), "-h", str(folder), "-U", _USER, _DATABASE]
        wait_until(
            lambda: subprocess.run(create, capture_output=True, cwd=folder, check=False).returncode == 0,
            seconds=30,
            running=self.process,
        )
        return folder

    def processes(self) -> Sequence[int]:
        """Return the server's processes."""
        return children_of(self.process.pid) if self.process else []

    def stop(self) -> None:
        """End it without waiting for connections, and remove the cluster."""
        if self.process is not None and self.process.poll() is None:
            self.process.send_signal(2)  # SIGINT: its "fast shutdown"
            try:
                self.process.wait(20)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
        if self.folder is not None:
            shutil.rmtree(self.folder, ignore_errors=True)


class OrthancPostgres:
    """One run of Orthanc with a fresh PostgreSQL; both count as its processes."""

    name = "postgres"
    title = Orthanc.title

    def __init__(self, trust: Trust) -> None:
        """Use these certificates in TLS rows."""
        self._trust = trust
        self._server = Server()
        self._orthanc: Orthanc | None = None

    def start(self, folder: Path, way: Way) -> None:
        """Start both."""
        place = self._server.start()
        index = {
            "EnableIndex": True, "EnableStorage": False, "Host": str(place), "Port": 5432, "Database": _DATABASE,
            "Username": _USER, "Password": "",
        }  # fmt: skip
        self._orthanc = Orthanc(self._trust, {"Plugins": [str(PLUGIN), str(INDEX_PLUGIN)], "PostgreSQL": index})
        self._orthanc.start(folder, way)

    def target(self) -> Sequence[str]:
        """Return storescu's last arguments."""
        return self._started().target()

    def launch(self) -> subprocess.Popen[bytes]:
        """Start Orthanc again, after `rest`: PostgreSQL went on, as a service that is always there."""
        return self._started().launch()

    def rest(self) -> None:
        """End Orthanc alone."""
        self._started().stop()

    @property
    def ports(self) -> tuple[int, int]:
        """Where Orthanc listens: DICOM, and HTTP."""
        return self._started().ports

    def wrong(self, sent: Sequence[Slice]) -> list[str]:
        """Find and compare as with any Orthanc."""
        return self._started().wrong(sent)

    def processes(self) -> Sequence[int]:
        """Return Orthanc's process and PostgreSQL's."""
        return [*self._started().processes(), *self._server.processes()]

    def stop(self) -> None:
        """End Orthanc, then PostgreSQL."""
        if self._orthanc is not None:
            self._orthanc.stop()
        self._server.stop()

    def _started(self) -> Orthanc:
        if self._orthanc is None:
            raise RuntimeError("not started")
        return self._orthanc
