"""Transfer syntaxes: how a data set is written (PS3.5 10) and what its frames are called on the web (PS3.18 8.7.3)."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache

from primum.imaging.errors import UnknownSyntax

IMPLICIT_LE = "1.2.840.10008.1.2"
EXPLICIT_LE = "1.2.840.10008.1.2.1"
DEFLATED = "1.2.840.10008.1.2.1.99"
EXPLICIT_BE = "1.2.840.10008.1.2.2"
JPIP_DEFLATED = ("1.2.840.10008.1.2.4.95", "1.2.840.10008.1.2.4.205")
JPIP = ("1.2.840.10008.1.2.4.94", "1.2.840.10008.1.2.4.204")
"""Pixel data behind a URL (PS3.5 A.6): there are no frames here."""

OCTETS = "application/octet-stream"

_STANDARD = "1.2.840.10008.1."
_MEDIA_TYPES = {
    "1.2.840.10008.1.2.5": "image/dicom-rle",
    **{f"1.2.840.10008.1.2.4.{n}": "image/jpeg" for n in (50, 51, 57, 70)},
    **{f"1.2.840.10008.1.2.4.{n}": "image/jls" for n in (80, 81)},
    **{f"1.2.840.10008.1.2.4.{n}": "image/jp2" for n in (90, 91)},
    **{f"1.2.840.10008.1.2.4.{n}": "image/jpx" for n in (92, 93)},
    **{f"1.2.840.10008.1.2.4.{n}": "image/jphc" for n in (201, 202, 203)},
    **{f"1.2.840.10008.1.2.4.{n}": "image/jxl" for n in (110, 111, 112)},
    **{f"1.2.840.10008.1.2.4.{n}": "video/mpeg" for n in ("100", "100.1", "101", "101.1")},
    **{f"1.2.840.10008.1.2.4.{n}": "video/mp4" for n in ("102", "102.1", "103", "103.1", "104", "104.1", "105")},
    **{f"1.2.840.10008.1.2.4.{n}": "video/mp4" for n in ("105.1", "106", "106.1", "107", "108")},
}
_JPEG_FAMILY = frozenset({"image/jpeg", "image/jls", "image/jp2", "image/jphc"})
_UID = re.compile(r"[0-9][0-9.]{0,63}")


@dataclass(frozen=True, slots=True)
class Syntax:
    """How one transfer syntax is read."""

    uid: str
    explicit: bool
    little: bool
    deflated: bool
    encapsulated: bool
    media_type: str

    @property
    def video(self) -> bool:
        """Tell whether all frames are one stream."""
        return self.media_type.startswith("video/")

    @property
    def marked_ends(self) -> bool:
        """Tell whether each frame ends with the marker EOI (FFD9)."""
        return self.media_type in _JPEG_FAMILY


@lru_cache(maxsize=128)
def syntax_of(uid: str) -> Syntax:
    """Describe a transfer syntax.

    One that we do not know is taken for encapsulated explicit little endian, which every
    syntax since 1993 is (PS3.5 A.4). Raises UnknownSyntax when it is not a UID at all.
    """
    if _UID.fullmatch(uid) is None:
        raise UnknownSyntax
    native = uid in {IMPLICIT_LE, EXPLICIT_LE, DEFLATED, EXPLICIT_BE, *JPIP_DEFLATED}
    return Syntax(
        uid,
        explicit=uid != IMPLICIT_LE,
        little=uid != EXPLICIT_BE,
        deflated=uid == DEFLATED or uid in JPIP_DEFLATED,
        encapsulated=not native and uid not in JPIP,
        media_type=_MEDIA_TYPES.get(uid, OCTETS),
    )
