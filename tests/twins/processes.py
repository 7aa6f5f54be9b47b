"""What the kernel shows of a running program's processes to whoever may look (Linux's /proc)."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from pathlib import Path

_PROC = Path("/proc")


def processes_of_group(group: int) -> list[int]:
    """List the processes of a process group: a program and all that it started."""
    found = []
    for folder in _PROC.glob("[0-9]*"):
        try:
            fields = (folder / "stat").read_text().rpartition(")")[2].split()
        except OSError:  # it has just ended
            continue
        if int(fields[2]) == group and fields[0] != "Z":
            found.append(int(folder.name))
    return sorted(found)


def child_named(group: int, name: str) -> int:
    """Find a child of `primum up` by its name. Raises LookupError."""
    for pid in processes_of_group(group):
        arguments = (_PROC / str(pid) / "cmdline").read_bytes().split(b"\0")
        if b"--child" in arguments and name.encode() in arguments:
            return pid
    raise LookupError(name)


def said_to_the_machine(pid: int) -> bytes:
    """Give the command line, and the environment where we may read it (a hardened process shows it to root alone)."""
    told = (_PROC / str(pid) / "cmdline").read_bytes()
    try:
        return told + b"\0" + (_PROC / str(pid) / "environ").read_bytes()
    except PermissionError:
        return told


def written_files(pid: int) -> Iterator[tuple[str, bytes]]:
    """Give name and content of each ordinary file that a process has open for writing, those without a name included.

    None where we may not look: a hardened process shows its files to root alone.
    """
    try:
        listed = list((_PROC / str(pid) / "fd").iterdir())
    except PermissionError:
        return
    for one in listed:
        try:
            flags = int((_PROC / str(pid) / "fdinfo" / one.name).read_text().split()[3], 8)
            if stat.S_ISREG(one.stat().st_mode) and flags & os.O_ACCMODE:
                yield str(one.readlink()), one.read_bytes()
        except OSError:  # closed in the meantime
            continue


def core_limit(pid: int) -> str:
    """Return the soft limit of a core dump's size, as the kernel writes it."""
    for line in (_PROC / str(pid) / "limits").read_text().splitlines():
        if line.startswith("Max core file size"):
            return line.split()[4]
    raise LookupError(pid)


def core_folders(pids: list[int]) -> set[Path]:
    """List the folders into which this machine may put core dumps of these processes."""
    pattern = (_PROC / "sys/kernel/core_pattern").read_text().strip()
    folders = {(_PROC / str(pid) / "cwd").readlink() for pid in pids}
    folders |= {Path("/var/crash"), Path("/var/lib/systemd/coredump")}
    if pattern.startswith("/"):
        folders.add(Path(pattern).parent)
    return {folder for folder in folders if folder.is_dir()}


def cores_in(folders: set[Path]) -> set[Path]:
    """List the files there that may be core dumps."""
    return {file for folder in folders for file in folder.iterdir() if "core" in file.name}
