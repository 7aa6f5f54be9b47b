"""`primum`: every command is there, explains itself, and turns whatever goes wrong into two lines and a status."""

from __future__ import annotations

import argparse
import re
import subprocess
import sys

import pytest

from primum.doors.cli import cmd_version, command
from primum.ground.errors import PrimumError


@pytest.mark.parametrize("name", list(command.COMMANDS))
def test_each_command_explains_itself(name, capsys):
    with pytest.raises(SystemExit) as ended:
        command.build_parser().parse_args([name, "--help"])
    assert ended.value.code == 0
    assert capsys.readouterr().out.startswith(f"usage: primum {name}")


def test_the_help_names_every_command_with_its_sentence():
    shown = command.build_parser().format_help()
    assert all(name in shown and sentence.split()[0] in shown for name, sentence in command.COMMANDS.items())


@pytest.mark.parametrize("arguments", [[], ["fly"], ["find", "--colour"], ["import"], ["journal"], ["vault", "mend"]])
def test_what_is_not_understood_ends_with_status_2(arguments, capsys):
    with pytest.raises(SystemExit) as ended:
        command.run(arguments)
    assert ended.value.code == command.EXIT_USAGE
    assert "usage: primum" in capsys.readouterr().err


def test_the_home_comes_before_the_command_and_is_made_absolute(monkeypatch, tmp_path):
    seen: list[argparse.Namespace] = []
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(cmd_version, "run", lambda options: seen.append(options) or 0)
    assert command.run(["--home", "here", "version"]) == 0
    assert seen[0].home == tmp_path / "here"


def test_a_demo_is_not_made_where_the_real_home_would_be():
    demo = command._default_home(argparse.Namespace(demo=True))
    assert demo != command._default_home(argparse.Namespace(demo=False))
    assert demo.name.endswith("demo")


class Odd(Exception):
    """As a library would raise it."""


@pytest.mark.parametrize(
    ("raised", "status", "said"),
    [
        (PrimumError(), 1, r"primum: error: .+ \[.+\]"),
        (PermissionError(13, "x", "/a/b"), 1, r"primum: error: The system refused: Permission denied \(/a/b\)\. \["),
        (Odd("Éloïse Canari"), 1, r"primum: error: Something unexpected happened: Odd at test_command\.py:\d+\. \["),
        (KeyboardInterrupt(), 130, r"primum: error: interrupted \["),
    ],
)
def test_whatever_goes_wrong_is_two_lines_and_a_status(monkeypatch, capsys, raised, status, said):
    def broken(_: argparse.Namespace) -> int:
        raise raised

    monkeypatch.setattr(cmd_version, "run", broken)
    assert command.run(["version"]) == status
    told = capsys.readouterr().err
    assert re.search(said, told), told
    assert "Canari" not in told
    assert "Traceback" not in told
    assert len(told.splitlines()) <= 2


@pytest.mark.parametrize(
    ("arguments", "loaded"),
    [(["version"], {"cmd_version"}), (["--home", "check", "version"], {"cmd_version"}), (["--help"], set())],
)
def test_a_command_loads_its_own_file_and_no_other(arguments: list[str], loaded: set[str]) -> None:
    """Every start pays for what is loaded: the supervisor's, and each command's."""
    begin = "import sys\nfrom primum.doors.cli import command\n"
    program = f"{begin}try:\n command.run({arguments!r})\nfinally:\n print(*sys.modules, file=sys.stderr)"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False, timeout=60)
    assert {one.rpartition(".")[2] for one in done.stderr.split() if ".cli.cmd_" in one} == loaded


def test_an_option_that_is_cut_short_is_understood_all_the_same(capsys: pytest.CaptureFixture[str]) -> None:
    assert command.run(["--hom", "/nowhere", "version"]) == 0
    assert capsys.readouterr().out
