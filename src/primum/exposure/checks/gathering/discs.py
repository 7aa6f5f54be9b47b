"""On what a folder and the swap lie: sealed by dm-crypt, in memory, or readable by who takes the disc (Linux, sysfs).

A disc that the system does not see through (a network share, ZFS, a virtual machine's disc) is not judged: what lies
beneath is told by whoever runs it.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Final

from primum.exposure.checks.errors import NotTold
from primum.exposure.checks.limits import LIMITS, Limits

PROC: Final = Path("/proc")
SYS: Final = Path("/sys")
_DEEP: Final = 8
"""LVM on RAID on LUKS on a partition is four."""
_MEMORY: Final = frozenset({"tmpfs", "ramfs", "devtmpfs"})
_REMOTE: Final = frozenset({"nfs", "nfs4", "cifs", "smb3", "9p", "virtiofs", "fuse.sshfs", "zfs", "overlay", "fuse"})
_VIRTUAL: Final = ("vd", "xvd", "nbd")
_VENDORS: Final = ("qemu", "vmware", "virtual", "msft", "red hat", "google", "amazon")


class Kind(StrEnum):
    """What something lies on."""

    SEALED = "sealed"
    MEMORY = "memory"
    PLAIN = "plain"
    VIRTUAL = "virtual"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Medium:
    """What something lies on, and what says so."""

    kind: Kind
    evidence: str


@dataclass(frozen=True, slots=True)
class SwapArea:
    """An area of swap."""

    name: str
    medium: Medium


def medium_of(folder: Path, proc: Path = PROC, sys: Path = SYS) -> Medium:
    """Tell on what a folder lies. Raises NotTold where the system cannot say."""
    table = _mounts(proc)
    found = table.get(_number(folder.stat().st_dev))
    if found is None:
        raise NotTold(reason="mount-unknown")
    kind, source = found
    if kind in _MEMORY:
        return Medium(Kind.MEMORY, kind)
    if kind in _REMOTE or not source.startswith("/dev/"):
        return Medium(Kind.UNKNOWN, kind[:30])
    device = Path(source).resolve().name if source.startswith("/dev/mapper/") else source.removeprefix("/dev/")
    return _of_device(device, sys)


def swap_areas(proc: Path = PROC, sys: Path = SYS, limits: Limits = LIMITS) -> list[SwapArea]:
    """List the areas of swap in use. Raises NotTold."""
    try:
        lines = (proc / "swaps").read_bytes()[: limits.proc_bytes].decode("utf-8", "replace").splitlines()[1:]
    except OSError:
        raise NotTold(reason="no-swap-table") from None
    found = []
    for line in lines:
        name, kind = [*line.split(), "", ""][:2]
        if kind == "partition":
            found.append(SwapArea(name, _of_device(name.removeprefix("/dev/"), sys)))
        elif kind == "file":
            found.append(SwapArea("file", medium_of(Path(name).parent, proc, sys)))
    return found


def _mounts(proc: Path) -> dict[str, tuple[str, str]]:
    """Read what is mounted: by device number, the kind of file system and its source (proc(5), mountinfo)."""
    try:
        text = (proc / "self" / "mountinfo").read_text("utf-8", "replace")
    except OSError:
        raise NotTold(reason="no-mount-table") from None
    found = {}
    for line in text.splitlines():
        left, _, right = line.partition(" - ")
        words, more = left.split(), right.split()
        if len(words) > 2 and len(more) > 1:  # noqa: PLR2004 (the fields that are read)
            found[words[2]] = (more[0], more[1])
    return found


def _number(device: int) -> str:
    return f"{os.major(device)}:{os.minor(device)}"


def _of_device(name: str, sys: Path) -> Medium:
    """Follow a block device to what it lies on."""
    name = name.replace("/", "!")  # sysfs writes cciss/c0d0 so
    if name.startswith("zram"):
        return Medium(Kind.MEMORY, "zram")
    block = sys / "class" / "block" / name
    if not block.exists():
        return Medium(Kind.UNKNOWN, "block device unknown")
    return _down(block, _DEEP)


def _down(block: Path, left: int) -> Medium:
    uuid = _text(block / "dm" / "uuid")
    if uuid.startswith("CRYPT-"):
        return Medium(Kind.SEALED, f"{block.name}: {uuid.split('-')[1].lower()}")
    beneath = sorted((block / "slaves").iterdir()) if (block / "slaves").is_dir() else []
    if beneath and left:
        found = [_down(one.resolve(), left - 1) for one in beneath]
        # sealed only where every part of it is: the first that is not decides
        return next((one for one in found if one.kind is not Kind.SEALED), found[0])
    return _bottom(block)


def _bottom(block: Path) -> Medium:
    disc = block.resolve()
    whole = disc.parent if (disc / "partition").exists() else disc
    makers = f"{_text(whole / 'device' / 'vendor')} {_text(whole / 'device' / 'model')}".lower()
    if whole.name.startswith(_VIRTUAL) or any(one in makers for one in _VENDORS):
        return Medium(Kind.VIRTUAL, whole.name)
    if whole.name.startswith("loop"):
        return Medium(Kind.UNKNOWN, "loop device")
    return Medium(Kind.PLAIN, block.name)


def _text(file: Path) -> str:
    try:
        return file.read_text("ascii", "replace").strip()[:200]
    except OSError:
        return ""
