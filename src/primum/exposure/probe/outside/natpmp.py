"""NAT-PMP (RFC 6886): the outer address alone. Mappings cannot be listed by it: to ask about one is to make it."""

from __future__ import annotations

import ipaddress
import struct
from typing import TYPE_CHECKING, Final

from primum.exposure.probe.outside.upnp import NotUnderstood

if TYPE_CHECKING:
    from primum.exposure.probe.dialling import Dialler
    from primum.exposure.probe.gate import Address

PORT: Final = 5351
"""Where NAT-PMP and PCP are answered (RFC 6886 3.1, RFC 6887 19.3)."""

_REQUEST: Final = bytes([0, 0])
"""Version 0, opcode 0: the external address (RFC 6886 3.2)."""
_ANSWER: Final = struct.Struct(">BBHI4s")
_HEAD: Final = struct.Struct(">BBH")
_OPCODE: Final = 128
_TRIES: Final = 3


def ask_outer_address(dialler: Dialler, gateway: Address) -> Address | None:
    """Return the router's outer address; None where it answers and does not know it.

    Raises ProbeRefused, Unanswered, NotUnderstood (`version`: it speaks PCP alone).
    """
    answer = dialler.ask_datagram(str(gateway), PORT, [_REQUEST] * _TRIES, purpose="nat-pmp-address")
    if len(answer) < _HEAD.size:
        raise NotUnderstood("short")
    version, opcode, result = _HEAD.unpack_from(answer)
    if version != 0:
        raise NotUnderstood("version")
    if opcode != _OPCODE:
        raise NotUnderstood("opcode")
    if result or len(answer) < _ANSWER.size:
        return None
    outer = ipaddress.IPv4Address(_ANSWER.unpack_from(answer)[4])
    return outer if int(outer) else None
