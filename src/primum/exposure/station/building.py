"""Makes the file for a station: the probe of this installation and a plan, as a zipapp that Python 3.11 runs alone."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from primum.exposure.packing import packed
from primum.exposure.probe.station.main import PLAN

if TYPE_CHECKING:
    from pathlib import Path


def build(plan: str) -> bytes:
    """Return the file with this plan in it. The same plan makes the same bytes."""
    return packed("station", "primum.exposure.probe.station.main", {PLAN: plan.encode("ascii")})


def write(path: Path, plan: str) -> None:
    """Write it to a new file for its owner alone: the nonce's key is in it. Raises OSError."""
    fd = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o700)
    with os.fdopen(fd, "wb") as file:
        file.write(build(plan))
