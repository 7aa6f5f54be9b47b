"""Listeners that are no archive: each says on a connection what it was made to say."""

from __future__ import annotations

import socket
import struct
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

Conduct = Callable[[socket.socket], None]


@contextmanager
def listener(conduct: Conduct) -> Iterator[int]:
    """Listen on loopback; each connection gets a thread with this conduct, and is closed when it returns."""
    server = socket.create_server(("127.0.0.1", 0))
    threads: list[threading.Thread] = []
    live: list[socket.socket] = []

    def serve(connection: socket.socket) -> None:
        with connection, suppress(OSError):
            connection.settimeout(20)
            conduct(connection)

    def accept() -> None:
        with suppress(OSError):
            while True:
                connection, _ = server.accept()
                live.append(connection)
                threads.append(threading.Thread(target=serve, args=(connection,)))
                threads[-1].start()

    accepting = threading.Thread(target=accept)
    accepting.start()
    try:
        yield server.getsockname()[1]
    finally:
        for one in (server, *live):
            with suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)
        server.close()
        for thread in (accepting, *threads):
            thread.join()


def hang(connection: socket.socket) -> None:
    """Read all, say nothing, until it is hung up on."""
    while connection.recv(65_536):
        pass


def reset(connection: socket.socket) -> None:
    connection.recv(65_536)
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))


def says(what: bytes, *, then_hang: bool = False) -> Conduct:
    def conduct(connection: socket.socket) -> None:
        connection.recv(65_536)
        connection.sendall(what)
        if then_hang:
            hang(connection)

    return conduct


def pours(what: bytes) -> Conduct:
    """Never stop."""

    def conduct(connection: socket.socket) -> None:
        connection.recv(65_536)
        while True:
            connection.sendall(what)

    return conduct
