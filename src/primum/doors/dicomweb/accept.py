"""What a caller can take (RFC 9110 12.5.1, PS3.18 8.7): media types with parameters that hold commas and quotes."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar, Final

from primum.ground.errors import PrimumError
from primum.imaging import EXPLICIT_LE, can_serve

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


DEFAULT_SYNTAXES: Final = {
    "image/jpeg": "1.2.840.10008.1.2.4.70",
    "image/jls": "1.2.840.10008.1.2.4.80",
    "image/jp2": "1.2.840.10008.1.2.4.90",
    "image/jphc": "1.2.840.10008.1.2.4.201",
    "image/dicom-rle": "1.2.840.10008.1.2.5",
}
"""The transfer syntax of an image type that is asked for without one (PS3.18 table 8.7.3-4)."""

JPEG: Final = "image/jpeg"
PICTURES: Final = {JPEG: "jpeg", "image/png": "png"}
"""What pictures are made as (PS3.18 table 8.7.4-1)."""
GIF: Final = "image/gif"
RENDERED: Final = (*PICTURES, GIF)
"""What an image may be rendered as, the default first; a film and a document are given as what they are."""


class NotAcceptable(PrimumError):
    """The answer can be given in none of the forms that the request accepts."""

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


def frame_types(header: str, kept: str, stored: str) -> list[tuple[str, str]]:
    """List the media type and transfer syntax in which frames may be given, dearest first.

    `kept` is the instance's transfer syntax, `stored` that of its frames as they are. Raises NotAcceptable.
    """
    found: list[tuple[str, str]] = []
    for wish in wishes(header):
        if wish.media_type in {"*/*", "multipart/*"}:
            found.append((OCTETS, stored))
        elif wish.media_type == "multipart/related":
            found += _frame_wish(wish, kept, stored)
    if not found:
        raise NotAcceptable
    return list(dict.fromkeys(found))


def _frame_wish(wish: Wish, kept: str, stored: str) -> list[tuple[str, str]]:
    wanted, syntax = wish.parameters.get("type", OCTETS), wish.parameters.get("transfer-syntax", "")
    image = IMAGE_TYPES.get(stored, "")
    if wanted == "*/*" or (wanted == OCTETS and syntax == "*"):
        syntax = stored if syntax in {"", "*"} else syntax
        return [(OCTETS, syntax)] if can_serve(kept, syntax) else []
    if wanted == OCTETS:
        # native frames are octets; compressed ones when they are asked for by name (PS3.18 8.7.3.3.2)
        syntax = syntax or (EXPLICIT_LE if can_serve(kept, EXPLICIT_LE) else stored)
        return [(OCTETS, syntax)] if can_serve(kept, syntax) else []
    if image and wanted in {image, "image/*"} and syntax in {"", "*", stored}:
        return [(image, stored)]
    syntax = DEFAULT_SYNTAXES.get(wanted, "") if syntax in {"", "*"} else syntax
    return [(wanted, syntax)] if IMAGE_TYPES.get(syntax) == wanted and can_serve(kept, syntax) else []


def instance_syntaxes(header: str, stored: str) -> list[str]:
    """List the transfer syntaxes in which a whole instance may be given, dearest first. Raises NotAcceptable."""
    found: list[str] = []
    for wish in wishes(header):
        if wish.media_type in {"*/*", "multipart/*"}:
            found.append(stored)
        elif wish.media_type == "multipart/related" and wish.parameters.get("type", DICOM) in {DICOM, "*/*"}:
            syntax = wish.parameters.get("transfer-syntax", "*")
            syntax = stored if syntax == "*" else syntax
            found += [syntax] if can_serve(stored, syntax) else []
    if not found:
        raise NotAcceptable
    return list(dict.fromkeys(found))


def picture_type(header: str, asked: str = "", offered: Sequence[str] = RENDERED) -> tuple[str, bool]:
    """Return the media type of what is rendered, and whether it goes in parts. Raises NotAcceptable.

    The first `offered` is what a caller that takes anything gets. `asked` is the query's own `accept`, which outweighs
    the header (PS3.18 8.3.3.1).
    """
    for wish in wishes(asked or header):
        media_type, parts = wish.media_type, False
        if media_type == "multipart/related":
            media_type, parts = wish.parameters.get("type", offered[0]), True
        if media_type in {"*/*", "multipart/*"}:
            return offered[0], parts
        for one in offered:
            if media_type in {one, one.partition("/")[0] + "/*"}:
                return one, parts
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
