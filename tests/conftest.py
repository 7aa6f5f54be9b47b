"""What holds for every test: nothing skipped in silence, no way out of the machine, a clock that stands still.

A test that needs a program which is not there is left out and named at the end; under CI=true it fails.
"""

from __future__ import annotations

import ipaddress
import os
import re
import sys
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path

import hypothesis
import pytest

from primum.ground.clock import FixedClock
from tests.programs import PACKAGES, find_program, path_without_ours

os.environ["PATH"] = path_without_ours()
# two busy cores make any deadline a coin toss
hypothesis.settings.register_profile("primum", deadline=None, derandomize=os.environ.get("CI") == "true")
hypothesis.settings.load_profile("primum")

_LEFT_OUT = re.compile(r"needs (.+) \(Debian: ")


def pytest_runtest_setup(item: pytest.Item) -> None:
    """Look for the programs that the test names."""
    names = [name for mark in item.iter_markers("programs") for name in mark.args]
    unknown = [name for name in names if name not in PACKAGES]
    if unknown:
        pytest.fail(f"tests/programs.py does not say which package holds {', '.join(unknown)}", pytrace=False)
    missing = [name for name in names if find_program(name) is None]
    if not missing:
        return
    packages = " ".join(sorted({PACKAGES[name] for name in missing}))
    if os.environ.get("CI") == "true":
        pytest.fail(
            f"needs {', '.join(missing)} (Debian: {packages}); under CI=true nothing is left out", pytrace=False
        )
    pytest.skip(f"needs {', '.join(missing)} (Debian: apt-get install {packages})")


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Name what was left out for want of programs; several processes may have run the tests."""
    reasons = [_LEFT_OUT.search(str(one.longrepr)) for one in terminalreporter.stats.get("skipped", [])]
    left_out = Counter(name for reason in reasons if reason for name in reason[1].split(", "))
    if left_out:
        terminalreporter.section("left out for want of programs")
        for name, count in sorted(left_out.items()):
            terminalreporter.line(f"{name}: {count} tests (Debian: apt-get install {PACKAGES[name]})")


class LeavesTheMachine(BaseException):
    """A test tried to reach beyond loopback. Not an Exception: no `except` of ours may swallow it."""


def _is_here(host: object) -> bool:
    if isinstance(host, bytes):
        host = host.decode("ascii", "replace")
    if host in {None, "", "localhost"}:
        return True
    try:
        return ipaddress.ip_address(str(host).split("%")[0]).is_loopback
    except ValueError:
        return False


def _guard(event: str, arguments: tuple[object, ...]) -> None:
    if event in {"socket.connect", "socket.sendto"}:
        address = arguments[1]
        if isinstance(address, tuple) and not _is_here(address[0]):
            raise LeavesTheMachine(event)
    elif event == "socket.getaddrinfo" and not _is_here(arguments[0]):
        raise LeavesTheMachine(event)


sys.addaudithook(_guard)


@pytest.fixture
def clock() -> FixedClock:
    """A clock that stands at a Monday morning until it is moved."""
    return FixedClock(datetime(2026, 1, 5, 8, 0, tzinfo=UTC))


@pytest.fixture
def home_folder(tmp_path: Path) -> Path:
    """A place for a home, closed to others; the home itself does not exist yet."""
    folder = tmp_path / "home"
    folder.mkdir(mode=0o700)
    return folder


@pytest.fixture
def no_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """Take PRIMUM_* variables out of the environment."""
    for name in [one for one in os.environ if one.startswith("PRIMUM_")]:
        monkeypatch.delenv(name)
