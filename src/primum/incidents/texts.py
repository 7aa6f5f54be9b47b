"""What a text that comes from outside may hold, and how a body is written as one. Pure."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, Final
from unicodedata import category

_UNFIT: Final = frozenset({"Cc", "Cs"})
_LAYOUT: Final = "\n\r\t"


def is_text(value: object, most: int) -> bool:
    """Whether this is a text of at most `most` characters that can be kept and shown.

    A control character is none (but for tabs and ends of lines), nor is half of a surrogate pair, which UTF-8 cannot
    write.
    """
    return isinstance(value, str) and len(value) <= most and not any(map(_unfit, value))


def _unfit(one: str) -> bool:
    return category(one) in _UNFIT and one not in _LAYOUT


def written(body: Mapping[str, Any]) -> str:
    """Write a body as it is kept, and as its digest is taken: one line, keys in order."""
    return json.dumps(body, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
