"""Oracle's listener: a CONNECT for its version, which it answers or refuses. No sign-in is tried."""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING, Final

from primum.exposure.probe.banners.talking import recognising, service_of
from primum.exposure.probe.model import Family, Service

if TYPE_CHECKING:
    from primum.exposure.probe.speaking import Asking

_CONNECT: Final = 1
_ANSWERS: Final = frozenset({2, 4, 5, 11})
"""Accept, refuse, redirect, resend."""
_PACKET: Final = 8192
_WORDS: Final = b"(CONNECT_DATA=(COMMAND=VERSION))"


class OracleSpeaker:
    """TNS."""

    family = Family.DATABASE
    ports = frozenset({1521})

    def recognise(self, asking: Asking, greeting: bytes) -> Service | None:
        """Ask for the version."""
        if greeting:
            return None
        # version, oldest version, options, unit of data, largest, characteristics, turn-around, one in this order of
        # bytes, length and place of the words, most to be answered, flags
        fixed = struct.pack(">HHHHHHHHHHIBB", 314, 300, 0, 2048, 4096, 0x7F08, 0, 1, len(_WORDS), 58, 0, 1, 1) + bytes(
            24
        )
        with recognising(asking, "the version of an Oracle listener") as wire:
            wire.send(struct.pack(">HHBBH", 8 + len(fixed) + len(_WORDS), 0, _CONNECT, 0, 0) + fixed + _WORDS)
            size, check, kind, _, _ = struct.unpack(">HHBBH", wire.receive_exactly(8))
        if kind not in _ANSWERS or check or not 8 <= size <= _PACKET:  # noqa: PLR2004 - the header's length
            return None
        return service_of(asking, Family.DATABASE, "Oracle")

    def climb(self, asking: Asking, service: Service) -> None:
        """Nothing more is asked."""
