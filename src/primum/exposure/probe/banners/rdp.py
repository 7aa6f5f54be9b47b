"""Remote Desktop: does it want to know who comes before it shows a desktop (NLA)? [MS-RDPBCGR] 2.2.1.1."""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING, Final

from primum.exposure.probe.banners.talking import recognising, service_of
from primum.exposure.probe.dialling import Unanswered
from primum.exposure.probe.model import Family, Service

if TYPE_CHECKING:
    from primum.exposure.probe.dialling import Wire
    from primum.exposure.probe.speaking import Asking

_ONLY_OLD: Final = 0
_CONFIRM: Final = 0xD0
_RESPONSE, _FAILURE = 2, 3
_TLS_REQUIRED, _NLA_REQUIRED, _NLA_REQUIRED_TOO = 1, 5, 6


class RDPSpeaker:
    """Remote Desktop."""

    family = Family.DESKTOP
    ports = frozenset({3389, 3390})

    def recognise(self, asking: Asking, greeting: bytes) -> Service | None:
        """Offer the oldest security alone: the refusal names what is wanted."""
        if greeting:
            return None
        with recognising(asking, "Remote Desktop: whether it asks who comes first (NLA)") as wire:
            kind, value = _negotiate(wire)
        service = service_of(asking, Family.DESKTOP, "Remote Desktop")
        if kind == _FAILURE and value in {_NLA_REQUIRED, _NLA_REQUIRED_TOO}:
            service.notes.append("rdp.nla")
        elif kind == _FAILURE and value == _TLS_REQUIRED:
            service.notes.append("rdp.tls-without-nla")
        else:
            service.notes.append("rdp.no-nla")
        return service

    def climb(self, asking: Asking, service: Service) -> None:
        """Nothing more is asked: every session has a name and a password."""


def _negotiate(wire: Wire) -> tuple[int, int]:
    request = struct.pack("<BBHI", 1, 0, 8, _ONLY_OLD)
    # TPKT (RFC 1006), X.224 connection request of class 0
    wire.send(struct.pack(">BBHBBHHB", 3, 0, 11 + len(request), 6 + len(request), 0xE0, 0, 0, 0) + request)
    head = wire.receive_exactly(11)
    version, _, size, _, kind, _, _, _ = struct.unpack(">BBHBBHHB", head)
    if version != 3 or kind != _CONFIRM or not 11 <= size <= 512:  # noqa: PLR2004 - TPKT, the least and more than enough
        raise Unanswered("protocol", "rdp")
    more = wire.receive_exactly(size - 11)
    if len(more) < 8:  # noqa: PLR2004 - a server of before 2003 says nothing
        return _RESPONSE, 0
    return more[0], struct.unpack_from("<I", more, 4)[0]
