"""The HL7 door: MLLP over TLS, for devices granted `orders` (docs/design/orders.md)."""

from primum.doors.hl7.listening import Listener, listen
from primum.doors.hl7.server import Door
from primum.doors.hl7.services import Hl7Services

__all__ = ["Door", "Hl7Services", "Listener", "listen"]
