"""The doors' certificates, renewed where due, as bundles that are handed to the children."""

from __future__ import annotations

from primum import vault
from primum.app.joints import certificates, ensure_certificates
from primum.ground.clock import SystemClock
from primum.ground.disc import RealDisc
from primum.ground.home import Home
from primum.ground.log import Log
from primum.ground.settings import Settings


def renewed(home: Home, settings: Settings, root: vault.RootKey) -> dict[str, bytes]:
    """Renew what is due at this start; return each door's bundle by the name of its child."""
    shelf = certificates(home, root.derive(vault.Label.CERTIFICATES), SystemClock(), RealDisc())
    for name in ensure_certificates(shelf, settings):
        Log("certificates").info("certificate.renewed", name=name)
    return {"dimse": shelf.door_bundle("dicom"), "web": shelf.door_bundle("web")}
