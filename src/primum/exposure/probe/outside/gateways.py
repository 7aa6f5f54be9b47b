"""The routers by which this machine goes out, read from the system: no packet is sent to learn them."""

from __future__ import annotations

import ipaddress
import os
import struct
import subprocess
import sys
from pathlib import Path
from typing import Final

from primum.exposure.probe.gate import Address

_ROUTES_BYTES: Final = 1 << 20
"""Of a table of routes: a machine with more is a router of the Internet."""
_NETSTAT_SECONDS: Final = 5
_MOST: Final = 8
"""Gateways that are told: a practice has one or two."""
_UP_GATEWAY: Final = 0x3
"""RTF_UP | RTF_GATEWAY, the same number wherever Linux runs."""
_IPV4_FIELDS, _IPV6_FIELDS, _WINDOWS_FIELDS = 8, 10, 5


def default_gateways() -> tuple[Address, ...]:
    """Return the gateways of the default routes, IPv4 before IPv6; none where the system does not say."""
    if sys.platform == "linux":
        found = [*ipv4_of_linux(_read("/proc/net/route")), *ipv6_of_linux(_read("/proc/net/ipv6_route"))]
    else:
        found = of_netstat(_netstat())
    return tuple(dict.fromkeys(found))[:_MOST]


def ipv4_of_linux(table: str) -> list[Address]:
    """Read /proc/net/route: hexadecimal numbers in the byte order of the machine."""
    found: list[Address] = []
    for line in table.splitlines()[1:]:
        fields = line.split()
        if len(fields) < _IPV4_FIELDS:
            continue
        try:
            destination, gateway, flags, mask = (int(fields[n], 16) for n in (1, 2, 3, 7))
        except ValueError:
            continue
        if destination == mask == 0 and gateway and flags & _UP_GATEWAY == _UP_GATEWAY:
            found.append(ipaddress.IPv4Address(struct.pack("=I", gateway)))
    return found


def ipv6_of_linux(table: str) -> list[Address]:
    """Read /proc/net/ipv6_route. A gateway of the link only keeps its interface (`fe80::1%eth0`)."""
    found: list[Address] = []
    for line in table.splitlines():
        fields = line.split()
        if len(fields) < _IPV6_FIELDS:
            continue
        try:
            length, flags, gateway = int(fields[1], 16), int(fields[8], 16), bytes.fromhex(fields[4])
            address = ipaddress.IPv6Address(gateway)
        except ValueError:
            continue
        if length or int(fields[0], 16) or not any(gateway) or flags & _UP_GATEWAY != _UP_GATEWAY:
            continue
        scope = f"%{fields[9]}" if address.is_link_local else ""
        found.append(ipaddress.IPv6Address(f"{address}{scope}"))
    return found


def of_netstat(table: str) -> list[Address]:
    """Read `netstat -rn`, as macOS, the BSDs and Windows print it."""
    found: list[Address] = []
    for line in table.splitlines():
        fields = line.split()
        if fields[:2] == ["0.0.0.0", "0.0.0.0"] and len(fields) >= _WINDOWS_FIELDS:  # noqa: S104 (a route)
            _add(found, fields[2])
        elif fields[:1] == ["default"] and len(fields) > 1:
            _add(found, fields[1])
        elif "::/0" in fields[:-1] and fields.index("::/0") + 1 < len(fields):
            _add(found, fields[fields.index("::/0") + 1])
    return found


def _add(found: list[Address], text: str) -> None:
    try:
        found.append(ipaddress.ip_address(text))
    except ValueError:
        return  # "link#7", "On-link": an interface without a gateway


def _read(path: str) -> str:
    try:
        with Path(path).open("rb") as table:
            return table.read(_ROUTES_BYTES).decode("ascii", "replace")
    except OSError:
        return ""


def _netstat() -> str:
    windows = Path(os.environ.get("SYSTEMROOT", "C:/Windows"), "System32", "netstat.exe")
    program = str(windows) if sys.platform == "win32" else "/usr/sbin/netstat"
    try:
        done = subprocess.run(  # noqa: S603 (the system's own program, by its whole path, nothing of anybody's in it)
            [program, "-rn"], capture_output=True, timeout=_NETSTAT_SECONDS, check=False
        )
    except (OSError, subprocess.SubprocessError):
        return ""
    return done.stdout[:_ROUTES_BYTES].decode("utf-8", "replace")
