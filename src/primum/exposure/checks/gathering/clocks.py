"""Whether the machine's clock is kept by another one: the kernel's word (adjtimex(2)), which chrony and others set."""

from __future__ import annotations

import ctypes
import sys
from dataclasses import dataclass
from typing import Final

from primum.exposure.checks.errors import NotTold

_UNSYNC: Final = 0x0040
"""STA_UNSYNC of <sys/timex.h>."""


class _Timex(ctypes.Structure):
    """`struct timex`, up to what is read, and room for the rest of it."""

    _fields_ = (
        ("modes", ctypes.c_uint), ("offset", ctypes.c_long), ("freq", ctypes.c_long), ("maxerror", ctypes.c_long),
        ("esterror", ctypes.c_long), ("status", ctypes.c_int), ("constant", ctypes.c_long),
        ("rest", ctypes.c_byte * 256),
    )  # fmt: skip


@dataclass(frozen=True, slots=True)
class Synchronised:
    """What the kernel says. `error_ms`: the most that it may be wrong by, as it reckons itself."""

    synchronised: bool
    error_ms: int


def clock_state() -> Synchronised:
    """Ask the kernel; nothing is set. Raises NotTold where there is no such call."""
    if not sys.platform.startswith("linux"):
        raise NotTold(reason="no-adjtimex")
    call = getattr(ctypes.CDLL(None, use_errno=True), "adjtimex", None)
    if call is None:
        raise NotTold(reason="no-adjtimex")
    kernel = _Timex()
    if call(ctypes.byref(kernel)) < 0:
        raise NotTold(reason="adjtimex-refused")
    return Synchronised(not kernel.status & _UNSYNC, min(max(0, kernel.maxerror) // 1000, 10**9))
