"""A process that has no descriptor left, for as long as a test wants it to have none."""

from __future__ import annotations

import os
import resource
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def no_descriptor_left(seconds: float = 0.3) -> Iterator[None]:
    """Take all descriptors of this process, run the block, wait; fail when somebody was busy meanwhile."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    highest = max(int(one.name) for one in Path("/proc/self/fd").iterdir())
    taken = []
    try:
        resource.setrlimit(resource.RLIMIT_NOFILE, (highest + 1, hard))
        try:
            while True:
                taken.append(os.dup(0))
        except OSError:
            pass  # that was the last one
        yield
        used = time.process_time()
        time.sleep(seconds)
        assert time.process_time() - used < seconds / 2, "it spins"
    finally:
        for one in taken:
            os.close(one)
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
