"""What a caller can take (RFC 9110 12.5.1, PS3.18 8.7): media types with parameters that hold commas and quotes."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import ClassVar, Final

from primum.ground.errors import PrimumError

_ITEM = re.compile(r'(?:"(?:[^"\\]|\\.)*"|[^,"])+')
_PARAMETER = re.compile(r';\s*([!#$%&\'*+.^_`|~\w-]+)\s*=\s*("(?:[^"\\]|\\.)*"|[^;,\s"]*)')
_MOST = 16

JSON: Final = "application/dicom+json"
OCTETS: Final = "application/octet-stream"
DICOM: Final = "application/dicom"

IMAGE_TYPES: Final = {
    "1.2.840.10008.1.2.4.50": "image/jpeg",
    "1.2.840.10008.1.2.4.51": "image/jpeg",
    "1.2.840.10008.1.2.4.57": "image/jpeg",
    "1.2.840.10008.1.2.4.70": "image/jpeg",
    "1.2.840.10008.1.2.4.80": "image/jls",
    "1.2.840.10008.1.2.4.81": "image/jls",
    "1.2.840.10008.1.2.4.90": "image/jp2",
    "1.2.840.10008.1.2.4.91": "image/jp2",
    "1.2.840.10008.1.2.4.201": "image/jphc",
    "1.2.840.10008.1.2.4.202": "image/jphc",
    "1.2.840.10008.1.2.4.203": "image/jphc",
    "1.2.840.10008.1.2.5": "image/dicom-rle",
}
"""The media type of a frame by its transfer syntax (PS3.18 table 8.7.3-4), for who asks for it."""


class NotAcceptable(PrimumError):
    """The answer exists in none of the forms that the request accepts: nothing is transcoded here."""

    code: ClassVar[str] = "web.not-acceptable"
    hint: ClassVar[str] = "accept the transfer syntax it is stored in: transfer-syntax=*"


@dataclass(frozen=True, slots=True)
class Wish:
    """One media type that is accepted."""

    media_type: str
    parameters: dict[str, str]
    weight: float


def wishes(header: str) -> list[Wish]:
    """Read an Accept header, dearest first; an absent one accepts everything."""
    found = [_wish(item) for item in _ITEM.findall(header or "*/*")[:_MOST]]
    return sorted((wish for wish in found if wish.weight > 0), key=lambda wish: -wish.weight)


def _wish(item: str) -> Wish:
    parameters = {name.lower(): _unquoted(value) for name, value in _PARAMETER.findall(item)}
    try:
        weight = float(parameters.pop("q", "1"))
    except ValueError:
        weight = 0.0
    return Wish(item.partition(";")[0].strip().lower(), parameters, weight)


def _unquoted(value: str) -> str:
    return re.sub(r"\\(.)", r"\1", value[1:-1]) if value.startswith('"') else value


def check_json(header: str) -> str:
    """Return the JSON type to answer with. Raises NotAcceptable."""
    for wish in wishes(header):
        if wish.media_type in {JSON, "*/*", "application/*"}:
            return JSON
        if wish.media_type == "application/json":
            return "application/json"
    raise NotAcceptable


def frame_type(header: str, transfer_syntax: str) -> str:
    """Return the media type of each part for frames stored in this transfer syntax. Raises NotAcceptable."""
    image = IMAGE_TYPES.get(transfer_syntax, "")
    for wish in wishes(header):
        if wish.media_type in {"*/*", "multipart/*"}:
            return OCTETS
        if wish.media_type != "multipart/related" or not _syntax_fits(wish, transfer_syntax):
            continue
        wanted = wish.parameters.get("type", OCTETS)
        if wanted in {OCTETS, "*/*"}:
            return OCTETS
        if image and wanted in {image, "image/*"}:
            return image
    raise NotAcceptable


def check_instance(header: str, transfer_syntaxes: Iterable[str]) -> None:
    """Raise NotAcceptable unless whole instances, stored in these transfer syntaxes, are accepted."""
    stored = set(transfer_syntaxes)
    for wish in wishes(header):
        if wish.media_type in {"*/*", "multipart/*"}:
            return
        asks = wish.media_type == "multipart/related" and wish.parameters.get("type", DICOM) in {DICOM, "*/*"}
        if asks and all(_syntax_fits(wish, one) for one in stored):
            return
    raise NotAcceptable


def check_bulk(header: str) -> bool:
    """Tell whether one value goes in a multipart answer (else bare). Raises NotAcceptable."""
    for wish in wishes(header):
        if wish.media_type in {"*/*", "application/*", OCTETS}:
            return False
        parts = wish.media_type in {"multipart/related", "multipart/*"}
        if parts and wish.parameters.get("type", OCTETS) in {OCTETS, "*/*"}:
            return True
    raise NotAcceptable


def _syntax_fits(wish: Wish, transfer_syntax: str) -> bool:
    return wish.parameters.get("transfer-syntax", "*") in {"*", transfer_syntax}
