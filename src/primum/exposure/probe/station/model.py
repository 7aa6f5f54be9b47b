"""What the check of a station says: four points, signed with the nonce's key (SAN-2020-015 § 24-27). Pure.

No name of a file, of a person or of a machine is in it: counts, kinds of folders, ports.
"""

from __future__ import annotations

import hmac
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Final

KIND: Final = "primum-station-report"
VERSION: Final = 1
KEY_BYTES: Final = 32
NAMES: Final = ("disc", "lock", "listeners", "files")
"""Its points, in their order."""


class State(StrEnum):
    """What a point is."""

    GOOD = "good"
    BAD = "bad"
    NOT_DETERMINED = "not-determined"


@dataclass(frozen=True, slots=True)
class Point:
    """One point: what it is, why in one word of ours, and counts. `facts`: words of ours and numbers."""

    name: str
    state: State
    why: str
    facts: Mapping[str, int | str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What one file is made for: once, for one station, until an instant."""

    nonce: str
    key: bytes = field(repr=False)
    station: str
    expires_at: str
    language: str
    lock_seconds: int
    """A screen that locks by itself later than this does not count as locking."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """What was found on one computer."""

    nonce: str
    station: str
    system: str
    began_at: str
    ended_at: str
    points: tuple[Point, ...]

    def bad(self) -> int:
        """Count what is to be mended."""
        return sum(one.state is State.BAD for one in self.points)

    def undetermined(self) -> int:
        """Count what is not known."""
        return sum(one.state is State.NOT_DETERMINED for one in self.points)


def object_of(report: Report) -> dict[str, Any]:
    """Give a report as plain values, without its MAC."""
    return {
        "kind": KIND,
        "version": VERSION,
        "nonce": report.nonce,
        "station": report.station,
        "system": report.system,
        "began_at": report.began_at,
        "ended_at": report.ended_at,
        "points": [
            {"name": one.name, "state": one.state.value, "why": one.why, "facts": dict(one.facts)}
            for one in report.points
        ],
    }


def mac(told: Mapping[str, Any], key: bytes) -> str:
    """Return the MAC of a report's object: keys sorted, ASCII, no spaces."""
    bare = {name: value for name, value in told.items() if name != "mac"}
    text = json.dumps(bare, sort_keys=True, separators=(",", ":"), ensure_ascii=True)
    return hmac.digest(key, b"primum/station/1\n" + text.encode("ascii"), "sha256").hex()


def written(report: Report, key: bytes) -> str:
    """Write a report as its file has it."""
    told = object_of(report)
    return json.dumps(told | {"mac": mac(told, key)}, indent=1, ensure_ascii=True) + "\n"


def plan_text(plan: Plan) -> str:
    """Write a plan as the file has it."""
    told = {
        "version": VERSION, "nonce": plan.nonce, "key": plan.key.hex(), "station": plan.station,
        "expires_at": plan.expires_at, "language": plan.language, "lock_seconds": plan.lock_seconds,
    }  # fmt: skip
    return json.dumps(told)


def read_plan(text: str) -> Plan:
    """Read what `plan_text` wrote. Raises ValueError, KeyError."""
    told = json.loads(text)
    if told["version"] != VERSION:
        raise ValueError("a plan of another version")
    return Plan(
        nonce=str(told["nonce"]), key=bytes.fromhex(told["key"]), station=str(told["station"]),
        expires_at=str(told["expires_at"]), language=str(told["language"]), lock_seconds=int(told["lock_seconds"]),
    )  # fmt: skip
