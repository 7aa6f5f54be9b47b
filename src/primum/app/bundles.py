"""The doors' certificates, renewed where due, as bundles that are handed to the children."""

from __future__ import annotations

from primum import vault
from primum.app.joints import box
from primum.ground.clock import Clock, SystemClock
from primum.ground.disc import Disc, RealDisc
from primum.ground.home import Home
from primum.ground.log import Log
from primum.ground.settings import Settings
from primum.identity.certificates import Certificates


def renewed(home: Home, settings: Settings, root: vault.RootKey) -> dict[str, bytes]:
    """Renew what is due at this start; return each door's bundle by the name of its child."""
    shelf = certificates(home, root.derive(vault.Label.CERTIFICATES), SystemClock(), RealDisc())
    for name in ensure_certificates(shelf, settings):
        Log("certificates").info("certificate.renewed", name=name)
    dicom = shelf.door_bundle("dicom")
    return {"dimse": dicom, "hl7": dicom, "web": shelf.door_bundle("web")}


def certificates(home: Home, key: bytes, clock: Clock, disc: Disc) -> Certificates:
    """Open the shelf of certificates with its sub-key."""
    return Certificates(home.folder / "certificates", box(key), clock, disc)


def ensure_certificates(shelf: Certificates, settings: Settings) -> list[str]:
    """Renew what is due for these settings; return the names of what was made."""
    return shelf.ensure(settings.web_name, [settings.web_address], [settings.dicom_address])
