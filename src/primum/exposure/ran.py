"""A run of the probe, as far as others go by it: its holes, and what it settles. Read from the report's JSON object.

The report is probe/report.py's, its object probe/writing.py's; signatures and nonces are verified before anything is
read here. Pure.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cached_property
from ipaddress import ip_address
from typing import Any, ClassVar, Final

from primum.exposure.probe.gate import ProbeRefused
from primum.exposure.probe.limits import LIMITS
from primum.exposure.probe.model import Family, Hole, Identity, Mode, Outcome, Place, Rung, Service, Step, Verdict

KIND: Final = "primum-probe-report"
_SERVICES: Final = 20_000
"""Of one run: five on each address that one may have."""
_STEPS: Final = 20_000
"""Of one service: every title, mode and rung."""
_VIEWS: Final = 16
_READABLE: Final = 64
_TOLD: Final = frozenset({Outcome.OPEN, Outcome.NEGOTIATED, Outcome.REFUSED})


class BadRun(ProbeRefused):
    """This is not the report of a probe that can be read here."""

    code: ClassVar[str] = "probe.bad-run"
    hint: ClassVar[str] = "give the JSON that primum probe of this version wrote"


@dataclass(frozen=True)
class Ran:
    """One run from one place."""

    verdict: Verdict
    sound: bool
    """Whether it says anything at all."""
    place: Place
    began_at: datetime
    ended_at: datetime
    services: tuple[Service, ...]
    asked: Mapping[str, tuple[tuple[int, int], ...]]
    """Of each address, the ports that were asked."""
    gaps: frozenset[tuple[str, int]]
    """What is not determined; port 0 is the address as a whole."""
    digest: str
    body: Mapping[str, Any] = field(repr=False, compare=False)
    """What is kept of it."""

    @cached_property
    def holes(self) -> tuple[Hole, ...]:
        """List its holes."""
        return tuple(hole for one in self.services for hole in one.holes())

    def service(self, address: str, port: int) -> Service | None:
        """Find what answered there."""
        return next((one for one in self.services if (one.address, one.port) == (address, port)), None)

    def settles_closed(self, hole: Hole) -> bool:
        """Tell whether it proves that a hole is not there: asked, and refused or closed, with nothing left open."""
        if not self.sound or not self._was_asked(hole) or any(same(hole, one) for one in self.holes):
            return False
        service = self.service(hole.address, hole.port)
        if service is None:
            return True  # the port is closed: a silent one is a gap
        steps = [one for one in service.steps if one.mode is hole.mode]
        tried = [one.outcome for one in steps if one.rung is hole.rung]
        if tried:
            return all(one in _TOLD for one in tried)
        return bool(steps) and all(one.outcome is Outcome.REFUSED for one in steps)

    def _was_asked(self, hole: Hole) -> bool:
        ranges = self.asked.get(hole.address, ())
        known = any(low <= hole.port <= high for low, high in ranges)
        return known and not {(hole.address, 0), (hole.address, hole.port)} & self.gaps


def same(one: Hole, other: Hole) -> bool:
    """Tell whether two holes are the same, whoever they are granted to."""
    return (one.address, one.port, one.mode, one.rung) == (other.address, other.port, other.mode, other.rung)


def read_report(told: Mapping[str, Any]) -> list[Ran]:
    """Read a report's object: the run itself first, then the views from elsewhere that are in it. Raises BadRun."""
    try:
        if told["kind"] != KIND or told["version"] != 1:
            raise BadRun
        views = _bounded(told.get("views", []), _VIEWS)
        return [_one(told), *(_one(view) for view in views)]
    except (KeyError, TypeError, ValueError, AttributeError):
        raise BadRun from None


def kept(ran: Ran) -> bytes:
    """Write what is kept of a run."""
    return json.dumps(ran.body, sort_keys=True, separators=(",", ":"), ensure_ascii=True).encode("ascii")


def read_kept(data: bytes) -> Ran:
    """Read what `kept` wrote. Raises BadRun."""
    try:
        return _one(json.loads(data))
    except (KeyError, TypeError, ValueError, AttributeError):
        raise BadRun from None


def _one(told: Mapping[str, Any]) -> Ran:
    names = ("verdict", "sound", "began_at", "ended_at", "services", "addresses", "not_determined")
    body = {name: told[name] for name in names} | {"vantage": {"place": told["vantage"]["place"]}}
    text = json.dumps(body, sort_keys=True, separators=(",", ":"), ensure_ascii=True)
    return Ran(
        verdict=Verdict(told["verdict"]),
        sound=told["sound"] is True and told["verdict"] != Verdict.VOID,
        place=Place(told["vantage"]["place"]),
        began_at=_instant(told["began_at"]),
        ended_at=_instant(told["ended_at"]),
        services=tuple(_service(one) for one in _bounded(told["services"], _SERVICES)),
        asked={
            _address(one["address"]): tuple((_port(low), _port(high)) for low, high in _bounded(one["asked"], 65_536))
            for one in _bounded(told["addresses"], LIMITS.addresses)
            if not one["absent"]
        },
        gaps=frozenset((_address(one["address"]), _port(one["port"])) for one in told["not_determined"]),
        digest=hashlib.sha256(text.encode("ascii")).hexdigest(),
        body=body,
    )


def _service(told: Mapping[str, Any]) -> Service:
    studies = told["studies"]
    if studies is not None and not (isinstance(studies, int) and studies >= 0):
        raise BadRun
    return Service(
        address=_address(told["address"]),
        port=_port(told["port"]),
        family=Family(told["family"]),
        product=_short(told["product"]),
        steps=[_step(one) for one in _bounded(told["steps"], _STEPS)],
        readable=[_short(one) for one in _bounded(told["readable"], _READABLE)],
        studies=studies,
        studies_at_least=bool(told["studies_at_least"]),
    )


def _step(told: Mapping[str, Any]) -> Step:
    return Step(
        Mode(told["mode"]), Identity(told["identity"]), Rung(told["rung"]), Outcome(told["outcome"]),
        _short(told["code"]),
    )  # fmt: skip


def _bounded(given: Any, most: int) -> Iterable[Any]:  # noqa: ANN401 (of JSON)
    if not isinstance(given, (list, tuple)) or len(given) > most:
        raise BadRun
    return given


def _address(text: str) -> str:
    ip_address(text)
    return text


def _port(number: object) -> int:
    if not isinstance(number, int) or isinstance(number, bool) or not 0 <= number <= 65_535:  # noqa: PLR2004
        raise BadRun
    return number


def _short(text: object) -> str:
    """Take a text of the probe's own: printable, and no longer than it writes them."""
    if not isinstance(text, str) or len(text) > 2 * LIMITS.shown_characters or (text and not text.isprintable()):
        raise BadRun
    return text


def _instant(text: str) -> datetime:
    at = datetime.fromisoformat(text)
    if at.tzinfo is None:
        raise BadRun
    return at.astimezone(UTC)
