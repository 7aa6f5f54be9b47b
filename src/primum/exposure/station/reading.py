"""Reading a station's result back: bounded and strict, its MAC verified before anything of it is believed."""

from __future__ import annotations

import hmac
import json
import re
from datetime import UTC, datetime
from typing import Any, ClassVar, Final

from primum.exposure.probe.gate import ProbeRefused
from primum.exposure.probe.station.model import KIND, NAMES, VERSION, Point, Report, State, mac

MOST_BYTES: Final = 65_536
"""Of a result: four points are 2 KiB."""
_FACTS: Final = 16
_WORD: Final = re.compile(r"[a-z0-9][a-z0-9.,_-]{0,127}")
_NONCE: Final = re.compile(r"[0-9a-f]{32}")
_AT: Final = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ")
_SYSTEMS: Final = frozenset({"linux", "macos", "windows", "other"})
_FIELDS: Final = frozenset({"kind", "version", "nonce", "station", "system", "began_at", "ended_at", "points", "mac"})


class BadResult(ProbeRefused):
    """This is not the result of a station's check that can be read here."""

    code: ClassVar[str] = "probe.bad-station"
    hint: ClassVar[str] = "give the station-….json that the file wrote, unchanged"


class ResultNotOurs(ProbeRefused):
    """This result was not made with a file of this home: it was changed, or is another home's."""

    code: ClassVar[str] = "probe.station-not-ours"
    hint: ClassVar[str] = "make a new file: primum check --station --one-file FILE"


class ResultRead(ProbeRefused):
    """This result was read back already: each file counts once."""

    code: ClassVar[str] = "probe.station-read"
    hint: ClassVar[str] = "make a new file: primum check --station --one-file FILE"


class ResultLate(ProbeRefused):
    """This result was not made while its file was good."""

    code: ClassVar[str] = "probe.station-late"
    hint: ClassVar[str] = "make a new file, and look at the clock of that computer"


def loaded(text: str) -> dict[str, Any]:
    """Read the object, without believing it. Raises BadResult."""
    if len(text) > MOST_BYTES:
        raise BadResult
    try:
        told = json.loads(text)
    except (ValueError, RecursionError):
        raise BadResult from None
    known = isinstance(told, dict) and told.keys() == _FIELDS and told["kind"] == KIND and told["version"] == VERSION
    if not known or not _shaped(told["nonce"], _NONCE):
        raise BadResult
    return dict(told)


def verified(told: dict[str, Any], key: bytes) -> Report:
    """Return the report, once its MAC is that of the nonce's key. Raises ResultNotOurs, BadResult."""
    given = told["mac"]
    if not isinstance(given, str) or not hmac.compare_digest(given.encode(), mac(told, key).encode()):
        raise ResultNotOurs
    try:
        points = tuple(_point(one) for one in told["points"])
        if tuple(one.name for one in points) != NAMES or told["system"] not in _SYSTEMS:
            raise BadResult
        for at in (told["began_at"], told["ended_at"]):
            if not _shaped(at, _AT):
                raise BadResult
        return Report(
            nonce=told["nonce"], station=str(told["station"]), system=told["system"], began_at=told["began_at"],
            ended_at=told["ended_at"], points=points,
        )  # fmt: skip
    except (KeyError, TypeError, ValueError, AttributeError):
        raise BadResult from None


def ended_at(report: Report) -> datetime:
    """Return when it was made. Raises BadResult."""
    try:
        return datetime.fromisoformat(report.ended_at).astimezone(UTC)
    except ValueError:
        raise BadResult from None


def _point(told: dict[str, Any]) -> Point:
    if told.keys() != {"name", "state", "why", "facts"} or not _shaped(told["why"], _WORD):
        raise BadResult
    facts = told["facts"]
    if not isinstance(facts, dict) or len(facts) > _FACTS:
        raise BadResult
    for name, value in facts.items():
        number = isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 1 << 53
        if not _shaped(name, _WORD) or not (number or value == "" or _shaped(value, _WORD)):
            raise BadResult
    return Point(str(told["name"]), State(told["state"]), told["why"], facts)


def _shaped(text: object, shape: re.Pattern[str]) -> bool:
    return isinstance(text, str) and shape.fullmatch(text) is not None
