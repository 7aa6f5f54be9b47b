"""SOP class extended negotiation (PS3.7 D.3.3.5): what is agreed on for a SOP class, byte by byte. Pure.

What we do is answered 1 where it is proposed, and done; what we do not, 0. No answer is longer than what was proposed:
callers older than a byte do not expect it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple, Self

from primum.imaging.storage import is_storage

QUERY = (
    ("relational queries", 1),
    ("combined date-time matching", 1),
    ("fuzzy semantic matching of person names", 1),
    ("timezone query adjustment", 1),
    ("conversion of enhanced multi-frame images", 0),
    ("empty value matching", 1),
    # names and dates take one value
    ("multiple value matching", 0),
)
"""C-FIND (PS3.4 C.5.1.1.1): the most that is agreed on, byte by byte."""
RETRIEVAL = (("relational retrieval", 0), ("conversion of enhanced multi-frame images", 0))
"""C-MOVE and C-GET (C.5.2.1, C.5.3.1)."""
WORKLIST = (
    ("reserved", 1),
    ("reserved", 1),
    ("fuzzy semantic matching of person names", 0),
    ("timezone query adjustment", 0),
)
"""Modality worklist (K.5.1): the reserved bytes are always 1."""
STORAGE = (
    ("level of support", 2),
    ("reserved", 0),
    # signatures are kept with all the rest; but what people have corrected is what is served, and fits them no more
    ("level of digital signature support", 1),
    ("reserved", 0),
    ("element coercion", 0),
)
"""Storage (B.3.1): level 2 is full; nothing is coerced when it is stored. Said as it is, whatever is proposed."""
_QUERY, _RETRIEVAL, _WORKLIST, _STORAGE = (
    bytes(value for _, value in fields) for fields in (QUERY, RETRIEVAL, WORKLIST, STORAGE)
)
_WORKLIST_FIND = "1.2.840.10008.5.1.4.31"

_PROPOSALS: Mapping[str, bytes] = {
    **{f"1.2.840.10008.5.1.4.1.2.{model}.1": _QUERY for model in (1, 2, 3)},
    **{f"1.2.840.10008.5.1.4.1.2.{model}.{kind}": _RETRIEVAL for model in (1, 2) for kind in (2, 3)},
    _WORKLIST_FIND: _WORKLIST,
}


def agree(sop_class: str, proposed: bytes) -> bytes:
    """Answer what is proposed for a SOP class; nothing where there is nothing to be agreed on."""
    if is_storage(sop_class):
        return _STORAGE[: len(proposed)]
    ours = _PROPOSALS.get(sop_class, b"")
    agreed = bytes(one if one == wished else 0 for one, wished in zip(ours, proposed, strict=False))
    if sop_class == _WORKLIST_FIND:
        return _WORKLIST[: min(2, len(agreed))] + agreed[2:]
    return agreed


class QueryOptions(NamedTuple):
    """What a C-FIND may count on, as agreed."""

    relational: bool
    combined: bool
    fuzzy: bool
    zone: bool
    empty: bool

    @classmethod
    def of(cls, agreed: bytes) -> Self:
        """Read what was agreed; what is missing was not."""
        relational, combined, fuzzy, zone, _, empty, _ = (bool(one) for one in agreed.ljust(len(_QUERY), b"\0"))
        return cls(relational, combined, fuzzy, zone, empty)
