"""The helper on the target: `probe.pyz prove`, `primum mandate prove`. It answers who holds the token, and nobody else.

A stranger gets no byte. It answers for its own addresses, and for those that who started it says are mapped to it: a
challenge that somebody hands on from elsewhere names another address and is left unanswered.
"""

from __future__ import annotations

import argparse
import contextlib
import hmac
import re
import socket
import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path
from typing import TYPE_CHECKING, Final

from primum.exposure.probe.proving import Challenge, Token, read_token

if TYPE_CHECKING:
    from collections.abc import Iterable

    from primum.exposure.probe.gate import Address

LINE_BYTES: Final = 512
"""Of a challenge: its parts are bounded, the longest is 250."""
AT_MOST: Final = timedelta(minutes=5)
"""Between the clocks of who asks and who answers."""
SECONDS: Final = 5.0
"""For a challenge to come whole."""
MINUTES: Final = 60
"""How long the helper runs where nothing else is said: for a run, not for ever."""
REMEMBERED: Final = 10_000
"""Nonces of challenges that were answered; beyond them it ends."""

_LAST_PORT: Final = 65_535
_LINE: Final = re.compile(
    rb"primum-prove/1 (mdt_[a-z2-7]{26}) ([0-9a-f]{32}) ([0-9a-f:.]{2,45}) (\d{1,5}) "
    rb"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ) ([0-9a-f]{64})\n"
)


class Helper:
    """Judges challenges: pure but for what it remembers."""

    def __init__(self, token: Token, also: Iterable[Address] = (), now: Callable[[], datetime] | None = None) -> None:
        """Answer for `token`. `also`: addresses that are mapped to this machine from elsewhere."""
        self._token = token
        self._also = frozenset(also)
        self._now = now or (lambda: datetime.now(UTC))
        self._seen: set[str] = set()

    @property
    def full(self) -> bool:
        """Tell whether it has answered as often as it may."""
        return len(self._seen) >= REMEMBERED

    def answer(self, line: bytes, here: Address) -> bytes:
        """Return what is sent back to one who connected to the address `here`; nothing where it is no challenge."""
        found = _LINE.fullmatch(line)
        if found is None:
            return b""
        mandate, nonce, address, port, at, _ = (part.decode() for part in found.groups())
        challenge = Challenge(mandate, nonce, address, int(port), at)
        if mandate != self._token.mandate or not hmac.compare_digest(challenge.line(self._token), line):
            return b""
        if nonce in self._seen or self.full or not self._is_now(at) or not self._is_mine(address, here):
            return b""
        self._seen.add(nonce)
        return f"primum-proof/1 {challenge.answer(self._token)}\n".encode()

    def _is_now(self, at: str) -> bool:
        try:
            return abs(self._now() - datetime.fromisoformat(at)) <= AT_MOST
        except ValueError:
            return False

    def _is_mine(self, address: str, here: Address) -> bool:
        try:
            named = ip_address(address)
        except ValueError:
            return False
        return named == here or named in self._also


def serve(helper: Helper, listener: socket.socket, *, until: float) -> int:
    """Answer one caller after the other until a moment of the monotonic clock; return how many were answered."""
    answered = 0
    while (left := until - time.monotonic()) > 0 and not helper.full:
        listener.settimeout(left)
        try:
            caller, _ = listener.accept()
        except TimeoutError:
            break
        with caller, contextlib.suppress(OSError):
            answered += _one(helper, caller)
    return answered


def _one(helper: Helper, caller: socket.socket) -> bool:
    ends = time.monotonic() + SECONDS
    line = bytearray()
    while not line.endswith(b"\n") and len(line) < LINE_BYTES:
        left = ends - time.monotonic()
        if left <= 0:
            return False
        caller.settimeout(left)
        part = caller.recv(LINE_BYTES - len(line))
        if not part:
            return False
        line += part
    answer = helper.answer(bytes(line), _plain(caller.getsockname()[0]))
    if answer:
        caller.sendall(answer)
    return bool(answer)


def _plain(text: str) -> Address:
    """Read a local address; IPv4 on a socket of both is IPv4."""
    address = ip_address(text.partition("%")[0])
    mapped = getattr(address, "ipv4_mapped", None)
    return mapped or address


def listen(port: int, address: str = "") -> socket.socket:
    """Listen on a port, on every address where none is named. Raises OSError."""
    if address:
        family = socket.AF_INET6 if ":" in address else socket.AF_INET
        return socket.create_server((address, port), family=family)
    if socket.has_dualstack_ipv6():
        return socket.create_server(("::", port), family=socket.AF_INET6, dualstack_ipv6=True)
    return socket.create_server(("", port))


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Take the helper's options: those of `probe.pyz prove` and of `primum mandate prove`."""
    parser.add_argument("--token", type=Path, required=True, metavar="FILE", help="the mandate's token, mode 0600")
    parser.add_argument("--port", type=_port, required=True, metavar="N", help="a mandated port that is free here")
    parser.add_argument("--listen", default="", metavar="ADDRESS", help="one address of this machine (all of them)")
    parser.add_argument(
        "--address",
        action="append",
        type=ip_address,
        default=[],
        metavar="ADDRESS",
        help="outer address whose port is mapped to here",
    )
    parser.add_argument("--minutes", type=int, default=MINUTES, metavar="N", help=f"then it ends ({MINUTES})")


def _port(text: str) -> int:
    number = int(text)
    if not 0 < number <= _LAST_PORT:
        raise argparse.ArgumentTypeError("a port is a number from 1 to 65535")
    return number


def run(options: argparse.Namespace) -> int:
    """Answer until the time is over. Raises BadToken, OSError; exit status 0 where somebody was answered."""
    token = read_token(options.token)
    with listen(options.port, options.listen) as listener:
        print(f"proving control for {token.mandate} on port {listener.getsockname()[1]}", file=sys.stderr, flush=True)  # noqa: T201
        until = time.monotonic() + 60 * max(1, min(options.minutes, 24 * 60))
        return 0 if serve(Helper(token, options.address), listener, until=until) else 3
