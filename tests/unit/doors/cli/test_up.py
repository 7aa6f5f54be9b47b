"""What does not start, and why."""

import pytest

from primum.doors.cli import command, speech
from primum.ground.disc import RealDisc
from primum.ground.home import create_home


@pytest.fixture
def demo(tmp_path, clock):
    return create_home(RealDisc(), tmp_path / "home", "demo", clock).folder


def run(folder, capsys, *more):
    status = command.run(["--home", str(folder), "up", *more])
    return status, capsys.readouterr().err


def test_a_demo_beyond_loopback_does_not_start(demo, capsys):
    (demo / "primum.toml").write_text('web_address = "0.0.0.0"\n')
    status, said = run(demo, capsys, "--demo")
    assert status == 1
    assert "[up.demo-beyond-loopback]" in said


def test_a_real_home_is_never_a_demo(tmp_path, clock, capsys):
    create_home(RealDisc(), tmp_path / "home", "real", clock)
    status, said = run(tmp_path / "home", capsys, "--demo")
    assert status == 1
    assert "[up.not-a-demo]" in said


def test_a_table_never_drives_the_terminal(capsys):
    speech.table([{"name": "a\x1b[2Jb"}], ["name"])
    assert "\x1b" not in capsys.readouterr().out
