"""The prepared viewer on disc: what viewer/prepare.mjs wrote (docs/design/web.md, The viewer)."""

from __future__ import annotations

import gzip
import json
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from typing import Final

_TYPES: Final = {
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".png": "image/png",
    ".svg": "image/svg+xml",
    ".wasm": "application/wasm",
    ".woff2": "font/woff2",
}


@dataclass(frozen=True, slots=True)
class ViewerFile:
    """One file: its bytes as kept, whether they are gzip, and its type."""

    data: bytes
    packed: bool
    media_type: str


@dataclass(frozen=True, slots=True)
class Viewer:
    """A prepared viewer. `stamp` is in every address; `decoder` alone may make functions out of text."""

    folder: Path
    stamp: str
    version: str
    script: str
    style: str
    decoder: str
    files: frozenset[str]

    def address(self, name: str) -> str:
        """Return where the viewer's page finds this file."""
        return f"/ohif/{self.stamp}/{name}"

    def read(self, stamp: str, name: str) -> ViewerFile | None:
        """Return a file, or None: only names that the manifest lists exist."""
        media_type = _TYPES.get(Path(name).suffix)
        if stamp != self.stamp or media_type is None:
            return None
        packed = f"{name}.gz" in self.files
        if not packed and name not in self.files:
            return None
        kept = self.folder / "ohif" / (f"{name}.gz" if packed else name)
        return ViewerFile(kept.read_bytes(), packed, media_type)

    def htmx(self) -> bytes:
        """Return htmx."""
        return gzip.decompress((self.folder / "htmx.js.gz").read_bytes())

    def notices(self) -> str:
        """Return the licences of what others wrote."""
        return gzip.decompress((self.folder / "THIRD_PARTY.txt.gz").read_bytes()).decode()


def find_viewer(folder: Path | None = None) -> Viewer | None:
    """Return the viewer that was prepared, or None when there is none."""
    folder = folder or Path(str(files("primum.doors.web"))) / "viewer"
    try:
        told = json.loads((folder / "manifest.json").read_bytes())
    except FileNotFoundError:
        return None
    return Viewer(
        folder=folder,
        stamp=told["stamp"],
        version=told["version"],
        script=told["script"],
        style=told["style"],
        decoder=told["decoder"],
        files=frozenset(told["files"]),
    )
