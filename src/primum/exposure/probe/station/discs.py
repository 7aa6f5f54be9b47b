"""Is what lies on the disc encrypted? Linux by /sys, macOS by fdesetup, Windows by the shell or manage-bde."""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path
from typing import Final

from primum.exposure.probe.station.asking import Ask
from primum.exposure.probe.station.model import Point, State

_DEEP: Final = 8
"""Layers below a file system: a volume on a RAID on LUKS on a partition is four."""
_MOUNT: Final = re.compile(r"^\d+ \d+ (\d+:\d+) \S+ (\S+) .* - (\S+) (\S+) \S+$", re.MULTILINE)
_ENCRYPTED: Final = "CRYPT-"
"""How device-mapper names what it decrypts: CRYPT-LUKS1, CRYPT-LUKS2, CRYPT-PLAIN."""
_PROTECTION: Final = (
    "(New-Object -ComObject Shell.Application).NameSpace($env:SystemDrive)"
    ".Self.ExtendedProperty('System.Volume.BitLockerProtection')"
)
_SHELL: Final = ("powershell", "-NoProfile", "-NonInteractive", "-Command", _PROTECTION)
_MANAGE: Final = ("manage-bde", "-status")


def disc(system: str, ask: Ask, *, home: Path, root: Path = Path("/")) -> Point:
    """Judge the disc that the home folder and the system lie on. `root`: where /sys and /proc are."""
    match system:
        case "linux":
            return _linux(root, (home, Path("/")))
        case "macos":
            return _point(macos(ask(("fdesetup", "status"))), "fdesetup")
        case "windows":
            return _windows(ask)
        case _:
            return Point("disc", State.NOT_DETERMINED, "unknown-system")


def macos(said: str | None) -> bool | None:
    """Read `fdesetup status`."""
    text = said or ""
    if "FileVault is On" in text:
        return "Decryption in progress" not in text
    if "FileVault is Off" in text:
        return False
    return None


def shell(said: str | None) -> bool | None:
    """Read the shell's number for the system drive: 1 on, 3 being encrypted, 6 locked; 5 is suspended."""
    number = (said or "").strip()
    return {"1": True, "6": True, "0": False, "2": False, "3": False, "4": False, "5": False}.get(number)


def manage_bde(said: str | None) -> bool | None:
    """Read `manage-bde -status`: every volume that is fixed is protected and wholly encrypted."""
    volumes = re.split(r"^Volume ", said or "", flags=re.MULTILINE)[1:]
    found = [
        "Protection On" in one and bool(re.search(r"Percentage Encrypted:\s+100([.,]0+)?%", one)) for one in volumes
    ]
    known = [one for one in volumes if "Protection On" in one or "Protection Off" in one]
    return all(found) if found and len(known) == len(found) else None


def linux(root: Path, device: str) -> bool | None:
    """Follow a block device (`major:minor`) down: encrypted where each thing below it is."""
    return _below(root, root / "sys/dev/block" / device, _DEEP)


def mounted(root: Path, place: Path) -> str | None:
    """Return the device (`major:minor`) that a place lies on, by /proc/self/mountinfo; btrfs by its source."""
    try:
        text = (root / "proc/self/mountinfo").read_text("utf-8", "replace")
    except OSError:
        return None
    best: tuple[int, str, str] | None = None
    for device, where, _kind, source in _MOUNT.findall(text):
        point = Path(where.replace("\\040", " "))
        if (place == point or point in place.parents) and (best is None or len(str(point)) >= best[0]):
            best = (len(str(point)), device, source)
    if best is None:
        return None
    return best[1] if not best[1].startswith("0:") else _by_source(root, best[2])


def _by_source(root: Path, source: str) -> str | None:
    """Find a device by its path: file systems of several devices have no number of their own."""
    name = Path(source).name
    for each in (root / "sys/class/block").glob("*"):
        try:
            mapped = (each / "dm/name").read_text("ascii").strip()
        except (OSError, ValueError):
            mapped = ""
        if name in {each.name, mapped}:
            try:
                return (each / "dev").read_text("ascii").strip()
            except (OSError, ValueError):
                return None
    return None


def _linux(root: Path, places: Iterable[Path]) -> Point:
    found = []
    for place in places:
        device = mounted(root, place)
        found.append(linux(root, device) if device is not None else None)
    if any(one is False for one in found):
        return Point("disc", State.BAD, "not-encrypted", {"by": "sysfs"})
    return _point(None if None in found else True, "sysfs")


def _below(root: Path, at: Path, left: int) -> bool | None:
    if left == 0 or not at.exists():
        return None
    try:
        uuid = (at / "dm/uuid").read_text("ascii", "replace") if (at / "dm/uuid").exists() else ""
    except OSError:
        return None
    if uuid.startswith(_ENCRYPTED):
        return True
    slaves = sorted((at / "slaves").glob("*")) if (at / "slaves").is_dir() else []
    if not slaves:
        return False
    judged = [_below(root, one.resolve(), left - 1) for one in slaves]
    if any(one is False for one in judged):
        return False
    return None if None in judged else True


def _windows(ask: Ask) -> Point:
    by_shell = shell(ask(_SHELL))
    if by_shell is not None:
        return _point(by_shell, "shell")
    return _point(manage_bde(ask(_MANAGE)), "manage-bde")


def _point(encrypted: bool | None, by: str) -> Point:  # noqa: FBT001 (what was found)
    if encrypted is None:
        return Point("disc", State.NOT_DETERMINED, "silent", {"by": by})
    good, why = (State.GOOD, "encrypted") if encrypted else (State.BAD, "not-encrypted")
    return Point("disc", good, why, {"by": by})
