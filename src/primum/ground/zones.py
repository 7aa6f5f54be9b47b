"""The practice's time zone: in which pages take hours, and sheets and notices write them (decision 0188)."""

from __future__ import annotations

import os
import time
import zoneinfo
from datetime import UTC, tzinfo
from importlib.resources import as_file, files
from pathlib import Path
from typing import Final

PARIS: Final = "Europe/Paris"
CHOSEN: Final = "PRIMUM_TIME_ZONE"
"""Variable of the environment by which a program's children know the zone's name."""


def is_zone(name: str) -> bool:
    """Tell whether a text names a zone of the table of zones."""
    try:
        zoneinfo.ZoneInfo(name)
    except (zoneinfo.ZoneInfoNotFoundError, ValueError, OSError):
        return False
    return True


def zone_named(name: str) -> tzinfo:
    """Find a zone; UTC where the machine has no table of zones, which the offset that is shown then says."""
    try:
        return zoneinfo.ZoneInfo(name)
    except zoneinfo.ZoneInfoNotFoundError:
        return UTC


def practice_zone() -> tzinfo:
    """Return the zone that was chosen in this process or the one that started it; Paris where none was."""
    return zone_named(os.environ.get(CHOSEN, PARIS))


def choose_zone(name: str) -> None:
    """Have `practice_zone` return this one, in this process and those that it starts."""
    os.environ[CHOSEN] = name


def settle_zone(name: str) -> None:
    """Choose a zone, and make it the process's own and that of its children: what `astimezone()` gives.

    The C library is given the file of the table, not the name: where the machine has no table of its own it would take
    a name that it does not find for UTC, and say nothing. Windows has no such call: its own zone stays there.
    """
    choose_zone(name)
    table = _table(name)
    if table is not None and hasattr(time, "tzset"):
        os.environ["TZ"] = f":{table}"
        time.tzset()


def _table(name: str) -> Path | None:
    for folder in zoneinfo.TZPATH:
        if (found := Path(folder, name)).is_file():
            return found
    try:
        # a plain folder wherever we are installed, so that the file outlives this call
        with as_file(files("tzdata") / "zoneinfo" / name) as found:
            return found if found.is_file() else None
    except ModuleNotFoundError:
        return None
