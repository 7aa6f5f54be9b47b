"""PCP (RFC 6887): whether it is spoken, and whether the router sees us under our own address. Nothing is ever mapped.

The protocol has no question about mappings: MAP and PEER make, renew or delete (11.3, 12.3), even with a lifetime of
zero. ANNOUNCE (14.1) alone changes nothing: its answer says that a server is there, and ADDRESS_MISMATCH that an
address translation is between it and us.
"""

from __future__ import annotations

import ipaddress
import struct
from enum import Enum
from typing import TYPE_CHECKING, Final

from primum.exposure.probe.outside.natpmp import PORT
from primum.exposure.probe.outside.upnp import NotUnderstood

if TYPE_CHECKING:
    from primum.exposure.probe.dialling import Dialler
    from primum.exposure.probe.gate import Address

_REQUEST: Final = struct.Struct(">BBHI16s")
"""Version, opcode (ANNOUNCE is 0, R is 0), reserved, lifetime, the client's address (7.1)."""
_ANSWER: Final = struct.Struct(">BBBBII")
"""Version, R and opcode, reserved, result, lifetime, epoch; twelve octets more (7.2)."""
_VERSION: Final = 2
_ANSWERED: Final = 0x80
_ADDRESS_MISMATCH: Final = 12
_UNSUPPORTED_VERSION: Final = 1
_TRIES: Final = 3


class Pcp(Enum):
    """What an ANNOUNCE tells."""

    SPOKEN = "spoken"
    SPOKEN_BEHIND_NAT = "spoken-behind-nat"
    NOT_SPOKEN = "not-spoken"


def announce(dialler: Dialler, gateway: Address) -> Pcp:
    """Ask whether PCP is spoken. Raises ProbeRefused, Unanswered, NotUnderstood."""
    source = ipaddress.ip_address(dialler.source_toward(str(gateway)).partition("%")[0])
    client = source.packed if source.version == 6 else b"\x00" * 10 + b"\xff\xff" + source.packed  # noqa: PLR2004
    question = _REQUEST.pack(_VERSION, 0, 0, 0, client)
    answer = dialler.ask_datagram(str(gateway), PORT, [question] * _TRIES, purpose="pcp-announce")
    if len(answer) < 4:  # noqa: PLR2004 (NAT-PMP's refusal of the version: RFC 6887 9)
        raise NotUnderstood("short")
    if answer[0] == 0 or answer[3] == _UNSUPPORTED_VERSION:
        return Pcp.NOT_SPOKEN
    if len(answer) < _ANSWER.size or answer[1] != _ANSWERED:
        raise NotUnderstood("opcode")
    return Pcp.SPOKEN_BEHIND_NAT if answer[3] == _ADDRESS_MISMATCH else Pcp.SPOKEN
