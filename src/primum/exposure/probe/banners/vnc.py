"""VNC: the protocol's version, and whether a security type is None (RFC 6143 7.1). The screen is not asked for."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from primum.exposure.probe.banners.talking import Refused, attempt, greeting_of, service_of
from primum.exposure.probe.dialling import Unanswered
from primum.exposure.probe.model import Family, Identity, Rung, Service

if TYPE_CHECKING:
    from primum.exposure.probe.dialling import Wire
    from primum.exposure.probe.speaking import Asking

_NONE: Final = 1
_OLD: Final = (3, 3)
_NEW: Final = (3, 8)


class VNCSpeaker:
    """VNC."""

    family = Family.DESKTOP
    ports = frozenset(range(5900, 5907))

    def recognise(self, asking: Asking, greeting: bytes) -> Service | None:
        """Read the version."""
        said = greeting_of(asking, greeting, self.ports, "the greeting of VNC")
        if not said.startswith(b"RFB ") or len(said) < 12:  # noqa: PLR2004 - RFB 003.008 and a line's end
            return None
        return service_of(asking, Family.DESKTOP, "VNC", said[:11])

    def climb(self, asking: Asking, service: Service) -> None:
        """Ask which security types there are, and choose None where it is one."""
        attempt(asking, service, Rung.SESSION, Identity.NOBODY, "a session without a password", _enter)


def _enter(wire: Wire) -> None:
    version = _version(wire.receive_exactly(12))
    if version <= _OLD:
        wire.send(b"RFB 003.003\n")
        kind = int.from_bytes(wire.receive_exactly(4), "big")
        if kind != _NONE:
            raise Refused("closed" if not kind else "password")
        return
    wire.send(b"RFB 003.008\n" if version >= _NEW else b"RFB 003.007\n")
    kinds = wire.receive_exactly(wire.receive_exactly(1)[0])
    if not kinds:
        raise Refused("closed")
    if _NONE not in kinds:
        raise Refused("password")
    wire.send(bytes([_NONE]))
    if version >= _NEW and any(wire.receive_exactly(4)):
        raise Refused("refused")


def _version(greeting: bytes) -> tuple[int, int]:
    high, low = greeting[4:7], greeting[8:11]
    if not greeting.startswith(b"RFB ") or not high.isdigit() or not low.isdigit():
        raise Unanswered("protocol", "vnc")
    return int(high), int(low)
