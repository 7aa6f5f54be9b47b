"""Which of two versions is the later: as PyPI orders them (PEP 440), and npm (semver.org 2.0.0, 11). Pure.

A version that is in neither form has no place in the order: what is asked of it is answered with None.
"""

from __future__ import annotations

import re
from typing import Final

_PYPI: Final = re.compile(
    r"v?(?:(\d{1,9})!)?(\d{1,9}(?:\.\d{1,9}){0,9})"
    r"(?:[-_.]?(a|b|c|rc|alpha|beta|pre|preview)[-_.]?(\d{0,9}))?"
    r"(?:-(\d{1,9})|[-_.]?(?:post|rev|r)[-_.]?(\d{0,9}))?"
    r"(?:[-_.]?dev[-_.]?(\d{0,9}))?(?:\+[a-z0-9]+(?:[-_.][a-z0-9]+)*)?",
    re.IGNORECASE,
)
_SEMVER: Final = re.compile(r"v?(\d{1,9})\.(\d{1,9})\.(\d{1,9})(?:-([0-9A-Za-z.-]{1,80}))?(?:\+[0-9A-Za-z.-]{1,80})?")
_PHASES: Final = {"a": 0, "alpha": 0, "b": 1, "beta": 1, "c": 2, "rc": 2, "pre": 2, "preview": 2}
_LONGEST: Final = 100

Order = tuple[object, ...]


def pypi_order(version: str) -> Order | None:
    """Give a version of PyPI its place; None where it is not one."""
    found = _PYPI.fullmatch(version.strip()[:_LONGEST])
    if found is None:
        return None
    epoch, release, phase, phase_number, post, more_post, dev = found.groups()
    numbers = [int(one) for one in release.split(".")]
    while len(numbers) > 1 and not numbers[-1]:
        numbers.pop()
    has_post = post is not None or more_post is not None
    # without a phase: after every phase; but a bare development version comes before the first one
    place = (
        (_PHASES[phase.lower()], int(phase_number or 0))
        if phase
        else ((-1, 0) if dev is not None and not has_post else (3, 0))
    )
    after = (1, int(post or more_post or 0)) if has_post else (0, 0)
    return int(epoch or 0), tuple(numbers), place, after, (0, int(dev or 0)) if dev is not None else (1, 0)


def semver_order(version: str) -> Order | None:
    """Give a semantic version its place; None where it is not one."""
    found = _SEMVER.fullmatch(version.strip()[:_LONGEST])
    if found is None:
        return None
    numbers = tuple(int(one) for one in found.groups()[:3])
    if found[4] is None:
        return numbers, (1,)
    # numbers before words, each in its own order (11.4)
    return numbers, (0, *((0, int(one), "") if one.isdecimal() else (1, 0, one) for one in found[4].split(".")))


ORDERS: Final = {"PyPI": pypi_order, "npm": semver_order, "OSS-Fuzz": semver_order}
"""How each ecosystem orders its versions."""
