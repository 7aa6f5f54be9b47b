"""PostgreSQL: does it let `postgres` in without a password? The session is ended at once; nothing is asked in it."""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING, Final

from primum.exposure.probe.banners.talking import Refused, attempt, recognising, service_of
from primum.exposure.probe.dialling import Unanswered
from primum.exposure.probe.model import Family, Identity, Rung, Service

if TYPE_CHECKING:
    from primum.exposure.probe.dialling import Wire
    from primum.exposure.probe.speaking import Asking

_VERSION: Final = 3 << 16
_MESSAGE: Final = 16 * 1024
_WAYS: Final = {2: "kerberos", 3: "password", 5: "password", 7: "gssapi", 9: "sspi", 10: "password"}
"""Authentication requests (55.7 of the manual)."""
_STATE: Final = b"C"
_FIELDS: Final = 40


class PostgreSQLSpeaker:
    """PostgreSQL in clear."""

    family = Family.DATABASE
    ports = frozenset({5432, 5433})

    def recognise(self, asking: Asking, greeting: bytes) -> Service | None:
        """Begin a session: whoever asks for a password or refuses in this protocol speaks it."""
        if greeting:
            return None
        with recognising(asking, "PostgreSQL: how it wants to be signed in to") as wire:
            try:
                _begin(wire)
            except Refused as refusal:
                if refusal.code == "not-postgresql":
                    return None
        return service_of(asking, Family.DATABASE, "PostgreSQL")

    def climb(self, asking: Asking, service: Service) -> None:
        """Say to be postgres, with no password."""
        attempt(asking, service, Rung.SESSION, Identity.GUEST, "a session as postgres without a password", _begin)


def _begin(wire: Wire) -> None:
    """Begin a session. Raises Refused, Unanswered."""
    words = b"user\x00postgres\x00database\x00postgres\x00application_name\x00primum-probe\x00\x00"
    wire.send(struct.pack(">II", 8 + len(words), _VERSION) + words)
    kind = wire.receive_exactly(1)
    if kind not in {b"R", b"E"}:
        raise Refused("not-postgresql")
    (size,) = struct.unpack(">I", wire.receive_exactly(4))
    if not 8 <= size <= _MESSAGE:  # noqa: PLR2004 - length and a number
        raise Refused("not-postgresql")
    body = wire.receive_exactly(size - 4)
    if kind == b"E":
        raise Refused(_sqlstate(body))
    (way,) = struct.unpack_from(">I", body)
    if way:
        raise Refused(_WAYS.get(way, "password"))
    wire.send(b"X\x00\x00\x00\x04")


def _sqlstate(body: bytes) -> str:
    """Return the state of an error, which has no text in it. Raises Unanswered."""
    for one in body.split(b"\x00")[:_FIELDS]:
        if one.startswith(_STATE) and len(one) == 6 and one[1:].isalnum():  # noqa: PLR2004 - five characters
            return one[1:].decode("ascii")
    raise Unanswered("protocol", "postgresql")
