"""A disc that refuses some calls and lives on: before it did anything, after half of it, or after all of it."""

from __future__ import annotations

import errno
import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal

from primum.ground.disc import BLOCK, Handle, RealDisc

Mode = Literal["before", "half", "after"]
MODES: Final[tuple[Mode, ...]] = ("before", "half", "after")


@dataclass
class Refusal:
    """Which calls are refused, how, and with what."""

    first: int
    count: int = 1
    mode: Mode = "before"
    code: int = errno.EIO

    def __str__(self) -> str:
        last, code = self.first + self.count - 1, errno.errorcode[self.code]
        return f"calls {self.first} to {last} refused {self.mode} they were done: {code}"


class RefusingDisc(RealDisc):
    """Counts calls that write or sync; refuses some. A full disc does not refuse to cut and to remove."""

    def __init__(self, refusal: Refusal | None = None) -> None:
        self.refusal, self.calls = refusal, 0

    def _call(self, do: Callable[[], None], half: Callable[[], None] = lambda: None, *, frees: bool = False) -> None:
        number, one = self.calls, self.refusal
        self.calls += 1
        if one is None or not one.first <= number < one.first + one.count or (frees and one.code == errno.ENOSPC):
            do()
            return
        if one.mode == "half":
            half()
        elif one.mode == "after":
            do()
        raise OSError(one.code, os.strerror(one.code))

    def make_folder(self, path: Path) -> None:
        self._call(lambda: super(RefusingDisc, self).make_folder(path))

    def sync_folder(self, path: Path) -> None:
        self._call(lambda: super(RefusingDisc, self).sync_folder(path))

    def create(self, path: Path, *, durable: bool = False, direct: bool = False) -> Handle:
        self._call(lambda: None)
        return super().create(path, durable=durable, direct=direct)

    def write_at(self, handle: Handle, data: object, offset: int) -> None:
        view = memoryview(data).cast("B")  # type: ignore[arg-type]
        half = len(view) // 2 // BLOCK * BLOCK if handle.direct else len(view) // 2
        plain = super().write_at
        self._call(lambda: plain(handle, view, offset), lambda: plain(handle, view[:half], offset) if half else None)

    def sync(self, handle: Handle) -> None:
        self._call(lambda: super(RefusingDisc, self).sync(handle))

    def truncate(self, handle: Handle, length: int) -> None:
        self._call(lambda: super(RefusingDisc, self).truncate(handle, length), frees=True)

    def link(self, source: Path, target: Path) -> None:
        self._call(lambda: super(RefusingDisc, self).link(source, target))

    def rename(self, source: Path, target: Path) -> None:
        self._call(lambda: super(RefusingDisc, self).rename(source, target))

    def unlink(self, path: Path) -> None:
        self._call(lambda: super(RefusingDisc, self).unlink(path), frees=True)
