"""Reading a data set in the DICOM JSON model (PS3.18 F), as it comes from a peer through another process. Pure.

What has not the form that it should is taken as absent: the callers judge what is required.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

Json = Mapping[str, Any]


def has(data: Json, tag: str) -> bool:
    """Tell whether the element is there, with or without a value."""
    return isinstance(data.get(tag), Mapping)


def values(data: Json, tag: str) -> list[Any]:
    """Return the values of an element; none where it is absent or empty."""
    element = data.get(tag)
    found = element.get("Value") if isinstance(element, Mapping) else None
    return [one for one in found if one is not None] if isinstance(found, list) else []


def texts(data: Json, tag: str) -> list[str]:
    """Return the values as texts; a name in its written form."""
    return [written for one in values(data, tag) if (written := _written(one))]


def text(data: Json, tag: str) -> str:
    """Return the first value as a text."""
    return next(iter(texts(data, tag)), "")


def items(data: Json, tag: str) -> list[Json]:
    """Return the items of a sequence."""
    return [one for one in values(data, tag) if isinstance(one, Mapping)]


def element(vr: str, *given: object) -> dict[str, Any]:
    """Make an element of what is not empty; a PN is given in its written form."""
    kept = [_name(str(one)) if vr == "PN" else one for one in given if one is not None and one != ""]
    return {"vr": vr, "Value": kept} if kept else {"vr": vr}


def sequence(*found: Mapping[str, Any]) -> dict[str, Any]:
    """Make a sequence."""
    return {"vr": "SQ", "Value": list(found)} if found else {"vr": "SQ"}


_GROUPS = ("Alphabetic", "Ideographic", "Phonetic")


def _written(value: object) -> str:
    if isinstance(value, Mapping):
        groups = [value.get(group, "") for group in _GROUPS]
        return "=".join(one if isinstance(one, str) else "" for one in groups).rstrip("=")
    if isinstance(value, (str, int, float)) and not isinstance(value, bool):
        return str(value)
    return ""


def _name(name: str) -> dict[str, str]:
    return {group: text for group, text in zip(_GROUPS, name.split("="), strict=False) if text}


def depth(data: object, most: int) -> bool:
    """Tell whether a value nests at most so deep."""
    level: Sequence[object] = [data]
    for _ in range(most):
        level = [inner for one in level for inner in _inside(one)]
        if not level:
            return True
    return False


def _inside(one: object) -> list[object]:
    if isinstance(one, Mapping):
        return list(one.values())
    return list(one) if isinstance(one, list) else []
