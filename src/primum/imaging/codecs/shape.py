"""What a frame is: the Image Pixel attributes that decoding needs (PS3.3 C.7.6.3). Pure; the same in both processes."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class PixelShape:
    """The frame as the data set describes it."""

    rows: int
    columns: int
    samples: int
    photometric: str
    bits_allocated: int
    bits_stored: int
    high_bit: int
    signed: bool
    planar: int
    """Planar Configuration; 0 for one sample."""
    real: str = ""
    """`f` for float, `d` for double pixels (7FE0,0008) (7FE0,0009)."""

    @property
    def pixels(self) -> int:
        """Pixels of a frame."""
        return self.rows * self.columns

    @property
    def subsampled(self) -> bool:
        """Tell whether native pixels share their chrominance by two (PS3.3 C.7.6.3.1.2)."""
        return self.photometric == "YBR_FULL_422" and self.samples == 3  # noqa: PLR2004

    @property
    def frame_bytes(self) -> int:
        """Bytes of a native frame, one bit a pixel rounded up."""
        samples = 2 if self.subsampled else self.samples
        return -(-self.pixels * samples * self.bits_allocated // 8)

    def message(self) -> dict[str, Any]:
        """Give what travels."""
        return asdict(self)

    @classmethod
    def of_message(cls, message: dict[str, Any]) -> PixelShape:
        """Read what travelled."""
        return cls(**message)
