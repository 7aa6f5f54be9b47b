"""Makes the one-file probe: the probe of this very installation and a plan, as a zipapp whose bytes say what is in it.

The same plan and program make the same bytes. The file holds secrets (nonce, control's key): mode 0600.
"""

from __future__ import annotations

import io
import os
import zipfile
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING, Final

from primum.exposure.probe.plan import NAME, Plan, write_plan

if TYPE_CHECKING:
    from collections.abc import Iterator
    from importlib.resources.abc import Traversable

_SHEBANG: Final = b"#!/usr/bin/env python3\n"
_WHEN: Final = (1980, 1, 1, 0, 0, 0)
"""The date of every entry: ZIP has no earlier one, and a later one would tell when it was made."""
_MODE: Final = 0o100644 << 16

_MAIN: Final = """import sys

if sys.version_info < (3, 11):
    sys.exit("probe: error: Python 3.11 or later is needed")
from primum.exposure.probe.alone import main

sys.exit(main())
"""
_STUBS: Final = {
    "__main__.py": _MAIN,
    "primum/__init__.py": "",
    "primum/exposure/__init__.py": "",
    "primum/ground/__init__.py": "",
}
_KEPT: Final = (".py", ".toml", ".txt")


def build(plan: Plan) -> bytes:
    """Write the file."""
    entries = {name: text.encode("ascii") for name, text in _STUBS.items()}
    entries["primum/ground/errors.py"] = files("primum.ground").joinpath("errors.py").read_bytes()
    probe = files("primum.exposure").joinpath("probe")
    entries.update((f"primum/exposure/probe/{name}", data) for name, data in _sources(probe, ""))
    entries[NAME] = write_plan(plan)
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for name in sorted(entries):
            entry = zipfile.ZipInfo(name, _WHEN)
            entry.external_attr, entry.create_system = _MODE, 3
            archive.writestr(entry, entries[name], zipfile.ZIP_DEFLATED, 9)
    return _SHEBANG + packed.getvalue()


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


def _sources(folder: Traversable, at: str) -> Iterator[tuple[str, bytes]]:
    for one in sorted(folder.iterdir(), key=lambda found: found.name):
        if one.is_dir():
            if one.name != "__pycache__":
                yield from _sources(one, f"{at}{one.name}/")
        elif one.name.endswith(_KEPT):
            yield f"{at}{one.name}", one.read_bytes()
