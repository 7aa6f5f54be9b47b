"""What is not there, and what one may not know to be there: one answer."""

from __future__ import annotations

from typing import ClassVar

from primum.ground.errors import PrimumError


class NotFound(PrimumError):
    """There is nothing at this address."""

    code: ClassVar[str] = "web.not-found"
