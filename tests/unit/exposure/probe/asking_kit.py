"""A gate to loopback, a dialler and an asking, for tests of speakers; and twins that answer what they are given."""

from __future__ import annotations

import contextlib
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from ipaddress import ip_network

from primum.exposure.probe.dialling import Dialler, Purpose
from primum.exposure.probe.gate import Gate, Mandate
from primum.exposure.probe.limits import Limits
from primum.exposure.probe.model import Hole, Outcome, Service, Step
from primum.exposure.probe.speaking import Asking, Known, Speaker

LOOPBACK = "127.0.0.1"
SHORT = Limits(connect_seconds=2, step_seconds=3, service_seconds=25)


@dataclass(slots=True)
class Looked:
    """What a speaker found, and the log of its connections."""

    service: Service | None
    log: list[Purpose] = field(default_factory=list)

    def holes(self) -> set[tuple[str, str, str]]:
        return {(str(one.mode), str(one.identity), str(one.rung)) for one in self.tuples()}

    def tuples(self) -> list[Hole]:
        return self.service.holes() if self.service else []

    def steps(self, outcome: Outcome | None = None) -> list[Step]:
        steps = self.service.steps if self.service else []
        return [one for one in steps if outcome is None or one.outcome is outcome]

    def said(self, mode: str, identity: str, rung: str) -> list[tuple[str, str]]:
        return [
            (str(one.outcome), one.code)
            for one in self.steps()
            if (one.mode, one.identity, one.rung) == (mode, identity, rung)
        ]


def asking_to(
    port: int,
    *,
    known: Known | None = None,
    own: bool = True,
    limits: Limits = SHORT,
    foreign: ssl.SSLContext | None = None,
    log: list[Purpose] | None = None,
    seconds: float = 60,
) -> Asking:
    """Ask a port of loopback. `own` false: it is somebody else's, mandated and not proven."""
    now = datetime(2026, 11, 22, tzinfo=UTC)
    mandate = Mandate(
        id="m", given_by="A", quality="B", networks=(ip_network("127.0.0.0/8"),), ports=((1, 65535),),
        starts_at=now, ends_at=now.replace(month=12),
    )  # fmt: skip
    gate = Gate(is_own=lambda _: own, mandates=[mandate], now=lambda: now)
    lines = log if log is not None else []
    dialler = Dialler(gate, limits, log=lines.append, deadline=time.monotonic() + seconds, foreign=foreign)
    return Asking(dialler, LOOPBACK, port, limits, known or Known())


def look(speaker: Speaker, asking: Asking, greeting: bytes = b"") -> Looked:
    """Recognise and climb."""
    log: list[Purpose] = []
    asking.dialler._log = log.append
    service = speaker.recognise(asking, greeting)
    if service is not None:
        speaker.climb(asking, service)
    return Looked(service, log)


@contextlib.contextmanager
def listening(serve: Callable[[socket.socket], None], context: ssl.SSLContext | None = None) -> Iterator[int]:
    """Serve each connection in a thread of its own; the port is free before and after."""
    server = socket.create_server((LOOPBACK, 0))
    threads: list[threading.Thread] = []

    def one(connection: socket.socket) -> None:
        with contextlib.suppress(OSError, ValueError), connection:
            connection.settimeout(10)
            if context is None:
                serve(connection)
                return
            with context.wrap_socket(connection, server_side=True) as secured:
                serve(secured)

    def accept() -> None:
        while True:
            try:
                connection, _ = server.accept()
            except OSError:
                return
            thread = threading.Thread(target=one, args=(connection,), daemon=True)
            threads.append(thread)
            thread.start()

    acceptor = threading.Thread(target=accept, daemon=True)
    acceptor.start()
    try:
        yield server.getsockname()[1]
    finally:
        server.shutdown(socket.SHUT_RDWR)  # who waits in accept is told
        acceptor.join()
        server.close()


def saying(parts: Iterable[bytes]) -> Callable[[socket.socket], None]:
    """Read something, then say this, and end."""

    def serve(connection: socket.socket) -> None:
        connection.recv(4096)
        for part in parts:
            connection.sendall(part)

    return serve


@dataclass(frozen=True, slots=True)
class Asked:
    """A request that came to a site: `fields` in small letters."""

    method: str
    path: str
    fields: dict[str, str]


Page = tuple[int, dict[str, str], bytes]


def site(answer: Callable[[Asked], Page], seen: list[Asked] | None = None) -> Callable[[socket.socket], None]:
    """Serve HTTP/1.1 with kept connections: what `answer` says to each request."""

    def serve(connection: socket.socket) -> None:
        held = b""
        while True:
            while b"\r\n\r\n" not in held:
                part = connection.recv(65536)
                if not part or part[0] == 22:
                    return  # ended, or a handshake of TLS
                held += part
            head, _, held = held.partition(b"\r\n\r\n")
            first, *lines = head.decode("latin-1").split("\r\n")
            fields = {name.lower(): value.strip() for name, _, value in (one.partition(":") for one in lines)}
            held = held[int(fields.get("content-length", "0")) :]
            method, path, _ = first.split(" ")
            asked = Asked(method, path, fields)
            if seen is not None:
                seen.append(asked)
            status, more, body = answer(asked)
            more = {"Content-Length": str(len(body)), **more}
            listed = "".join(f"{name}: {value}\r\n" for name, value in more.items())
            connection.sendall(f"HTTP/1.1 {status} X\r\n{listed}\r\n".encode() + (b"" if method == "HEAD" else body))

    return serve
