"""X11: does the display take whoever comes? The set-up of a connection without a cookie, and nothing after it."""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING, Final

from primum.exposure.probe.banners.talking import Refused, attempt, recognising, service_of
from primum.exposure.probe.dialling import Unanswered
from primum.exposure.probe.model import Family, Identity, Rung, Service

if TYPE_CHECKING:
    from primum.exposure.probe.dialling import Wire
    from primum.exposure.probe.speaking import Asking

_FAILED, _SUCCESS, _MORE = 0, 1, 2
_PROTOCOL: Final = 11


class X11Speaker:
    """A display over TCP."""

    family = Family.DESKTOP
    ports = frozenset(range(6000, 6005))

    def recognise(self, asking: Asking, greeting: bytes) -> Service | None:
        """Begin a connection: a refusal is in the protocol too."""
        if greeting:
            return None
        with recognising(asking, "the set-up of X11") as wire:
            _set_up(wire)
        return service_of(asking, Family.DESKTOP, "X11")

    def climb(self, asking: Asking, service: Service) -> None:
        """Begin a connection without a cookie."""
        attempt(asking, service, Rung.SESSION, Identity.NOBODY, "a connection without a cookie", _enter)


def _set_up(wire: Wire) -> int:
    """Return how the set-up ended. Raises Unanswered."""
    # least significant byte first, protocol 11.0, neither name nor data of an authorisation
    wire.send(struct.pack("<BBHHHHH", 0x6C, 0, _PROTOCOL, 0, 0, 0, 0))
    outcome, _, major, minor, _ = struct.unpack("<BBHHH", wire.receive_exactly(8))
    if outcome not in {_FAILED, _SUCCESS, _MORE} or (outcome != _MORE and (major != _PROTOCOL or minor)):
        raise Unanswered("protocol", "x11")
    return int(outcome)


def _enter(wire: Wire) -> None:
    if _set_up(wire) != _SUCCESS:
        raise Refused("no-cookie")
