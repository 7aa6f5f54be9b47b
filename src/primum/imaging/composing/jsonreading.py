"""Metadata in DICOM JSON (PS3.18 F.2): bounded before anything is built of it. Pure."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from typing import Any, NoReturn

from primum.imaging.composing.errors import BadMetadata
from primum.imaging.composing.limits import COMPOSING_LIMITS, ComposingLimits
from primum.imaging.errors import DataSetTooLarge

_TOKENS = re.compile(rb'"(?:[^"\\]|\\.)*+"|[\[{]+|[\]}]+', re.DOTALL)
_OPENING, _CLOSING = b"[{", b"]}"
_PER_SEQUENCE = 3
"""Brackets that a sequence adds: of its attribute, its list of items, its item."""


def read_json(text: bytes, limits: ComposingLimits = COMPOSING_LIMITS) -> Sequence[Any]:
    """Return the data sets of a document, not yet checked: an array of them, or one alone.

    Raises BadMetadata, DataSetTooLarge.
    """
    if len(text) > limits.metadata_bytes:
        raise DataSetTooLarge(limit=limits.metadata_bytes, of="bytes of metadata")
    _bound(text, limits)
    try:
        found = json.loads(text.decode("utf-8"), object_pairs_hook=_each_once, parse_constant=_no_constant)
    except (ValueError, RecursionError):
        raise BadMetadata(what="it is not JSON") from None
    listed = found if isinstance(found, list) else [found]
    if len(listed) > limits.instances:
        raise DataSetTooLarge(limit=limits.instances, of="data sets in one request")
    return listed


def _bound(text: bytes, limits: ComposingLimits) -> None:
    """Refuse what is too deep or has too many objects, before there are any. Raises DataSetTooLarge."""
    depth = count = 0
    deepest = limits.depth * _PER_SEQUENCE + _PER_SEQUENCE
    for token in _TOKENS.finditer(text):
        run = token[0]
        if run[0] in _OPENING:
            depth += len(run)
            count += len(run)
            if depth > deepest:
                raise DataSetTooLarge(limit=limits.depth, of="sequences inside sequences")
            if count > limits.containers * 2:
                raise DataSetTooLarge(limit=limits.containers, of="attributes in one request")
        elif run[0] in _CLOSING:
            depth -= len(run)


def _each_once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise BadMetadata(what="an attribute is there twice")
    return found


def _no_constant(_name: str) -> NoReturn:
    raise BadMetadata(what="it is not JSON")
