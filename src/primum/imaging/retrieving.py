"""The identifier of a C-GET or C-MOVE: what is to be sent (PS3.4 C.4.2.1.4, C.4.3.1.3). Pure.

At its level a request names one thing or a list of them, by UID; above it, what holds them. A key below the level, a
wildcard or an empty key is refused: whoever asks vaguely would be sent more than was meant.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from enum import StrEnum
from typing import ClassVar

from primum.imaging.charsets import charset_of
from primum.imaging.dicomjson import CHARSET_TAG
from primum.imaging.errors import ImagingRefusal
from primum.imaging.limits import LIMITS, Limits
from primum.imaging.syntaxes import syntax_of
from primum.imaging.walker import Short, elements

LEVEL, PATIENT_ID, STUDY, SERIES, INSTANCE = 0x00080052, 0x00100020, 0x0020000D, 0x0020000E, 0x00080018
FAILED_UIDS = 0x00080058
"""Failed SOP Instance UID List."""
UNIQUE_KEYS = 10_000
"""UIDs in one list: 650 KB; the index finds each by itself."""
_UID = re.compile(r"[0-9][0-9.]{0,63}")
_LIST_BYTES = 0xFFFE
"""A UI value in explicit VR has a length of 16 bits (PS3.5 7.1.2)."""


class Root(StrEnum):
    """The information models (PS3.4 C.6.1, C.6.2)."""

    PATIENT = "patient"
    STUDY = "study"


_LEVELS = {"PATIENT": PATIENT_ID, "STUDY": STUDY, "SERIES": SERIES, "IMAGE": INSTANCE}
_ORDER = (PATIENT_ID, STUDY, SERIES, INSTANCE)


class BadRetrieval(ImagingRefusal):
    """The identifier of the retrieval does not say what to send ({why})."""

    code: ClassVar[str] = "imaging.bad-retrieval"
    hint: ClassVar[str] = "give the level, and its unique key: one UID or a list of them (PS3.4 C.4.2)"


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is asked for: all of these that exist; an empty list asks nothing of its level."""

    level: str
    patients: tuple[str, ...] = field(default=(), repr=False)
    studies: tuple[str, ...] = field(default=(), repr=False)
    series: tuple[str, ...] = field(default=(), repr=False)
    instances: tuple[str, ...] = field(default=(), repr=False)


def read_wanted(identifier: bytes, transfer_syntax: str, root: Root, limits: Limits = LIMITS) -> Wanted:
    """Read an identifier. Raises BadRetrieval."""
    found = _values(identifier, transfer_syntax, limits)
    level = _plain(found.get(LEVEL, b"")).upper()
    if level not in _LEVELS or (level == "PATIENT" and root is Root.STUDY):
        raise BadRetrieval(why="level")
    own = _LEVELS[level]
    at = _ORDER.index(own)
    if any(found.get(tag, b"").strip(b" \0") for tag in _ORDER[at + 1 :]):
        raise BadRetrieval(why="a key below its level")
    if root is Root.STUDY:
        found.pop(PATIENT_ID, None)  # above the model's top: means nothing (PS3.4 C.6.2.1)
    patients = _patients(found)
    uids = [_uids(found.get(tag, b"")) for tag in _ORDER[1:]]
    if not (patients, *uids)[at]:
        raise BadRetrieval(why="no unique key at its level")
    return Wanted(level, patients, *uids)


def write_failed(uids: list[str], transfer_syntax: str) -> bytes:
    """Write the identifier of a final response: Failed SOP Instance UID List, as many as its length can say."""
    kept, size = [], 0
    for uid in uids:
        size += len(uid) + 1
        if size > _LIST_BYTES:
            break
        kept.append(uid)
    value = "\\".join(kept).encode("ascii")
    value += b"\0" * (len(value) % 2)
    syntax = syntax_of(transfer_syntax)
    order = "little" if syntax.little else "big"
    tag = b"".join(part.to_bytes(2, order) for part in (FAILED_UIDS >> 16, FAILED_UIDS & 0xFFFF))  # type: ignore[arg-type]
    if syntax.explicit:
        return tag + b"UI" + len(value).to_bytes(2, order) + value  # type: ignore[arg-type]
    return tag + len(value).to_bytes(4, order) + value  # type: ignore[arg-type]


def _values(identifier: bytes, transfer_syntax: str, limits: Limits) -> dict[int, bytes]:
    wanted = {CHARSET_TAG, LEVEL, *_ORDER}
    view = memoryview(identifier)
    try:
        return {
            one.tag: bytes(view[one.at : one.end])
            for one in elements(view, syntax_of(transfer_syntax), limits)
            if one.tag in wanted and one.end <= len(view)
        }
    except (ImagingRefusal, Short):
        raise BadRetrieval(why="it cannot be read") from None


def _plain(raw: bytes) -> str:
    return raw.decode("ascii", "replace").strip(" \0")


def _patients(found: dict[int, bytes]) -> tuple[str, ...]:
    """Read Patient ID: one value, in the character set that the identifier declares."""
    text = charset_of(found.get(CHARSET_TAG, b"")).decode(found.get(PATIENT_ID, b""))[0].strip(" \0")
    if any(one in text for one in "\\*?"):
        raise BadRetrieval(why="a list or a wildcard in the patient's identifier")
    return (text,) if text else ()


def _uids(raw: bytes) -> tuple[str, ...]:
    text = _plain(raw)
    listed = tuple(dict.fromkeys(one.strip(" \0") for one in text.split("\\"))) if text else ()
    if len(listed) > UNIQUE_KEYS:
        raise BadRetrieval(why="too many UIDs")
    if any(_UID.fullmatch(one) is None for one in listed):
        raise BadRetrieval(why="a UID that is none")
    return listed
