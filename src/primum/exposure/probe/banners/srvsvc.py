"""How many shares a server has: NetrShareEnum ([MS-SRVS] 3.1.4.8) over DCE/RPC (C706 12). Names are passed over."""

from __future__ import annotations

import struct
from typing import Final
from uuid import UUID

from primum.exposure.probe.banners.talking import Refused
from primum.exposure.probe.dialling import Unanswered

_SRVSVC: Final = UUID("4b324fc8-1670-01d3-1278-5a47bf6ee188").bytes_le
_NDR: Final = UUID("8a885d04-1ceb-11c9-9fe8-08002b104860").bytes_le
_BIND, _BIND_ACK, _REQUEST, _RESPONSE = 11, 12, 0, 2
_SHARE_ENUM: Final = 15
_MOST: Final = 4000
"""Shares: a print server has hundreds."""
_HEADER: Final = 24
_DISC: Final = 0
_KIND: Final = 0x0FFFFFFF


def _pdu(kind: int, body: bytes) -> bytes:
    return struct.pack("<BBBBIHHI", 5, 0, kind, 3, 0x10, 16 + len(body), 0, 1) + body


BIND: Final = _pdu(
    _BIND,
    struct.pack("<HHIBBHHBB", 4280, 4280, 0, 1, 0, 0, 0, 1, 0)
    + _SRVSVC
    + struct.pack("<HH", 3, 0)
    + _NDR
    + struct.pack("<I", 2),
)
"""Binds to the server service, NDR."""


def share_enum(host: str) -> bytes:
    """Return the request: level 1, everything at once."""
    name = f"\\\\{host}\x00"
    encoded = name.encode("utf-16-le")
    stub = struct.pack("<IIII", 0x20000, len(name), 0, len(name)) + encoded + bytes(-len(encoded) % 4)
    stub += struct.pack("<IIIII", 1, 1, 0x20004, 0, 0)  # level, its switch, the container: no entries, no array
    stub += struct.pack("<III", 0xFFFFFFFF, 0x20008, 0)  # as long as it may be; a handle that begins
    return _pdu(_REQUEST, struct.pack("<IHH", len(stub), 0, _SHARE_ENUM) + stub)


def bound(pdu: bytes) -> bool:
    """Tell whether the bind was acknowledged."""
    return len(pdu) > 2 and pdu[2] == _BIND_ACK  # noqa: PLR2004 - the type's place


def shares_in(pdu: bytes) -> int:
    """Count the shares of discs in an answer. Raises Refused, Unanswered."""
    if len(pdu) < _HEADER + 16 or pdu[2] != _RESPONSE:
        raise Refused("fault")
    stub = pdu[_HEADER:]
    level, switch, container = struct.unpack_from("<III", stub)
    if level != 1 or switch != 1:
        raise Unanswered("protocol", "srvsvc")
    entries, array = struct.unpack_from("<II", stub, 12) if container and len(stub) >= 20 else (0, 0)  # noqa: PLR2004
    if not array:
        (result,) = struct.unpack_from("<I", stub, len(stub) - 4)
        if result:
            raise Refused("access-denied" if result == 5 else str(result))  # noqa: PLR2004 - of Windows
        return 0
    if entries > _MOST:
        return _MOST
    # the array: its size, then for each share name, type, remark; the texts follow
    places = range(28, 28 + 12 * entries, 12)
    kinds = [struct.unpack_from("<I", stub, one)[0] for one in places if one + 4 <= len(stub)]
    return sum(one & _KIND == _DISC for one in kinds)
