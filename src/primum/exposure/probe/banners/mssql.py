"""SQL Server: PRELOGIN ([MS-TDS] 2.2.6.5), which says its version before anybody signs in. No sign-in is tried."""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING, Final

from primum.exposure.probe.banners.talking import recognising, service_of
from primum.exposure.probe.dialling import Unanswered
from primum.exposure.probe.model import Family, Service

if TYPE_CHECKING:
    from primum.exposure.probe.speaking import Asking

_PRELOGIN, _TABULAR = 0x12, 0x04
_VERSION, _ENCRYPTION, _END = 0x00, 0x01, 0xFF
_NOT_SUPPORTED: Final = 0x02
_PACKET: Final = 4096


class SQLServerSpeaker:
    """SQL Server."""

    family = Family.DATABASE
    ports = frozenset({1433})

    def recognise(self, asking: Asking, greeting: bytes) -> Service | None:
        """Ask for the version."""
        if greeting:
            return None
        options = (
            struct.pack(">BHHBHHB", _VERSION, 11, 6, _ENCRYPTION, 17, 1, _END) + bytes(6) + bytes([_NOT_SUPPORTED])
        )
        with recognising(asking, "PRELOGIN of SQL Server") as wire:
            wire.send(struct.pack(">BBHHBB", _PRELOGIN, 1, 8 + len(options), 0, 1, 0) + options)
            head = wire.receive_exactly(8)
            size = int.from_bytes(head[2:4], "big")
            if head[0] != _TABULAR or not 8 < size <= _PACKET:  # noqa: PLR2004 - the header's length
                raise Unanswered("protocol", "tds")
            body = wire.receive_exactly(size - 8)
        return service_of(asking, Family.DATABASE, "SQL Server", _version(body))

    def climb(self, asking: Asking, service: Service) -> None:
        """Nothing more is asked: every session of SQL Server has a name and a password."""


def _version(body: bytes) -> bytes:
    if len(body) < 5 or body[0] != _VERSION:  # noqa: PLR2004 - one option
        raise Unanswered("protocol", "tds")
    at = int.from_bytes(body[1:3], "big")
    if len(body) < at + 4:
        raise Unanswered("protocol", "tds")
    return f"{body[at]}.{body[at + 1]}.{int.from_bytes(body[at + 2 : at + 4], 'big')}".encode("ascii")
