"""A change of configuration is in the journal at the next start, with what held before."""

from primum.app.configuration import record_changes
from primum.ground.disc import RealDisc
from primum.ground.home import create_home
from primum.ground.settings import read_settings


def start(home, told):
    settings = read_settings(home.folder / "primum.toml")
    return record_changes(RealDisc(), home, settings, lambda kind, actor, subject, details: told.append(dict(details)))


def test_changes_are_told_once_with_before_and_after(tmp_path, clock):
    home, told = create_home(RealDisc(), tmp_path / "home", "real", clock), []
    assert start(home, told) == 0
    (home.folder / "primum.toml").write_text('dicom_port = 11112\nsmtp_host = "mail.example.org"\n')
    assert start(home, told) == 2
    assert told == [
        {"setting": "dicom_port", "before": "2762", "after": "11112"},
        {"setting": "smtp_host", "before": "none", "after": "mail.example.org"},
    ]
    assert start(home, told) == 0


def test_settings_made_before_the_first_start_are_told_against_the_defaults(tmp_path, clock):
    home, told = create_home(RealDisc(), tmp_path / "home", "real", clock), []
    (home.folder / "primum.toml").write_text("web_port = 9443\n")
    assert start(home, told) == 1


def test_a_damaged_copy_tells_everything_anew(tmp_path, clock):
    home, told = create_home(RealDisc(), tmp_path / "home", "real", clock), []
    start(home, told)
    (home.folder / "run" / "settings.json").write_bytes(b"{")
    assert start(home, told) > 10
