"""What transcoding and rendering refuse. Nothing here ever carries a value of a data set."""

from __future__ import annotations

from typing import ClassVar

from primum.imaging.errors import ImagingRefusal


class Undecodable(ImagingRefusal):
    """The pixel data cannot be decoded: {why}."""

    code: ClassVar[str] = "imaging.undecodable"
    hint: ClassVar[str] = "retrieve it as it is stored; ask the device's maker about its compression"


class NotTranscoded(ImagingRefusal):
    """The instance cannot be given in this transfer syntax: {why}."""

    code: ClassVar[str] = "imaging.not-transcoded"
    hint: ClassVar[str] = "ask for explicit little endian, or for what it is stored in"


class CodecsBusy(ImagingRefusal):
    """Every process that decodes images is busy."""

    code: ClassVar[str] = "imaging.codecs-busy"
    hint: ClassVar[str] = "ask again in a moment"


class NotAPicture(ImagingRefusal):
    """The instance cannot be shown as a picture: {why}."""

    code: ClassVar[str] = "imaging.not-a-picture"
    hint: ClassVar[str] = "open it in the viewer, or retrieve it"
