"""Values taken out of DICOM JSON (PS3.18 F). Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

Json = Mapping[str, Any]


def first(attributes: Json, tag: str) -> str:
    """Give an attribute's first value as text: of a name its first group; empty where there is none."""
    values = attributes.get(tag, {}).get("Value") or [None]
    one = values[0]
    if isinstance(one, Mapping):
        one = one.get("Alphabetic") or one.get("Ideographic") or one.get("Phonetic")
    return "" if one is None else str(one)


def items(attributes: Json, tag: str) -> Iterator[Json]:
    """Give the items of a sequence."""
    for one in attributes.get(tag, {}).get("Value") or ():
        if isinstance(one, Mapping):
            yield one


def item(attributes: Json, tag: str) -> Json:
    """Give the first item of a sequence, an empty one where there is none."""
    return next(items(attributes, tag), {})


def code(attributes: Json, tag: str) -> tuple[str, str, str]:
    """Give the code, scheme and meaning of a coded entry (PS3.3 8.8); a long or URN code is a code too."""
    entry = item(attributes, tag)
    value = first(entry, "00080100") or first(entry, "00080119") or first(entry, "00080120")
    return value, first(entry, "00080102"), first(entry, "00080104")


def spoken(name: str) -> str:
    """Write a PN as people read it: prefix, given names, family name."""
    family, given, middle, prefix, suffix, *_ = [*name.partition("=")[0].split("^"), "", "", "", ""]
    return " ".join(filter(None, (prefix, given, middle, family, suffix)))
