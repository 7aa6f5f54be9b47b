"""Data sets of requests as DICOM JSON and back: how services that ask the worker read and write them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from primum.imaging.charsets import charset_of
from primum.imaging.dicomjson import CHARSET_TAG, Encoder
from primum.imaging.encoding import encode_data_set
from primum.imaging.errors import DamagedDataSet
from primum.imaging.syntaxes import syntax_of
from primum.imaging.walker import skim, wanted

_CHARSET = wanted(CHARSET_TAG)
_LATIN_1 = "ISO_IR 100"


def decoded(raw: bytes, transfer_syntax: str) -> tuple[dict[str, Any], str]:
    """Read a data set; return it with the character set that it declares.

    Raises DamagedDataSet (text that is not of its character set too), DataSetTooLarge.
    """
    view, syntax = memoryview(raw), syntax_of(transfer_syntax)
    encoder = Encoder(view, syntax)
    found = encoder.data_set()
    element = skim(view, syntax, _CHARSET).found.get(CHARSET_TAG)
    declared = bytes(view[element.at : element.end]) if element else b""
    # a device that declares nothing and sends Latin-1 or UTF-8 is understood; one that contradicts itself is not
    if encoder.damaged and declared.strip(b" \0") and not charset_of(declared).known:
        raise DamagedDataSet(what="its character set is not known")
    return found, declared.decode("ascii", "replace").strip(" \0") or _LATIN_1


def written(attributes: Mapping[str, Any], transfer_syntax: str, charset: str = _LATIN_1) -> bytes:
    """Write a data set in the character set wished for, or in UTF-8 where that does not hold all of it."""
    return encode_data_set(attributes, transfer_syntax, charset)
