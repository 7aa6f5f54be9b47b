"""The DICOM door: what enrolled devices may ask for, over TLS (docs/design/dimse.md)."""

from primum.doors.dimse.dialling import Dialler
from primum.doors.dimse.limits import Limits
from primum.doors.dimse.listening import Listener, listen
from primum.doors.dimse.server import Door, run
from primum.doors.dimse.services import DimseServices
from primum.doors.dimse.tally import SharedTally

__all__ = [
    "Dialler", "DimseServices", "Door", "Limits", "Listener", "SharedTally", "listen", "run",
]  # fmt: skip
