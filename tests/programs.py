"""Where the programs are that tests run, and how to start one and end it by its own id."""

from __future__ import annotations

import fcntl
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

PACKAGES = {
    "storescu": "dcmtk", "storescp": "dcmtk", "echoscu": "dcmtk", "findscu": "dcmtk", "movescu": "dcmtk",
    "getscu": "dcmtk", "dcmcjpeg": "dcmtk", "dcmdump": "dcmtk", "dcmodify": "dcmtk", "dcmconv": "dcmtk",
    "dump2dcm": "dcmtk",
    "chromium": "chromium", "Orthanc": "orthanc", "strace": "strace", "openssl": "openssl",
    "keytool": "openjdk-17-jre-headless", "dciodvfy": "dicom3tools", "gdcmscu": "libgdcm-tools", "restic": "restic",
    "dcmdjpeg": "dcmtk", "dcmdjpls": "dcmtk", "dcmdrle": "dcmtk", "dcmp2pgm": "dcmtk", "dcmftest": "dcmtk",
    "age": "age", "age-keygen": "age", "7z": "p7zip-full", "genisoimage": "genisoimage",
    "mkudffs": "udftools",
    "pdftotext": "poppler-utils", "pdftoppm": "poppler-utils", "qpdf": "qpdf",
    "ip": "iproute2", "nft": "nftables", "nsenter": "util-linux", "setpriv": "util-linux", "smbd": "samba",
    "smbclient": "smbclient", "vsftpd": "vsftpd", "rsync": "rsync", "redis-server": "redis-server", "curl": "curl",
    "dsr2html": "dcmtk", "dsrdump": "dcmtk", "pdf2dcm": "dcmtk", "dcm2pdf": "dcmtk", "cda2dcm": "dcmtk",
    "unshare": "util-linux", "exim4": "exim4-daemon-light",
    "miniupnpd": "miniupnpd",
    "nginx": "nginx-light", "initdb": "postgresql",
    "dcmmkdir": "dcmtk", "dcmqrscp": "dcmtk", "wlmscpfs": "dcmtk", "dcdirdmp": "dicom3tools",
}  # fmt: skip
"""Debian package of each program that a test may ask for."""


_POSTGRESQL = sorted((str(one.parent) for one in Path("/usr/lib/postgresql").glob("*/bin/initdb")), reverse=True)
"""Debian keeps its programs off PATH, a folder for each version."""


def path_without_ours() -> str:
    """Give PATH without our virtual environment: pynetdicom brings namesakes of DCMTK's programs."""
    ours = Path(sys.prefix) / "bin"
    places = [one for one in os.get_exec_path() if Path(one).resolve() != ours.resolve() and Path(one) != ours]
    return os.pathsep.join(places)


def find_program(name: str) -> Path | None:
    """Find a program of the machine."""
    places = [path_without_ours(), "/usr/sbin", "/usr/local/sbin", *_POSTGRESQL]
    found = shutil.which(name, path=os.pathsep.join(places))
    return Path(found) if found else None


def free_port() -> int:
    """Return a TCP port of loopback that nobody has, and that nobody else is given for a long while.

    It lies below the range of which the system takes ports by itself, for whoever calls or asks for port 0: one of
    those may be gone before the program that was told it listens. All test processes of the machine take turns.
    """
    floor, ceiling = 15_000, int(Path("/proc/sys/net/ipv4/ip_local_port_range").read_text("ascii").split()[0])
    with _PORT_TURNS.open("a+", encoding="ascii") as turns:
        fcntl.flock(turns, fcntl.LOCK_EX)
        turns.seek(0)
        last = int(turns.read() or os.getpid())
        for step in range(1, ceiling - floor):
            port = floor + (last + step - floor) % (ceiling - floor)
            if _is_free(port):
                turns.truncate(0)
                turns.write(str(port))
                return port
    raise OSError("no port of loopback is free")


_PORT_TURNS = Path(tempfile.gettempdir()) / f"primum-test-ports-{os.getuid()}"


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("", port))
        except OSError:
            return False
        return True


def accepts(port: int) -> bool:
    """Tell whether somebody listens on a port of loopback."""
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=1):
            return True
    except OSError:
        return False


def wait_until(what: Callable[[], bool], *, seconds: float, running: subprocess.Popen[bytes] | None = None) -> None:
    """Ask again and again until it is so; raise TimeoutError after `seconds`, or when the program has ended."""
    limit = time.monotonic() + seconds
    while not what():
        if running is not None and running.poll() is not None:
            raise TimeoutError(f"the program ended with status {running.returncode}")
        if time.monotonic() > limit:
            raise TimeoutError(f"not so after {seconds} s")
        time.sleep(0.02)


@contextmanager
def started(arguments: list[str], log: Path, **options: object) -> Iterator[subprocess.Popen[bytes]]:
    """Start a program with its output in `log`; end it (TERM, then KILL) on leaving."""
    with log.open("ab") as output:
        process = subprocess.Popen(
            arguments,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            **options,  # type: ignore[call-overload]
        )
    try:
        yield process
    finally:
        stop(process)


def stop(process: subprocess.Popen[bytes], seconds: float = 15) -> None:
    """End a program that we started, and wait until it has ended."""
    if process.poll() is None:
        process.terminate()
        try:
            process.wait(seconds)
        except subprocess.TimeoutExpired:
            process.kill()
    process.wait()
