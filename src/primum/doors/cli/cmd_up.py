"""`primum up`: unlocks a home and runs it until told to stop."""

from __future__ import annotations

import argparse
import os
import socket
from pathlib import Path
from typing import Any, ClassVar

from primum import vault
from primum.app import bundles, payload
from primum.doors.cli import speech
from primum.doors.cli.guards import ask_guard
from primum.doors.cli.supervisor import Supervisor
from primum.ground import process
from primum.ground.closed import Closed, read_closed
from primum.ground.disc import RealDisc, try_lock
from primum.ground.errors import PrimumError
from primum.ground.home import Home, find_home
from primum.ground.log import start_logging
from primum.ground.settings import Settings, read_settings
from primum.ground.zones import settle_zone
from primum.identity import is_loopback, openssl_configuration

MOST_RECEIVERS = 4
"""Receiving processes when the settings do not say: four take in more than a gigabit line brings."""


class AlreadyRunning(PrimumError):
    """Primum is running on the home {folder} already."""

    code: ClassVar[str] = "up.already-running"
    hint: ClassVar[str] = "stop it first, or choose another --home"


class NotADemo(PrimumError):
    """The home {folder} is a real one: it is never turned into a demo."""

    code: ClassVar[str] = "up.not-a-demo"
    hint: ClassVar[str] = "primum --home ANOTHER-FOLDER up --demo"


class DemoBeyondLoopback(PrimumError):
    """A demo home listens on this machine only, and {setting} says {address}."""

    code: ClassVar[str] = "up.demo-beyond-loopback"
    hint: ClassVar[str] = "remove {setting} from primum.toml, or make a real home with primum init"


class DemoNotFilled(PrimumError):
    """The phantoms could not be put into the demo (exit status {status})."""

    code: ClassVar[str] = "up.demo-not-filled"
    hint: ClassVar[str] = "see the log line above; start again to go on from there"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Take the kind of home and of guard."""
    parser.add_argument("--demo", action="store_true", help="fictional patients, in a home of their own, loopback only")
    parser.add_argument("--key-file", type=Path, help="the key file that unlocks this home")
    parser.add_argument("--recovery", action="store_true", help="unlock with the printed recovery key")


def run(options: argparse.Namespace) -> int:
    """Start, print where, and serve until SIGTERM or Ctrl-C."""
    process.harden()
    start_logging("supervisor")
    fresh = options.demo and not (options.home / "home.json").exists()
    if fresh:
        _make_demo(options.home)
    home = find_home(options.home)
    if options.demo and not home.demo:
        raise NotADemo(folder=str(options.home))
    settings = read_settings(home.folder / "primum.toml")
    settle_zone(settings.time_zone)
    if home.demo:
        _refuse_beyond_loopback(settings)
    lock = lock_home(home)
    if vault.is_committed(home.folder):
        from primum.app.rotating import settle  # noqa: PLC0415 (once in years)

        settle(home)
        speech.say("primum: the root key was replaced: use the new guard and the new recovery key")
    # an old list of devices, put back while nobody ran, must not be believed: the worker writes it anew
    (home.folder / "run" / "devices").unlink(missing_ok=True)
    supervisor = _prepare(home, settings, options)
    if home.demo and not (home.folder / "demo.filled").exists():
        _fill(supervisor)
    try:
        status = supervisor.run()
    finally:
        RealDisc().close(lock)
    if supervisor.refusal is not None:
        told = supervisor.refusal
        raise speech.Refused(fact=told["fact"].rstrip("."), way_out_text=told["hint"], remote_code=told["code"])
    return status


def _prepare(home: Home, settings: Settings, options: argparse.Namespace) -> Supervisor:
    key_file = home.folder / "demo.key" if home.demo else options.key_file
    guard = ask_guard(key_file, recovery=options.recovery)
    root = vault.unlock(home.folder / "keyring", guard)
    vault.verify_home(home.folder / "keyring", root, home.identity_bytes())
    more = ("hl7",) if settings.hl7_port or settings.hl7_plain_port else ()
    # a pair for each receiver, one for the web doors, which store too (STOW-RS), one for HL7 where there is that door
    count = receivers(settings) + 1 + len(more)
    pairs = [socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET) for _ in range(count)]
    ours = [pair[0].detach() for pair in pairs]
    ends = {"worker": tuple(pair[1].detach() for pair in pairs)}
    ends |= {name: (ours.pop(),) for name in ("web", *more)}
    ends["dimse"] = tuple(ours)
    given = payload.payloads(
        root,
        home.folder,
        bundles.renewed(home, settings, root),
        ends,
    )
    openssl = _openssl(home, settings)
    environment = {"dimse": openssl, "hl7": openssl}
    announcer = Announcer(home, settings, more)
    return Supervisor(given, announcer.hear, environment, more, lambda: read_closed(home.folder) is not None)


def receivers(settings: Settings) -> int:
    """Say how many processes receive: one for each processor, since Python keeps one busy, and four at most."""
    return settings.dicom_receivers or min(os.cpu_count() or 1, MOST_RECEIVERS)


def _refuse_beyond_loopback(settings: Settings) -> None:
    for name in ("web_address", "dicom_address"):
        address = getattr(settings, name)
        if not is_loopback(address):
            raise DemoBeyondLoopback(setting=name, address=address)


def _openssl(home: Home, settings: Settings) -> dict[str, str]:
    """Let the DICOM door offer the TLS 1.3 suites of PS3.15 B.13, which Python cannot ask for by itself."""
    if settings.dicom_tls_profile != "modified":
        return {}
    file = home.folder / "run" / "openssl.cnf"
    file.write_text(openssl_configuration(settings.dicom_tls_profile), "ascii")
    return {"OPENSSL_CONF": str(file)}


def lock_home(home: Home) -> Any:  # noqa: ANN401
    """Hold a home for oneself alone, as a daemon that runs does. Raises AlreadyRunning."""
    disc = RealDisc()
    file = home.folder / "run" / "daemon.lock"
    handle = disc.open_for_writing(file) if file.exists() else disc.create(file)
    if not try_lock(handle):
        disc.close(handle)
        raise AlreadyRunning(folder=str(home.folder))
    return handle


def _make_demo(folder: Path) -> None:
    from primum.app.demo import make_demo_home  # noqa: PLC0415 (only a first start needs it)

    speech.note("primum: making a demo home: fictional patients, fictional doctors")
    for line in make_demo_home(folder):
        speech.say(line)


def _fill(supervisor: Supervisor) -> None:
    bar = speech.Bar("phantoms")

    def hear(_child: str, facts: dict[str, Any]) -> None:
        if facts["state"] == "progress":
            bar.show(facts["done"], facts["total"])

    speech.note("primum: drawing the phantoms of the demo (once)")
    status = supervisor.run_once("demo", hear)
    if status != 0:
        raise DemoNotFilled(status=status)
    bar.end("primum: the phantoms are in the archive")


class Announcer:
    """Says when each door is open, and where."""

    def __init__(self, home: Home, settings: Settings, more: tuple[str, ...] = ()) -> None:
        """Speak of `home`, which has `more` doors than the usual ones."""
        self._closed = read_closed(home.folder)
        self._doors = {"worker", "web"} if self._closed else {"worker", "web", "dimse", *more}
        self._home = home
        self._settings = settings
        self._ready: set[str] = set()
        self._link = ""

    def hear(self, child: str, facts: dict[str, Any]) -> None:
        """Take a line of a child's status."""
        if facts["state"] != "ready":
            self._ready.discard(child)
            return
        first = "all" not in self._ready
        self._ready.add(child)
        if facts.get("invitation"):
            self._link = facts["invitation"]
        if first and self._doors <= self._ready:
            self._ready.add("all")
            self._announce()

    def url(self) -> str:
        """Return the address of the sign-in page."""
        return f"https://{self._settings.web_name}:{self._settings.web_port}/"

    def _announce(self) -> None:
        settings = self._settings
        if self._closed is not None:
            self._announce_closed(self._closed)
            return
        speech.say(f"primum: pages on {self.url()} (listening on {settings.web_address})")
        speech.say(
            f"primum: DICOM TLS on {settings.dicom_address}:{settings.dicom_port}, AE title {settings.dicom_aet}"
        )
        if settings.dicom_plain_port:
            speech.say(f"primum: DICOM without TLS on 127.0.0.1:{settings.dicom_plain_port}, this machine only")
        if settings.hl7_port:
            speech.say(f"primum: HL7 (MLLP over TLS) on {settings.dicom_address}:{settings.hl7_port}")
        if settings.hl7_plain_port:
            speech.say(f"primum: HL7 without TLS on 127.0.0.1:{settings.hl7_plain_port}, this machine only")
        if self._link:
            speech.say(f"primum: first person, one use, 15 minutes, on this machine: {self._link}")
        speech.say("primum: ready")

    def _announce_closed(self, closed: Closed) -> None:
        speech.say(f"primum: THE DOORS ARE CLOSED since {closed.at or 'an unknown moment'} ({closed.incident or '?'})")
        speech.say(f"primum: no DICOM, no HL7; pages on this machine alone, {self.url()}, until a person reopens them")
        speech.say("primum: ready")
