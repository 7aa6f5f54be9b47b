"""Frames as one animated GIF (GIF89a), each made in a codec process and framed here (PS3.18 table 8.7.4-1).

256 greys are kept as they are; colours are brought to 252 by an ordered pattern, so that nothing seems to move.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator, Sequence
from typing import Final

from primum.imaging.codecs.colours import COLOURS, GREYS
from primum.imaging.codecs.describing import Numbers
from primum.imaging.codecs.errors import NotAPicture, Undecodable
from primum.imaging.codecs.rendering import PictureWish, picture
from primum.imaging.codecs.transcoding import Instance
from primum.imaging.walker import skim, wanted

_FRAME_TIME, _TIME_VECTOR, _CINE_RATE, _SHOWN_RATE = 0x00181063, 0x00181065, 0x00180040, 0x00082144
_WANTED = wanted(_FRAME_TIME, _TIME_VECTOR, _CINE_RATE, _SHOWN_RATE)
_FOR_EVER: Final = b"\x21\xff\x0bNETSCAPE2.0\x03\x01\x00\x00\x00"
_USUAL_MS: Final = 1000 / 15
"""Where the data set says nothing: fifteen frames a second."""
_LEAST: Final = 2
"""Hundredths of a second: what is shorter, browsers slow down to a tenth of a second."""
_MOST: Final = 0xFFFF


def animation(instance: Instance, numbers: Sequence[int], wish: PictureWish) -> Iterator[bytes]:
    """Give frames, counted from 1 (all of them where none is named), as a GIF; the first is made before this returns.

    Raises as `picture`, and NotAPicture where there are more frames than is bearable.
    """
    every = list(numbers) or list(range(1, instance.count + 1))
    if len(every) > instance.codec_limits.animated_frames:
        raise NotAPicture(why="it has more frames than an animation is made of")
    delays = _delays(instance)
    first = picture(instance, every[0], wish)
    return _framed(instance, every, wish, first, delays)


def _framed(
    instance: Instance, numbers: Sequence[int], wish: PictureWish, first: bytes, delays: Sequence[float]
) -> Iterator[bytes]:
    coloured, size = first[0], first[6:10]
    yield b"GIF89a" + size + b"\xf7\0\0" + (COLOURS if coloured else GREYS)
    if len(numbers) > 1:
        yield _FOR_EVER
    for at, number in enumerate(numbers):
        made = first if at == 0 else picture(instance, number, wish, begun=True)
        if made[0] != coloured or made[6:10] != size:
            raise Undecodable(why="its frames are not alike")
        # how long a frame stays is what passes until the next: of the last, as of the one before
        delay = delays[min(number, len(delays) - 1)]
        hundredths = min(max(round(delay / 10), _LEAST), _MOST)
        yield b"\x21\xf9\x04\x00" + struct.pack("<H", hundredths) + b"\0\0" + made[1:]
    yield b";"


def _delays(instance: Instance) -> list[float]:
    """Milliseconds before each frame, as the Cine and Multi-frame modules say them (PS3.3 C.7.6.5, C.7.6.6)."""
    numbers = Numbers(instance.header, instance.inner, skim(instance.header, instance.inner, _WANTED).found)
    vector = numbers.decimals(_TIME_VECTOR)
    if len(vector) > 1:
        return vector
    time = (numbers.decimals(_FRAME_TIME) or [0.0])[0]
    if time <= 0:
        rate = (numbers.decimals(_SHOWN_RATE) or numbers.decimals(_CINE_RATE) or [0.0])[0]
        time = 1000 / rate if rate > 0 else _USUAL_MS
    return [time]
