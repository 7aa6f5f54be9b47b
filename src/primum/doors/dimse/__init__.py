"""The DICOM door: C-ECHO and C-STORE over TLS, from enrolled devices only (docs/design/dimse.md)."""

from primum.doors.dimse.intake import Intake, PairIntake
from primum.doors.dimse.limits import Limits
from primum.doors.dimse.listening import Listener, listen
from primum.doors.dimse.server import Door, run
from primum.doors.dimse.services import DimseServices, FreeSpace
from primum.doors.dimse.tally import SharedTally

__all__ = [
    "DimseServices", "Door", "FreeSpace", "Intake", "Limits", "Listener", "PairIntake", "SharedTally", "listen", "run",
]  # fmt: skip
