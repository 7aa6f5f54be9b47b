"""Every packet that leaves a namespace, by a packet socket of our own, and those that nobody had allowed.

The score counts them: a probe that finds every hole and asks one address too many has failed. ARP is counted apart (it
says who has an address of this link, and is the system's); loopback is the prober's own.
"""

from __future__ import annotations

import socket
import struct
import threading
from collections import Counter
from dataclasses import dataclass, field
from ipaddress import IPv4Address
from typing import Final, Self

from tests.trials import spaces

_ALL: Final = 0x0003
_IPV4: Final = 0x0800
_ARP: Final = 0x0806
_OUTGOING: Final = 4
_TCP: Final = 6
_SNAP: Final = 96
_ROOM: Final = 64 << 20
_SO_RCVBUFFORCE: Final = 33
_SOL_PACKET: Final = 263
_PACKET_STATISTICS: Final = 6


@dataclass(slots=True)
class Seen:
    """What left: TCP by address and port, and everything else by what it was."""

    tcp: Counter[tuple[str, int]] = field(default_factory=Counter)
    other: Counter[str] = field(default_factory=Counter)
    arp: Counter[str] = field(default_factory=Counter)
    lost: int = 0

    def beyond(self, allowed: set[tuple[str, int]]) -> list[str]:
        """List what was sent to whom nobody had allowed, ports and protocols alike."""
        wrong = [f"tcp {address}:{port} ({count})" for (address, port), count in self.tcp.items()
                 if (address, port) not in allowed]  # fmt: skip
        wrong += [f"{what} ({count})" for what, count in self.other.items()]
        return wrong + ([f"{self.lost} packets not seen by the capture"] if self.lost else [])


class Capture:
    """Runs from entering to leaving."""

    def __init__(self, space: str) -> None:
        """In a namespace, on all its interfaces."""
        with spaces.inside(space):
            self._socket = socket.socket(socket.AF_PACKET, socket.SOCK_DGRAM, socket.htons(_ALL))
        self._socket.setsockopt(socket.SOL_SOCKET, _SO_RCVBUFFORCE, _ROOM)
        self._socket.settimeout(0.2)
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._read, daemon=True)
        self.seen = Seen()

    def __enter__(self) -> Self:
        """Begin."""
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        """Read what is left, and end."""
        self._stop.set()
        self._thread.join(30)
        self._socket.close()

    def _read(self) -> None:
        while True:
            try:
                data, (interface, protocol, kind, _hardware, _address) = self._socket.recvfrom(_SNAP)
            except TimeoutError:
                if self._stop.is_set():
                    break
                continue
            if kind == _OUTGOING and interface != "lo":
                self._count(protocol, data)
        _packets, self.seen.lost = struct.unpack("II", self._socket.getsockopt(_SOL_PACKET, _PACKET_STATISTICS, 8))

    def _count(self, protocol: int, data: bytes) -> None:
        if protocol == _ARP:
            self.seen.arp[str(IPv4Address(data[24:28]))] += 1
            return
        if protocol != _IPV4:
            self.seen.other[f"ethertype {protocol:#06x}"] += 1
            return
        length, target = (data[0] & 15) * 4, str(IPv4Address(data[16:20]))
        if data[9] == _TCP:
            self.seen.tcp[target, int.from_bytes(data[length + 2 : length + 4], "big")] += 1
        else:
            port = int.from_bytes(data[length + 2 : length + 4], "big")
            self.seen.other[f"protocol {data[9]} to {target}:{port}"] += 1
