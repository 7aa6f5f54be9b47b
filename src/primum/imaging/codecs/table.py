"""Which transfer syntaxes can be read, and written from which (PS3.5 8.2, 10). Pure; starts nothing.

The conformance statement is made from `SYNTAXES`.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from primum.imaging.syntaxes import DEFLATED, EXPLICIT_BE, EXPLICIT_LE, IMPLICIT_LE


class Codec(StrEnum):
    """What a frame is made with."""

    NATIVE = "native"
    RLE = "rle"
    JPEG = "jpeg"
    JPEG_LOSSLESS = "jpeg-lossless"
    JPEG_LS = "jpeg-ls"
    JPEG_2000 = "jpeg-2000"
    HTJ2K = "htj2k"


@dataclass(frozen=True, slots=True)
class Served:
    """One transfer syntax: how its frames are read, and whether data sets are written in it on request."""

    uid: str
    name: str
    codec: Codec
    target: bool = True
    relabels: tuple[str, ...] = ()
    """Stored syntaxes whose streams are valid in this one as they are."""


RLE: Final = "1.2.840.10008.1.2.5"
JPEG_BASELINE: Final = "1.2.840.10008.1.2.4.50"
JPEG_EXTENDED: Final = "1.2.840.10008.1.2.4.51"
JPEG_LOSSLESS: Final = "1.2.840.10008.1.2.4.57"
JPEG_LOSSLESS_SV1: Final = "1.2.840.10008.1.2.4.70"
JPEG_LS: Final = "1.2.840.10008.1.2.4.80"
JPEG_LS_NEAR: Final = "1.2.840.10008.1.2.4.81"
JPEG_2000_LOSSLESS: Final = "1.2.840.10008.1.2.4.90"
JPEG_2000: Final = "1.2.840.10008.1.2.4.91"
HTJ2K_LOSSLESS: Final = "1.2.840.10008.1.2.4.201"
HTJ2K_RPCL: Final = "1.2.840.10008.1.2.4.202"
HTJ2K: Final = "1.2.840.10008.1.2.4.203"

SYNTAXES: Final = (
    Served(IMPLICIT_LE, "Implicit VR Little Endian", Codec.NATIVE),
    Served(EXPLICIT_LE, "Explicit VR Little Endian", Codec.NATIVE),
    Served(DEFLATED, "Deflated Explicit VR Little Endian", Codec.NATIVE),
    Served(EXPLICIT_BE, "Explicit VR Big Endian", Codec.NATIVE),
    Served(RLE, "RLE Lossless", Codec.RLE),
    Served(JPEG_BASELINE, "JPEG Baseline (Process 1)", Codec.JPEG, target=False),
    Served(JPEG_EXTENDED, "JPEG Extended (Process 2 and 4)", Codec.JPEG, target=False),
    Served(JPEG_LOSSLESS, "JPEG Lossless (Process 14)", Codec.JPEG_LOSSLESS, relabels=(JPEG_LOSSLESS_SV1,)),
    Served(JPEG_LOSSLESS_SV1, "JPEG Lossless (Process 14, Selection Value 1)", Codec.JPEG_LOSSLESS),
    Served(JPEG_LS, "JPEG-LS Lossless", Codec.JPEG_LS),
    Served(JPEG_LS_NEAR, "JPEG-LS Lossy (Near-Lossless)", Codec.JPEG_LS, relabels=(JPEG_LS,)),
    Served(JPEG_2000_LOSSLESS, "JPEG 2000 (Lossless Only)", Codec.JPEG_2000),
    Served(JPEG_2000, "JPEG 2000", Codec.JPEG_2000, relabels=(JPEG_2000_LOSSLESS,)),
    Served(HTJ2K_LOSSLESS, "HTJ2K (Lossless Only)", Codec.HTJ2K, relabels=(HTJ2K_RPCL,)),
    Served(HTJ2K_RPCL, "HTJ2K with RPCL Options (Lossless Only)", Codec.HTJ2K),
    Served(HTJ2K, "HTJ2K", Codec.HTJ2K, relabels=(HTJ2K_LOSSLESS, HTJ2K_RPCL)),
)
BY_UID: Final = {one.uid: one for one in SYNTAXES}
TARGETS: Final = tuple(one.uid for one in SYNTAXES if one.target)


def can_serve(stored: str, target: str) -> bool:
    """Tell whether what is stored in one transfer syntax may be had in another.

    A single data set may still be refused: what it holds may not fit the target, or be damaged.
    """
    if stored == target:
        return True
    wanted = BY_UID.get(target)
    return stored in BY_UID and wanted is not None and wanted.target


def targets_from(stored: str) -> tuple[str, ...]:
    """List the transfer syntaxes in which something can be had, the stored one first."""
    return (stored, *(uid for uid in TARGETS if uid != stored and can_serve(stored, uid)))


def relabels(stored: str, target: str) -> bool:
    """Tell whether the stored frames are valid under the target's name as they are."""
    wanted = BY_UID.get(target)
    return stored == target or (wanted is not None and stored in wanted.relabels)
