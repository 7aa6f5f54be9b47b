"""What is refused of presentation states. Nothing here ever carries a value of a data set."""

from __future__ import annotations

from typing import ClassVar

from primum.imaging.errors import ImagingRefusal


class BadState(ImagingRefusal):
    """The presentation state cannot be applied: {why}."""

    code: ClassVar[str] = "imaging.bad-state"
    hint: ClassVar[str] = "retrieve it, and open it with its images in a viewer"
