"""Makes the one-file probe: the probe of this very installation and a plan, as a zipapp whose bytes say what is in it.

The same plan and program make the same bytes. The file holds secrets (nonce, control's key): mode 0600.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from primum.exposure.packing import packed
from primum.exposure.probe.plan import NAME, Plan, write_plan

if TYPE_CHECKING:
    from pathlib import Path


def build(plan: Plan) -> bytes:
    """Write the file."""
    return packed("probe", "primum.exposure.probe.alone", {NAME: write_plan(plan)})


def write(path: Path, plan: Plan) -> None:
    """Write it to a new file, whole or not at all, that its owner alone may read. Raises OSError."""
    part = path.with_name(path.name + ".part")
    descriptor = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o700)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(build(plan))
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)
