"""Packs the probe of this installation into one file that Python 3.11 runs alone: a zipapp with a plan in it.

The same plan and program make the same bytes.
"""

from __future__ import annotations

from importlib.resources import files
from typing import TYPE_CHECKING, Final

from primum.ground.zipped import zipped

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from importlib.resources.abc import Traversable

_SHEBANG: Final = b"#!/usr/bin/env python3\n"
_MAIN: Final = """import sys

if sys.version_info < (3, 11):
    sys.exit("{name}: error: Python 3.11 or later is needed")
from {module} import main

sys.exit(main())
"""
_EMPTY: Final = ("primum/__init__.py", "primum/exposure/__init__.py", "primum/ground/__init__.py")
_KEPT: Final = (".py", ".toml", ".txt")


def packed(name: str, module: str, plan: Mapping[str, bytes]) -> bytes:
    """Return the file that runs `main` of a module of the probe, with a plan's entries in it."""
    entries = dict.fromkeys(_EMPTY, b"") | {"__main__.py": _MAIN.format(name=name, module=module).encode("ascii")}
    entries["primum/ground/errors.py"] = files("primum.ground").joinpath("errors.py").read_bytes()
    entries.update(_sources(files("primum.exposure").joinpath("probe"), "primum/exposure/probe/"))
    entries.update(plan)
    return _SHEBANG + zipped(sorted(entries.items()))


def _sources(folder: Traversable, at: str) -> Iterator[tuple[str, bytes]]:
    for one in folder.iterdir():
        if one.is_dir():
            if one.name != "__pycache__":
                yield from _sources(one, f"{at}{one.name}/")
        elif one.name.endswith(_KEPT):
            yield f"{at}{one.name}", one.read_bytes()
