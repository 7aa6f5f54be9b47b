"""HL7 v2 over MLLP: a query about nobody, so that nothing is written and no patient is asked for.

NMQ^N01 (2.4, application management) asks another system for its own statistics. Any acknowledgement of it, whatever
it says, shows that messages of strangers are read.
"""

from __future__ import annotations

import secrets
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final

from primum.exposure.probe.banners.talking import Refused, attempt, recognising, service_of
from primum.exposure.probe.dialling import TITLE, Unanswered
from primum.exposure.probe.model import Family, Identity, Mode, Rung, Service

if TYPE_CHECKING:
    from primum.exposure.probe.dialling import Wire
    from primum.exposure.probe.speaking import Asking

_BEGIN, _END = b"\x0b", b"\x1c\x0d"
_FRAME: Final = 16 * 1024
"""An acknowledgement has some hundred bytes."""


class HL7Speaker:
    """MLLP in clear, and in TLS."""

    family = Family.HL7
    ports = frozenset({2575, 12575, 6661, 6671})

    def recognise(self, asking: Asking, greeting: bytes) -> Service | None:
        """Send the query: who answers in a frame speaks MLLP; where it is usual, so does who keeps the frame."""
        if greeting and not greeting.startswith(_BEGIN):
            return None
        usual = asking.port in self.ports
        mode = Mode.PLAIN
        try:
            with recognising(asking, "HL7: a query about nobody") as wire:
                speaks = _keeps(wire, usual=usual)
        except Unanswered:
            if not usual:
                raise
            mode = Mode.TLS
            with recognising(asking, "HL7: a query about nobody", mode) as wire:
                speaks = _keeps(wire, usual=usual)
        if not speaks:
            return None
        return service_of(asking, Family.HL7, "HL7", mode=mode)

    def climb(self, asking: Asking, service: Service) -> None:
        """Ask in the mode in which it was recognised; over TLS with a stranger's certificate too."""
        mode = service.steps[0].mode
        attempt(asking, service, Rung.ANSWER, Identity.NOBODY, "a query about nobody", _answered, mode=mode)
        if mode is Mode.TLS:
            attempt(
                asking, service, Rung.ANSWER, Identity.NOBODY, "a query about nobody", _answered, mode=Mode.TLS_FOREIGN
            )


def _query() -> bytes:
    now = datetime.now(UTC).strftime("%Y%m%d%H%M%S")
    control = secrets.token_hex(8)
    segments = (
        f"MSH|^~\\&|{TITLE}||||{now}||NMQ^N01^NMQ_N01|{control}|P|2.4",
        f"QRD|{now}|R|I|{control}|||1^RD||OTH|STAT",
        "NST|N",
    )
    return _BEGIN + "".join(f"{one}\r" for one in segments).encode("ascii") + _END


def _keeps(wire: Wire, *, usual: bool) -> bool:
    """Tell whether the query was answered in a frame, or taken in silence by a port of HL7."""
    wire.send(_query())
    try:
        said = wire.receive(1)
    except Unanswered as over:
        return usual and over.how == "silent"
    return said == _BEGIN


def _answered(wire: Wire) -> None:
    wire.send(_query())
    try:
        frame = _frame(wire)
    except Unanswered as over:
        if over.how == "silent":
            raise Refused("no-answer") from None
        raise
    if b"\rMSA|" not in frame.replace(b"\n", b"\r"):
        raise Refused("no-acknowledgement")


def _frame(wire: Wire) -> bytes:
    held = bytearray()
    while _END not in held:
        if len(held) > _FRAME:
            raise Unanswered("cut", "hl7")
        part = wire.receive(1024)
        if not part:
            raise Refused("closed")
        held += part
        if not held.startswith(_BEGIN):
            raise Unanswered("protocol", "hl7")
    return bytes(held)
