"""What a STOW-RS request offers to be stored, one after another."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from primum.doors.dicomweb.incoming import DICOM, Parts
from primum.ground.errors import PrimumError
from primum.imaging.part10 import NotPart10
from primum.imaging.taking import Told


@dataclass(slots=True)
class Offered:
    """One DICOM file in pieces, to be read before the next is asked for; or why there is none."""

    pieces: Iterator[bytes] = field(default_factory=lambda: iter(()))
    refusal: PrimumError | None = None
    told: Told = field(default_factory=Told)
    instance: bool = True
    """False for a part that belongs to no instance: its reason stands in Other Failures Sequence (0008,119A)."""


def files_of(parts: Parts) -> Iterator[Offered]:
    """Give the files of a body of DICOM files. Raises BadMultipart."""
    for part in parts:
        if part.media_type == DICOM:
            yield Offered(part.pieces)
        else:
            yield Offered(refusal=NotPart10(reason="its part is of another media type"))
