"""The real disc writes whole, durably, and falls back where O_DIRECT is refused."""

import mmap
from pathlib import Path

import pytest

from primum.ground.disc import BLOCK, RealDisc, try_lock, write_durably


def test_write_durably_replaces_whole(tmp_path):
    write_durably(RealDisc(), tmp_path / "f", b"one")
    write_durably(RealDisc(), tmp_path / "f", b"two")
    assert (tmp_path / "f").read_bytes() == b"two"
    assert [file.name for file in tmp_path.iterdir()] == ["f"]


@pytest.mark.parametrize("folder", [None, Path("/dev/shm")])
def test_a_direct_durable_write_reads_back_on_any_file_system(tmp_path, folder):
    place = tmp_path if folder is None or not folder.is_dir() else folder / tmp_path.name
    place.mkdir(exist_ok=True)
    disc = RealDisc()
    handle = disc.create(place / "f", durable=True, direct=True)
    buffer = mmap.mmap(-1, 2 * BLOCK)
    buffer[:5] = b"bytes"
    disc.write_at(handle, buffer, BLOCK)
    disc.close(handle)
    content = (place / "f").read_bytes()
    (place / "f").unlink()
    assert (len(content), content[BLOCK : BLOCK + 5]) == (3 * BLOCK, b"bytes")


def test_a_lock_is_had_once(tmp_path):
    disc = RealDisc()
    first = disc.create(tmp_path / "f")
    second = disc.open_for_writing(tmp_path / "f")
    assert try_lock(first)
    assert not try_lock(second)
    disc.close(first)
    assert try_lock(second)
    disc.close(second)


def test_nothing_is_created_twice(tmp_path):
    disc = RealDisc()
    disc.close(disc.create(tmp_path / "f"))
    with pytest.raises(FileExistsError):
        disc.create(tmp_path / "f")
