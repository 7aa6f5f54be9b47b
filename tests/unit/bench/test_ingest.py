"""What a run of the ingest benchmark leaves behind."""

from pathlib import Path

from bench.ingest import empty


def test_room_is_given_back_and_names_stay(tmp_path: Path) -> None:
    elsewhere = tmp_path / "kept"
    elsewhere.write_bytes(b"x" * 9)
    run = tmp_path / "run"
    (run / "a").mkdir(parents=True)
    (run / "a" / "one").write_bytes(b"x" * 9)
    (run / "link").symlink_to(elsewhere)
    empty(run)
    assert sorted(path.name for path in run.rglob("*")) == ["a", "link", "one"]
    assert (run / "a" / "one").stat().st_size == 0
    assert elsewhere.stat().st_size == 9


def test_nothing_to_empty_is_no_error(tmp_path: Path) -> None:
    empty(tmp_path / "never made")
