"""Services that Debian has no package for, or whose bad manners no product has: each runs in a child of the nursery.

The viewer speaks by pynetdicom, which nobody of the probe's authors wrote. The others are a few lines on sockets.
"""

from __future__ import annotations

import argparse
import socket
import struct
import sys
import threading
from collections.abc import Callable
from contextlib import suppress
from typing import Any, Final


def prepare() -> None:
    """Import what children need, once."""
    import pydicom  # noqa: F401
    import pynetdicom  # noqa: F401


def _serve(port: int, talk: Callable[[socket.socket], None], address: str = "") -> None:
    """Accept for ever, a thread for each caller."""
    with socket.create_server((address, port), backlog=64) as listener:
        while True:
            caller, _ = listener.accept()
            threading.Thread(target=_talk, args=(caller, talk), daemon=True).start()


def _talk(caller: socket.socket, talk: Callable[[socket.socket], None]) -> None:
    with caller, suppress(OSError):
        caller.settimeout(60)
        talk(caller)


# -- DICOM --


def viewer(port: int, title: str, study: str, *, get: bool, move: bool, writes: bool) -> None:
    """A workstation that takes any title."""
    from tests.trials.viewer import Viewer

    Viewer(port, title, study, get, move, writes).serve()


def calls(**asked: Any) -> None:
    """Not a service: call once, for `confirming.py`."""
    from tests.trials.scu import write_answer

    write_answer(**asked)


# -- HL7 --


def hl7(port: int, code: str) -> None:
    """MLLP: answer each frame with `code`, or not at all."""

    def talk(caller: socket.socket) -> None:
        held = b""
        while part := caller.recv(4096):
            held += part
            while b"\x1c\r" in held:
                _, held = held.split(b"\x1c\r", 1)
                if code:
                    head = b"MSH|^~\\&|RIS|TRIAL|||20260101||ACK|1|P|2.3"
                    caller.sendall(b"\x0b" + head + b"\rMSA|" + code.encode() + b"|1\r\x1c\r")

    _serve(port, talk)


# -- desktops --


def vnc(port: int, security: int) -> None:
    """RFB 3.8 (RFC 6143 7.1): `security` is 1 (None) or 2 (VNC authentication)."""

    def talk(caller: socket.socket) -> None:
        caller.sendall(b"RFB 003.008\n")
        if len(caller.recv(12)) < 12:
            return
        caller.sendall(bytes([1, security]))
        if caller.recv(1) != bytes([security]):
            return
        if security == 1:
            caller.sendall(bytes(4))
            caller.recv(1)
            name = b"station"
            caller.sendall(struct.pack(">HH16sI", 1024, 768, bytes(16), len(name)) + name)
        else:
            caller.sendall(b"0123456789abcdef")
            if len(caller.recv(16)) == 16:
                caller.sendall(struct.pack(">II", 1, 6) + b"denied")

    _serve(port, talk)


# -- pages --


def http(port: int, *, always: bool) -> None:
    """A web server without patients: 200 for everything, or a printer's page and 404."""
    page = b"<!doctype html><title>Bienvenue</title><p>Orthanc, DICOM, QIDO, WADO: nothing of it here."
    printer = b"<!doctype html><title>HL-5450DN series</title><p>Toner 60 %"

    def talk(caller: socket.socket) -> None:
        held = b""
        while part := caller.recv(4096):
            held += part
            while b"\r\n\r\n" in held:
                head, held = held.split(b"\r\n\r\n", 1)
                path = head.split(b" ")[1] if head.count(b" ") >= 2 else b""
                status, body = (b"200 OK", page) if always else (b"404 Not Found", b"")
                if not always and path == b"/":
                    status, body = b"200 OK", printer
                fields = b"Content-Type: text/html\r\nContent-Length: " + str(len(body)).encode()
                caller.sendall(b"HTTP/1.1 " + status + b"\r\n" + fields + b"\r\n\r\n" + body)

    _serve(port, talk)


# -- bad manners --


def hangs(port: int) -> None:
    """Read whatever comes, and never say a word."""

    def talk(caller: socket.socket) -> None:
        while caller.recv(4096):
            pass

    _serve(port, talk)


def resets(port: int) -> None:
    """Reset every caller."""

    def talk(caller: socket.socket) -> None:
        caller.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))

    _serve(port, talk)


def chatters(port: int) -> None:
    """Answer the first bytes with megabytes."""

    def talk(caller: socket.socket) -> None:
        if caller.recv(4096):
            for _ in range(256):
                caller.sendall(b"lorem ipsum dolor sit amet, " * 600)

    _serve(port, talk)


# -- relays --


def relay(port: int, to: int, address: str) -> None:
    """What somebody put there so that "it works": the network's port, carried to loopback."""

    def talk(caller: socket.socket) -> None:
        with socket.create_connection(("127.0.0.1", to), timeout=60) as behind:
            back = threading.Thread(target=_carry, args=(behind, caller), daemon=True)
            back.start()
            _carry(caller, behind)
            back.join(60)

    _serve(port, talk, address)


def _carry(source: socket.socket, sink: socket.socket) -> None:
    with suppress(OSError):
        while part := source.recv(65536):
            sink.sendall(part)
    with suppress(OSError):
        sink.shutdown(socket.SHUT_WR)


def old_tls_relay(port: int, to: int, priorities: str, certificate: str, key: str) -> None:
    """TLS as GnuTLS still speaks it, 3DES included, carried to loopback."""
    from tests.trials.old_tls import OldTls

    side = OldTls(priorities, certificate, key)

    def talk(caller: socket.socket) -> None:
        with side.accepted(caller) as session, socket.create_connection(("127.0.0.1", to), timeout=60) as behind:
            session.carry(behind)

    _serve(port, talk)


# -- proof of control --


def proves(port: int, token: str) -> None:
    """Run the helper that answers challenges, as `primum mandate prove` does."""
    from primum.exposure.probe import answering

    parser = argparse.ArgumentParser()
    answering.add_arguments(parser)
    sys.exit(answering.run(parser.parse_args(["--token", token, "--port", str(port)])))


TWINS: Final[dict[str, Callable[..., None]]] = {
    one.__name__: one for one in (viewer, calls, hl7, vnc, http, hangs, resets, chatters, relay, old_tls_relay, proves)
}
"""By name, as the nursery is asked for them."""
