"""The sender: DCMTK's storescu, as many at once as a row has associations."""

from __future__ import annotations

import subprocess
import tempfile
import time
from collections.abc import Sequence

from tests.programs import find_program

from bench.contenders.base import Way
from bench.load import Slice


class SenderFailed(RuntimeError):
    """A storescu ended with an error."""


def send(slices: Sequence[Slice], associations: int, target: Sequence[str], way: Way, called: str) -> float:
    """Send everything over so many associations; return the seconds from the first start to the last end."""
    storescu = find_program("storescu")
    if storescu is None:
        raise SenderFailed("storescu is missing (Debian: apt-get install dcmtk)")
    command = [str(storescu), "-q", "-aet", way.calling, "-aec", called, *target]
    shares = [slices[n::associations] for n in range(associations)]
    with tempfile.TemporaryFile() as words:
        begun = time.perf_counter()
        running = [
            subprocess.Popen(
                [*command, *(str(one.file) for one in share)], env=way.environment(), stdout=words, stderr=words
            )
            for share in shares
        ]
        statuses = [one.wait() for one in running]
        took = time.perf_counter() - begun
        if any(statuses):
            words.seek(0)
            raise SenderFailed(f"storescu ended with {statuses}: {words.read(2000).decode('utf-8', 'replace')}")
    return took
