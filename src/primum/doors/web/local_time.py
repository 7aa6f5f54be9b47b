"""An hour that somebody types into a page, in the practice's zone: refused where the clocks make it two or none."""

from __future__ import annotations

from datetime import UTC, datetime, tzinfo
from typing import Final

OFFSETS: Final = ("", "+01:00", "+02:00")
"""Those of the change of the clocks in mainland France, for an hour that it made twice."""


class Unclear(ValueError):
    """The hour comes twice, or never: its offset is asked for."""


def read_local(text: str, zone: tzinfo | None, offset: str = "") -> datetime:
    """Read what a `datetime-local` field gives, in `zone` (None: the server's own), or with the offset that is given.

    Raises ValueError where it is no instant, Unclear where the change of the clocks makes it two, or none.
    """
    typed = datetime.fromisoformat(text)
    if typed.tzinfo is not None:
        return typed.astimezone(UTC)
    if offset:
        return datetime.fromisoformat(text + offset).astimezone(UTC)
    first, second = (_in_zone(typed.replace(fold=fold), zone).astimezone(UTC) for fold in (0, 1))
    if first != second:
        raise Unclear
    return first


def _in_zone(typed: datetime, zone: tzinfo | None) -> datetime:
    return typed.replace(tzinfo=zone) if zone is not None else typed.astimezone()
