"""Every family that the probe speaks: one line each. A new one is a file or folder of its own, and a line here."""

from __future__ import annotations

from typing import Final

from primum.exposure.probe.banners import speakers
from primum.exposure.probe.dicom.speaker import DicomSpeaker
from primum.exposure.probe.speaking import Speaker
from primum.exposure.probe.web import WebSpeaker

SPEAKERS: Final[tuple[Speaker, ...]] = (DicomSpeaker(), WebSpeaker(), *speakers())
"""In the order in which they are asked on a port that is usual for none of them."""
