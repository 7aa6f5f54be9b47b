"""The shapes of what a fact may hold, and how a value is brought into its shape.

A value that names something of ours must have its exact shape. A value that a caller chose (an address,
an AE title) is escaped to printable ASCII and cut: a hostile one must be recorded, not obeyed.
"""

from __future__ import annotations

import re
from enum import Enum

_ID = re.compile(r"[a-z]{3}_[a-z2-7]{26}")
_REFERENCE = re.compile(r"[a-z2-7]{26}")
_WORD = re.compile(r"[a-z0-9][a-z0-9.:_+-]{0,63}")
_WORDS = re.compile(r"[a-z0-9][a-z0-9.:_+-]{0,63}(,[a-z0-9][a-z0-9.:_+-]{0,63}){0,15}")
_HASH = re.compile(r"[0-9a-f]{64}")
_INSTANT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d(\.\d{3})?)?Z")
MOST = 2**53 - 1
"""The largest whole number that every reader of JSON keeps exact."""
ADDRESS_CHARACTERS = 64
TITLE_CHARACTERS = 64
"""An AE title has 16 characters (PS3.5 6.2); escaped, each may take four."""
VALUE_CHARACTERS = 80
ACTORS = ("system", "stranger")


class Shape(Enum):
    """What a detail looks like."""

    ID = "an id of ours, or a study reference"
    COUNT = "a whole number from 0"
    WORD = "a word of a closed list"
    WORDS = "words, separated by commas"
    HASH = "64 hexadecimal digits"
    INSTANT = "an instant"
    ADDRESS = "where a caller is, escaped"
    TITLE = "an AE title, escaped"
    VALUE = "a value of the configuration, escaped"


_PATTERNS = {Shape.WORD: _WORD, Shape.WORDS: _WORDS, Shape.HASH: _HASH, Shape.INSTANT: _INSTANT}
_CUT = {Shape.ADDRESS: ADDRESS_CHARACTERS, Shape.TITLE: TITLE_CHARACTERS, Shape.VALUE: VALUE_CHARACTERS}


def shaped(shape: Shape, value: object) -> str | int | None:
    """Give the value in its shape, escaped where the shape says so; None when it does not fit."""
    if shape is Shape.COUNT:
        fits = isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= MOST
        return value if fits and isinstance(value, int) else None
    if not isinstance(value, str):
        return None
    if shape in _CUT:
        return escaped(value, _CUT[shape])
    if shape is Shape.ID:
        return value if is_reference(value) else None
    return value if _PATTERNS[shape].fullmatch(value) else None


def is_reference(text: str) -> bool:
    """Tell whether this is an id of ours, or a study or pack reference."""
    return bool(_ID.fullmatch(text) or _REFERENCE.fullmatch(text))


def is_actor(text: str) -> bool:
    """Tell whether this may stand for who did something."""
    return text in ACTORS or bool(_ID.fullmatch(text))


def is_word(text: str) -> bool:
    """Tell whether this is a word."""
    return bool(_WORD.fullmatch(text))


def escaped(text: str, most: int) -> str:
    """Write a text from outside in printable ASCII, at most `most` characters."""
    cut = text[:most]
    if not (cut.isascii() and cut.isprintable()) or "\\" in cut:
        cut = "".join(
            char if " " <= char <= "~" and char != "\\" else char.encode("unicode_escape").decode("ascii")
            for char in cut
        )
    return cut[:most]
