import pytest

from primum.exposure.probe.station.files import files, places
from primum.exposure.probe.station.model import State

IMAGE = bytes(128) + b"DICM" + bytes(64)


@pytest.fixture
def home(tmp_path):
    folder = tmp_path / "home" / "anne"
    (folder / "Downloads/exam").mkdir(parents=True)
    (folder / "Bureau").mkdir()
    (tmp_path / "run/media/anne/USB").mkdir(parents=True)
    return folder


def look(home, **bounds):
    return files(places("linux", home, home.parent.parent), **bounds)


def test_nothing_lies_about(home):
    (home / "Bureau/letter.pdf").write_bytes(b"%PDF-1.7" + bytes(200))
    (home / "Downloads/short.dcm").write_bytes(b"DICM")
    found = look(home)
    assert (found.state, found.why, found.facts["looked"]) == (State.GOOD, "none", 2)


def test_images_are_counted_by_the_kind_of_place_and_nothing_is_named(home):
    (home / "Downloads/exam/CANARY-Dupont.dcm").write_bytes(IMAGE)
    (home / "Downloads/exam/IM0002").write_bytes(IMAGE)
    (home.parent.parent / "run/media/anne/USB/DICOMDIR").write_bytes(IMAGE)
    found = look(home)
    assert (found.state, found.why) == (State.BAD, "found")
    assert found.facts == {"downloads": 2, "desktop": 0, "external": 1, "looked": 3, "cut": 0}
    assert "CANARY" not in repr(found)


def test_no_link_is_followed(home):
    outside = home / "elsewhere"
    outside.mkdir()
    (outside / "IM0001").write_bytes(IMAGE)
    (home / "Bureau/link").symlink_to(outside)
    (home / "Bureau/image").symlink_to(outside / "IM0001")
    assert look(home).state is State.GOOD


@pytest.mark.parametrize("bounds", [{"most": 5}, {"seconds": -1.0}])
def test_what_was_cut_is_not_said_to_be_clean(home, bounds):
    for number in range(9):
        (home / f"Downloads/{number}.txt").touch()
    found = look(home, **bounds)
    assert (found.state, found.why, found.facts["cut"]) == (State.NOT_DETERMINED, "cut", 1)


def test_the_same_folder_under_two_names_is_counted_once(home):
    (home / "Desktop").symlink_to(home / "Bureau")
    (home / "Bureau/IM0001").write_bytes(IMAGE)
    assert look(home).facts["desktop"] == 1


def test_discs_of_other_systems_are_found_where_they_mount_them(tmp_path):
    (tmp_path / "Volumes/Backup").mkdir(parents=True)
    (tmp_path / "Volumes/Macintosh HD").symlink_to("/")
    drive = tmp_path / "E"
    drive.mkdir()
    home = tmp_path / "nobody"
    assert places("macos", home, tmp_path) == [("external", tmp_path / "Volumes/Backup")]
    assert places("windows", home, tmp_path, drives=lambda: [drive]) == [("external", drive)]
    assert files(places("other", home, tmp_path)).state is State.NOT_DETERMINED
