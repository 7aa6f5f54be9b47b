"""NFS: is it there (NULL), can its root be had without being known (version 4), how many exports are told (mountd).

Nothing is mounted: EXPORT lists (RFC 1813 5.2.5), PUTROOTFH and GETFH give a handle (RFC 7530 16.20, 16.8). Names are
passed over.
"""

from __future__ import annotations

import struct
from functools import partial
from typing import TYPE_CHECKING, Final

from primum.exposure.probe.banners.rpc import AS_UNKNOWN, call
from primum.exposure.probe.banners.talking import Refused, attempt, recognising, service_of
from primum.exposure.probe.dialling import Unanswered
from primum.exposure.probe.model import Family, Identity, Mode, Rung, Service

if TYPE_CHECKING:
    from primum.exposure.probe.dialling import Wire
    from primum.exposure.probe.speaking import Asking

_PORTMAP, _NFS, _MOUNT = 100_000, 100_003, 100_005
_GETPORT, _EXPORT, _COMPOUND = 3, 5, 1
_TCP: Final = 6
_PUTROOTFH, _GETFH = 24, 10
_PORT_MAPPER: Final = 111
_EXPORTS: Final = 2000
_MINOR_VERSION: Final = 10021
"""4.0 is switched off: later ones want a client that is registered first, and are not asked."""
_CODES: Final = {1: "not-owner", 13: "access", 10016: "wrong-security", 10020: "no-file-handle", 2: "no-root"}
"""nfsstat4 (RFC 7530 13.1)."""


class NFSSpeaker:
    """NFS itself, and the port mapper that leads to it."""

    family = Family.NFS
    ports = frozenset({2049, 111})

    def recognise(self, asking: Asking, greeting: bytes) -> Service | None:
        """Call NULL, which does nothing. Raises ProbeRefused, Unanswered."""
        if greeting:
            return None
        if asking.port == _PORT_MAPPER:
            with recognising(asking, "NULL of the port mapper") as wire:
                call(wire, _PORTMAP, 2, 0)
            return service_of(asking, Family.NFS, "port mapper")
        with recognising(asking, "NULL of NFS") as wire:
            if not _is_nfs(wire):
                return None
        return service_of(asking, Family.NFS, "NFS")

    def climb(self, asking: Asking, service: Service) -> None:
        """Ask for the root, and for the number of exports."""
        if asking.port != _PORT_MAPPER:
            attempt(asking, service, Rung.SESSION, Identity.NOBODY, "the root of NFS 4", _root)
        else:
            attempt(
                asking, service, Rung.LIST, Identity.NOBODY, "how many exports mountd tells",
                partial(_exports, asking=asking, service=service),
            )  # fmt: skip


def _is_nfs(wire: Wire) -> bool:
    for version in (4, 3):
        try:
            call(wire, _NFS, version, 0)
        except Refused as refusal:
            if refusal.code == "rpc-version":
                continue
            return refusal.code == "rpc-denied"  # a server that wants to know who asks is one
        return True
    return False


def _root(wire: Wire) -> None:
    """Have the root's handle. Raises Refused, Unanswered."""
    # no tag, minor version 0, two operations
    arguments = struct.pack(">IIIII", 0, 0, 2, _PUTROOTFH, _GETFH)
    results = call(wire, _NFS, 4, _COMPOUND, arguments, who=AS_UNKNOWN)
    if len(results) < 4:  # noqa: PLR2004 - the status
        raise Unanswered("protocol", "nfs")
    (status,) = struct.unpack_from(">I", results)
    if status == _MINOR_VERSION:
        raise Unanswered("protocol", "nfs-minor-version")
    if status:
        raise Refused(_CODES.get(status, f"nfs-{status}"))


def _exports(wire: Wire, asking: Asking, service: Service) -> None:
    """Ask the port mapper where mountd is, then mountd what it exports."""
    port = 0
    for version in (3, 1):
        reply = call(wire, _PORTMAP, 2, _GETPORT, struct.pack(">IIII", _MOUNT, version, _TCP, 0))
        port = struct.unpack_from(">I", reply)[0] if len(reply) >= 4 else 0  # noqa: PLR2004 - a port
        if 0 < port < 65_536:  # noqa: PLR2004 - of TCP
            break
    else:
        raise Refused("no-mountd")
    mountd = asking.dialler.connect(
        asking.address, port, mode=Mode.PLAIN, rung=Rung.LIST, identity=Identity.NOBODY, purpose="exports of mountd"
    )
    with mountd:
        exports = _count(call(mountd, _MOUNT, version, _EXPORT))
    service.notes.append(f"nfs.exports={exports}")
    if not exports:
        raise Refused("no-export")


def _count(reply: bytes) -> int:
    """Count the entries of a linked list of directory and groups."""
    at, exports = 0, 0
    try:
        while struct.unpack_from(">I", reply, at)[0] and exports < _EXPORTS:
            exports += 1
            at = _past(reply, at + 4)
            while struct.unpack_from(">I", reply, at)[0]:
                at = _past(reply, at + 4)
            at += 4
    except struct.error:
        raise Unanswered("protocol", "mountd") from None
    return exports


def _past(reply: bytes, at: int) -> int:
    """Return where what follows a counted text begins."""
    size = int(struct.unpack_from(">I", reply, at)[0])
    return at + 4 + size + (-size % 4)
