"""The only file of the probe that opens a socket: the gate first, then the rate, then the log, then the packet.

A `Wire` is one connection, bounded in time and bytes. TLS here verifies nothing: the probe looks at what is there.
"""

from __future__ import annotations

import copy
import socket
import ssl
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field, replace
from datetime import UTC, datetime
from ipaddress import IPv6Address, ip_address
from typing import TYPE_CHECKING, Any, Final, NoReturn, Self

from primum.exposure.probe.gate import Address
from primum.exposure.probe.model import Identity, Mode, Rung

if TYPE_CHECKING:
    from primum.exposure.probe.gate import Gate
    from primum.exposure.probe.limits import Limits

CALLER: Final = "primum-probe"
"""What the probe calls itself in HTTP."""

TITLE: Final = "PRIMUM-PROBE"
"""What it calls itself in DICOM, where the identity leaves it free (16 characters at most, PS3.8 7.1.1.3)."""

VERSION_NAME: Final = "PRIMUM_PROBE"
"""Its implementation version name, where no nonce takes the place."""


_QUICK: Final[int | None] = getattr(socket, "TCP_QUICKACK", None)
"""Of Linux alone, and gone again by itself."""


class Unanswered(Exception):
    """No conversation came about. `how`: refused, reset, silent, unreachable, tls, protocol, cut, budget."""

    def __init__(self, how: str, code: str = "") -> None:
        """Keep how it ended, and a code of ours or an alert's name."""
        super().__init__(how)
        self.how = how
        self.code = code


@dataclass(slots=True)
class Purpose:
    """A line of the log: what a connection was for, and what became of it."""

    at: str
    address: str
    port: int
    mode: Mode
    rung: Rung
    identity: Identity
    purpose: str
    mandate: str
    sent: int = 0
    received: int = 0
    ended: str = ""

    def as_json(self) -> dict[str, Any]:
        """Give the line as plain values."""
        return asdict(self)


class Pace:
    """At most `rate` a second, evenly: whoever comes too early waits."""

    def __init__(self, rate: float) -> None:
        """Begin free."""
        self._gap = 1 / rate
        self._next = 0.0
        self._lock = threading.Lock()

    def wait(self) -> float:
        """Return how many seconds to wait before going on, the place being taken."""
        with self._lock:
            now = time.monotonic()
            mine = max(now, self._next)
            self._next = mine + self._gap
            return mine - now


class Dialler:
    """Opens connections for one run."""

    def __init__(
        self,
        gate: Gate,
        limits: Limits,
        *,
        log: Callable[[Purpose], None],
        deadline: float,
        nonce: str = "",
        foreign: ssl.SSLContext | None = None,
    ) -> None:
        """`deadline`: of the run, monotonic. `nonce`: announced to a target. `foreign`: shows a stranger's."""
        self.gate = gate
        self.limits = limits
        self.nonce = nonce
        self.deadline = deadline
        self._log = log
        self._foreign = foreign
        self._all, self._own = Pace(limits.rate_all), Pace(limits.rate_own)
        self._each: dict[str, Pace] = {}

    def modes(self) -> tuple[Mode, ...]:
        """Return the modes that it can connect in: that of a stranger's certificate only where it was given one."""
        return tuple(one for one in Mode if one is not Mode.TLS_FOREIGN or self._foreign is not None)

    def within(self, seconds: float, step_seconds: float | None = None) -> Dialler:
        """Give the same dialler, same gate, rates and log, for who has so many seconds and no more."""
        own = copy.copy(self)
        own.deadline = min(self.deadline, time.monotonic() + seconds)
        if step_seconds is not None:
            own.limits = replace(self.limits, step_seconds=min(step_seconds, self.limits.step_seconds))
        return own

    def server_name(self) -> str | None:
        """Return the name sent in TLS: the nonce's, if there is one (RFC 6761 6.4)."""
        return f"{self.nonce}.probe.invalid" if self.nonce else None

    def version_name(self) -> str:
        """Return the implementation version name of associations (16 characters at most, PS3.7 D.3.3.2.3)."""
        return self.nonce[:16].upper() if self.nonce else VERSION_NAME

    def user_agent(self) -> str:
        """Return the User-Agent."""
        return f"{CALLER} {self.nonce}".strip()

    def announce(
        self, address: str, port: int, *, mode: Mode, rung: Rung, identity: Identity, purpose: str
    ) -> tuple[Purpose, float]:
        """Pass the gate, take a place in the rate and a line in the log; return the line and the seconds to wait.

        For who opens sockets by itself (the sweep). Raises ProbeRefused.
        """
        parsed = ip_address(address)
        mandate = self.gate.require(parsed, port, rung, identity)
        wait = self._wait(parsed)
        line = Purpose(
            datetime.now(UTC).isoformat(timespec="milliseconds"),
            address, port, mode, rung, identity, purpose, mandate.id if mandate else "own",
        )  # fmt: skip
        self._log(line)
        return line, wait

    def connect(self, address: str, port: int, *, mode: Mode, rung: Rung, identity: Identity, purpose: str) -> Wire:
        """Open a connection, TLS done where the mode says so.

        Raises ProbeRefused (nothing was sent), Unanswered.
        """
        line, wait = self.announce(address, port, mode=mode, rung=rung, identity=identity, purpose=purpose)
        if time.monotonic() + wait >= self.deadline:
            line.ended = "budget"
            raise Unanswered("budget")
        time.sleep(wait)
        wire = Wire(line, self.limits, min(self.deadline, time.monotonic() + self.limits.step_seconds))
        wire.open(self._context(mode), self.server_name())
        return wire

    def ask_datagram(
        self, address: str, port: int, questions: Sequence[bytes], *, purpose: str, any_port: bool = False
    ) -> bytes:
        """Send one datagram after another until one is answered, and return the first answer, bounded.

        `any_port`: the answer may come from another port of that address (SSDP allows it); of no other address ever.
        Raises ProbeRefused (nothing was sent), Unanswered.
        """
        parsed = ip_address(address)
        line, wait = self.announce(
            address, port, mode=Mode.PLAIN, rung=Rung.CONNECT, identity=Identity.NOBODY, purpose=purpose
        )
        until = min(self.deadline, time.monotonic() + wait + self.limits.datagram_seconds)
        if time.monotonic() + wait >= self.deadline:
            line.ended = "budget"
            raise Unanswered("budget")
        time.sleep(wait)
        family = socket.AF_INET6 if isinstance(parsed, IPv6Address) else socket.AF_INET
        with socket.socket(family, socket.SOCK_DGRAM) as asking:
            try:
                answer = _first_answer(_Question(asking, line, self.limits, any_port=any_port), questions, until)
            except OSError as error:
                line.ended, code = _how(error)
                raise Unanswered(line.ended, code) from None
        line.received, line.ended = len(answer), "done"
        return answer

    def source_toward(self, address: str) -> str:
        """Return from which address of this machine `address` would be asked; sends nothing. Raises Unanswered."""
        family = socket.AF_INET6 if ":" in address else socket.AF_INET
        with socket.socket(family, socket.SOCK_DGRAM) as never_sent:
            try:
                never_sent.connect((address, 9))
            except OSError as error:
                raise Unanswered(*_how(error)) from None
            return str(never_sent.getsockname()[0])

    def _wait(self, address: Address) -> float:
        if self.gate.is_own(address):
            return self._own.wait()
        each = self._each.setdefault(str(address), Pace(self.limits.rate_address))
        return max(self._all.wait(), each.wait())

    def _context(self, mode: Mode) -> ssl.SSLContext | None:
        if mode is Mode.PLAIN:
            return None
        if mode is Mode.TLS:
            return lenient_context()
        if self._foreign is None:
            raise Unanswered("tls", "no-foreign-certificate")
        return self._foreign


def spoken_suites() -> frozenset[int]:
    """Return the numbers of the suites that this Python's TLS still has, with everything allowed."""
    return frozenset(int(one["id"]) & 0xFFFF for one in lenient_context().get_ciphers())


def lenient_context() -> ssl.SSLContext:
    """Make a context that takes any certificate and whatever this Python still speaks: it trusts nobody, it looks."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    context.set_ciphers("ALL:COMPLEMENTOFALL:@SECLEVEL=0")
    context.minimum_version = ssl.TLSVersion.MINIMUM_SUPPORTED
    return context


class Wire:
    """One connection. Every read is bounded by `Limits.reply_bytes` in all and by the step's deadline."""

    def __init__(self, line: Purpose, limits: Limits, deadline: float) -> None:
        """Not yet open."""
        self.line = line
        self._limits = limits
        self._deadline = deadline
        self._socket: socket.socket | None = None

    def open(self, context: ssl.SSLContext | None, server_name: str | None) -> None:
        """Connect, and do TLS where there is a context. Raises Unanswered."""
        family = socket.AF_INET6 if isinstance(ip_address(self.line.address), IPv6Address) else socket.AF_INET
        plain = socket.socket(family, socket.SOCK_STREAM)
        self._socket = plain
        try:
            plain.settimeout(min(self._limits.connect_seconds, self._left()))
            plain.connect((self.line.address, self.line.port))
            plain.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            plain.settimeout(self._left())
            if context is not None:
                self._socket = context.wrap_socket(plain, server_hostname=server_name)
        except (OSError, ValueError) as error:
            self._ended(error)
        except Unanswered:
            self.close("budget")
            raise

    def send(self, data: bytes) -> None:
        """Send all of it. Raises Unanswered."""
        try:
            self._live().settimeout(self._left())
            self._live().sendall(data)
            self.line.sent += len(data)
        except OSError as error:
            self._ended(error)

    def receive(self, most: int) -> bytes:
        """Return what came, up to `most` bytes; empty when the other side ended. Raises Unanswered."""
        left = self._limits.reply_bytes - self.line.received
        if left <= 0:
            self.close("cut")
            raise Unanswered("cut")
        try:
            self._live().settimeout(self._left())
            data = self._live().recv(min(most, left))
        except OSError as error:
            self._ended(error)
        self.line.received += len(data)
        return data

    def receive_into(self, room: memoryview) -> int:
        """Fill what is given and keep no copy; return how many bytes, 0 at the end. Raises Unanswered."""
        left = self._limits.reply_bytes - self.line.received
        if left <= 0:
            self.close("cut")
            raise Unanswered("cut")
        try:
            self._live().settimeout(self._left())
            self._acknowledge()
            size = self._live().recv_into(room[: min(len(room), left)])
        except OSError as error:
            self._ended(error)
        self.line.received += size
        return size

    def overhear(self, seconds: float) -> bytes:
        """Return what the other side says by itself within a moment: an alert after a handshake raises Unanswered."""
        try:
            self._live().settimeout(min(seconds, self._left()))
            data = self._live().recv(self._limits.banner_bytes)
        except TimeoutError:
            return b""
        except OSError as error:
            self._ended(error)
        self.line.received += len(data)
        return data

    def receive_exactly(self, size: int) -> bytes:
        """Return `size` bytes. Raises Unanswered (`cut` where the other side ended before)."""
        whole = bytearray()
        while len(whole) < size:
            part = self.receive(size - len(whole))
            if not part:
                self.close("ended")
                raise Unanswered("reset", "ended-early")
            whole += part
        return bytes(whole)

    def more_time(self, seconds: float) -> None:
        """Give the step a new deadline, within that of the run's step at most `seconds` from now."""
        self._deadline = time.monotonic() + seconds

    def tls(self) -> ssl.SSLSocket | None:
        """Return the TLS side, None in clear."""
        return self._socket if isinstance(self._socket, ssl.SSLSocket) else None

    def close(self, how: str = "done") -> None:
        """End it, whatever state it is in; the log keeps the first reason."""
        self.line.ended = self.line.ended or how
        if self._socket is not None:
            self._socket.close()

    def __enter__(self) -> Self:
        """Close it afterwards."""
        return self

    def __exit__(self, *_: object) -> None:
        """Close."""
        self.close()

    def _acknowledge(self) -> None:
        """Acknowledge what comes at once: a peer that writes in halves waits 40 ms for it (RFC 1122 4.2.3.2)."""
        if _QUICK is not None:
            self._live().setsockopt(socket.IPPROTO_TCP, _QUICK, 1)

    def _live(self) -> socket.socket:
        if self._socket is None:
            raise Unanswered("reset", "not-open")
        return self._socket

    def _left(self) -> float:
        left = self._deadline - time.monotonic()
        if left <= 0:
            raise Unanswered("silent", "step")
        return left

    def _ended(self, error: Exception) -> NoReturn:
        how, code = _how(error)
        self.close(how)
        raise Unanswered(how, code) from None


@dataclass(frozen=True, slots=True)
class _Question:
    socket: socket.socket
    line: Purpose
    limits: Limits
    any_port: bool = field(kw_only=True)

    def send(self, question: bytes) -> None:
        self.socket.sendto(question, (self.line.address, self.line.port))
        self.line.sent += len(question)

    def answer(self, until: float) -> bytes | None:
        """Return what that address answers before `until`; what others send is not looked at."""
        while (left := until - time.monotonic()) > 0:
            self.socket.settimeout(left)
            try:
                data, sender = self.socket.recvfrom(self.limits.datagram_bytes)
            except TimeoutError:
                return None
            same = ip_address(str(sender[0]).partition("%")[0]) == ip_address(self.line.address.partition("%")[0])
            if same and (self.any_port or sender[1] == self.line.port):
                return data
        return None


def _first_answer(question: _Question, texts: Sequence[bytes], until: float) -> bytes:
    if not question.any_port:
        # connected, so that a closed port is told at once
        question.socket.connect((question.line.address, question.line.port))
    each = (until - time.monotonic()) / max(len(texts), 1)
    for text in texts:
        question.send(text)
        answer = question.answer(min(until, time.monotonic() + each))
        if answer is not None:
            return answer
    raise TimeoutError


def _how(error: Exception) -> tuple[str, str]:
    """Name what an error of the system means, without its text."""
    if isinstance(error, TimeoutError):
        return "silent", ""
    if isinstance(error, ssl.SSLError):
        return "tls", (error.reason or "tls").lower().replace("_", "-")
    if isinstance(error, ConnectionRefusedError):
        return "refused", ""
    if isinstance(error, (ConnectionResetError, BrokenPipeError, ConnectionAbortedError)):
        return "reset", ""
    return "unreachable", ""
