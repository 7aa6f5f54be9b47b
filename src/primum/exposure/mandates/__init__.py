"""Who allowed a probe: documents, signed, kept and withdrawn; proofs of control are in probe/proving.py."""

from typing import TYPE_CHECKING

from primum.ground.front import front

if TYPE_CHECKING:
    from primum.exposure.mandates.errors import (
        BadWish,
        MandateFromStranger,
        MandateNotSigned,
        MandateWithdrawn,
        NameUnknown,
        NoSuchMandate,
    )
    from primum.exposure.mandates.making import Pinned, Wish, make, pin, read_held, read_ports, read_until
    from primum.exposure.mandates.rules import mandate_rules
    from primum.exposure.mandates.signing import Hand, key_id, read_file, sign, verified, write_file
else:
    __getattr__, __dir__, __all__ = front(__file__, __name__)
