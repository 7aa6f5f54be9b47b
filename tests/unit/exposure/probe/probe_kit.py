"""Small hostile servers on loopback, a gate, a dialler, and speakers of a made-up protocol."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address, ip_network

from primum.exposure.probe.dialling import Dialler, Unanswered
from primum.exposure.probe.gate import Gate, Mandate
from primum.exposure.probe.limits import LIMITS
from primum.exposure.probe.model import Family, Identity, Mode, Outcome, Rung, Service, Step
from primum.exposure.probe.speaking import Asking

NOW = datetime(2026, 10, 5, 9, 0, tzinfo=UTC)
QUICK = replace(
    LIMITS, budget_seconds=8, connect_seconds=0.5, step_seconds=0.5, recognise_seconds=0.3, greeting_seconds=0.2,
    service_seconds=2, grace_seconds=0.3, link_seconds=0.5,
)  # fmt: skip


def loopback(address) -> bool:
    return address.is_loopback


def gate(*mandates: Mandate, is_own: Callable[..., bool] = loopback) -> Gate:
    return Gate(is_own=is_own, mandates=mandates, now=lambda: NOW)


def mandate(networks=("192.0.2.0/24",), ports=((104, 104),), names=None, **facts) -> Mandate:
    given = {
        "id": "mdt-1", "given_by": "A. Responsible", "quality": "owner", "held": (),
        "starts_at": NOW - timedelta(days=1), "ends_at": NOW + timedelta(days=1),
    }  # fmt: skip
    return Mandate(
        networks=tuple(ip_network(one) for one in networks),
        ports=ports,
        names={name: tuple(ip_address(one) for one in found) for name, found in (names or {}).items()},
        **(given | facts),
    )


def dialler(limits=QUICK, the_gate=None, log=None) -> Dialler:
    noted = log if log is not None else []
    return Dialler(the_gate or gate(), limits, log=noted.append, deadline=time.monotonic() + limits.budget_seconds)


def asking(port: int, limits=QUICK, log=None) -> Asking:
    return Asking(dialler(limits, log=log), "127.0.0.1", port, limits)


@contextmanager
def server(speak: Callable[[socket.socket], None], at: int = 0) -> Iterator[int]:
    """A listener that treats each connection with `speak`."""
    listener = socket.create_server(("127.0.0.1", at), backlog=64)
    ended = threading.Event()

    def serve() -> None:
        while not ended.is_set():
            try:
                one, _ = listener.accept()
            except OSError:
                return
            threading.Thread(target=treat, args=(one,), daemon=True).start()

    def treat(one: socket.socket) -> None:
        with one, suppress(OSError):
            one.settimeout(10)
            speak(one)

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    try:
        yield listener.getsockname()[1]
    finally:
        ended.set()
        listener.shutdown(socket.SHUT_RDWR)
        listener.close()
        thread.join(5)


def hangs(one: socket.socket) -> None:
    while one.recv(1024):
        pass


def resets(one: socket.socket) -> None:
    one.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\x01\x00\x00\x00\x00\x00\x00\x00")


def hangs_up(_one: socket.socket) -> None:
    return


def floods(one: socket.socket) -> None:
    while True:
        one.sendall(b"x" * 65_536)


def says(text: bytes) -> Callable[[socket.socket], None]:
    def speak(one: socket.socket) -> None:
        one.sendall(text)
        hangs(one)

    return speak


def echoes(one: socket.socket) -> None:
    """The made-up protocol that `Parrot` speaks: what is said comes back."""
    while data := one.recv(1024):
        one.sendall(data)


@dataclass
class Parrot:
    """A speaker of the made-up protocol; its ladder is DICOM's first two rungs."""

    family: Family = Family.DICOM
    ports: frozenset[int] = frozenset()
    asked: list[tuple[int, bytes]] = field(default_factory=list)
    trouble: Callable[[], None] = lambda: None

    def recognise(self, asking: Asking, greeting: bytes) -> Service | None:
        self.asked.append((asking.port, greeting))
        with asking.connect(Mode.PLAIN, Rung.CONNECT, Identity.NOBODY, "parrot") as wire:
            wire.send(b"hello")
            if wire.receive(5) != b"hello":
                return None
        return Service(asking.address, asking.port, self.family, product="Parrot")

    def climb(self, asking: Asking, service: Service) -> None:
        service.steps.append(Step(Mode.PLAIN, Identity.NOBODY, Rung.ASSOCIATE, Outcome.OPEN))
        self.trouble()
        service.steps.append(Step(Mode.PLAIN, Identity.NOBODY, Rung.ECHO, Outcome.REFUSED, "0x0122"))


@dataclass
class Deaf:
    """A speaker that recognises nothing; `trouble` is what happens when it is asked."""

    family: Family = Family.WEB
    ports: frozenset[int] = frozenset()
    trouble: type[Exception] | None = None
    asked: int = 0

    def recognise(self, asking: Asking, greeting: bytes) -> Service | None:
        self.asked += 1
        if self.trouble is not None:
            raise self.trouble
        with asking.connect(Mode.PLAIN, Rung.CONNECT, Identity.NOBODY, "deaf") as wire:
            wire.send(b"?")
            if not wire.receive(1):
                raise Unanswered("reset")
        return None

    def climb(self, asking: Asking, service: Service) -> None:
        raise AssertionError


@dataclass(frozen=True)
class Judged:
    sound: bool = True

    def as_json(self):
        return {"sound": self.sound, "expected": 12, "found": 12 if self.sound else 11, "closed_found": []}
