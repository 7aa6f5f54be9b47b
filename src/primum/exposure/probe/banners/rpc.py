"""Remote procedure calls of ONC over TCP (RFC 5531), as far as NFS needs them: one call, one reply, both short."""

from __future__ import annotations

import secrets
import struct
from typing import TYPE_CHECKING, Final

from primum.exposure.probe.banners.talking import Refused
from primum.exposure.probe.dialling import Unanswered

if TYPE_CHECKING:
    from primum.exposure.probe.dialling import Wire

REPLY_BYTES: Final = 64 * 1024
"""A reply: a list of exports takes some hundred bytes for each."""
_LAST: Final = 0x80000000
_FRAGMENTS: Final = 64
_REJECTED, _MISMATCH = 1, 2
AS_NOBODY: Final = struct.pack(">II", 0, 0)
"""AUTH_NONE."""
AS_UNKNOWN: Final = struct.pack(">IIIIIII", 1, 20, 0, 0, 65534, 65534, 0)
"""AUTH_SYS of a user that no machine knows (RFC 5531 A): no machine name, uid and gid 65534."""


def call(
    wire: Wire, program: int, version: int, procedure: int, arguments: bytes = b"", *, who: bytes = AS_NOBODY
) -> bytes:
    """Return the results of one call. Raises Refused (by the server, with a code), Unanswered."""
    number = secrets.randbits(32)
    body = struct.pack(">IIIIII", number, 0, 2, program, version, procedure) + who + AS_NOBODY + arguments
    wire.send(struct.pack(">I", _LAST | len(body)) + body)
    reply = _record(wire)
    if len(reply) < 24 or struct.unpack_from(">II", reply) != (number, 1):  # noqa: PLR2004 - an accepted reply's head
        raise Unanswered("protocol", "rpc")
    if struct.unpack_from(">I", reply, 8)[0] == _REJECTED:
        raise Refused("rpc-denied")
    size = struct.unpack_from(">I", reply, 16)[0]
    at = 20 + size + (-size % 4)
    if size > 400 or len(reply) < at + 4:  # noqa: PLR2004 - of a verifier (RFC 5531 8.2)
        raise Unanswered("protocol", "rpc")
    (status,) = struct.unpack_from(">I", reply, at)
    if status:
        raise Refused("rpc-version" if status == _MISMATCH else f"rpc-{status}")
    return reply[at + 4 :]


def _record(wire: Wire) -> bytes:
    """Read the fragments of one record (RFC 5531 11)."""
    whole = b""
    for _ in range(_FRAGMENTS):
        (head,) = struct.unpack(">I", wire.receive_exactly(4))
        size = head & ~_LAST
        if len(whole) + size > REPLY_BYTES:
            raise Unanswered("cut", "rpc")
        whole += wire.receive_exactly(size)
        if head & _LAST:
            return whole
    raise Unanswered("protocol", "rpc")
