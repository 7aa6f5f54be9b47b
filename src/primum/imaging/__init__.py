"""The archive: what a study is, who it is of, how it is found (docs/design/imaging.md)."""

from primum.imaging.frames import FrameBuilder, frames_of
from primum.imaging.model import EVERYTHING, Reach, Stored
from primum.imaging.walker import NeedMore, Peek, peek, peek_first

__all__ = [
    "EVERYTHING",
    "FrameBuilder",
    "NeedMore",
    "Peek",
    "Reach",
    "Stored",
    "frames_of",
    "peek",
    "peek_first",
]
