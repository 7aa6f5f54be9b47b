"""The state of a running installation, as a doctor asks for it: printed, kept, signed, written, verified, compared."""

from __future__ import annotations

import json
import shutil
import socket
import subprocess
import sys
from datetime import date, timedelta
from pathlib import Path

import pytest
from tests.doors.e2e.canary import make_canary, write_canary
from tests.doors.e2e.conftest import Practice
from tests.doors.e2e.kit import facts
from tests.programs import free_port


@pytest.fixture(scope="module")
def signed_in(practice: Practice) -> Practice:
    practice.primum.sign_in(practice.person)
    return practice


def check(practice: Practice, *options: str, expect: int | None = None) -> subprocess.CompletedProcess[str]:
    """Run `primum check`, whatever it exits with."""
    done = practice.primum.cli("check", *options, check=False)
    assert expect is None or done.returncode == expect, done.stderr + done.stdout
    return done


def lines(done: subprocess.CompletedProcess[str]) -> dict[str, dict]:
    return {one["name"]: one for one in json.loads(done.stdout)["report"]["lines"]}


@pytest.fixture(scope="module")
def first(signed_in: Practice, tmp_path_factory) -> tuple[Path, subprocess.CompletedProcess[str]]:
    to = tmp_path_factory.mktemp("reports")
    return to, check(signed_in, "--json", "--html", str(to / "a.html"), "--pdf", str(to / "a.pdf"), "--language", "fr")


def test_every_line_answers_on_a_running_archive(first, signed_in):
    found = lines(first[1])
    print(json.dumps({name: (one["state"], one["code"], one["says"]["en"], one["items"][:4]) for name, one in found.items()}, indent=1))
    assert not {name for name, one in found.items() if one["code"] in {"fault", "too-slow"}}
    assert first[1].returncode == 1, "no backup was ever made"
