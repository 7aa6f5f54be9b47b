"""`primum import` of a folder at a terminal: a progress bar, a sentence, and what was imported is found and read."""

from __future__ import annotations

import os
import pty
import subprocess
import sys

import pytest

from tests.doors.e2e.canary import make_canary, write_canary
from tests.doors.e2e.conftest import Practice
from tests.doors.e2e.kit import facts, studies


@pytest.fixture(scope="module")
def signed_in(practice: Practice) -> Practice:
    practice.primum.sign_in(practice.person)
    return practice


def at_a_terminal(practice: Practice, *arguments: str) -> tuple[int, str]:
    """Run a command with its standard error on a terminal; return its status and what the terminal was sent."""
    ours, theirs = pty.openpty()
    command = [sys.executable, "-m", "primum", "--home", str(practice.home.folder), *arguments]
    with subprocess.Popen(
        command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=theirs, env=practice.primum._environment
    ) as running:
        os.close(theirs)
        seen = b"".join(_read_terminal(ours))
    os.close(ours)
    return running.returncode, seen.decode()


def _read_terminal(ours: int):
    while True:
        try:
            part = os.read(ours, 65536)
        except OSError:  # the other end is closed (Linux)
            return
        if not part:
            return
        yield part


def test_the_bar_moves_and_ends_in_a_sentence(signed_in, tmp_path):
    canary = make_canary()
    write_canary(tmp_path / "disc", canary, studies=2, images=30, size=32)
    status, seen = at_a_terminal(signed_in, "import", str(tmp_path / "disc"))
    assert status == 0
    assert "files ░" in seen or "files █" in seen
    assert "60/60" in seen
    assert seen.endswith("\r\x1b[K60 images of 2 studies stored\r\n")
    assert sorted(one["images"] for one in studies(signed_in, canary.patient_id)) == ["30", "30"]


def test_importing_again_stores_nothing_twice(signed_in, tmp_path):
    canary = make_canary()
    write_canary(tmp_path / "disc", canary, images=5, size=32)
    for said in ("5 images of 1 studies stored\n", "0 images of 0 studies stored, 5 were here already\n"):
        assert signed_in.primum.cli("import", str(tmp_path / "disc")).stderr == said
    assert [one["images"] for one in studies(signed_in, canary.patient_id)] == ["5"]


def test_a_file_whose_name_would_drive_the_terminal_is_named_harmlessly(signed_in, tmp_path):
    file = tmp_path / "disc" / "\x1b[2J\x9b31m\u202edcm"
    file.parent.mkdir()
    (made,) = write_canary(tmp_path / "made", make_canary(), images=1, size=32)
    file.write_bytes(made.file.read_bytes()[:-100])
    status, seen = at_a_terminal(signed_in, "import", str(tmp_path / "disc"))
    assert status == 1
    assert "[imaging.damaged-data-set]" in seen
    assert [part for part in ("\x1b[2J", "\x9b", "\u202e") if part in seen] == []
    assert seen.endswith("0 images of 0 studies stored, 1 refused\r\n")


def test_what_goes_in_is_in_the_account_with_its_counts(signed_in, tmp_path):
    write_canary(tmp_path / "disc", make_canary(), images=7, size=32)
    signed_in.primum.cli("import", str(tmp_path / "disc"))
    newest = facts(signed_in, "import:finished")[-1]["details"]
    assert {name: newest[name] for name in ("stored", "refused", "studies", "reason")} == {
        "stored": 7, "refused": 0, "studies": 1, "reason": "done",
    }  # fmt: skip


def test_an_import_that_the_person_breaks_off_has_its_end_in_the_account(signed_in, tmp_path):
    folder = tmp_path / "disc"
    write_canary(folder, make_canary(), images=400, size=256)
    before = len(facts(signed_in, "import:finished"))
    command = [sys.executable, "-m", "primum", "--home", str(signed_in.home.folder), "import", str(folder)]
    ours, theirs = pty.openpty()
    with subprocess.Popen(command, stdin=subprocess.DEVNULL, stderr=theirs, env=signed_in.primum._environment) as one:
        os.close(theirs)
        assert b"files" in os.read(ours, 100)
        one.kill()
    os.close(ours)
    newest = facts(signed_in, "import:finished")
    while len(newest) == before:
        newest = facts(signed_in, "import:finished")
    assert newest[-1]["details"]["reason"] == "interrupted"
    assert 0 < int(newest[-1]["details"]["stored"]) < 400
