"""The control: a listener that is known to be open, which a run from outside must reach on the same ports first.

One line is asked, one is answered: `PRIMUM-CONTROL/1 CHALLENGE` gets `PRIMUM-CONTROL/1 INSTANT ADDRESS MAC`, where MAC
is HMAC-SHA256 under the control's key of port, challenge, instant and the address that asked. So who stands behind a
mobile operator learns which ports that operator lets out, and from which address he is seen: were it the target's own,
he would not be outside. The answer is below what was asked in work and bytes: nothing to amplify, no key, no data.
"""

from __future__ import annotations

import contextlib
import hashlib
import hmac
import ipaddress
import re
import secrets
import selectors
import socket
import threading
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from primum.exposure.probe.dialling import Unanswered
from primum.exposure.probe.model import Identity, Mode, Rung

if TYPE_CHECKING:
    from primum.exposure.probe.dialling import Dialler

KEY_BYTES: Final = 32
"""Of a control's key: as many as HMAC-SHA256 has."""

_WORD: Final = b"PRIMUM-CONTROL/1"
_CHALLENGE: Final = re.compile(rb"PRIMUM-CONTROL/1 ([0-9a-f]{32})\n")
_ANSWER: Final = re.compile(rb"PRIMUM-CONTROL/1 ([0-9]{1,12}) ([0-9a-f.:]{2,45}) ([0-9a-f]{64})\n")
_LINE: Final = 256
"""Bytes of the longest line."""
_QUESTION: Final = 50
"""Bytes of a question."""


@dataclass(frozen=True, slots=True)
class Reached:
    """A control's answer on one port, as it is kept in a report: whoever has its key can check it again."""

    port: int
    challenge: str
    instant: int
    seen_as: str
    mac: str

    def as_json(self) -> dict[str, Any]:
        """Give it as plain values."""
        return {
            "port": self.port, "challenge": self.challenge, "instant": self.instant,
            "seen_as": self.seen_as, "mac": self.mac,
        }  # fmt: skip


def is_true(answer: Reached, key: bytes) -> bool:
    """Tell whether who holds `key` gave this answer."""
    expected = _mac(key, answer.port, answer.challenge, answer.instant, answer.seen_as)
    return hmac.compare_digest(expected, answer.mac)


def reached(dialler: Dialler, address: str, port: int, key: bytes) -> Reached | None:
    """Ask the control on one port. None where nothing or nothing true answers. Raises ProbeRefused."""
    challenge = secrets.token_hex(16)
    try:
        with dialler.connect(
            address, port, mode=Mode.PLAIN, rung=Rung.CONNECT, identity=Identity.NOBODY, purpose="control"
        ) as wire:
            wire.more_time(dialler.limits.control_seconds)
            wire.send(_WORD + b" " + challenge.encode("ascii") + b"\n")
            line = bytearray()
            while not line.endswith(b"\n") and len(line) < _LINE:
                part = wire.receive(_LINE - len(line))
                if not part:
                    break
                line += part
    except Unanswered:
        return None
    matched = _ANSWER.fullmatch(bytes(line))
    if matched is None:
        return None
    instant, seen_as, mac = (one.decode("ascii") for one in matched.groups())
    answer = Reached(port, challenge, int(instant), seen_as, mac)
    return answer if is_true(answer, key) else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Bounds:
    """Of a control."""

    at_once: int = 512
    """Connections that are open: descriptors allow 1024; from the oldest the place is taken."""
    seconds: float = 5
    """For one line to come and one to go: a phone's network takes half a second."""
    ports: int = 64
    """Listeners."""


BOUNDS: Final = Bounds()


def everywhere() -> list[str]:
    """Return the addresses that stand for all of this machine's."""
    return ["0.0.0.0", *(["::"] if socket.has_dualstack_ipv6() else [])]  # noqa: S104 (somebody starts it by its name)


class TooManyPorts(ValueError):
    """More listeners than a control has."""


class Control:
    """Listens and answers, in one thread that `run` is. No answer waits for another."""

    def __init__(
        self,
        addresses: Iterable[tuple[str, int]],
        key: bytes,
        *,
        now: Callable[[], float] = time.time,
        bounds: Bounds = BOUNDS,
    ) -> None:
        """Bind every address and port (0: any). Raises OSError, TooManyPorts."""
        wanted = list(addresses)
        if len(wanted) > bounds.ports:
            raise TooManyPorts
        self._key, self._now, self._bounds = key, now, bounds
        self._selector = selectors.DefaultSelector()
        self._open: dict[socket.socket, _Caller] = {}
        self._listeners: list[socket.socket] = []
        self._ports: list[int] = []
        self._stop = threading.Event()
        self._woken, self._waker = socket.socketpair()
        self._selector.register(self._woken, selectors.EVENT_READ)
        self.answered = 0
        try:
            for address, port in wanted:
                self._listen(address, port)
        except OSError:
            self.close()
            raise

    @property
    def ports(self) -> tuple[int, ...]:
        """The ports that it listens on, in the order they were given."""
        return tuple(self._ports)

    def run(self) -> None:
        """Serve until `stop`."""
        while not self._stop.is_set():
            for key, _ in self._selector.select(self._wait()):
                source = key.fileobj
                if source in self._open:
                    self._read(self._open[source])
                elif source in self._listeners:
                    self._accept(source)
            self._end_late()
        self.close()

    def stop(self) -> None:
        """End `run`, from any thread."""
        self._stop.set()
        with contextlib.suppress(OSError):
            self._waker.send(b"\0")

    def close(self) -> None:
        """Close every socket."""
        for one in (*self._open, *self._listeners, self._woken, self._waker):
            one.close()
        self._open.clear()
        self._selector.close()

    def _listen(self, address: str, port: int) -> None:
        family = socket.AF_INET6 if ":" in address else socket.AF_INET
        listener = socket.socket(family, socket.SOCK_STREAM)
        self._listeners.append(listener)
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if family == socket.AF_INET6:
            # IPv4 has a listener of its own, and tells addresses as they are
            listener.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        listener.bind((address, port))
        listener.listen(128)
        listener.setblocking(False)
        self._ports.append(int(listener.getsockname()[1]))
        self._selector.register(listener, selectors.EVENT_READ)

    def _accept(self, listener: socket.socket) -> None:
        try:
            connection, name = listener.accept()
        except OSError:
            return
        connection.setblocking(False)
        if len(self._open) >= self._bounds.at_once:
            self._end(next(iter(self._open.values())))
        port = int(listener.getsockname()[1])
        caller = _Caller(connection, _plain(str(name[0])), port, time.monotonic() + self._bounds.seconds)
        self._open[connection] = caller
        self._selector.register(connection, selectors.EVENT_READ)

    def _read(self, caller: _Caller) -> None:
        try:
            part = caller.connection.recv(_QUESTION - len(caller.line))
        except BlockingIOError:
            return
        except OSError:
            part = b""
        caller.line += part
        if part and b"\n" not in caller.line and len(caller.line) < _QUESTION:
            return
        matched = _CHALLENGE.fullmatch(bytes(caller.line))
        if matched is not None:
            self._answer(caller, matched.group(1).decode("ascii"))
        self._end(caller)

    def _answer(self, caller: _Caller, challenge: str) -> None:
        instant = int(self._now())
        mac = _mac(self._key, caller.port, challenge, instant, caller.address)
        with contextlib.suppress(OSError):
            # a line fits an empty buffer: it goes at once or not at all
            caller.connection.send(_WORD + f" {instant} {caller.address} {mac}\n".encode("ascii"))
            self.answered += 1

    def _end(self, caller: _Caller) -> None:
        self._selector.unregister(caller.connection)
        del self._open[caller.connection]
        caller.connection.close()

    def _end_late(self) -> None:
        now = time.monotonic()
        for one in [one for one in self._open.values() if one.until <= now]:
            self._end(one)

    def _wait(self) -> float | None:
        oldest = next(iter(self._open.values()), None)
        return None if oldest is None else max(oldest.until - time.monotonic(), 0)


@dataclass(slots=True)
class _Caller:
    connection: socket.socket
    address: str
    port: int
    until: float
    line: bytearray = field(default_factory=bytearray)


def _mac(key: bytes, port: int, challenge: str, instant: int, seen_as: str) -> str:
    text = f"primum-control/1\n{port}\n{challenge}\n{instant}\n{seen_as}\n"
    return hmac.new(key, text.encode("ascii"), hashlib.sha256).hexdigest()


def _plain(text: str) -> str:
    parsed = ipaddress.ip_address(text.partition("%")[0])
    mapped = parsed.ipv4_mapped if isinstance(parsed, ipaddress.IPv6Address) else None
    return str(mapped or parsed)
