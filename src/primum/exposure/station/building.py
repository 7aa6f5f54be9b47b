"""Makes the file for a station: the probe of this installation and a plan, as a zipapp that Python 3.11 runs alone."""

from __future__ import annotations

import io
import os
import zipfile
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING, Final

from primum.exposure.probe.station.main import PLAN

if TYPE_CHECKING:
    from collections.abc import Iterator
    from importlib.resources.abc import Traversable

_SHEBANG: Final = b"#!/usr/bin/env python3\n"
_WHEN: Final = (1980, 1, 1, 0, 0, 0)
_MODE: Final = 0o100644 << 16
_MAIN: Final = """import sys

if sys.version_info < (3, 11):
    sys.exit("station: error: Python 3.11 or later is needed")
from primum.exposure.probe.station.main import main

sys.exit(main())
"""
_EMPTY: Final = ("primum/__init__.py", "primum/exposure/__init__.py", "primum/ground/__init__.py")
_KEPT: Final = (".py", ".toml", ".txt")


def build(plan: str) -> bytes:
    """Return the file with this plan in it. The same plan makes the same bytes."""
    entries = dict.fromkeys(_EMPTY, b"") | {"__main__.py": _MAIN.encode("ascii"), PLAN: plan.encode("ascii")}
    entries["primum/ground/errors.py"] = files("primum.ground").joinpath("errors.py").read_bytes()
    entries.update(_sources(files("primum.exposure").joinpath("probe"), "primum/exposure/probe/"))
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        for name, data in sorted(entries.items()):
            entry = zipfile.ZipInfo(name, _WHEN)
            entry.external_attr, entry.create_system = _MODE, 3
            archive.writestr(entry, data, zipfile.ZIP_DEFLATED, 9)
    return _SHEBANG + packed.getvalue()


def write(path: Path, plan: str) -> None:
    """Write it to a new file for its owner alone: the nonce's key is in it. Raises OSError."""
    fd = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o700)
    with os.fdopen(fd, "wb") as file:
        file.write(build(plan))


def _sources(folder: Traversable, at: str) -> Iterator[tuple[str, bytes]]:
    for one in folder.iterdir():
        if one.is_dir() and one.name != "__pycache__":
            yield from _sources(one, f"{at}{one.name}/")
        elif one.name.endswith(_KEPT):
            yield f"{at}{one.name}", one.read_bytes()
