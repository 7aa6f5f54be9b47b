"""A submission server that does what a script says for each addressee: refuses, puts off, hangs up. Over TLS.

It keeps what it *took*, by Message-ID and addressee: what a server took twice, somebody got twice.
"""

from __future__ import annotations

import re
import socket
import ssl
import struct
import threading
from collections import Counter, deque
from collections.abc import Iterable, Mapping
from email import message_from_bytes, policy
from pathlib import Path
from typing import Any, BinaryIO, NoReturn, Self

from tests.twins.smtp import SmtpTwin

FAULTS = (
    "ok", "rcpt-5", "rcpt-4", "data-5", "data-4", "end-5", "end-4", "hang-rcpt", "hang-data", "hang-text",
    "lost-mute", "taken-mute",
)  # fmt: skip
"""What may happen to one attempt. `hang`: cut before the end; `mute`: cut after it, the letter lost or taken."""

_SAYS = {
    "rcpt-5": "550 5.1.1 <{}> unknown here", "rcpt-4": "451 4.7.1 <{}> later", "data-5": "554 5.7.1 {} no",
    "data-4": "451 4.3.0 not now", "end-5": "552 5.2.2 {} is full", "end-4": "452 4.3.1 no room",
}  # fmt: skip


class Hangup(Exception):
    """The server cuts the line."""


class FaultySmtp:
    """Takes mail on 127.0.0.1 for anybody, as `script` says: for an addressee, a fault for each attempt; then `ok`."""

    def __init__(self, folder: Path, script: Mapping[str, Iterable[str]] | None = None, each_line: int = 0) -> None:
        self.script = {who: deque(faults) for who, faults in (script or {}).items()}
        self.each_line = each_line
        """Letters of one connection before MAIL is answered 421; 0: no bound."""
        self.taken: list[tuple[str, str]] = []
        self.messages: list[tuple[str, Any]] = []
        self.attempts: Counter[str] = Counter()
        self.cut = threading.Event()
        """The line was cut in the middle of a text."""
        keys = SmtpTwin(folder)
        self.trusting = keys.trusting
        self._context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self._context.load_cert_chain(keys.certificate, folder / "smtp.key")
        self._listening = socket.create_server(("127.0.0.1", 0))
        self.port = self._listening.getsockname()[1]
        self._thread = threading.Thread(target=self._accept, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._listening.shutdown(socket.SHUT_RDWR)
        self._listening.close()
        self._thread.join(10)

    def _accept(self) -> None:
        while True:
            try:
                plain, _ = self._listening.accept()
            except OSError:
                return
            threading.Thread(target=self._serve, args=(plain,), daemon=True).start()

    def _serve(self, plain: socket.socket) -> None:
        try:
            with self._context.wrap_socket(plain, server_side=True) as line, line.makefile("rb") as heard:
                self._talk(line, heard)
        except (OSError, Hangup, IndexError):
            return

    def _talk(self, line: ssl.SSLSocket, heard: BinaryIO) -> None:  # noqa: C901 (a protocol's verbs)
        def say(text: str) -> None:
            line.sendall(text.encode() + b"\r\n")

        say("220 faulty")
        who, fault, done = "", "ok", 0
        while words := heard.readline().decode().rstrip("\r\n"):
            verb = words.split(" ")[0].upper()
            if verb == "EHLO":
                say("250 faulty")
            elif verb == "MAIL":
                say("421 4.7.0 enough" if self.each_line and done >= self.each_line else "250 2.1.0 ok")
            elif verb == "RCPT":
                who = re.findall("<(.*)>", words)[0]
                self.attempts[who] += 1
                waiting = self.script.get(who)
                fault = waiting.popleft() if waiting else "ok"
                if fault == "hang-rcpt":
                    self._cut(line)
                say(_SAYS[fault].format(who) if fault.startswith("rcpt") else "250 2.1.5 ok")
            elif verb == "DATA":
                if fault == "hang-data":
                    self._cut(line)
                if fault.startswith("data"):
                    say(_SAYS[fault].format(who))
                    continue
                say("354 go on")
                self._text(line, heard, who, fault)
                done += 1
                say(_SAYS[fault].format(who) if fault.startswith("end") else "250 2.0.0 taken")
            elif verb == "QUIT":
                say("221 bye")
                return
            else:
                say("250 ok")

    def _text(self, line: ssl.SSLSocket, heard: BinaryIO, who: str, fault: str) -> None:
        if fault == "hang-text":
            heard.readline()
            self._cut(line)
        whole = b""
        while (part := heard.readline()) != b".\r\n":
            if not part:
                raise Hangup
            whole += part.removeprefix(b".")
        if not fault.startswith("end") and fault != "lost-mute":
            made = message_from_bytes(whole, policy=policy.default)
            self.taken.append((str(made["Message-ID"]), who))
            self.messages.append((who, made))
        if fault.endswith("mute"):
            self._cut(line)

    def _cut(self, line: ssl.SSLSocket) -> NoReturn:
        """Reset the connection: the peer knows at once."""
        line.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        descriptor = line.detach()
        socket.close(descriptor)
        self.cut.set()
        raise Hangup

    def twice(self) -> set[tuple[str, str]]:
        """Give what was taken more than once."""
        return {one for one, times in Counter(self.taken).items() if times > 1}
