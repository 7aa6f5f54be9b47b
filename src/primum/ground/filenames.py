"""Names of files that somebody else gave."""

from __future__ import annotations

from typing import Final

MOST: Final = 200
"""Characters: what a page shows in a line, and every file system takes."""


def plain_name(name: str, otherwise: str) -> str:
    """Make a name to show and to offer: letters and digits, nothing of a path; `otherwise` where none is left."""
    last = name.replace("\\", "/").rpartition("/")[2]
    plain = "".join(one if one.isalnum() or one in " ._-()" else "_" for one in last).strip(" .")
    return plain[:MOST] or otherwise
