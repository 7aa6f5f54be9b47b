"""Programs of remote support that wait for calls: TeamViewer and AnyDesk, known by what they say first."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from primum.exposure.probe.banners.talking import greeting_of, recognising, service_of
from primum.exposure.probe.model import Family, Mode, Service

if TYPE_CHECKING:
    from primum.exposure.probe.speaking import Asking

_TEAMVIEWER: Final = b"\x17\x24"
_ANYDESK_PORT: Final = 7070


class SupportSpeaker:
    """TeamViewer and AnyDesk."""

    family = Family.DESKTOP
    ports = frozenset({5938, _ANYDESK_PORT})

    def recognise(self, asking: Asking, greeting: bytes) -> Service | None:
        """Read a greeting, or look at the name in a certificate."""
        if asking.port == _ANYDESK_PORT and not greeting:
            return _anydesk(asking)
        said = greeting_of(asking, greeting, self.ports, "the greeting of TeamViewer")
        return service_of(asking, Family.DESKTOP, "TeamViewer") if said.startswith(_TEAMVIEWER) else None

    def climb(self, asking: Asking, service: Service) -> None:
        """Nothing more is asked: what comes after is theirs alone."""


def _anydesk(asking: Asking) -> Service | None:
    with recognising(asking, "the certificate of AnyDesk", Mode.TLS) as wire:
        side = wire.tls()
        certificate = side.getpeercert(binary_form=True) if side else None
    if not certificate or b"AnyDesk" not in certificate:
        return None
    return service_of(asking, Family.DESKTOP, "AnyDesk", mode=Mode.TLS)
