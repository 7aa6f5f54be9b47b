"""Which ports answer: one thread, connections that are begun and not waited for, port after port over all addresses.

Every connection passes `Dialler.announce`: the gate, the rate, the log (docs/design/exposure.md, The run).
"""

from __future__ import annotations

import errno
import heapq
import selectors
import socket
import time
from collections import deque
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final

from primum.exposure.probe.dialling import Dialler, Purpose, Unanswered
from primum.exposure.probe.gate import ProbeRefused
from primum.exposure.probe.limits import Limits
from primum.exposure.probe.model import Identity, Mode, Rung


class State(StrEnum):
    """How a port answered."""

    OPEN = "open"
    CLOSED = "closed"
    SILENT = "silent"
    UNREACHABLE = "unreachable"
    NOT_TRIED = "not-tried"


_BEGUN: Final = frozenset({0, errno.EINPROGRESS, errno.EWOULDBLOCK})
_NO_ROUTE: Final = frozenset({errno.EHOSTUNREACH, errno.ENETUNREACH, errno.EADDRNOTAVAIL, errno.EAFNOSUPPORT})
_SCARCE: Final = frozenset({errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM})
"""The system has no more just now: tried again when something has ended."""
_REJECTED: Final = {errno.ECONNREFUSED: ("refused", State.CLOSED), errno.ECONNRESET: ("reset", State.OPEN)}
"""How a line ends and a port answered. A SYN that is reset is refused; `reset` comes once the port had accepted
(RFC 9293 3.10.7.3, 3.10.7.4)."""
_DESCRIPTORS_LEFT: Final = 192
"""For ladders, fixtures, files."""


@dataclass(slots=True)
class Swept:
    """What was found on one address: states of ports, and whether the link says that nobody is there."""

    address: str
    states: dict[int, State]
    absent: bool = False

    def open(self) -> list[int]:
        """List the open ports, lowest first."""
        return self.of(State.OPEN)

    def of(self, state: State) -> list[int]:
        """List the ports in a state, lowest first."""
        return sorted(port for port, one in self.states.items() if one is state)


@dataclass(slots=True)
class _Trying:
    """A connection that was begun."""

    socket: socket.socket
    address: str
    port: int
    line: Purpose
    began: float
    ends: float


@dataclass(slots=True)
class Sweep:
    """A sweep under way. `found` is called for each open port; `progress` with ports done and of how many."""

    dialler: Dialler
    pairs: Mapping[str, tuple[int, ...]]
    found: Callable[[str, int], None]
    progress: Callable[[int, int], None] = lambda _done, _total: None
    _swept: dict[str, Swept] = field(default_factory=dict)
    _left: dict[str, Iterator[int]] = field(default_factory=dict)
    _ready: deque[str] = field(default_factory=deque)
    """Addresses of which a port may be asked next, in turn; not those whose first port is under way."""
    _again: deque[tuple[str, int]] = field(default_factory=deque)
    _first: dict[str, int] = field(default_factory=dict)
    """The first port of each address, until it is told."""
    _due: list[tuple[float, int, str, int, Purpose]] = field(default_factory=list)
    _trying: dict[int, _Trying] = field(default_factory=dict)
    _selector: selectors.BaseSelector = field(default_factory=selectors.DefaultSelector)
    _done: int = 0
    _spent: bool = False

    def run(self) -> dict[str, Swept]:
        """Ask every port; return what was found by address. Never longer than the dialler's deadline."""
        self._swept = {
            one: Swept(one, dict.fromkeys(ports, State.NOT_TRIED)) for one, ports in self.pairs.items() if ports
        }
        self._left = {one: iter(ports) for one, ports in self.pairs.items() if ports}
        self._ready = deque(self._left)
        self._first = {one: ports[0] for one, ports in self.pairs.items() if ports}
        try:
            while not self._ended():
                self._begin()
                self._settle()
        finally:
            for one in list(self._trying.values()):
                self._forget(one, "budget")
            for _at, _order, _address, _port, line in self._due:
                line.ended = "budget"
            self._selector.close()
        self.progress(self._done, self._total())
        return self._swept

    @property
    def _limits(self) -> Limits:
        return self.dialler.limits

    def _total(self) -> int:
        return sum(len(one.states) for one in self._swept.values())

    def _ended(self) -> bool:
        if time.monotonic() >= self.dialler.deadline:
            return True
        return not (self._trying or self._due) and (self._spent or not (self._again or self._ready))

    def _begin(self) -> None:
        """Announce and begin as many as the bounds allow."""
        most = _most(self._limits)
        while len(self._trying) + len(self._due) < most and len(self._due) < self._limits.ahead and not self._spent:
            pair = self._take()
            if pair is None:
                break
            self._announce(*pair)
        now = time.monotonic()
        while self._due and self._due[0][0] <= now:
            _at, _order, address, port, line = heapq.heappop(self._due)
            self._connect(address, port, line)

    def _take(self) -> tuple[str, int] | None:
        """Take what is asked next: each address in turn, one port."""
        if self._again:
            return self._again.popleft()
        while self._ready:
            address = self._ready.popleft()
            port = next(self._left[address], None)
            if port is not None and not self._swept[address].absent:
                if address not in self._first:
                    self._ready.append(address)
                return address, port
        return None

    def _announce(self, address: str, port: int) -> None:
        try:
            line, wait = self.dialler.announce(
                address, port, mode=Mode.PLAIN, rung=Rung.CONNECT, identity=Identity.NOBODY, purpose="sweep"
            )
        except Unanswered:
            self._spent = True  # the log is full: nothing more is asked
        except ProbeRefused:
            self._past_first(address, port)  # a mandate ended meanwhile: it stays not tried
        else:
            heapq.heappush(self._due, (time.monotonic() + wait, id(line), address, port, line))

    def _connect(self, address: str, port: int, line: Purpose) -> None:
        family = socket.AF_INET6 if ":" in address else socket.AF_INET
        now = time.monotonic()
        patience = self._limits.link_seconds if self._first.get(address) == port else self._limits.connect_seconds
        try:
            one = socket.socket(family, socket.SOCK_STREAM | getattr(socket, "SOCK_NONBLOCK", 0))
            one.setblocking(False)
            number = one.connect_ex((address, port))
        except OSError as error:
            self._fell(address, port, line, error.errno or errno.EINVAL)
            return
        trying = _Trying(one, address, port, line, now, now + patience)
        if number not in _BEGUN:
            one.close()
            self._fell(address, port, line, number)
            return
        self._trying[one.fileno()] = trying
        self._selector.register(one, selectors.EVENT_WRITE, trying)

    def _fell(self, address: str, port: int, line: Purpose, number: int) -> None:
        """Take what the system said at once, before a packet was answered."""
        if number in _SCARCE and (self._trying or self._due):
            self._again.append((address, port))  # another line of the log will tell of it
            line.ended = "postponed"
            return
        if number in _REJECTED:
            line.ended, state = _REJECTED[number]
            self._tell(address, port, state)
            return
        line.ended = "unreachable"
        if number in _NO_ROUTE and self._first.get(address) == port:
            self._swept[address].absent = True
        self._tell(address, port, State.UNREACHABLE)

    def _settle(self) -> None:
        """Take what ended, for as long as nothing else is due."""
        now = time.monotonic()
        ends = [one.ends for one in self._trying.values()] if len(self._trying) < self._limits.ahead else [now + 0.05]
        until = min([*ends, *(one[0] for one in self._due[:1]), self.dialler.deadline, now + 0.1])
        if not self._trying:
            time.sleep(max(0.0, until - now))
            return
        for key, _events in self._selector.select(max(0.0, until - now)):
            self._answered(key.data)
        now = time.monotonic()
        for one in [one for one in self._trying.values() if one.ends <= now]:
            self._forget(one, "silent")
            self._tell(one.address, one.port, State.SILENT)
        self.progress(self._done, self._total())

    def _answered(self, one: _Trying) -> None:
        number = one.socket.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
        took = time.monotonic() - one.began
        if number == 0:
            with_itself = _with_itself(one.socket)
            self._forget(one, "refused" if with_itself else "done")
            self._tell(one.address, one.port, State.CLOSED if with_itself else State.OPEN)
        elif number in _REJECTED:
            ended, state = _REJECTED[number]
            self._forget(one, ended)
            self._tell(one.address, one.port, state)
        else:
            self._forget(one, "unreachable")
            if self._first.get(one.address) == one.port and took >= self._limits.link_says_after:
                self._swept[one.address].absent = True
            self._tell(one.address, one.port, State.UNREACHABLE)

    def _forget(self, one: _Trying, how: str) -> None:
        one.line.ended = how
        self._selector.unregister(one.socket)
        del self._trying[one.socket.fileno()]
        one.socket.close()

    def _tell(self, address: str, port: int, state: State) -> None:
        swept = self._swept[address]
        swept.states[port] = state
        self._done += 1
        self._past_first(address, port)
        if swept.absent:
            left = [one for one, how in swept.states.items() if how is State.NOT_TRIED]
            swept.states.update(dict.fromkeys(left, State.UNREACHABLE))
            self._done += len(left)
        if state is State.OPEN:
            self.found(address, port)

    def _past_first(self, address: str, port: int) -> None:
        """Let the other ports of an address be asked, once its first one is told."""
        if self._first.get(address) == port:
            del self._first[address]
            self._ready.append(address)


def _with_itself(one: socket.socket) -> bool:
    """Tell whether TCP joined the two ends of one socket, as it does when a port of the range for callers is asked."""
    try:
        return bool(one.getsockname()[:2] == one.getpeername()[:2])
    except OSError:
        return False


def _most(limits: Limits) -> int:
    """Return how many connections may be begun at once: of the descriptors that this process may have."""
    try:
        import resource  # noqa: PLC0415 (not on every system)
    except ImportError:
        return min(limits.at_once, 256)
    soft, _hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    room = limits.at_once if soft == resource.RLIM_INFINITY else soft - _DESCRIPTORS_LEFT
    return max(16, min(limits.at_once, room))
