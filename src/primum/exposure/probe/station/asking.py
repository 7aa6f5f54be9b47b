"""Asking the system's own programs: a fixed list of them, nothing of a person in their arguments, bounded."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Sequence
from typing import Final

Ask = Callable[[Sequence[str]], "str | None"]
"""Runs a program and gives what it printed; None where there is none, or it did not end well."""

_SECONDS: Final = 20
_CHARACTERS: Final = 65_536


def ask(command: Sequence[str]) -> str | None:
    """Run one of the system's programs."""
    flags = getattr(subprocess, "CREATE_NO_WINDOW", 0)
    environment = {**os.environ, "LC_ALL": "C", "LANG": "C"}
    try:
        done = subprocess.run(  # noqa: S603 (names of this folder's own lists)
            list(command), capture_output=True, timeout=_SECONDS, check=False, env=environment,
            stdin=subprocess.DEVNULL, creationflags=flags,
        )  # fmt: skip
    except (OSError, subprocess.SubprocessError):
        return None
    if done.returncode != 0:
        return None
    return done.stdout[:_CHARACTERS].decode("utf-8", "replace")


def system() -> str:
    """Say which system this is: linux, macos, windows, or other."""
    return {"linux": "linux", "darwin": "macos", "win32": "windows"}.get(sys.platform, "other")
