"""A client of HTTP/1.1 (RFC 9112) over wires: bounded, follows nothing, decodes no content coding.

`Pages` asks one target in one mode as one identity; a connection serves several requests while it is kept.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from ipaddress import IPv6Address, ip_address
from typing import TYPE_CHECKING, Final, Self
from urllib.parse import urlsplit

from primum.exposure.probe.dialling import Unanswered

if TYPE_CHECKING:
    from primum.exposure.probe.dialling import Wire
    from primum.exposure.probe.model import Identity, Mode, Rung
    from primum.exposure.probe.speaking import Asking

_PIECE: Final = 4096
_HEAD_PIECE: Final = 512
"""Read at once while looking for the end of the header fields: what follows them may be somebody's image."""
_CHUNK_LINE: Final = 256
"""Of a chunk's length with its extensions (RFC 9112 7.1.1)."""
_INTERIM: Final = 8
"""1xx answers passed over before the real one (RFC 9110 15.2)."""
_SHOWN_PATHS: Final = 2000
"""Characters of a connection's purpose, a path more or less: some eighty paths."""
_NO_BODY: Final = frozenset({204, 304})
_PORTS: Final = {"http": 80, "https": 443}

OK: Final = 200
NO_CONTENT: Final = 204


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back. Field names are in small letters; of several with one name all are kept. `body` is bounded."""

    status: int
    fields: tuple[tuple[str, str], ...] = ()
    body: bytes = b""
    cut: bool = False

    def value(self, name: str) -> str:
        """Return the value of a field, several joined by commas (RFC 9110 5.3)."""
        return ", ".join(value for one, value in self.fields if one == name)

    def every(self, name: str) -> list[str]:
        """Return the values of a field, each for itself (Set-Cookie)."""
        return [value for one, value in self.fields if one == name]

    def media_type(self) -> str:
        """Return the media type without its parameters, in small letters."""
        return self.value("content-type").split(";", 1)[0].strip().lower()

    def allowed(self) -> frozenset[str]:
        """Return the methods that it says are allowed (RFC 9110 10.2.1; Fetch 3.2.3)."""
        words = f"{self.value('allow')},{self.value('access-control-allow-methods')}".upper().split(",")
        return frozenset(one.strip() for one in words if one.strip())


@dataclass(frozen=True, slots=True)
class Request:
    """What is asked. `body` is sent as it is with its length; `head_only` ends the connection after the fields."""

    path: str
    method: str = "GET"
    accept: str = "*/*"
    fields: tuple[tuple[str, str], ...] = ()
    head_only: bool = False
    body: bytes | None = None
    shown: str = ""
    """What the log says in place of the path, where that has an identifier in it."""
    bodies: Callable[[bytes], bool] | None = field(default=None, compare=False)
    """Takes the body piece by piece instead of `Answer.body`; true says that it needs no more."""


class Pages:
    """Asks one target over HTTP, in one mode, as one identity. Use as a context manager."""

    def __init__(self, asking: Asking, mode: Mode, identity: Identity, fields: Iterable[tuple[str, str]] = ()) -> None:
        """`fields`: sent with every request, such as credentials."""
        self._asking = asking
        self.mode = mode
        self.identity = identity
        self._fields = tuple(fields)
        self._wire: Wire | None = None
        self._rung: Rung | None = None
        self._served = 0

    def __enter__(self) -> Self:
        """Nothing is open yet."""
        return self

    def __exit__(self, *_: object) -> None:
        """End the connection."""
        self.close()

    def close(self) -> None:
        """End the connection, if there is one."""
        if self._wire is not None:
            self._wire.close()
        self._wire = None

    def ask(self, request: Request, rung: Rung, purpose: str, *, asking: Asking | None = None) -> Answer:
        """Send a request and read its answer. Raises ProbeRefused (nothing was sent), Unanswered.

        `asking`: in whose time a new connection is opened, where not in that of all requests.
        """
        # a line of the log names all that its connection was for: when it is full, there is a new one
        if self._wire is not None and rung is self._rung and len(self._wire.line.purpose) < _SHOWN_PATHS:
            try:
                return self._exchange(request)
            except Unanswered as over:
                # a kept connection may be gone by the time it is used: said once more, on a new one
                self.close()
                if over.how not in {"reset", "cut", "unreachable"}:
                    raise
        self.close()
        self._wire = (asking or self._asking).connect(self.mode, rung, self.identity, purpose)
        self._rung, self._served = rung, 0
        try:
            return self._exchange(request)
        except Unanswered:
            self.close()
            raise

    def _exchange(self, request: Request) -> Answer:
        wire = self._wire
        if wire is None:
            raise Unanswered("reset", "not-open")
        if self._served:
            left = self._asking.dialler.deadline - time.monotonic()
            wire.more_time(min(self._asking.limits.step_seconds, left))
        self._served += 1
        wire.line.purpose += f" {request.method} {request.shown or request.path}"
        wire.send(self._bytes(request))
        answer, kept = _Reader(wire, self._asking.limits.head_bytes, self._asking.limits.page_bytes).answer(request)
        if not kept:
            self.close()
        return answer

    def _bytes(self, request: Request) -> bytes:
        lines = [
            f"{request.method} {request.path} HTTP/1.1",
            f"Host: {self.authority()}",
            f"User-Agent: {self._asking.dialler.user_agent()}",
            f"Accept: {request.accept}",
            "Accept-Encoding: identity",
            *(f"{name}: {value}" for name, value in (*self._fields, *request.fields)),
        ]
        if request.body is not None:
            lines.append(f"Content-Length: {len(request.body)}")
        if any("\r" in one or "\n" in one for one in lines):
            raise Unanswered("protocol", "field")
        return "\r\n".join([*lines, "", ""]).encode("utf-8") + (request.body or b"")

    def authority(self) -> str:
        """Return the name or address, and port, that is asked (Host, RFC 9110 7.2)."""
        host = self._asking.known.host or self._asking.address
        if not self._asking.known.host and isinstance(ip_address(host), IPv6Address):
            host = f"[{host.partition('%')[0]}]"
        usual = _PORTS["http" if self.mode == "plain" else "https"]
        return host if self._asking.port == usual else f"{host}:{self._asking.port}"

    def leads_to_tls(self, answer: Answer) -> bool:
        """Tell whether a redirection from clear leads to TLS of the same name or address."""
        if self.mode != "plain" or not answer.value("location").lower().startswith("https://"):
            return False
        try:
            there = urlsplit(answer.value("location")).hostname or ""
        except ValueError:
            return False
        return there in {self._asking.address, self._asking.known.host.lower()} - {""}

    def leads_away(self, answer: Answer) -> bool:
        """Tell whether a redirection leads to another address or port."""
        try:
            there = urlsplit(answer.value("location"))
            port = there.port or _PORTS.get(there.scheme, 0)
        except ValueError:
            return True
        if not there.netloc:
            return False
        own = {self._asking.address, self._asking.known.host.lower()} - {""}
        return (there.hostname or "") not in own or port != self._asking.port


class _Reader:
    """Reads one answer off a wire."""

    def __init__(self, wire: Wire, head_bytes: int, page_bytes: int) -> None:
        self._wire = wire
        self._head_bytes = head_bytes
        self._page_bytes = page_bytes
        self._held = bytearray()

    def answer(self, request: Request) -> tuple[Answer, bool]:
        """Return the answer, and whether the connection can serve another request."""
        for _ in range(_INTERIM):
            status, fields, keeps = self._head()
            if status >= OK or status == 101:  # noqa: PLR2004 - switching protocols: nothing of ours follows
                break
        else:
            raise Unanswered("protocol", "interim")
        answer = Answer(status, fields)
        if request.head_only:
            self._held.clear()
            return answer, False
        if request.method == "HEAD" or status in _NO_BODY or status < OK:
            return answer, keeps and status >= OK
        sink = _Sink(self._page_bytes, request.bodies)
        whole, delimited = self._body(answer, sink)
        return Answer(status, fields, bytes(sink.kept), cut=not whole), keeps and whole and delimited

    def _head(self) -> tuple[int, tuple[tuple[str, str], ...], bool]:
        end = -1
        while (end := self._held.find(b"\r\n\r\n")) < 0:
            if len(self._held) >= 5 and not self._held.startswith(b"HTTP/"):  # noqa: PLR2004 - the length of it
                raise Unanswered("protocol", "not-http")
            if len(self._held) >= self._head_bytes:
                raise Unanswered("cut", "head")
            self._more(_HEAD_PIECE, "not-http" if not self._held else "head")
        head = bytes(self._held[:end])
        del self._held[: end + 4]
        lines = head.split(b"\r\n")
        version, _, rest = lines[0].partition(b" ")
        code = rest[:3]
        if not version.startswith(b"HTTP/1.") or not code.isdigit() or len(code) < 3:  # noqa: PLR2004 - three digits
            raise Unanswered("protocol", "not-http")
        fields = tuple(_field(line) for line in lines[1:] if b":" in line)
        connection = ",".join(value for name, value in fields if name == "connection").lower()
        keeps = "close" not in connection and (version != b"HTTP/1.0" or "keep-alive" in connection)
        return int(code), fields, keeps

    def _body(self, answer: Answer, sink: _Sink) -> tuple[bool, bool]:
        """Read the body into `sink`; return whether all of it came, and whether its end was announced."""
        if "chunked" in answer.value("transfer-encoding").lower():
            return self._chunks(sink), True
        length = answer.value("content-length")
        if length.isascii() and length.isdigit() and len(length) <= 18:  # noqa: PLR2004 - of an int64
            return self._counted(int(length), sink), True
        return self._endless(sink), False

    def _counted(self, size: int, sink: _Sink) -> bool:
        while size:
            if not self._held:
                self._more(_PIECE, "body")
            part = bytes(self._held[:size])
            del self._held[: len(part)]
            size -= len(part)
            if not sink.takes(part):
                return False
        return True

    def _chunks(self, sink: _Sink) -> bool:
        while True:
            line = self._line()
            digits = line.partition(b";")[0].strip()
            if not digits or len(digits) > 16 or any(one not in b"0123456789abcdefABCDEF" for one in digits):  # noqa: PLR2004
                raise Unanswered("protocol", "chunk")
            size = int(digits, 16)
            if not size:
                while self._line():
                    pass
                return True
            if not self._counted(size, sink):
                return False
            if self._line():
                raise Unanswered("protocol", "chunk")

    def _endless(self, sink: _Sink) -> bool:
        while True:
            if self._held:
                part = bytes(self._held)
                self._held.clear()
                if not sink.takes(part):
                    return False
            try:
                part = self._wire.receive(_PIECE)
            except Unanswered as over:
                # who announces no end ends by ending, or never: what came by then is what it shows
                return over.how == "reset"
            if not part:
                return True
            self._held += part

    def _line(self) -> bytes:
        while (end := self._held.find(b"\r\n")) < 0:
            if len(self._held) > _CHUNK_LINE:
                raise Unanswered("protocol", "chunk")
            self._more(_HEAD_PIECE, "body")
        line = bytes(self._held[:end])
        del self._held[: end + 2]
        return line

    def _more(self, most: int, what: str) -> None:
        part = self._wire.receive(most)
        if not part:
            raise Unanswered("reset", what)
        self._held += part


class _Sink:
    """Keeps a body up to a bound, or hands it on and keeps nothing."""

    def __init__(self, most: int, bodies: Callable[[bytes], bool] | None) -> None:
        self.kept = bytearray()
        self._left = most
        self._bodies = bodies
        self._enough = False

    def takes(self, part: bytes) -> bool:
        """Take a piece; return whether more is wanted."""
        part = part[: self._left]
        self._left -= len(part)
        if self._bodies is None:
            self.kept += part
        elif not self._enough:
            self._enough = self._bodies(part)  # the rest is read and dropped: the connection serves on
        return self._left > 0


def _field(line: bytes) -> tuple[str, str]:
    name, _, value = line.partition(b":")
    return name.strip().decode("latin-1").lower(), value.strip().decode("latin-1")
