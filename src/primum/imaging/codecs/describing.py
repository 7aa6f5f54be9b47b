"""The Image Pixel module of a stored data set (PS3.3 C.7.6.3), as decoding needs it. Pure."""

from __future__ import annotations

import struct
from typing import Final

from primum.imaging.codecs.errors import Undecodable
from primum.imaging.codecs.limits import CODEC_LIMITS, CodecLimits
from primum.imaging.codecs.shape import PixelShape
from primum.imaging.limits import LIMITS, Limits
from primum.imaging.syntaxes import Syntax
from primum.imaging.walker import Element, skim, wanted

SAMPLES, PHOTOMETRIC, PLANAR = 0x00280002, 0x00280004, 0x00280006
_ROWS, _COLUMNS, _ALLOCATED, _STORED, _HIGH, _SIGNED = (
    0x00280010, 0x00280011, 0x00280100, 0x00280101, 0x00280102, 0x00280103,
)  # fmt: skip
_WANTED = wanted(SAMPLES, PHOTOMETRIC, PLANAR, _ROWS, _COLUMNS, _ALLOCATED, _STORED, _HIGH, _SIGNED)
_REAL: Final = {0x7FE00008: "f", 0x7FE00009: "d"}
_ORDINARY: Final = frozenset({
    "MONOCHROME1", "MONOCHROME2", "PALETTE COLOR", "RGB", "YBR_FULL", "YBR_FULL_422", "YBR_RCT", "YBR_ICT",
})  # fmt: skip


class Numbers:
    """Numbers of a data set's top level."""

    def __init__(self, view: memoryview, syntax: Syntax, found: dict[int, Element]) -> None:
        """Read from what was found."""
        self._view, self._mark, self._found = view, "<" if syntax.little else ">", found

    def raw(self, tag: int) -> bytes:
        """The value's bytes; none where the element is not there."""
        element = self._found.get(tag)
        return b"" if element is None else bytes(self._view[element.at : element.end])

    def text(self, tag: int) -> str:
        """A text of ASCII characters."""
        return self.raw(tag).rstrip(b"\0 ").strip().decode("ascii", "replace")

    def short(self, tag: int, default: int = 0) -> int:
        """The first US or SS, read as unsigned."""
        raw = self.raw(tag)
        return int(struct.unpack_from(self._mark + "H", raw)[0]) if len(raw) >= 2 else default  # noqa: PLR2004

    def shorts(self, tag: int) -> list[int]:
        """Every US, read as unsigned."""
        raw = self.raw(tag)
        return list(struct.unpack(f"{self._mark}{len(raw) // 2}H", raw[: len(raw) // 2 * 2]))

    def decimals(self, tag: int) -> list[float]:
        """Every DS that is a number, in order; none when one is not."""
        try:
            return [float(one) for one in self.text(tag).split("\\") if one.strip()]
        except ValueError:
            return []


def pixel_shape(
    view: memoryview,
    syntax: Syntax,
    pixels_tag: int | None,
    limits: Limits = LIMITS,
    codec_limits: CodecLimits = CODEC_LIMITS,
) -> PixelShape:
    """Describe the frames of a data set whose header is `view`. Raises Undecodable."""
    numbers = Numbers(view, syntax, skim(view, syntax, _WANTED, limits).found)
    real = _REAL.get(pixels_tag or 0, "")
    allocated = numbers.short(_ALLOCATED)
    stored = numbers.short(_STORED) or allocated
    samples = numbers.short(SAMPLES) or 1
    shape = PixelShape(
        rows=numbers.short(_ROWS),
        columns=numbers.short(_COLUMNS),
        samples=samples,
        photometric=numbers.text(PHOTOMETRIC),
        bits_allocated=allocated,
        bits_stored=stored,
        high_bit=numbers.short(_HIGH, stored - 1),
        signed=numbers.short(_SIGNED) == 1,
        planar=numbers.short(PLANAR) if samples > 1 else 0,
        real=real,
    )
    if not (shape.pixels and 1 <= shape.bits_stored <= shape.bits_allocated) or shape.planar > 1:
        raise Undecodable(why="its pixels are not described")
    if shape.photometric not in _ORDINARY:
        raise Undecodable(why="its photometric interpretation is not one of DICOM today")
    if shape.subsampled and shape.columns % 2:
        raise Undecodable(why="an odd row cannot share its chrominance")
    if shape.pixels * samples > codec_limits.samples or shape.frame_bytes > codec_limits.frame_bytes:
        raise Undecodable(why="a frame is larger than is decoded here")
    return shape
