"""Small pieces that join two rooms which may not know each other."""

from __future__ import annotations

from collections.abc import Mapping

from primum import vault
from primum.ground.clock import Clock
from primum.ground.disc import Disc
from primum.ground.home import Home
from primum.ground.settings import Settings
from primum.identity.certificates import Certificates, SealedBox
from primum.journal import BY_NAME, Fact, Journal


class Recorder:
    """How identity writes into the journal: by the name of the kind."""

    def __init__(self, journal: Journal) -> None:
        """Write into `journal`."""
        self._journal = journal

    def __call__(self, kind: str, actor: str, subject: str, details: Mapping[str, str | int]) -> None:
        """Record one fact. Raises what Journal.record raises; KeyError for a kind that does not exist."""
        self._journal.record(Fact(BY_NAME[kind], actor, subject, details))


def box(key: bytes) -> SealedBox:
    """Make a box that seals small secrets under one sub-key."""
    return SealedBox(key, vault.seal_small, vault.open_small)


def certificates(home: Home, key: bytes, clock: Clock, disc: Disc) -> Certificates:
    """Open the shelf of certificates with its sub-key."""
    return Certificates(home.folder / "certificates", box(key), clock, disc)


def ensure_certificates(shelf: Certificates, settings: Settings) -> list[str]:
    """Renew what is due for these settings; return the names of what was made."""
    return shelf.ensure(settings.web_name, [settings.web_address], [settings.dicom_address])
