"""What listens on this machine, and its addresses: Linux's tables of sockets and addresses in /proc (proc(5))."""

from __future__ import annotations

import ipaddress
import re
import struct
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from primum.exposure.checks.errors import NotTold
from primum.exposure.checks.limits import LIMITS, Limits
from primum.exposure.probe import own

PROC: Final = Path("/proc")
_LISTEN: Final = "0A"
_LINE: Final = re.compile(
    r"\s*\d+: ([0-9A-F]{8}|[0-9A-F]{32}):([0-9A-F]{4}) \S+ ([0-9A-F]{2}) \S+ \S+ \S+\s+(\d+)\s+\d+ (\d+)"
)
_SOCKET: Final = re.compile(r"socket:\[(\d+)\]")


@dataclass(frozen=True, slots=True, order=True)
class Listener:
    """A listening TCP socket: its address, port, the user it belongs to, and its program where that may be known."""

    address: str
    port: int
    user: int
    program: str = ""

    def beyond(self) -> bool:
        """Tell whether other machines can call it."""
        return not ipaddress.ip_address(self.address).is_loopback


def listening(proc: Path = PROC, limits: Limits = LIMITS) -> list[Listener]:
    """List what listens. Raises NotTold where the system has no such tables."""
    rows: list[tuple[str, int, int, str]] = []
    told = False
    for name in ("tcp", "tcp6"):
        try:
            text = _read(proc / "net" / name, limits)
        except OSError:
            continue
        told = True
        rows.extend(_rows(text))
    if not told:
        raise NotTold(reason="no-socket-table")
    names = _programs(proc, {inode for *_, inode in rows})
    found = {Listener(address, port, user, names.get(inode, "")) for address, port, user, inode in rows}
    return sorted(found)[: limits.listeners]


def own_addresses() -> tuple[list[str], list[str]]:
    """List this machine's addresses beyond loopback, and those that the Internet routes."""
    found = [one for one in own.own_addresses() if not one.is_link_local]
    return [str(one) for one in found], [str(one) for one in found if one.is_global]


def _read(file: Path, limits: Limits) -> str:
    with file.open("rb") as opened:
        return opened.read(limits.proc_bytes).decode("ascii", "replace")


def _rows(text: str) -> Iterator[tuple[str, int, int, str]]:
    for line in text.splitlines()[1:]:
        found = _LINE.match(line)
        if found is not None and found[3] == _LISTEN:
            yield _address(found[1]), int(found[2], 16), int(found[4]), found[5]


def _address(digits: str) -> str:
    """Read an address as the kernel prints it: words of 32 bits, each in the machine's order."""
    raw = bytes.fromhex(digits)
    words = struct.unpack(f"={len(raw) // 4}I", raw)
    packed = struct.pack(f">{len(words)}I", *words) if _LITTLE else raw
    parsed = ipaddress.ip_address(packed)
    mapped = parsed.ipv4_mapped if isinstance(parsed, ipaddress.IPv6Address) else None
    return str(mapped or parsed)


_LITTLE: Final = struct.pack("=I", 1) == struct.pack("<I", 1)


def _programs(proc: Path, wanted: set[str]) -> Mapping[str, str]:
    """Name the programs that hold these sockets, of processes that may be looked at: our own doors may not."""
    found: dict[str, str] = {}
    for process in proc.glob("[0-9]*"):
        try:
            inodes = [_SOCKET.fullmatch(str(one.readlink())) for one in (process / "fd").iterdir()]
            held = {one[1] for one in inodes if one is not None} & wanted
            if held:
                name = (process / "comm").read_text("utf-8", "replace").strip()
                found.update(dict.fromkeys(held, "".join(one for one in name if one.isprintable())[:15]))
        except OSError:
            continue
    return found
