"""Primum as its users run it: the real command line, real processes, a home in a folder of the test.

Everything that depends on the spelling of commands, prompts and pages is here, in one place.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import os
import re
import secrets
import signal
import struct
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Self

import httpx

import primum
from tests.programs import free_port, stop, wait_until

READY = "primum: ready"
STEP = 30
"""Seconds that a code of the second factor lasts (RFC 6238)."""


@dataclass(slots=True)
class Person:
    """Somebody who can sign in. A code works once: `code` waits where the next one would come too early."""

    login: str
    password: str
    totp_secret: str
    _used: int = field(default=0, repr=False)

    def code(self) -> str:
        """Return a code that was not given before."""
        step = max(self._used + 1, int(time.time()) // STEP)
        while step > int(time.time()) // STEP + 1:  # a clock may be one step ahead
            time.sleep(0.1)
        self._used = step
        key = base64.b32decode(self.totp_secret.replace(" ", "").upper() + "=" * (-len(self.totp_secret) % 8))
        digest = hmac.new(key, struct.pack(">Q", step), hashlib.sha1).digest()
        (number,) = struct.unpack_from(">I", digest, digest[-1] & 15)
        return f"{(number & 0x7FFFFFFF) % 1_000_000:06d}"


@dataclass(frozen=True, slots=True)
class RealHome:
    """A home made by `primum init`, with its key file and recovery key."""

    folder: Path
    key_file: Path
    recovery_key: str


FIRST = ("Dre Ève Essai", "essai")
"""Full name and login of the first person of a home made here."""


def make_real_home(place: Path, controller: str = "Cabinet d'essai") -> RealHome:
    """Make a real home in `place`/home, guarded by a key file beside it, for the person FIRST."""
    home, key_file = place / "home", place / "home.key"
    command = [sys.executable, "-m", "primum", "--home", str(home), "init", "--key-file", str(key_file)]
    command += ["--name", FIRST[0], "--login", FIRST[1], "--controller", controller]
    done = subprocess.run(command, capture_output=True, text=True, env=_environment(), check=False, timeout=120)
    if done.returncode:
        raise RuntimeError(f"primum init ended with {done.returncode}: {done.stderr}")
    found = re.search(r"AGE-SECRET-KEY-1[0-9A-Z]+", done.stdout)
    return RealHome(home, key_file, found.group() if found else "")


def write_settings(home: Path, settings: Mapping[str, str | int]) -> None:
    """Write `primum.toml`."""
    lines = [f"{name} = {value if isinstance(value, int) else repr(value)}" for name, value in settings.items()]
    (home / "primum.toml").write_text("\n".join(lines) + "\n", "utf-8")


class RunningPrimum:
    """`primum up` on a home, from start to stop. Use as a context manager.

    For a real home give its `key_file`; ports are free ones unless `settings` names them. For a demo home
    the settings stay as they are: it is made by the first start, on the default ports.
    """

    def __init__(
        self,
        home: Path,
        *,
        key_file: Path | None = None,
        demo: bool = False,
        settings: Mapping[str, str | int] | None = None,
        environment: Mapping[str, str] | None = None,
    ) -> None:
        """Prepare; nothing is started yet."""
        self.home, self._key_file, self.demo = home, key_file, demo
        self.log = home.with_name(home.name + ".log")
        self.settings: dict[str, str | int] = {"web_port": 8443, "dicom_port": 2762, "dicom_plain_port": 0}
        if not demo:
            self.settings |= {"web_port": free_port(), "dicom_port": free_port(), **(settings or {})}
            write_settings(home, self.settings)
        self._environment = {**_environment(), "XDG_RUNTIME_DIR": str(_runtime(home)), **(environment or {})}
        self._said_before = 0
        self.process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        """Start and wait until every door is open."""
        self.start()
        self.wait_ready()
        return self

    def __exit__(self, *_: object) -> None:
        """Stop, as an administrator would."""
        self.stop()

    def start(self) -> None:
        """Start without waiting."""
        command = [sys.executable, "-m", "primum", "--home", str(self.home), "up"]
        command += ["--demo"] if self.demo else []
        command += ["--key-file", str(self._key_file)] if self._key_file else []
        self._said_before = self.log.stat().st_size if self.log.exists() else 0
        with self.log.open("ab") as output:
            self.process = subprocess.Popen(
                command, stdin=subprocess.DEVNULL, stdout=output, stderr=output, env=self._environment, process_group=0
            )

    def wait_ready(self, seconds: float = 180) -> None:
        """Wait until it says that it is ready. Raises TimeoutError, with what it said last."""
        try:
            wait_until(lambda: READY in self.said(), seconds=seconds, running=self.process)
        except TimeoutError as late:
            raise TimeoutError(f"{late}; it said: {self.said()[-2000:]}") from None

    def said(self) -> str:
        """Return what it has printed since it was last started."""
        with self.log.open("rb") as file:
            file.seek(self._said_before)
            return file.read().decode("utf-8", "replace")

    def stop(self) -> None:
        """End it by its own id, gently first."""
        if self.process is not None:
            stop(self.process, 30)

    def kill(self) -> None:
        """End every one of its processes at once, as a power cut would (SIGKILL to its process group)."""
        if self.process is not None and self.process.poll() is None:
            os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()

    # -- its command line --

    def cli(self, *arguments: str, typed: Sequence[str] = (), check: bool = True) -> subprocess.CompletedProcess[str]:
        """Run a command of `primum` on this home; `typed` are the lines that it reads."""
        command = [sys.executable, "-m", "primum", "--home", str(self.home), *arguments]
        done = subprocess.run(
            command, input="".join(line + "\n" for line in typed), capture_output=True, text=True,
            env=self._environment, check=False, timeout=300,
        )  # fmt: skip
        if check and done.returncode:
            raise RuntimeError(f"primum {' '.join(arguments)} ended with {done.returncode}: {done.stderr}")
        return done

    def sign_in(self, person: Person) -> None:
        """Open a session for the commands that follow."""
        self.cli("sign-in", typed=[person.login, person.password, person.code()])

    # -- its pages --

    @property
    def url(self) -> str:
        """Return the address of its pages."""
        return f"https://localhost:{self.settings['web_port']}"

    def browser(self) -> httpx.Client:
        """Return a client that behaves as a browser on its own pages does. Trust is another test's subject."""
        headers = {"Origin": self.url, "Sec-Fetch-Site": "same-origin"}
        return httpx.Client(base_url=self.url, verify=False, headers=headers, timeout=60, trust_env=False)

    def enrol_first_person(self) -> Person:
        """Follow the one-time link that `primum up` printed; return somebody who can sign in."""
        found = re.search(r"enrol#([\w-]+)$", self.said(), re.MULTILINE)
        if found is None:
            raise RuntimeError("no enrolment link was printed")
        return self.enrol(found.group(1), FIRST[1])

    def enrol(self, link: str, login: str) -> Person:
        """Follow a one-time link to its end; the login was decided by whoever invited."""
        with self.browser() as pages:
            asked = pages.post("/enrol/begin", data={"link": link}).raise_for_status().text
            secret = re.search(r'class="key"[^>]*>\s*([A-Z2-7 ]+?)\s*<', asked)
            if secret is None:
                raise RuntimeError("the enrolment page shows no key")
            person = Person(login, secrets.token_urlsafe(18), secret.group(1).replace(" ", ""))
            form = {"link": link, "password": person.password, "again": person.password, "code": person.code()}
            pages.post("/enrol/finish", data=form).raise_for_status()
        return person

    @contextmanager
    def signed_in(self, person: Person) -> Iterator[httpx.Client]:
        """Give a client with a session of this person."""
        form = {"login": person.login, "password": person.password, "code": person.code()}
        with self.browser() as pages:
            answer = pages.post("/sign-in", data=form)
            if answer.status_code != httpx.codes.SEE_OTHER:
                raise RuntimeError(f"signing in was answered with {answer.status_code}")
            yield pages

    def demo_people(self) -> list[Person]:
        """Return the fictional people whose factors the first start of a demo printed."""
        whole = self.log.read_text("utf-8", "replace")
        names = ("login", "password", "TOTP secret")
        columns = [re.findall(rf"^ +{name} +(.+)$", whole, re.MULTILINE) for name in names]
        return [Person(login, password, totp.replace(" ", "")) for login, password, totp in zip(*columns, strict=True)]


def _environment() -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("PRIMUM_")}
    # the same Primum as the tests import, in a checkout other than the one that is installed too
    return {**kept, "PYTHONPATH": str(Path(primum.__file__).parent.parent)}


def _runtime(home: Path) -> Path:
    """Return a folder for the command line's kept session, away from the user's own."""
    folder = home.with_name(home.name + ".runtime")
    folder.mkdir(mode=0o700, exist_ok=True)
    return folder
