"""Every family that the probe speaks: one line each. A new one is a file or folder of its own, and a line here."""

from __future__ import annotations

from typing import Final

from primum.exposure.probe.speaking import Speaker

SPEAKERS: Final[tuple[Speaker, ...]] = ()
"""In the order in which they are asked on a port that is usual for none of them."""
