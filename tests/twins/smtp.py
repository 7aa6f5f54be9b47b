"""A submission server over TLS, as small as it can be (RFC 5321, RFC 4954 AUTH PLAIN), in a thread of its own."""

from __future__ import annotations

import asyncio
import base64
import datetime as dt
import ipaddress
import ssl
import threading
from dataclasses import dataclass, field
from pathlib import Path
from typing import Self

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID


@dataclass
class Letter:
    """What was handed in."""

    sender: str
    addressees: list[str]
    text: str


@dataclass
class SmtpTwin:
    """Takes mail on 127.0.0.1 for one account; refuses addressees that it is told to refuse."""

    folder: Path
    account: tuple[str, str] = ("primum", "let me hand in")
    names: tuple[str, ...] = ("127.0.0.1",)
    refuses: frozenset[str] = frozenset()
    letters: list[Letter] = field(default_factory=list)
    greetings: list[str] = field(default_factory=list)
    port: int = 0

    def __post_init__(self) -> None:
        self.certificate = self.folder / "smtp.pem"
        key = ec.generate_private_key(ec.SECP256R1())
        self.certificate.write_bytes(_certificate(key, self.names))
        private = key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
        (self.folder / "smtp.key").write_bytes(private)
        self._started = threading.Event()
        self._thread = threading.Thread(target=lambda: asyncio.run(self._serve()), daemon=True)

    def trusting(self) -> ssl.SSLContext:
        """A client's context that knows this server's certificate."""
        return ssl.create_default_context(cafile=self.certificate)

    def __enter__(self) -> Self:
        self._thread.start()
        if not self._started.wait(10):
            raise TimeoutError
        return self

    def __exit__(self, *_: object) -> None:
        self._loop.call_soon_threadsafe(self._over.set)
        self._thread.join(10)

    async def _serve(self) -> None:
        self._loop, self._over = asyncio.get_running_loop(), asyncio.Event()
        self._loop.set_exception_handler(lambda *_: None)  # clients that hang up in the handshake are expected
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(self.certificate, self.folder / "smtp.key")
        server = await asyncio.start_server(self._talk, "127.0.0.1", 0, ssl=context)
        self.port = server.sockets[0].getsockname()[1]
        self._started.set()
        await self._over.wait()
        server.close()

    async def _talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:  # noqa: C901 (a protocol's verbs)
        def say(line: str) -> None:
            writer.write(line.encode() + b"\r\n")

        say("220 twin")
        letter, known = Letter("", [], ""), False
        while line := (await reader.readline()).decode().rstrip("\r\n"):
            verb = line.split(" ")[0].upper()
            if verb == "EHLO":
                self.greetings.append(line[5:])
                say("250-twin")
                say("250 AUTH PLAIN")
            elif verb == "AUTH":
                _, user, password = base64.b64decode(line.split(" ")[2]).decode().split("\0")
                known = (user, password) == self.account
                say("235 welcome" if known else "535 no")
            elif not known and verb != "QUIT":
                say("530 who are you")
            elif verb == "MAIL":
                letter = Letter(_address(line), [], "")
                say("250 ok")
            elif verb == "RCPT":
                refused = _address(line) in self.refuses
                if not refused:
                    letter.addressees.append(_address(line))
                say("550 unknown here" if refused else "250 ok")
            elif verb == "DATA":
                say("354 go on")
                text = await reader.readuntil(b"\r\n.\r\n")
                letter.text = text[:-5].decode()
                self.letters.append(letter)
                say("250 taken")
            elif verb == "QUIT":
                say("221 bye")
                break
            else:
                say("250 ok")
        writer.close()


def _address(line: str) -> str:
    return line.split("<")[1].split(">", maxsplit=1)[0]


def _certificate(key: ec.EllipticCurvePrivateKey, names: tuple[str, ...]) -> bytes:
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "smtp twin")])
    now = dt.datetime.now(dt.UTC)
    alternatives: list[x509.GeneralName] = [
        x509.IPAddress(ipaddress.ip_address(one)) if one[0].isdigit() else x509.DNSName(one) for one in names
    ]
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - dt.timedelta(hours=1))
        .not_valid_after(now + dt.timedelta(hours=1))
        .add_extension(x509.SubjectAlternativeName(alternatives), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
        .public_bytes(serialization.Encoding.PEM)
    )
