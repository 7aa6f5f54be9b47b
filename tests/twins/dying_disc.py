"""A disc that dies with its process: after so many operations nothing more is done, not even tidying up."""

from __future__ import annotations

from typing import Any

from primum.ground.disc import Disc, RealDisc


class Killed(BaseException):
    """The process is gone."""


class DyingDisc:
    """Wraps a disc; from operation `last` + 1 on, every call but `close` raises `Killed`."""

    def __init__(self, last: int, inner: Disc | None = None) -> None:
        self._left, self._inner = last, inner or RealDisc()

    def __getattr__(self, name: str) -> Any:
        method = getattr(self._inner, name)
        if name == "close":
            return method

        def call(*args: Any, **more: Any) -> Any:
            self._left -= 1
            if self._left < 0:
                raise Killed
            return method(*args, **more)

        return call
