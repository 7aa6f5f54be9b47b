"""Whether a home's doors are closed: a file in the home, looked at by whoever opens one, until a person reopens them.

While it is there no DICOM and no HL7 door is opened, and the pages are for this machine alone. What cannot be read
counts as closed: a door that stays shut by mistake is seen at once, one that opens by mistake is not.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from primum.ground.disc import Disc, write_durably
from primum.ground.ids import is_id

FILE: Final = "closed.json"
LOOPBACK: Final = "127.0.0.1"
_MOST: Final = 4096
"""Bytes: three texts of ours."""


@dataclass(frozen=True, slots=True)
class Closed:
    """Since when (RFC 3339, UTC), by whom, and for which file of a breach; empty where that cannot be read."""

    at: str = ""
    by: str = ""
    incident: str = ""


def read_closed(home: Path) -> Closed | None:
    """Tell whether the doors of a home are closed; None: they are not."""
    try:
        with (home / FILE).open("rb") as file:
            told = json.loads(file.read(_MOST))
        found = Closed(str(told["at"])[:40], str(told["by"]), str(told["incident"]))
    except FileNotFoundError:
        return None
    except (OSError, ValueError, KeyError, TypeError):
        return Closed()
    return found if is_id(found.by, "per") and is_id(found.incident, "inc") else Closed()


def close_doors(disc: Disc, home: Path, closed: Closed) -> None:
    """Say that the doors are closed; on disc at return."""
    told = {"at": closed.at, "by": closed.by, "incident": closed.incident}
    write_durably(disc, home / FILE, json.dumps(told, indent=1).encode() + b"\n")


def reopen_doors(disc: Disc, home: Path) -> bool:
    """Say that they are open again; tell whether they were closed. On disc at return."""
    try:
        disc.unlink(home / FILE)
    except FileNotFoundError:
        return False
    disc.sync_folder(home)
    return True
