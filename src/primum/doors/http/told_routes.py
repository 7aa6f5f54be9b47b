"""The web doors' own table of routes, written down by the running application for a probe of this machine.

It lies in the home's `run` folder, closed to others; it names addresses of pages and nobody's data.
"""

from __future__ import annotations

import json
import os
import re
import secrets
from collections.abc import Iterable
from pathlib import Path
from typing import Final

from starlette.routing import BaseRoute, Route, WebSocketRoute

from primum.ground.ids import token128

FILE: Final = "routes.json"

_PARAMETER: Final = re.compile(r"\{(\w+)(:\w+)?\}")
_BYTES: Final = 1 << 20
_MOST: Final = 2000
"""The application has some two hundred."""


def tell(routes: Iterable[BaseRoute], file: Path) -> None:
    """Write them down, in place of what an earlier start wrote. Raises OSError."""
    told = [one for route in routes for one in _each(route)]
    new = file.with_suffix(".new")
    fd = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(fd, "w", encoding="ascii") as opened:
        json.dump(told, opened)
    new.replace(file)


def _each(route: BaseRoute) -> list[tuple[str, str]]:
    if isinstance(route, WebSocketRoute):
        return [("GET", route.path)]
    if not isinstance(route, Route):
        return []
    return [(method, route.path) for method in sorted((route.methods or set()) - {"HEAD"})]


def read(file: Path) -> list[tuple[str, str]]:
    """Read them, each parameter filled with a value of nobody; nothing where the web doors wrote none."""
    try:
        with file.open("rb") as opened:
            told = json.loads(opened.read(_BYTES))
    except (OSError, ValueError):
        return []
    return [(str(method), filled(str(path))) for method, path in told[:_MOST]]


def filled(path: str) -> str:
    """Put a made-up value for each parameter: a UID in DICOMweb, elsewhere a reference in the shape of ours."""
    uid = "/dicom-web/" in path

    def value(match: re.Match[str]) -> str:
        if match[1] in {"frames", "frame"}:
            return "1"
        return f"2.25.{secrets.randbits(120)}" if uid else token128()

    return _PARAMETER.sub(value, path)
