"""Redis: PING. Whoever is answered PONG may read and write everything."""

from __future__ import annotations

from typing import TYPE_CHECKING

from primum.exposure.probe.banners.talking import Refused, attempt, recognising, service_of
from primum.exposure.probe.model import Family, Identity, Rung, Service

if TYPE_CHECKING:
    from primum.exposure.probe.dialling import Wire
    from primum.exposure.probe.speaking import Asking

_REFUSALS = (b"-NOAUTH", b"-DENIED", b"-NOPERM", b"-WRONGPASS")


class RedisSpeaker:
    """Redis and what speaks like it."""

    family = Family.DATABASE
    ports = frozenset({6379})

    def recognise(self, asking: Asking, greeting: bytes) -> Service | None:
        """Ping it."""
        if greeting and not greeting.startswith(b"-DENIED"):
            return None
        with recognising(asking, "PING of Redis") as wire:
            said = _ping(wire)
        if said != b"+PONG" and not said.startswith(_REFUSALS):
            return None
        return service_of(asking, Family.DATABASE, "Redis")

    def climb(self, asking: Asking, service: Service) -> None:
        """Ping it again, as the rung."""
        attempt(asking, service, Rung.SESSION, Identity.NOBODY, "PING without a password", _pong)


def _ping(wire: Wire) -> bytes:
    wire.send(b"PING\r\n")
    return wire.receive(256).split(b"\r\n", 1)[0]


def _pong(wire: Wire) -> None:
    said = _ping(wire)
    if said != b"+PONG":
        raise Refused(said[1:].split(b" ", 1)[0].decode("ascii", "replace").lower()[:16] or "closed")
