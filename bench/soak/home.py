"""The home under load: made by `primum init`, run by `primum up`, with two modalities, readers and who is moved to."""

from __future__ import annotations

import socket
import ssl
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import httpx
from tests.programs import free_port
from tests.running import Person, RunningPrimum

from bench import sink
from bench.contenders.base import children_of
from bench.contenders.primum import TITLE, make_template
from bench.finder import TITLE as FINDER
from bench.trust import tls_options

MODALITIES = ("MODONE", "MODTWO")
READER, MOVED, SINK = "READER", "MOVER", "SOAKSINK"
_ROOM = 48 << 20


@dataclass
class Home:
    """What clients need to know of it."""

    running: RunningPrimum
    person: Person
    place: Path
    plain_port: int
    receiver: sink.Sink
    _cookies: dict[str, str] = field(default_factory=dict)
    _signing: threading.Lock = field(default_factory=threading.Lock)
    _codes: threading.Lock = field(default_factory=threading.Lock)

    @property
    def folder(self) -> Path:
        """Where it is."""
        return self.running.home

    def pids(self) -> list[int]:
        """Return its processes."""
        return children_of(self.running.process.pid) if self.running.process else []

    def port(self, door: str) -> int:
        """Return the port of `web_port` or `dicom_port`."""
        return int(self.running.settings[door])

    def arguments(self, device: str) -> list[str]:
        """Return the options of DCMTK's programs for a device's pack, host and port."""
        pack = self.place / device
        secured = tls_options(pack / "key.pem", pack / "certificate.pem", pack / "archive-ca.pem")
        return ["-aet", device, "-aec", TITLE, *secured, "127.0.0.1", str(self.port("dicom_port"))]

    @contextmanager
    def line(self, device: str | None) -> Iterator[socket.socket]:
        """Connect to the DICOM door with a device's certificate, or without TLS."""
        port = self.plain_port if device is None else self.port("dicom_port")
        with socket.create_connection(("127.0.0.1", port), timeout=60) as plain:
            if device is None:
                yield plain
                return
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
            context.check_hostname = False
            pack = self.place / device
            context.load_verify_locations(pack / "archive-ca.pem")
            context.load_cert_chain(pack / "certificate.pem", pack / "key.pem")
            with context.wrap_socket(plain) as secured:
                yield secured

    def signed_in(self, refused: dict[str, str] | None = None) -> httpx.Client:
        """Give a client with a session, a new one where these cookies were refused.

        All share it, as the windows of one browser do: a code of the second factor works once.
        """
        with self._signing:
            if not self._cookies or self._cookies == refused:
                with self._codes, self.running.signed_in(self.person) as client:
                    self._cookies = dict(client.cookies)
            mine = self.running.browser()
            mine.cookies.update(self._cookies)
        return mine

    def sign_in_terminal(self) -> None:
        """Sign in for the commands that follow."""
        with self._codes:
            self.running.sign_in(self.person)


@contextmanager
def home(place: Path) -> Iterator[Home]:
    """Make it, start it, enrol everybody; stop it at the end."""
    template = make_template(place / "template", may="store,get")
    port = free_port()
    running = RunningPrimum(template.home.folder, key_file=template.home.key_file, settings={"dicom_plain_port": port})
    with running, ExitStack() as stack:
        receiver = stack.enter_context(sink.listening(None, sink.room(_ROOM), SINK))
        made = Home(running, template.person, place, port, receiver)
        for name, may in (*((one, "store") for one in MODALITIES), (READER, "find,get")):
            add = ["device", "add", name.lower(), "--aet", name, "--may", may, "--pem"]
            running.cli(*add, "--out", str(place / name))
        for name, may in ((FINDER, "find"), (MOVED, "move")):
            add = ["device", "add", name.lower(), "--aet", name, "--may", may, "--plain", "127.0.0.1"]
            running.cli(*add, "--out", str(place / name))
        add = ["device", "add", SINK.lower(), "--aet", SINK, "--may", "receive", "--host", "127.0.0.1"]
        running.cli(*add, "--port", str(receiver.port), "--no-commitment", "--out", str(place / SINK))
        yield made
