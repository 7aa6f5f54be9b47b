"""The command line's side of the worker's socket, and the session it keeps between two commands.

The token of a session lies in the user's runtime folder (memory, ended with the login, where the
platform has one), mode 0600; it locks after the idle time like any other session.
"""

from __future__ import annotations

import contextlib
import getpass
import json
import os
import socket
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, BinaryIO, cast

import platformdirs

from primum.doors.cli import speech
from primum.doors.worker import protocol
from primum.ground.home import Home, find_home

Progress = Callable[[dict[str, Any]], None]

_NEEDS_SESSION = frozenset({"identity.no-session", "identity.session-locked"})
_NEEDS_STEP_UP = frozenset({"identity.step-up"})


class Client:
    """A conversation with the daemon of one home."""

    def __init__(self, folder: Path) -> None:
        """Speak to the daemon of the home in `folder`. Raises what find_home raises."""
        self.home: Home = find_home(folder)
        self._token_file = _runtime_folder() / f"{self.home.id}.session"

    def call(self, verb: str, progress: Progress | None = None, **args: object) -> dict[str, Any]:
        """Ask for a verb in the kept session. Raises NotRunning, Interrupted, Refused."""
        return self._call(verb, self._token(), args, progress)

    def call_signed_in(self, verb: str, progress: Progress | None = None, **args: object) -> dict[str, Any]:
        """Ask for a verb; sign in, or confirm it is still the same person, where the daemon asks for it."""
        try:
            return self.call(verb, progress, **args)
        except speech.Refused as refusal:
            code = refusal.facts["remote_code"]
            if code in _NEEDS_SESSION:
                self.sign_in()
            elif code in _NEEDS_STEP_UP:
                self.step_up()
            else:
                raise
        return self.call(verb, progress, **args)

    def sign_in(self) -> dict[str, Any]:
        """Ask for login, password and code; keep the session."""
        answer = self._call("sign_in", None, ask_credentials(["login", "password", "code"]), None)
        self._token_file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        fd = os.open(self._token_file, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(fd, "w") as file:
            file.write(answer["token"])
        return answer

    def step_up(self) -> None:
        """Ask again for password and code."""
        self.call("step_up", None, **ask_credentials(["password", "code"]))

    def sign_out(self) -> None:
        """End the session and forget it."""
        try:
            self.call("sign_out")
        finally:
            self._token_file.unlink(missing_ok=True)

    def _token(self) -> str | None:
        try:
            return self._token_file.read_text() or None
        except FileNotFoundError:
            return None

    def _call(self, verb: str, token: str | None, args: dict[str, Any], progress: Progress | None) -> dict[str, Any]:
        try:
            connection = protocol.connect(self.home.folder / "run" / protocol.SOCKET)
        except OSError:
            raise speech.NotRunning(folder=str(self.home.folder)) from None
        with connection, _stream(connection) as stream:
            for answer in _answers(stream, {"verb": verb, "token": token, "args": args}):
                if "progress" in answer:
                    if progress is not None:
                        progress(answer["progress"])
                elif "ok" in answer:
                    return dict(answer["ok"])
                else:
                    error = answer["error"]
                    raise speech.Refused(fact=error["fact"], way_out_text=error["hint"], remote_code=error["code"])
        raise speech.Interrupted


@contextlib.contextmanager
def _stream(connection: socket.socket) -> Iterator[BinaryIO]:
    """Read and write a connection. What a daemon that is gone did not take is lost: closing is no fault."""
    stream = cast("BinaryIO", connection.makefile("rwb"))
    try:
        yield stream
    finally:
        with contextlib.suppress(OSError):
            stream.close()


def _answers(stream: BinaryIO, request: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Ask, and give each line of the answer. Raises Interrupted where the daemon is gone in the middle of it."""
    try:
        protocol.send(stream, request)
        while (answer := protocol.receive(stream)) is not None:
            yield answer
    except OSError:
        raise speech.Interrupted from None


def ask_credentials(fields: list[str]) -> dict[str, str]:
    """Ask the person at the terminal; without one, read one line per field from standard input."""
    if not sys.stdin.isatty():
        return {field: sys.stdin.readline().rstrip("\n") for field in fields}
    prompts = {
        "key_id": "key id: ",
        "login": "login: ",
        "password": "password: ",
        "code": "code of the second factor: ",
    }
    answers = {}
    for field in fields:
        ask = getpass.getpass if field == "password" else input
        answers[field] = ask(prompts[field])
    return answers


def _runtime_folder() -> Path:
    return Path(os.environ.get("XDG_RUNTIME_DIR") or platformdirs.user_cache_dir("primum", appauthor=False)) / "primum"


def pretty(value: object) -> str:
    """Write a value as JSON for `--json`, with escapes for what would drive a terminal."""
    text = json.dumps(value, ensure_ascii=False, indent=1)
    return "".join(one if speech.harmless(one) or one == "\n" else json.dumps(one)[1:-1] for one in text)
