"""What the speakers of this folder share: one exchange on one connection, told as a step."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Final

from primum.exposure.probe.dialling import Unanswered
from primum.exposure.probe.gate import ProbeRefused
from primum.exposure.probe.model import Family, Identity, Mode, Outcome, Rung, Service, Step

if TYPE_CHECKING:
    from primum.exposure.probe.dialling import Wire
    from primum.exposure.probe.speaking import Asking

RECOGNISE_SECONDS: Final = 4
"""To say what it is, for who was asked in its own language: who needs longer does not speak it."""

_LINE: Final = 4096
"""Of a line of text: RFC 959 and the like know lines of some hundred."""


class Refused(Exception):
    """The other side refused. `code` is of our making or a number of theirs."""

    def __init__(self, code: str) -> None:
        """Keep the code."""
        super().__init__(code)
        self.code = code


def opened(asking: Asking, rung: Rung, purpose: str, identity: Identity = Identity.NOBODY) -> Wire:
    """Open a connection in clear. Raises ProbeRefused, Unanswered."""
    return asking.connect(Mode.PLAIN, rung, identity, purpose)


def recognising(asking: Asking, purpose: str, mode: Mode = Mode.PLAIN) -> Wire:
    """Open a connection to find out what is spoken. Raises ProbeRefused, Unanswered."""
    wire = asking.connect(mode, Rung.BANNER, Identity.NOBODY, purpose)
    wire.more_time(min(RECOGNISE_SECONDS, asking.dialler.limits.step_seconds))
    return wire


def attempt(  # noqa: PLR0917 - who, what, as whom, why, how: in this order everywhere
    asking: Asking,
    service: Service,
    rung: Rung,
    identity: Identity,
    purpose: str,
    exchange: Callable[[Wire], object],
    *,
    mode: Mode = Mode.PLAIN,
) -> bool:
    """Do one exchange on a connection of its own and add the step: granted where it raises nothing.

    A refusal of the gate is a step too, that was not tried.
    """
    try:
        with asking.connect(mode, rung, identity, purpose) as wire:
            exchange(wire)
    except Refused as refusal:
        service.steps.append(Step(mode, identity, rung, Outcome.REFUSED, refusal.code))
    except Unanswered as over:
        service.steps.append(_unanswered(mode, identity, rung, over))
    except ProbeRefused as refusal:
        service.steps.append(Step(mode, identity, rung, Outcome.NOT_TRIED, refusal.code))
    else:
        service.steps.append(Step(mode, identity, rung, Outcome.OPEN))
        return True
    return False


def _unanswered(mode: Mode, identity: Identity, rung: Rung, over: Unanswered) -> Step:
    if over.how == "silent":
        return Step(mode, identity, rung, Outcome.SILENT)
    if over.how in {"refused", "reset"}:
        return Step(mode, identity, rung, Outcome.REFUSED, over.how)
    return Step(mode, identity, rung, Outcome.UNDETERMINED, over.code or over.how)


def service_of(
    asking: Asking, family: Family, product: str = "", banner: bytes = b"", mode: Mode = Mode.PLAIN
) -> Service:
    """Begin a service that showed its banner."""
    shown = asking.limits.shown_characters
    return Service(
        asking.address,
        asking.port,
        family,
        product[:shown],
        printable(banner, shown),
        [Step(mode, Identity.NOBODY, Rung.BANNER, Outcome.OPEN)],
    )


def printable(data: bytes, most: int) -> str:
    """Return what of it is printable ASCII, up to `most` characters."""
    return "".join(chr(one) for one in data if 32 <= one < 127)[:most]  # noqa: PLR2004 - of ASCII


def greeting_of(asking: Asking, greeting: bytes, ports: frozenset[int], purpose: str) -> bytes:
    """Return what the port says first: what was heard already, or what it says now where it is usual for it.

    Raises ProbeRefused, Unanswered.
    """
    if greeting or asking.port not in ports:
        return greeting
    with recognising(asking, purpose) as wire:
        return wire.receive(asking.limits.banner_bytes)


class Lines:
    """Lines of text off a wire, each bounded."""

    def __init__(self, wire: Wire) -> None:
        """Nothing was read yet."""
        self._wire = wire
        self._held = bytearray()
        self.ended = False
        """Whether the connection ended, and an empty line is none."""

    def next(self) -> bytes:
        """Return the next line without its end; empty at the end of the connection too. Raises Unanswered."""
        while b"\n" not in self._held:
            if len(self._held) > _LINE:
                raise Unanswered("protocol", "line")
            part = self._wire.receive(_LINE)
            if not part:
                self.ended = True
                line = bytes(self._held)
                self._held.clear()
                return line
            self._held += part
        line, _, rest = bytes(self._held).partition(b"\n")
        self._held[:] = rest
        return line.rstrip(b"\r")
