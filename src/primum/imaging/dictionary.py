"""The value representation of a public tag (PS3.6), for data sets that do not say it themselves.

pydicom knows this too, and costs 45 MB of memory to ask: each process of ours would pay for it.
"""

from __future__ import annotations

from array import array
from bisect import bisect_left
from functools import lru_cache
from importlib.resources import files
from typing import NamedTuple


class _Tables(NamedTuple):
    tags: array[int]
    codes: bytes
    names: tuple[str, ...]
    masks: tuple[tuple[int, int, str], ...]


@lru_cache(maxsize=1)
def _tables() -> _Tables:
    exact: list[tuple[int, int]] = []
    masks: list[tuple[int, int, str]] = []
    names: list[str] = []
    for line in files("primum.imaging").joinpath("dictionary.txt").read_text("ascii").splitlines()[1:]:
        name, _, listed = line.partition(": ")
        for tag in listed.split():
            if "x" in tag:
                mask = int("".join("0" if digit == "x" else "F" for digit in tag), 16)
                masks.append((mask, int(tag.replace("x", "0"), 16), name))
            else:
                exact.append((int(tag, 16), len(names)))
        names.append(name)
    exact.sort()
    return _Tables(array("I", [tag for tag, _ in exact]), bytes(code for _, code in exact), tuple(names), tuple(masks))


@lru_cache(maxsize=4096)
def vr_of(tag: int) -> str:
    """Tell the value representation of a public tag as PS3.6 writes it ("US or SS" too); empty when it has none."""
    tables = _tables()
    at = bisect_left(tables.tags, tag)
    if at < len(tables.tags) and tables.tags[at] == tag:
        return tables.names[tables.codes[at]]
    for mask, value, name in tables.masks:
        if tag & mask == value:
            return name
    return ""
