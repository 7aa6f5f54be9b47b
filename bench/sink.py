"""Receivers that keep up: they read what an archive sends into one buffer, answer, and look at it afterwards.

DCMTK's receivers write a file per instance and parse it, which costs more than either archive takes to send. What is
compared is how fast an archive gives: both give to the same sink, which checks count and hashes afterwards.
"""

from __future__ import annotations

import hashlib
import http.client
import mmap
import socket
import ssl
import struct
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from io import BytesIO

CT_IMAGE = "1.2.840.10008.5.1.4.1.1.2"
EXPLICIT, IMPLICIT = "1.2.840.10008.1.2.1", "1.2.840.10008.1.2"
STUDY_GET, STUDY_MOVE = "1.2.840.10008.5.1.4.1.2.2.3", "1.2.840.10008.5.1.4.1.2.2.2"
_ROOM = 96 << 20
_READ = 1 << 20
_STORE_RQ, _STORE_RSP, _GET_RQ, _MOVE_RQ = 0x0001, 0x8001, 0x0010, 0x0021
_PENDING = 0xFF00
_MAX_LENGTH = 128 << 10


class NotGiven(RuntimeError):
    """An archive refused, or gave less than it was asked for."""


def room(size: int) -> mmap.mmap:
    """Make a buffer whose pages are there already: what a page costs on its first touch is nobody's speed."""
    made = mmap.mmap(-1, size, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS | getattr(mmap, "MAP_POPULATE", 0))
    for at in range(0, size, mmap.PAGESIZE):
        made[at] = 1
    return made


BUFFER = room(_ROOM)
"""For the one retrieval that runs at a time."""
_SMALL = 4 << 20


@dataclass
class Line:
    """One association's bytes: received into one buffer, which is read again when the clock stands."""

    connection: socket.socket
    buffer: mmap.mmap | bytearray
    have: int = 0
    at: int = 0
    data_sets: list[list[tuple[int, int]]] = field(default_factory=list)
    uids: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        """Send without delay."""
        self.connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._view = memoryview(self.buffer)

    def need(self, count: int) -> int:
        """Have `count` bytes more, and return where they begin."""
        while self.have - self.at < count:
            got = self.connection.recv_into(self._view[self.have : self.have + _READ])
            if not got:
                raise NotGiven("the archive hung up")
            self.have += got
        start = self.at
        self.at += count
        return start

    def pdu(self) -> tuple[int, int, int]:
        """Read one PDU: its type, and where it begins and ends."""
        kind, length = struct.unpack_from(">BxL", self.buffer, self.need(6))
        start = self.need(length)
        return kind, start, start + length

    def message(self) -> tuple[int, dict[int, bytes], int]:
        """Read a message: its context, its command, and how many bytes of a data set came with it.

        Where the fragments of an instance lie is written down, not copied.
        """
        command, context, told = bytearray(), 0, None
        spans: list[tuple[int, int]] = []
        while True:
            kind, at, end = self.pdu()
            if kind != 4:
                raise NotGiven(f"PDU of type {kind} amid a message")
            while at < end:
                length, context, control = struct.unpack_from(">LBB", self.buffer, at)
                start, at = at + 6, at + 4 + length
                if control & 1:
                    command += self.buffer[start:at]
                else:
                    spans.append((start, at))
                if control & 2:
                    if told is None:
                        told = elements(bytes(command))
                        if told[0x0800] != b"\x01\x01":
                            continue
                    if told[0x0100] == struct.pack("<H", _STORE_RQ):
                        self.data_sets.append(spans)
                        self.uids.append(told[0x1000].decode().strip("\0 "))
                    return context, told, sum(stop - begin for begin, stop in spans)

    def hashes(self) -> dict[str, str]:
        """Hash what came, by SOP Instance UID."""
        found = {}
        for uid, spans in zip(self.uids, self.data_sets, strict=True):
            digest = hashlib.sha256()
            for start, stop in spans:
                digest.update(self._view[start:stop])
            found[uid] = digest.hexdigest()
        return found

    def answer_store(self, context: int, told: dict[int, bytes]) -> None:
        """Say that an instance is stored."""
        more = {0x1000: told[0x1000], 0x0900: struct.pack("<H", 0)}
        self.connection.sendall(message(context, _STORE_RSP, told[0x0002], {0x0120: told[0x0110], **more}))


def elements(body: bytes) -> dict[int, bytes]:
    """Read a command set."""
    found, at = {}, 0
    while at < len(body):
        _, element, length = struct.unpack_from("<HHL", body, at)
        found[element] = body[at + 8 : at + 8 + length]
        at += 8 + length
    return found


def message(context: int, field_: int, sop_class: bytes, more: dict[int, bytes], data: bytes = b"") -> bytes:
    """Write a message whose command and data set fit one PDU each."""
    values = {
        0x0002: sop_class,
        0x0100: struct.pack("<H", field_),
        0x0800: struct.pack("<H", 1 if data else 0x0101),
        **more,
    }
    body = b"".join(struct.pack("<HHL", 0, e, len(v)) + v for e, v in sorted(values.items()))
    body = struct.pack("<HHLL", 0, 0, 4, len(body)) + body
    out = _data(context, 3, body)
    return out + _data(context, 2, data) if data else out


def _data(context: int, control: int, body: bytes) -> bytes:
    return struct.pack(">BxLLBB", 4, len(body) + 6, len(body) + 2, context, control) + body


def _item(kind: int, body: bytes) -> bytes:
    return struct.pack(">BxH", kind, len(body)) + body


def request(calling: str, called: str, contexts: list[tuple[int, str]], *, scp: bool) -> bytes:
    """Write an A-ASSOCIATE-RQ; with `scp`, as receiver of CT images too."""
    titles = called.ljust(16).encode() + calling.ljust(16).encode()
    items = b"".join(
        _item(0x20, bytes((n, 0, 0, 0)) + _item(0x30, uid.encode()) + _item(0x40, EXPLICIT.encode()))
        for n, uid in contexts
    )
    user = _item(0x51, struct.pack(">L", _MAX_LENGTH)) + _item(0x52, b"2.25.7")
    if scp:
        user += _item(0x54, struct.pack(">H", len(CT_IMAGE)) + CT_IMAGE.encode() + b"\x00\x01")
    body = struct.pack(">HH", 1, 0) + titles + bytes(32) + _item(0x10, b"1.2.840.10008.3.1.1.1")
    body += items + _item(0x50, user)
    return struct.pack(">BxL", 1, len(body)) + body


def identifier(study: str) -> bytes:
    """Write the identifier of a study, explicit little endian."""
    uid = study.encode() + b"\0" * (len(study) % 2)
    return (
        struct.pack("<HH2sH", 8, 0x52, b"CS", 6) + b"STUDY " + struct.pack("<HH2sH", 0x20, 0xD, b"UI", len(uid)) + uid
    )


def _even(text: str, pad: bytes = b"\0") -> bytes:
    return text.encode() + pad * (len(text) % 2)


def _asked(line: Line, contexts: list[tuple[int, str]], calling: str, called: str, *, scp: bool) -> None:
    line.connection.sendall(request(calling, called, contexts, scp=scp))
    kind, start, end = line.pdu()
    if kind != 2:
        raise NotGiven(f"association answered by PDU {kind}: {bytes(line.buffer[start:end]).hex()}")


def _final(line: Line, count: int) -> None:
    """Answer what comes until the last response of a retrieval; raise unless all succeeded."""
    while True:
        context, told, _ = line.message()
        if told[0x0100] == struct.pack("<H", _STORE_RQ):
            line.answer_store(context, told)
            continue
        status = int.from_bytes(told[0x0900], "little")
        if status != _PENDING:
            completed = int.from_bytes(told.get(0x1021, b""), "little")
            if status or completed != count:
                raise NotGiven(f"status {status:04x}, {completed} of {count} completed")
            return


def get(  # noqa: PLR0917
    connection: socket.socket, calling: str, called: str, study: str, count: int, buffer: mmap.mmap | None = None
) -> Line:
    """C-GET a study; into a buffer of its own where others retrieve meanwhile."""
    line = Line(connection, buffer or BUFFER)
    _asked(line, [(1, STUDY_GET), (3, CT_IMAGE)], calling, called, scp=True)
    connection.sendall(get_request(study))
    _final(line, count)
    return line


def get_request(study: str) -> bytes:
    """Write a C-GET-RQ of a study, on context 1."""
    more = {0x0110: struct.pack("<H", 1), 0x0700: b"\0\0"}
    return message(1, _GET_RQ, _even(STUDY_GET), more, identifier(study))


def move(  # noqa: PLR0917
    connection: socket.socket, calling: str, called: str, destination: str, study: str, count: int
) -> None:
    """C-MOVE a study to `destination`, and wait for the last response."""
    line = Line(connection, bytearray(_SMALL))
    _asked(line, [(1, STUDY_MOVE)], calling, called, scp=False)
    more = {0x0110: struct.pack("<H", 1), 0x0700: b"\0\0", 0x0600: _even(destination, b" ")}
    connection.sendall(message(1, _MOVE_RQ, _even(STUDY_MOVE), more, identifier(study)))
    _final(line, count)


@contextmanager
def listening(context: ssl.SSLContext | None, buffer: mmap.mmap | None = None, title: str = "") -> Iterator[Sink]:
    """Listen as a storage SCP on loopback."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        sink = Sink(server, context, buffer or BUFFER, title)
        thread = threading.Thread(target=sink.serve, daemon=True)
        thread.start()
        yield sink
        server.shutdown(socket.SHUT_RDWR)
        thread.join()


@dataclass
class Sink:
    """A storage SCP that accepts CT images in explicit little endian, one association after the other."""

    server: socket.socket
    context: ssl.SSLContext | None
    buffer: mmap.mmap = field(default_factory=lambda: BUFFER)
    title: str = ""
    """Who does not call it by this title is hung up on; empty: anybody may."""
    lines: list[Line] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)

    @property
    def port(self) -> int:
        """Where it listens."""
        return int(self.server.getsockname()[1])

    def taken(self) -> dict[str, str]:
        """Hash what came since the last call."""
        found: dict[str, str] = {}
        for line in self.lines:
            found |= line.hashes()
        self.lines.clear()
        if self.errors:
            raise NotGiven("; ".join(self.errors))
        return found

    def serve(self) -> None:
        """Take associations until the listener is shut."""
        while True:
            try:
                connection, _ = self.server.accept()
            except OSError:
                return
            try:
                with connection:
                    self._take(self.context.wrap_socket(connection, server_side=True) if self.context else connection)
            except OSError as error:
                self.errors.append(f"{type(error).__name__}: {error}")
            except NotGiven:
                pass  # a release, or an abort

    def _take(self, connection: socket.socket) -> None:
        asked = _request_of(connection)
        if self.title and asked[4:20].strip() != self.title.encode():
            return
        connection.sendall(_accept(asked))
        line = Line(connection, self.buffer)
        self.lines.append(line)
        try:
            while True:
                context, told, _ = line.message()
                line.answer_store(context, told)
        except NotGiven:
            connection.sendall(struct.pack(">BxL", 6, 4) + bytes(4))
            raise


def _request_of(connection: socket.socket) -> bytes:
    """Read an A-ASSOCIATE-RQ apart: a stranger's overwrites nothing that was received. Raises NotGiven."""
    line = Line(connection, bytearray(_READ + _MAX_LENGTH))
    try:
        kind, start, end = line.pdu()
    except OSError as error:
        raise NotGiven("no request came") from error
    if kind != 1:
        raise NotGiven(f"PDU of type {kind} for a request")
    return bytes(line.buffer[start:end])


def _accept(body: bytes) -> bytes:
    """Accept the contexts that offer CT images in explicit little endian, and refuse the others."""
    items, at = b"", 68
    while at < len(body):
        kind, length = struct.unpack_from(">BxH", body, at)
        item = body[at + 4 : at + 4 + length]
        at += 4 + length
        if kind == 0x20:
            wanted = CT_IMAGE.encode() in item and _offers(item)
            items += _item(0x21, bytes((item[0], 0, 0 if wanted else 3, 0)) + _item(0x40, EXPLICIT.encode()))
    user = _item(0x51, struct.pack(">L", _MAX_LENGTH)) + _item(0x52, b"2.25.7")
    out = body[:68] + _item(0x10, b"1.2.840.10008.3.1.1.1") + items + _item(0x50, user)
    return struct.pack(">BxL", 2, len(out)) + out


def _offers(item: bytes) -> bool:
    at = 4
    while at < len(item):
        kind, length = struct.unpack_from(">BxH", item, at)
        value = item[at + 4 : at + 4 + length].strip(b"\0 ")
        if kind == 0x40 and value == EXPLICIT.encode():
            return True
        at += 4 + length
    return False


def fetch(port: int, path: str, headers: dict[str, str], context: ssl.SSLContext | None) -> int:
    """GET a resource of loopback, to the end of the connection, into BUFFER; return how much came."""
    lines = [f"GET {path} HTTP/1.1", f"Host: localhost:{port}", "Connection: close"]
    lines += [f"{name}: {value}" for name, value in headers.items()]
    view, at = memoryview(BUFFER), 0
    with socket.create_connection(("127.0.0.1", port), timeout=60) as plain:
        connection = context.wrap_socket(plain, server_hostname="localhost") if context else plain
        with connection:
            connection.sendall("\r\n".join([*lines, "", ""]).encode())
            while got := connection.recv_into(view[at : at + _READ]):
                at += got
    return at


def body_of(size: int) -> tuple[str, bytes]:
    """Read the answer in BUFFER: its Content-Type and its body, once the clock stands."""
    answer = http.client.HTTPResponse(_Read(BUFFER[:size]))  # type: ignore[arg-type]
    answer.begin()
    if answer.status != http.client.OK:
        raise NotGiven(f"HTTP {answer.status}")
    return answer.getheader("content-type", ""), answer.read()


class _Read:
    """Bytes that came, as what http.client takes for a socket."""

    def __init__(self, came: bytes) -> None:
        self._came = came

    def makefile(self, *_: object) -> BytesIO:
        """Give them."""
        return BytesIO(self._came)
