"""A subscriber that listens on a channel for events: wsproto over TLS, as a client of nobody's would."""

from __future__ import annotations

import json
import socket
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from urllib.parse import urlsplit

import wsproto
from wsproto.events import (
    AcceptConnection,
    BytesMessage,
    CloseConnection,
    Event,
    Ping,
    RejectConnection,
    Request,
    TextMessage,
)


class Refused(Exception):
    """The handshake was refused."""

    def __init__(self, status: int, headers: dict[str, str]) -> None:
        super().__init__(status)
        self.status, self.headers = status, headers


class Listener:
    """One channel."""

    def __init__(self, url: str, path: str, headers: dict[str, str], *, seconds: float = 20) -> None:
        parts = urlsplit(url)
        context = ssl.create_default_context()
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        plain = socket.create_connection((parts.hostname, parts.port), timeout=seconds)
        self._socket = context.wrap_socket(plain, server_hostname="localhost")
        self._wire = wsproto.WSConnection(wsproto.ConnectionType.CLIENT)
        self._come: list[Event] = []
        given = [(name.encode(), value.encode()) for name, value in headers.items()]
        self.send(Request(host=parts.netloc, target=path, extra_headers=given))
        answer = self._event()
        if isinstance(answer, RejectConnection):
            self.close()
            raise Refused(answer.status_code, {name.decode(): value.decode() for name, value in answer.headers})
        assert isinstance(answer, AcceptConnection)
        self.extensions = answer.extensions

    def send(self, event: Event) -> None:
        """Send something, in its frame."""
        self._socket.sendall(self._wire.send(event))

    def ping_without_reading(self, count: int) -> None:
        """Send many pings, as long as they may be; no answer is read."""
        thousand = b"".join(self._wire.send(Ping(payload=b"x" * 125)) for _ in range(1000))
        for _ in range(count // 1000):
            self._socket.sendall(thousand)

    def message(self) -> dict[str, list[object]]:
        """Wait for the next message: its values by tag."""
        text = ""
        while True:
            event = self._event()
            assert isinstance(event, TextMessage), event
            text += event.data
            if event.message_finished:
                return {tag: one.get("Value", []) for tag, one in json.loads(text).items()}

    def ended(self) -> int:
        """Wait for the end of the channel; return why."""
        event = self._event()
        assert isinstance(event, CloseConnection), event
        return int(event.code)

    def close(self) -> None:
        self._socket.close()

    def _event(self) -> Event:
        while True:
            while not self._come:
                self._wire.receive_data(self._socket.recv(65536) or None)
                self._come = list(self._wire.events())
            event = self._come.pop(0)
            if isinstance(event, Ping):
                self.send(event.response())
            elif not isinstance(event, BytesMessage):
                return event


@contextmanager
def listening(url: str, title: str, headers: dict[str, str]) -> Iterator[Listener]:
    """Open a channel for a title."""
    one = Listener(url, f"/dicom-web/ws/subscribers/{title}", headers)
    try:
        yield one
    finally:
        one.close()
