"""When the last backup was made and tested: one small file in the home, and one in clear at the destination.

Anyone who may ask for the daemon's status may know it: no session, no image. Silence is never success: a
date that is too old is said to be late, and by how much.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field, replace
from datetime import datetime, timedelta
from pathlib import Path

from primum.app.backup.generations import instant_of
from primum.ground.clock import from_text
from primum.ground.disc import Disc, write_durably

FILE = "backup.json"
LATE_AFTER = timedelta(hours=36)
"""A daily job, and half a day of grace."""


@dataclass(frozen=True, slots=True)
class Standing:
    """What is known of backups."""

    to: str = ""
    generation: str = ""
    made_at: str = ""
    illnesses: int = 0
    tested_at: str = ""
    tested_generation: str = ""
    tested_part: int = 100
    """Percent of the studies that the last test restored."""
    refused_at: str = ""
    refused: str = ""
    """The code of the last refusal since the last good backup."""
    oldest: dict[str, str] = field(default_factory=dict)
    """The oldest generation that each destination still has, as of the last run there."""
    destinations: tuple[str, ...] = ()
    """Where backups were made to: an empty folder under that name is a disc that is not mounted."""


def read_standing(home: Path) -> Standing:
    """Read it; nothing is known where it cannot be read."""
    try:
        kept = json.loads((home / FILE).read_bytes())
        known = {name: kept[name] for name in asdict(Standing()) if name in kept}
        oldest = {str(to): str(generation) for to, generation in dict(kept.get("oldest", {})).items()}
        return replace(Standing(**known), destinations=tuple(map(str, kept.get("destinations", ()))), oldest=oldest)
    except (OSError, ValueError, TypeError, AttributeError):
        return Standing()


def write_standing(disc: Disc, home: Path, standing: Standing) -> None:
    """Keep it."""
    write_durably(disc, home / FILE, json.dumps(asdict(standing), indent=1).encode() + b"\n")


def holding(standing: Standing, erased_at: datetime) -> list[str]:
    """List the destinations that may still hold the key of what was erased then: a generation began before."""
    return [to for to, oldest in sorted(standing.oldest.items()) if not oldest or instant_of(oldest) <= erased_at]


def sentences(standing: Standing, now: datetime, *, expected: bool) -> tuple[str, str]:
    """Say when the last backup was made, and when one was last tested. `expected`: a destination is set."""
    made = f"{standing.made_at} to {standing.to}" if standing.made_at else "never"
    if standing.illnesses:
        made += f", {standing.illnesses} illnesses (primum vault check)"
    if standing.refused:
        made += f"; refused at {standing.refused_at} ({standing.refused})"
    late = now - from_text(standing.made_at) - LATE_AFTER if standing.made_at else None
    if expected and (late is None or late > timedelta()):
        made += " - LATE" if late is None else f" - LATE by {_hours(late)}"
    if not expected and not standing.made_at:
        made += " (the setting backup_to is empty)"
    tested = standing.tested_at or "never"
    if standing.tested_at and standing.tested_part < 100:  # noqa: PLR2004 (percent)
        tested += f" ({standing.tested_part} % of the studies)"
    return made, tested


def _hours(late: timedelta) -> str:
    hours = int(late.total_seconds()) // 3600
    return f"{hours // 24} d {hours % 24} h" if hours >= 24 else f"{hours} h"  # noqa: PLR2004
