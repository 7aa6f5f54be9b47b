"""MongoDB: hello, and whether listDatabases is answered to nobody. Databases are counted, names passed over."""

from __future__ import annotations

import struct
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from primum.exposure.probe.banners.talking import Refused, attempt, recognising, service_of
from primum.exposure.probe.dialling import Unanswered
from primum.exposure.probe.model import Family, Identity, Rung, Service

if TYPE_CHECKING:
    from primum.exposure.probe.dialling import Wire
    from primum.exposure.probe.speaking import Asking

_OP_MSG: Final = 2013
_MESSAGE: Final = 64 * 1024
_DEPTH: Final = 8
_FIXED: Final = {0x01: 8, 0x07: 12, 0x08: 1, 0x09: 8, 0x0A: 0, 0x10: 4, 0x11: 8, 0x12: 8, 0x13: 16, 0xFF: 0, 0x7F: 0}
"""Lengths of elements that have one (BSON 1.1)."""
_TEXTS: Final = frozenset({0x02, 0x0D, 0x0E})
_DOCUMENTS: Final = frozenset({0x03, 0x04})
_BINARY: Final = 0x05


@dataclass(slots=True)
class _Seen:
    """What is wanted of a document: whether it is well, an error's number, how many elements `databases` has."""

    ok: bool = False
    code: int = 0
    databases: int = 0


class MongoDBSpeaker:
    """MongoDB."""

    family = Family.DATABASE
    ports = frozenset({27017, 27018})

    def recognise(self, asking: Asking, greeting: bytes) -> Service | None:
        """Say hello."""
        if greeting:
            return None
        with recognising(asking, "hello of MongoDB") as wire:
            _ask(wire, "hello")
        return service_of(asking, Family.DATABASE, "MongoDB")

    def climb(self, asking: Asking, service: Service) -> None:
        """Ask how many databases there are."""

        def count(wire: Wire) -> None:
            seen = _ask(wire, "listDatabases")
            if not seen.ok:
                raise Refused(str(seen.code))
            service.notes.append(f"mongodb.databases={seen.databases}")

        attempt(asking, service, Rung.SESSION, Identity.NOBODY, "how many databases it has", count)


def _ask(wire: Wire, command: str) -> _Seen:
    name = command.encode("ascii") + b"\x00"
    more = b"\x08nameOnly\x00\x01" if command == "listDatabases" else b""
    elements = b"\x10" + name + struct.pack("<i", 1) + more + b"\x02$db\x00" + struct.pack("<i", 6) + b"admin\x00"
    document = struct.pack("<i", len(elements) + 5) + elements + b"\x00"
    body = struct.pack("<IB", 0, 0) + document
    wire.send(struct.pack("<iiii", 16 + len(body), 1, 0, _OP_MSG) + body)
    size, _, answers, kind = struct.unpack("<iiii", wire.receive_exactly(16))
    if not 26 <= size <= _MESSAGE or answers != 1 or kind != _OP_MSG:  # noqa: PLR2004 - the least message
        raise Unanswered("protocol", "mongodb")
    seen = _Seen()
    try:
        _walk(wire.receive_exactly(size - 16)[5:], 0, seen)
    except (struct.error, IndexError):
        raise Unanswered("protocol", "bson") from None
    return seen


def _walk(data: bytes, depth: int, seen: _Seen) -> int:
    """Pass over a document; return how many elements it has. Raises struct.error, IndexError, Unanswered."""
    if depth > _DEPTH:
        raise Unanswered("protocol", "bson")
    (size,) = struct.unpack_from("<i", data)
    at, end, elements = 4, size - 1, 0
    while at < end and data[at]:
        kind, stop = data[at], data.index(b"\x00"[0], at + 1) if b"\x00" in data[at + 1 :] else -1
        if stop < 0:
            raise Unanswered("protocol", "bson")
        name = bytes(data[at + 1 : stop]) if depth == 0 else b""
        at = _element(data, stop + 1, kind, name, depth, seen)
        elements += 1
    return elements


def _element(  # noqa: PLR0917 - a place in the data, and what stands there
    data: bytes, at: int, kind: int, name: bytes, depth: int, seen: _Seen
) -> int:
    """Pass over one value; return where the next element begins."""
    if kind in _FIXED:
        if name == b"ok":
            seen.ok = struct.unpack_from("<d", data, at)[0] == 1 if kind == 1 else any(data[at : at + _FIXED[kind]])
        if name == b"code":
            (seen.code,) = struct.unpack_from("<i", data, at)
        return at + _FIXED[kind]
    size = int(struct.unpack_from("<i", data, at)[0])
    if size < 0:
        raise Unanswered("protocol", "bson")
    if kind in _TEXTS:
        return at + 4 + size
    if kind == _BINARY:
        return at + 5 + size
    if kind in _DOCUMENTS and size >= 5:  # noqa: PLR2004 - the least document
        elements = _walk(data[at : at + size], depth + 1, seen)
        if name == b"databases":
            seen.databases = elements
        return at + size
    raise Unanswered("protocol", "bson")
