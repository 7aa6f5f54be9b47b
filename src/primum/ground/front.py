"""Front doors that cost nothing until something is asked of them.

A room's `__init__.py` lists what others may use under `if TYPE_CHECKING:`, where type checkers and
readers see ordinary imports; `front(__file__, __name__)` reads that list and imports a name's file when the name is
first used. So the DICOM door pays for the device directory, and not for the whole of identity.
"""

from __future__ import annotations

import ast
import importlib
import sys
from collections.abc import Callable
from pathlib import Path


def front(file: str, package: str) -> tuple[Callable[[str], object], Callable[[], list[str]], list[str]]:
    """Return `__getattr__`, `__dir__` and `__all__` for a package (PEP 562)."""
    where = _listed(Path(file).read_text("utf-8"))
    # importing a file sets the package's attribute of its name: a function of that name would come and go
    hidden = [name for name in where if Path(file).with_name(f"{name}.py").exists()]
    if hidden:
        raise ImportError(f"{package} lists names that are files of its own: {hidden}")

    def get(name: str) -> object:
        if name not in where:
            raise AttributeError(f"module {package!r} has no attribute {name!r}")
        module, original = where[name]
        value = getattr(importlib.import_module(module), original)
        setattr(sys.modules[package], name, value)
        return value

    return get, lambda: sorted(where), sorted(where)


def _listed(source: str) -> dict[str, tuple[str, str]]:
    found = {}
    for node in ast.parse(source).body:
        if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING":
            for line in node.body:
                if isinstance(line, ast.ImportFrom) and line.module:
                    found.update({one.asname or one.name: (line.module, one.name) for one in line.names})
    return found
