"""`primum up` on a home that is not as it should be: it says what and the way out, starts nothing, leaves nothing."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import unicodedata
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from primum.app.birth import birth
from primum.vault import KeyFileGuard
from tests.programs import accepts, free_port
from tests.running import write_settings

PASSPHRASE = "nine green bottles on a wall"
REFUSAL = re.compile(
    r"^primum: error: (?P<fact>.+) \[(?P<code>[a-z-]+\.[a-z-]+)\]\nprimum: hint: (?P<hint>.+)$", re.MULTILINE
)


def primum(home: Path, *arguments: str, typed: str | bytes = "") -> subprocess.CompletedProcess[str]:
    environment = {name: value for name, value in os.environ.items() if not name.startswith("PRIMUM_")}
    environment["XDG_RUNTIME_DIR"] = str(home.parent)
    command = [sys.executable, "-m", "primum", "--home", str(home), *arguments]
    told = typed if isinstance(typed, bytes) else typed.encode()
    done = subprocess.run(command, input=told, capture_output=True, env=environment, check=False, timeout=120)
    return subprocess.CompletedProcess(command, done.returncode, done.stdout.decode(), done.stderr.decode())


@pytest.fixture(scope="module")
def born(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A real home under a passphrase, made once; each test gets a copy of it."""
    home = tmp_path_factory.mktemp("born") / "home"
    made = primum(home, "init", "--name", "Dre Ève Essai", typed=PASSPHRASE + "\n")
    assert made.returncode == 0, made.stderr
    return home


@pytest.fixture
def home(born: Path, tmp_path: Path) -> Iterator[Path]:
    """A home to spoil; after the refusal it holds what it held before, and nobody listens."""
    copy = tmp_path / "home"
    subprocess.run(["cp", "-a", str(born), str(copy)], check=True)
    ports = {"web_port": free_port(), "dicom_port": free_port()}
    write_settings(copy, ports)
    yield copy
    assert not any(accepts(port) for port in ports.values())
    assert not list((copy / "run").glob("*.sock"))


def contents(folder: Path) -> dict[str, bytes]:
    files = [file for file in folder.rglob("*") if file.is_file() and file.name != "daemon.lock"]
    return {str(file): file.read_bytes() for file in files}


def refused(home: Path, *options: str, typed: str | bytes = PASSPHRASE + "\n") -> re.Match[str]:
    before = contents(home)
    done = primum(home, "up", *options, typed=typed)
    assert done.returncode == 1, done.stderr
    assert "Traceback" not in done.stderr
    found = REFUSAL.search(done.stderr)
    assert found is not None, done.stderr
    assert done.stdout == ""
    assert contents(home) == before
    return found


@pytest.mark.parametrize("typed", ["nine green bottles on a Wall\n", "\n", "", "x" * 1000 + "\n", "\x00\n", "é\n"])
def test_a_wrong_passphrase(home, typed):
    found = refused(home, typed=typed)
    assert found["code"] == "vault.wrong-passphrase"
    assert "recovery key" in found["hint"]
    assert typed.strip() == "" or typed.strip() not in found.group()


@pytest.mark.parametrize("typed", [b"x" * 100_000 + b"\n", b"\xe9\xff\n"], ids=["a file piped in", "not UTF-8"])
def test_what_is_no_passphrase_at_all(home, typed):
    assert refused(home, typed=typed)["code"] == "cli.passphrase-unreadable"


def test_a_passphrase_opens_however_its_accents_were_typed(tmp_path):
    composed = "un été à la campagne"
    decomposed = unicodedata.normalize("NFD", composed)
    home = tmp_path / "home"
    assert primum(home, "init", typed=composed + "\n").returncode == 0
    edited(home, lambda described: described.update(id="hom_" + "a" * 26))
    # what is refused now is no longer the passphrase
    assert refused(home, typed=decomposed + "\n")["code"] == "vault.home-altered"


def test_a_wrong_recovery_key(home):
    typed = "AGE-SECRET-KEY-1" + "Q" * 58
    found = refused(home, "--recovery", typed=typed + "\n")
    assert found["code"] == "vault.wrong-recovery-key"
    assert typed not in found.group()


@pytest.mark.parametrize("mode", [0o644, 0o640, 0o604, 0o666])
def test_a_key_file_readable_by_others(tmp_path, mode):
    folder, key = tmp_path / "home", tmp_path / "home.key"
    assert primum(folder, "init", "--key-file", str(key)).returncode == 0
    key.chmod(mode)
    found = refused(folder, "--key-file", str(key))
    assert found["code"] == "vault.key-file-open"
    assert f"{mode:04o}" in found["fact"]
    assert found["hint"] == f"chmod 600 {key}, then start again"


def test_a_key_file_of_another_home_or_none_at_all(home, tmp_path):
    assert refused(home, "--key-file", str(tmp_path / "nowhere"))["code"] == "vault.no-such-guard"


@pytest.mark.parametrize(
    ("line", "code"),
    [
        ('dicom_adress = "0.0.0.0"', "settings.unknown"),
        ("web_port = 0", "settings.bad"),
        ('web_port = "8443"', "settings.bad"),
        ("low_space_mib = -1", "settings.bad"),
        ("web_port 8443", "settings.unreadable"),
        ("\x00", "settings.unreadable"),
    ],
)
def test_a_configuration_that_is_not_understood(home, line, code):
    (home / "primum.toml").write_text(line + "\n")
    found = refused(home)
    assert found["code"] == code
    assert str(home / "primum.toml") in found["hint"]
    assert code == "settings.unreadable" or line.partition(" ")[0] in found["fact"]


@pytest.mark.parametrize("mode", [0o755, 0o750, 0o701, 0o777])
def test_a_home_open_to_others(home, mode):
    home.chmod(mode)
    found = refused(home)
    assert found["code"] == "home.open-to-others"
    assert found["hint"] == f"chmod 700 {home}, then start again"


def edited(home: Path, change: Callable[[dict[str, object]], object]) -> None:
    described = json.loads((home / "home.json").read_text())
    change(described)
    (home / "home.json").write_text(json.dumps(described))


def test_a_demo_home_that_was_edited_into_a_real_one(tmp_path):
    key, demo = tmp_path / "demo.key", tmp_path / "demo"
    key.touch(0o600)
    key.write_bytes(bytes(range(32)))
    birth(demo, "demo", KeyFileGuard(key))
    edited(demo, lambda described: described.update(kind="real"))
    assert refused(demo, "--key-file", str(key))["code"] == "vault.home-altered"


def test_a_real_home_that_was_edited_into_a_demo(home):
    edited(home, lambda described: described.update(kind="demo"))
    assert refused(home)["code"] in {"vault.home-altered", "vault.no-such-guard", "vault.key-file-unfit"}


def test_a_real_home_started_as_a_demo(home):
    assert refused(home, "--demo")["code"] == "up.not-a-demo"


@pytest.mark.parametrize("text", ["", "{", "[]", '{"format": 2}', "null"])
def test_a_home_whose_description_is_damaged(home, text):
    (home / "home.json").write_text(text)
    assert refused(home)["code"] == "home.unreadable"


def test_a_folder_that_is_no_home(tmp_path):
    done = primum(tmp_path / "nowhere", "up")
    assert done.returncode == 1
    assert REFUSAL.search(done.stderr)["code"] == "home.missing"
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("typed", ["", "\n", "short\n"])
def test_a_new_home_is_not_guarded_by_next_to_nothing(tmp_path, typed):
    done = primum(tmp_path / "home", "init", typed=typed)
    assert done.returncode == 1
    assert REFUSAL.search(done.stderr)["code"] == "cli.passphrase-too-short"
    assert not (tmp_path / "home").exists()


@pytest.mark.parametrize("place", ["home", "key"])
def test_a_place_where_nothing_can_be_made(tmp_path, place):
    (tmp_path / "file").touch()
    places = {"home": tmp_path / "home", "key": tmp_path / "home.key"} | {place: tmp_path / "file" / "below"}
    done = primum(places["home"], "init", "--key-file", str(places["key"]))
    assert done.returncode == 1
    found = REFUSAL.search(done.stderr)
    assert found["code"] == "cli.system"
    assert str(tmp_path / "file") in found["fact"]
    assert "Traceback" not in done.stderr
