"""What is read of an answered data set: which of the asked attributes has a value, or the UIDs; never more.

Values are looked at byte by byte where they lie, and never become a string (docs/design/exposure.md, 3).
Implicit VR Little Endian (PS3.5 7.1.3).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from primum.exposure.probe.dicom.messages import ELEMENT
from primum.exposure.probe.dicom.pdu import NotDicom

_UNDEFINED = 0xFFFFFFFF
_ITEM_GROUP, _ITEM_START = 0xFFFE, 0xE000
_NOTHING = frozenset(b" \0")
_UID_BYTES = 64
_DEEPEST = 8


def having_a_value(view: memoryview, names: Mapping[tuple[int, int], str]) -> set[str]:
    """Return which of these attributes hold anything but padding. Raises NotDicom."""
    return {names[tag] for tag, value in _elements(view) if tag in names and any(one not in _NOTHING for one in value)}


def uid_in(view: memoryview, tag: tuple[int, int]) -> str:
    """Return a UID of the data set, empty where it has none that is one (PS3.5 9.1). Raises NotDicom."""
    for found, value in _elements(view):
        if found == tag and len(value) <= _UID_BYTES and all(one in _UID_CHARACTERS for one in value):
            return bytes(value).decode("ascii").rstrip("\0 ")
    return ""


_UID_CHARACTERS = frozenset(b"0123456789.\0 ")


def _elements(view: memoryview) -> Iterator[tuple[tuple[int, int], memoryview]]:
    at = 0
    while at < len(view):
        group, element, length, at = _header(view, at)
        if length == _UNDEFINED:
            yield (group, element), view[:0]
            at = _after(view, at, 1)
            continue
        if length > len(view) - at:
            raise NotDicom
        yield (group, element), view[at : at + length]
        at += length


def _after(view: memoryview, at: int, depth: int) -> int:
    """Return where what has no length ends: sequences within items within sequences, so deep and no deeper."""
    if depth > _DEEPEST:
        raise NotDicom
    while at < len(view):
        group, element, length, at = _header(view, at)
        if group == _ITEM_GROUP and length != _UNDEFINED and element != _ITEM_START:
            return at
        if length == _UNDEFINED:
            at = _after(view, at, depth + 1)
        elif length > len(view) - at:
            raise NotDicom
        else:
            at += length
    raise NotDicom


def _header(view: memoryview, at: int) -> tuple[int, int, int, int]:
    if len(view) - at < ELEMENT.size:
        raise NotDicom
    group, element, length = ELEMENT.unpack_from(view, at)
    return group, element, length, at + ELEMENT.size
