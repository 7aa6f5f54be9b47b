"""A file that leaves is there whole, or not at all."""

from __future__ import annotations

import resource
from pathlib import Path

import pytest

from primum.doors.worker.verbs_media import FileExists, NoPlace, NoRoom, writing


def test_it_has_its_name_only_once_it_is_whole(tmp_path: Path) -> None:
    file = tmp_path / "x.age"
    with writing(file) as sink:
        sink.write(b"half")
        assert not file.exists()
        sink.write(b" whole")
    assert file.read_bytes() == b"half whole"
    assert file.stat().st_mode & 0o777 == 0o600
    assert list(tmp_path.iterdir()) == [file]


def test_on_a_full_disc_nothing_of_it_stays(tmp_path: Path) -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)

    def overfill() -> None:
        with writing(tmp_path / "x.age") as sink:
            for _ in range(100):
                sink.write(bytes(10_000))

    resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, hard))
    try:
        with pytest.raises(NoRoom):
            overfill()
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert list(tmp_path.iterdir()) == []


def test_nothing_is_written_over(tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to(tmp_path / "elsewhere")
    (tmp_path / "file").touch()
    for name in ("link", "file"):
        with pytest.raises(FileExists), writing(tmp_path / name):
            pass
    with pytest.raises(NoPlace), writing(tmp_path / "no" / "folder"):
        pass
    assert sorted(one.name for one in tmp_path.iterdir()) == ["file", "link"]
