"""Network namespaces of Linux: named after this process, wired by veth, removed whatever happens.

`ip` and `nft` do the work. A name is primum-trial-PID-...: what a dead process left is removed by the next that starts.
"""

from __future__ import annotations

import ctypes
import os
import re
import signal
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final

PLACE: Final = Path("/run/netns")
PREFIX: Final = "primum-trial-"
_OURS: Final = re.compile(rf"{PREFIX}(\d+)-")
_CLONE_NEWNET: Final = 0x40000000
_LIBC: Final = ctypes.CDLL(None, use_errno=True)


def may_be_made() -> str:
    """Say why namespaces cannot be made here, or nothing."""
    if os.geteuid() != 0:
        return "needs root, for network namespaces"
    name = f"{PREFIX}{os.getpid()}-may"
    done = subprocess.run(["ip", "netns", "add", name], capture_output=True, text=True, check=False)
    if done.returncode:
        return f"needs network namespaces, and ip netns add says: {done.stderr.strip()}"
    remove([name])
    return ""


def run(*command: str, given: str | None = None) -> str:
    """Run a program of the system to its end, and return what it said. Raises RuntimeError with its last words."""
    done = subprocess.run(command, input=given, capture_output=True, text=True, check=False, timeout=60)
    if done.returncode:
        raise RuntimeError(f"{' '.join(command)}: {done.stderr.strip()[-500:]}")
    return done.stdout


def name_of(*parts: str | int) -> str:
    """Name a namespace of this process."""
    return "-".join([f"{PREFIX}{os.getpid()}", *map(str, parts)])


def add(names: Sequence[str]) -> None:
    """Make namespaces, loopback up, without IPv6: the kernel would send packets of its own."""
    run("ip", "-batch", "-", given="".join(f"netns add {name}\n" for name in names))
    for name in names:
        with inside(name):
            for where in ("all", "default"):
                _write(f"/proc/sys/net/ipv6/conf/{where}/disable_ipv6", "1")
    batch = "".join(f"netns exec {name} ip link set lo up\n" for name in names)
    run("ip", "-batch", "-", given=batch)


def ip(space: str, lines: Sequence[str]) -> None:
    """Run lines of `ip` in a namespace."""
    run("ip", "-n", space, "-batch", "-", given="\n".join(lines) + "\n")


def nft(space: str, rules: str) -> None:
    """Give a namespace rules of nftables."""
    run("nsenter", f"--net={PLACE / space}", "nft", "-f", "-", given=rules)


def forwards(space: str) -> None:
    """Let a namespace forward packets."""
    with inside(space):
        _write("/proc/sys/net/ipv4/ip_forward", "1")


@contextmanager
def inside(space: str) -> Iterator[None]:
    """Put the calling thread, and no other, into a namespace for a while."""
    here = os.open("/proc/thread-self/ns/net", os.O_RDONLY | os.O_CLOEXEC)
    try:
        enter(space)
        try:
            yield
        finally:
            _setns(here)
    finally:
        os.close(here)


def enter(space: str) -> None:
    """Put the calling thread into a namespace for good."""
    there = os.open(PLACE / space, os.O_RDONLY | os.O_CLOEXEC)
    try:
        _setns(there)
    finally:
        os.close(there)


def remove(names: Sequence[str]) -> None:
    """End whatever still runs in them, and remove them with their wires."""
    for name in names:
        said = subprocess.run(["ip", "netns", "pids", name], capture_output=True, text=True, check=False).stdout
        for pid in map(int, said.split()):
            if pid != os.getpid():
                with suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)
    given = "".join(f"netns del {name}\n" for name in names)
    subprocess.run(["ip", "-force", "-batch", "-"], input=given, capture_output=True, text=True, check=False)


def remove_all_of(pid: int) -> None:
    """Remove every namespace of a process."""
    names = [one.name for one in PLACE.glob(f"{PREFIX}{pid}-*")] if PLACE.exists() else []
    if names:
        remove(names)


def remove_stale() -> list[str]:
    """Remove what processes that live no more have left; return the names."""
    gone = []
    for one in PLACE.glob(f"{PREFIX}*") if PLACE.exists() else ():
        found = _OURS.match(one.name)
        if found and not Path(f"/proc/{found[1]}").exists():
            gone.append(one.name)
    if gone:
        remove(gone)
    return gone


def _setns(descriptor: int) -> None:
    if _LIBC.setns(descriptor, _CLONE_NEWNET) != 0:
        raise OSError(ctypes.get_errno(), "setns")


def _write(path: str, what: str) -> None:
    with suppress(FileNotFoundError):  # a kernel without IPv6
        Path(path).write_text(what, "ascii")
