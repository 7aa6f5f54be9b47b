"""Which addresses are this machine's own, told by the system without a packet (docs/design/exposure.md, The run).

Connecting a UDP socket only chooses a route: an address from which one would reach itself is one's own.
"""

from __future__ import annotations

import contextlib
import ctypes
import socket
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from ipaddress import (
    IPv4Address,
    IPv4Interface,
    IPv4Network,
    IPv6Address,
    IPv6Interface,
    ip_address,
    ip_interface,
)
from typing import Any, Final

Address = IPv4Address | IPv6Address
Interface = IPv4Interface | IPv6Interface

_DISCARD: Final = 9
"""A port must be named; nothing is sent to it (RFC 863, were it so)."""

_ELSEWHERE: Final = ("192.0.2.1", "2001:db8::1")
"""Addresses of documentation (RFC 5737, RFC 3849): the route towards them is that towards anybody."""

_NEVER: Final = IPv4Network("240.0.0.0/4")
"""Reserved (RFC 1112 4), the limited broadcast among them."""


def is_own(address: Address) -> bool:
    """Tell whether this machine answers at an address."""
    if isinstance(address, IPv6Address) and address.ipv4_mapped is not None:
        return is_own(address.ipv4_mapped)
    if address.is_loopback:
        return True  # all of 127.0.0.0/8 is, and is reached from 127.0.0.1
    if address.is_multicast or address.is_unspecified or address in _NEVER:
        return False
    return _source_towards(address) == _without_scope(address)


def own_addresses() -> tuple[Address, ...]:
    """List the addresses of this machine's interfaces, global IPv6 too; loopback left out."""
    return tuple(dict.fromkeys(_without_scope(one.ip) for one in own_interfaces()))


def own_networks() -> tuple[IPv4Network, ...]:
    """List the IPv4 networks of the interfaces: what `--lan` means. A point-to-point link is none."""
    found = [one.network for one in own_interfaces() if isinstance(one, IPv4Interface)]
    return tuple(dict.fromkeys(one for one in found if one.num_addresses > 1 and not one.is_link_local))


def own_interfaces() -> tuple[Interface, ...]:
    """List addresses with their networks as the system's interfaces have them; loopback left out."""
    try:
        found = tuple(_getifaddrs())
    except (OSError, AttributeError, TypeError):  # no such function here: what routes tell
        found = tuple(_by_routes())
    return tuple(one for one in found if not one.ip.is_loopback)


def _source_towards(address: Address) -> Address | None:
    """Return the address from which this machine would send to another; None where it could not."""
    family = socket.AF_INET6 if isinstance(address, IPv6Address) else socket.AF_INET
    try:
        with socket.socket(family, socket.SOCK_DGRAM) as udp:
            udp.connect(_endpoint(address))
            return _without_scope(ip_address(udp.getsockname()[0]))
    except (OSError, ValueError, OverflowError):
        return None


def _endpoint(address: Address) -> tuple[str, int] | tuple[str, int, int, int]:
    if not isinstance(address, IPv6Address):
        return str(address), _DISCARD
    scope = address.scope_id
    if scope is None:
        return str(address), _DISCARD, 0, 0
    number = int(scope) if scope.isdecimal() else socket.if_nametoindex(scope)
    return str(_without_scope(address)), _DISCARD, 0, number


def _without_scope(address: Address) -> Address:
    if isinstance(address, IPv6Address) and address.scope_id is not None:
        return IPv6Address(int(address))
    return address


def _by_routes() -> Iterator[Interface]:
    for one in _ELSEWHERE:
        found = _source_towards(ip_address(one))
        if found is not None:
            yield ip_interface(str(found))


class _Linked(ctypes.Structure):
    """The head of `struct ifaddrs` (getifaddrs(3)); the rest is not read."""


_Linked._fields_ = [
    ("next", ctypes.POINTER(_Linked)),
    ("name", ctypes.c_char_p),
    ("flags", ctypes.c_uint),
    ("address", ctypes.c_void_p),
    ("mask", ctypes.c_void_p),
]


@dataclass(frozen=True, slots=True)
class _Raw:
    family: int
    packed: bytes


def _getifaddrs() -> Iterator[Interface]:
    system: Any = ctypes.CDLL(None, use_errno=True)
    first = ctypes.POINTER(_Linked)()
    if system.getifaddrs(ctypes.byref(first)) != 0:
        raise OSError(ctypes.get_errno(), "getifaddrs")
    try:
        at = first
        while bool(at):  # a null pointer is false
            one = at.contents
            with contextlib.suppress(ValueError):
                if (found := _interface(_read(one.address), _read(one.mask))) is not None:
                    yield found
            at = one.next
    finally:
        system.freeifaddrs(first)


def _interface(address: _Raw | None, mask: _Raw | None) -> Interface | None:
    if address is None:
        return None
    length = int.from_bytes(mask.packed).bit_count() if mask is not None else len(address.packed) * 8
    return ip_interface(f"{ip_address(address.packed)}/{length}")


def _read(pointer: int | None) -> _Raw | None:
    """Read a `struct sockaddr` of IPv4 or IPv6; BSD has the length in its first byte, Linux the family in two."""
    if not pointer:
        return None
    head = ctypes.string_at(pointer, 2)
    family = head[1] if sys.platform == "darwin" or "bsd" in sys.platform else int.from_bytes(head, sys.byteorder)
    if family == socket.AF_INET:
        return _Raw(family, ctypes.string_at(pointer + 4, 4))
    if family == socket.AF_INET6:
        return _Raw(family, ctypes.string_at(pointer + 8, 16))
    return None
