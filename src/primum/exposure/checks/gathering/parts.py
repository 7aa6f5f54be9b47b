"""What Primum is made of here: Python packages, parts of the viewer, codecs inside a package; and the system."""

from __future__ import annotations

import platform
import re
import ssl
import sys
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib import metadata
from pathlib import Path
from typing import Final

PYPI, NPM, FUZZ = "PyPI", "npm", "OSS-Fuzz"
"""Ecosystems, as OSV names them."""
_NPM_LINE: Final = re.compile(
    r"^(@?[A-Za-z0-9][A-Za-z0-9._/-]{0,100}) (\d[0-9A-Za-z.+-]{0,40}) \([^()\n]{1,60}\)$", re.MULTILINE
)
_NOTICE: Final = re.compile(r"^-{20,}$", re.MULTILINE)
_CODEC: Final = re.compile(r"^([a-z][a-z0-9_]{1,30})-(\d[0-9A-Za-z.]{0,20})")
_UPSTREAM: Final = {
    "libjpeg_turbo": "libjpeg-turbo", "libaec": "libaec", "zlib_ng": "zlib-ng", "lcms2": "lcms", "openjph": "openjph",
    "libjxl": "libjxl", "libavif": "libavif", "libtiff": "libtiff", "libwebp": "libwebp", "libpng": "libpng",
    "openjpeg": "openjpeg", "charls": "charls", "zlib": "zlib", "zstd": "zstd", "brotli": "brotli", "giflib": "giflib",
    "lz4": "lz4", "snappy": "snappy", "libspng": "libspng", "liblzma": "xz", "libultrahdr": "libultrahdr",
}  # fmt: skip
"""Codec libraries as the package that has them in it names them, and as OSS-Fuzz does; others are not looked up."""


@dataclass(frozen=True, slots=True, order=True)
class Part:
    """A part, its version, and the ecosystem under which its vulnerabilities are listed."""

    ecosystem: str
    name: str
    version: str


@dataclass(frozen=True, slots=True)
class System:
    """What lies beneath. `kind`: as os-release names it, `debian 12`; `changed_at`: packages last installed."""

    python: str
    openssl: str
    kind: str
    own_python: bool
    """Whether Python is the system's own: its makers mend it."""
    changed_at: datetime | None
    restart_waits: bool


def python_parts() -> list[Part]:
    """List the Python packages that can be imported, by their metadata."""
    found = set()
    for one in metadata.distributions():
        name = one.metadata["Name"]
        if name:
            found.add(Part(PYPI, re.sub(r"[-_.]+", "-", name).lower(), one.version))
    return sorted(found)


def viewer_parts(notices: str) -> tuple[list[Part], int]:
    """List the parts that the viewer's THIRD_PARTY names with a version; and how many notices name none."""
    found = sorted({Part(NPM, one[1], one[2]) for one in _NPM_LINE.finditer(notices)})
    unnamed = max(0, len(_NOTICE.findall(notices)) - len(found)) if notices else 0
    return found, unnamed


def codec_parts(told: Iterable[str]) -> list[Part]:
    """List the libraries inside the codec package, from what it says of itself, such as `openjpeg-2.5.4`."""
    found = set()
    for one in told:
        named = _CODEC.match(one.strip())
        if named is not None and named[1] in _UPSTREAM:
            found.add(Part(FUZZ, _UPSTREAM[named[1]], named[2]))
    return sorted(found)


def system(root: Path = Path("/")) -> System:
    """Tell of the system."""
    described = _os_release(root)
    return System(
        python=platform.python_version(),
        openssl=" ".join(ssl.OPENSSL_VERSION.split()[1:2]),
        kind=f"{described.get('ID', sys.platform)} {described.get('VERSION_ID', '')}".strip(),
        own_python=sys.base_prefix == "/usr",
        changed_at=_changed_at(root),
        restart_waits=(root / "run" / "reboot-required").exists(),
    )


def _os_release(root: Path) -> dict[str, str]:
    try:
        text = (root / "etc" / "os-release").read_text("utf-8", "replace")[:10_000]
    except OSError:
        return {}
    pairs = (line.partition("=") for line in text.splitlines())
    return {name: value.strip("\"'")[:40] for name, _, value in pairs if name in {"ID", "VERSION_ID"}}


def _changed_at(root: Path) -> datetime | None:
    """Tell when a package of the system was last installed or mended: its list of packages is written then."""
    for file in ("var/lib/dpkg/status", "var/lib/rpm/rpmdb.sqlite", "lib/apk/db/installed", "var/lib/pacman/local"):
        try:
            return datetime.fromtimestamp((root / file).stat().st_mtime, UTC)
        except OSError:
            continue
    return None
