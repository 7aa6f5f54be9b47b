"""A frame costs what the frame costs: neither bytes read nor memory grow with the record that holds it."""

from __future__ import annotations

import tracemalloc
from collections.abc import Callable
from pathlib import Path

import pytest
from tests.unit.vault.support import bytes_of, facts, lay_out_for, open_at, study_named

from primum import vault

STUDY = study_named("frames")
MIB = 1 << 20
LIMITS = vault.Limits()
HEADER = 3000
FRAME = 512 * 1024
SLACK = 64 * 1024
"""Key file, trailers, and what reading /proc costs."""
THREAD_IO = Path("/proc/thread-self/io")


def bytes_read() -> int:
    """How many bytes this thread has read by system calls."""
    return int(THREAD_IO.read_text().split("rchar:")[1].split()[0])


def cost(what: Callable[[], object]) -> tuple[int, int]:
    """Bytes read from files, and the highest that memory rose."""
    what()
    tracemalloc.start()
    try:
        before = bytes_read()
        what()
        return bytes_read() - before, tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


def store(home: Path, frames: vault.Frames, size: int) -> tuple[vault.Vault, vault.Position]:
    """Store a record of HEADER bytes and so many more, each MiB of which is like no other."""
    lay_out_for(home, STUDY)
    one = open_at(home, limits=LIMITS)
    with one.writer() as writer:
        stream = writer.stream(STUDY, facts(), HEADER)
        stream.append(bytes_of(HEADER))
        block = bytearray(bytes_of(MIB))
        for at in range(0, size, MIB):
            block[:8] = at.to_bytes(8, "big")
            stream.append(memoryview(block)[: min(MIB, size - at)])
        return one, stream.finish(frames=frames)


@pytest.mark.skipif(not THREAD_IO.exists(), reason="only Linux tells what a thread has read")
def test_a_frame_of_an_object_of_256_mib_costs_what_one_of_2_mib_costs(tmp_path: Path) -> None:
    costs = []
    for size in (2 * MIB, 256 * MIB):
        count = size // FRAME
        one, at = store(tmp_path / str(size), vault.Frames.uniform(HEADER, FRAME, count), size)
        costs += [cost(lambda n=n, one=one, at=at: one.open(at).frame(n)) for n in (0, count // 2, count - 1)]
        assert one.open(at).frame(count - 1)[:8] != one.open(at).frame(0)[:8]
    assert max(read for read, _ in costs) <= MIB + SLACK  # the one segment that holds the frame
    assert max(memory for _, memory in costs) <= 3 * MIB  # sealed, opened, cut


@pytest.mark.skipif(not THREAD_IO.exists(), reason="only Linux tells what a thread has read")
def test_of_a_table_of_frames_only_the_segment_with_its_line_is_opened(tmp_path: Path) -> None:
    count = 300_000  # five segments of table
    frames = vault.Frames.table((HEADER + 8 * n, 8) for n in range(count))
    one, at = store(tmp_path, frames, 8 * count)
    for n in (0, 65_535, 65_536, count - 1):
        assert one.open(at).frame(n) == one.open(at).read(HEADER + 8 * n, HEADER + 8 * n + 8)
        read, memory = cost(lambda n=n: one.open(at).frame(n))
        assert read <= 2 * MIB + SLACK  # one of the table, one of the pixels
        assert memory <= 5 * MIB
    for missing in (-1, count):
        with pytest.raises(IndexError):
            one.open(at).frame(missing)
