"""The policy itself: a missing program is named, and is an error where nothing may be left out."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import LeavesTheMachine
from tests.programs import find_program

ROOT = Path(__file__).resolve().parents[1]
NEEDS = "import pytest\n\n\n@pytest.mark.programs('strace')\ndef test_that_needs_strace():\n    pass\n"


def _run(tmp_path: Path, ci: str) -> subprocess.CompletedProcess[str]:
    (tmp_path / "test_needs.py").write_text(NEEDS)
    environment = {**os.environ, "CI": ci, "PATH": str(tmp_path), "PYTHONPATH": str(ROOT / "src")}
    code = (
        "import sys, tests.programs as p; p.find_program.__globals__['shutil'].which = lambda *a, **k: None;"
        "import pytest; sys.exit(pytest.main(sys.argv[1:]))"
    )
    command = [sys.executable, "-c", code, "-q", "-p", "tests.conftest", "-c", str(ROOT / "pyproject.toml")]
    command += ["--rootdir", str(ROOT), "-p", "no:cacheprovider", str(tmp_path / "test_needs.py")]
    return subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)


def test_a_missing_program_is_named_at_the_end(tmp_path: Path) -> None:
    done = _run(tmp_path, "")
    assert done.returncode == 0
    assert "left out for want of programs" in done.stdout
    assert "strace: 1 tests (Debian: apt-get install strace)" in done.stdout


def test_under_ci_a_missing_program_is_an_error(tmp_path: Path) -> None:
    done = _run(tmp_path, "true")
    assert done.returncode == 1
    assert "nothing is left out" in done.stdout


def test_no_test_reaches_beyond_loopback() -> None:
    with socket.socket() as one, pytest.raises(LeavesTheMachine):
        one.connect(("192.0.2.1", 9))
    with pytest.raises(LeavesTheMachine):
        socket.getaddrinfo("example.invalid", 80)


def test_dcmtk_is_never_mistaken_for_its_namesake_in_the_environment() -> None:
    found = find_program("storescu")
    assert found is None or Path(sys.prefix) not in found.parents
