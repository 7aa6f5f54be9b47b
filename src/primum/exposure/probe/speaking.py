"""What every protocol of the probe looks like from outside: it recognises itself on a port, and climbs its ladder."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

from primum.exposure.probe.model import Family, Identity, Mode, Outcome, Rung, Step

if TYPE_CHECKING:
    from primum.exposure.probe.dialling import Dialler, Wire
    from primum.exposure.probe.limits import Limits
    from primum.exposure.probe.model import Service


@dataclass(frozen=True, slots=True)
class Route:
    """A route of a Primum that is probed by its own table: its method, and a path in which parameters have values."""

    method: str
    path: str


@dataclass(frozen=True, slots=True)
class Known:
    """What is known of the target before it is asked: titles of its devices, its routes, credentials that must not do.

    `expired` and `foreign` are values of the Cookie or Authorization header (name, value), made for this run.
    """

    titles: tuple[str, ...] = ()
    routes: tuple[Route, ...] = ()
    expired: tuple[tuple[str, str], ...] = ()
    foreign: tuple[tuple[str, str], ...] = ()
    canary: str = ""
    """StudyInstanceUID of the canary that was planted in it; empty where there is none."""
    host: str = ""
    """The name under which it is asked over HTTP (`Host`), one that is pinned to its address; empty: the address."""


@dataclass(slots=True)
class Asking:
    """One port that is asked: by whom it is dialled, within which bounds, with what is known of the target."""

    dialler: Dialler
    address: str
    port: int
    limits: Limits
    known: Known = field(default_factory=Known)

    def connect(self, mode: Mode, rung: Rung, identity: Identity, purpose: str) -> Wire:
        """Open a connection to this port. Raises ProbeRefused, Unanswered."""
        return self.dialler.connect(self.address, self.port, mode=mode, rung=rung, identity=identity, purpose=purpose)


class Speaker(Protocol):
    """A protocol: one file or folder of the probe each."""

    family: Family
    ports: frozenset[int]
    """Where it is usual: it is asked first there. On other ports it is asked in turn."""

    def recognise(self, asking: Asking, greeting: bytes) -> Service | None:
        """Tell whether this is spoken there, with at most two connections; None where it is not.

        `greeting`: what the port said by itself within a second, up to `Limits.banner_bytes`.
        Raises ProbeRefused; an Unanswered means that it is not spoken.
        """

    def climb(self, asking: Asking, service: Service) -> None:
        """Try every rung in every mode and identity; add the steps, and what else was seen, to `service`.

        Never raises but ProbeRefused of a rung that was to be asked; what does not answer is a step.
        """


def grant(mode: Mode, identity: Identity, rung: Rung, code: str = "") -> Step:
    """Say that a rung was granted."""
    return Step(mode, identity, rung, Outcome.OPEN, code)


def refuse(mode: Mode, identity: Identity, rung: Rung, code: str) -> Step:
    """Say that a rung was refused, by which code."""
    return Step(mode, identity, rung, Outcome.REFUSED, code)
