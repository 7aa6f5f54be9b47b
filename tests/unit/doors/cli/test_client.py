"""The command line's conversation with the daemon: found or not, cut off, refused, signed in anew."""

from __future__ import annotations

import io
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from primum.doors.cli import client as cli_client, command, speech
from primum.doors.cli.client import Client, ask_credentials
from primum.doors.worker import protocol
from primum.doors.worker.control import Control
from primum.ground.clock import SystemClock
from primum.ground.disc import RealDisc
from primum.ground.home import create_home
from primum.identity import NoSession, StepUpNeeded


class Daemon:
    """A daemon of a few verbs, and what it was asked."""

    def __init__(self, folder: Path) -> None:
        self.asked: list[tuple[str, str | None, dict[str, object]]] = []
        self.signed_in = self.stepped_up = False
        verbs = {name: getattr(self, f"_{name}") for name in ("status", "find", "device_add", "sign_in", "step_up")}
        self.control = Control(folder / "run" / protocol.SOCKET, verbs)

    def _note(self, verb: str, token: str | None, args: dict[str, object]) -> None:
        self.asked.append((verb, token, args))

    def _status(self, token, args, progress):
        self._note("status", token, args)
        for done in range(3):
            progress({"done": done, "total": 2})
        return {"version": "1"}

    def _find(self, token, args, _progress):
        self._note("find", token, args)
        if not token:
            raise NoSession
        return {"studies": []}

    def _device_add(self, token, args, _progress):
        self._note("device_add", token, args)
        if not self.stepped_up:
            raise StepUpNeeded(action="device:add")
        return {}

    def _sign_in(self, token, args, _progress):
        self._note("sign_in", token, args)
        return {"token": "t" * 26, "login": "essai"}

    def _step_up(self, token, args, _progress):
        self._note("step_up", token, args)
        self.stepped_up = True
        return {}


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path / "runtime"))
    return create_home(RealDisc(), tmp_path / "home", "real", SystemClock()).folder


@pytest.fixture
def daemon(folder: Path) -> Iterator[Daemon]:
    made = Daemon(folder)
    made.control.start()
    yield made
    made.control.stop()


def types(monkeypatch: pytest.MonkeyPatch, *lines: str) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO("".join(line + "\n" for line in lines)))


def test_without_a_daemon_the_way_out_is_to_start_it(folder, capsys):
    assert command.run(["--home", str(folder), "status"]) == 1
    assert capsys.readouterr().err == (
        f"primum: error: Primum is not running on the home {folder}. [cli.not-running]\n"
        f"primum: hint: primum --home {folder} up\n"
    )


def test_a_socket_that_a_killed_daemon_left_is_no_daemon(folder):
    with socket.socket(socket.AF_UNIX) as left, protocol.short_path(folder / "run" / protocol.SOCKET) as name:
        left.bind(name)
    assert (folder / "run" / protocol.SOCKET).exists()
    with pytest.raises(speech.NotRunning):
        Client(folder).call("status")


def test_without_a_home_there_is_nothing_to_ask(tmp_path, capsys):
    assert command.run(["--home", str(tmp_path), "find"]) == 1
    assert "[home.missing]" in capsys.readouterr().err


def test_progress_comes_before_the_answer(folder, daemon):
    heard: list[int] = []
    assert Client(folder).call("status", lambda facts: heard.append(facts["done"])) == {"version": "1"}
    assert heard == [0, 1, 2]


def test_a_verb_that_the_daemon_does_not_know_is_refused(folder, daemon):
    with pytest.raises(speech.Refused) as refusal:
        Client(folder).call("fly")
    assert refusal.value.facts["remote_code"] == "control.bad-request"


def test_a_daemon_that_dies_before_it_answers_is_told_apart_from_one_that_refuses(folder, daemon, monkeypatch):
    monkeypatch.setattr(daemon.control, "_serve", lambda *_: None)
    with pytest.raises(speech.Interrupted):
        Client(folder).call("status")


def test_a_daemon_that_is_gone_before_it_is_asked_is_told_too(folder, daemon, monkeypatch):
    ours, theirs = socket.socketpair()
    theirs.close()
    monkeypatch.setattr(protocol, "connect", lambda _path: ours)
    with pytest.raises(speech.Interrupted):
        Client(folder).call("status")


def test_without_a_session_it_signs_in_and_asks_again(folder, daemon, monkeypatch):
    types(monkeypatch, "essai", "the password", "123456")
    assert Client(folder).call_signed_in("find") == {"studies": []}
    assert [verb for verb, _, _ in daemon.asked] == ["find", "sign_in", "find"]
    assert daemon.asked[1][2] == {"login": "essai", "password": "the password", "code": "123456"}


def test_the_session_is_kept_for_the_next_command_where_only_its_owner_can_read_it(folder, daemon, monkeypatch):
    types(monkeypatch, "essai", "the password", "123456")
    client = Client(folder)
    client.sign_in()
    file = client._token_file
    assert (file.stat().st_mode & 0o777, file.parent.stat().st_mode & 0o777) == (0o600, 0o700)
    assert "the password" not in file.read_text()
    Client(folder).call_signed_in("find")
    assert daemon.asked[-1][:2] == ("find", "t" * 26)


def test_what_changes_rights_asks_who_it_is_once_more(folder, daemon, monkeypatch):
    types(monkeypatch, "the password", "123456")
    Client(folder).call_signed_in("device_add")
    assert [verb for verb, _, _ in daemon.asked] == ["device_add", "step_up", "device_add"]


def test_a_refusal_that_signing_in_does_not_cure_is_not_asked_twice(folder, daemon):
    with pytest.raises(speech.Refused):
        Client(folder).call_signed_in("fly")
    assert daemon.asked == []


def test_a_line_that_is_not_there_is_an_empty_answer(monkeypatch):
    types(monkeypatch, "essai")
    assert ask_credentials(["login", "password", "code"]) == {"login": "essai", "password": "", "code": ""}


def test_where_there_is_no_runtime_folder_the_session_lies_in_the_users_own_cache(monkeypatch):
    monkeypatch.delenv("XDG_RUNTIME_DIR", raising=False)
    assert cli_client._runtime_folder().is_relative_to(Path.home())
