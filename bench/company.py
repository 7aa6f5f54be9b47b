"""Bad company: peers that take a place and give nothing. `python -m bench.company FILE` keeps it up until it is ended.

Each kind is held at its number: who is sent away comes again after a pause. FILE is a JSON object of what to open
(`Wanted`). Once a second how many of each kind are connected is printed, as one JSON object a line.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import ssl
import sys
from collections import Counter
from collections.abc import Awaitable, Callable
from dataclasses import asdict, dataclass, field
from itertools import count
from pathlib import Path

from tests.doors.dimse.instances import associate, message, store_command

from bench import sink
from bench.contenders.base import Way
from bench.contenders.primum import TITLE

PAUSE_SECONDS = 10
"""Until who was sent away comes again: two thousand that come again make two hundred connections a second."""
SECOND = 1.0


@dataclass
class Wanted:
    """Where, and how many of each kind."""

    web_port: int
    dicom_port: int
    plain_port: int
    cookie: str
    study: str
    pack: str
    storing: str
    numbers: dict[str, int] = field(default_factory=lambda: dict(NUMBERS))

    def write(self, file: Path) -> None:
        """Write it for the process that opens them."""
        file.write_text(json.dumps(asdict(self)), "utf-8")


NUMBERS: dict[str, int] = {
    "silent, DICOM": 1200,
    "silent, web": 1200,
    "half a TLS hello": 200,
    "a byte a second, association": 30,
    "a byte a second, instance": 8,
    "a byte a second, head": 100,
    "a byte a second, body": 30,
    "reads nothing, WADO-RS": 8,
    "reads nothing, C-GET": 4,
}
"""Two thousand and more connections from 64 addresses of loopback; those that TLS and a session take are fewer."""

Streams = tuple[asyncio.StreamReader, asyncio.StreamWriter]


class Company:
    """All of them, in one event loop."""

    def __init__(self, wanted: Wanted) -> None:
        """Open nothing yet."""
        self._wanted = wanted
        self._numbers = count()
        self.connected: Counter[str] = Counter()
        self.ended: Counter[str] = Counter()

    async def keep_up(self) -> None:
        """Hold every kind at its number, for ever."""
        kinds: dict[str, Callable[[], Awaitable[Streams]]] = {
            "silent, DICOM": lambda: self._open(self._wanted.dicom_port),
            "silent, web": lambda: self._open(self._wanted.web_port),
            "half a TLS hello": self._half_a_hello,
            "a byte a second, association": lambda: self._open(self._wanted.plain_port),
            "a byte a second, instance": self._amid_an_instance,
            "a byte a second, head": self._begun_head,
            "a byte a second, body": self._begun_body,
            "reads nothing, WADO-RS": self._asked_study,
            "reads nothing, C-GET": self._asked_get,
        }
        async with asyncio.TaskGroup() as group:
            for kind, begin in kinds.items():
                for _ in range(self._wanted.numbers[kind]):
                    group.create_task(self._one(kind, begin))
            group.create_task(self._tell())

    async def _one(self, kind: str, begin: Callable[[], Awaitable[Streams]]) -> None:
        while True:
            with contextlib.suppress(OSError, asyncio.IncompleteReadError, TimeoutError):
                reader, writer = await asyncio.wait_for(begin(), 60)
                self.connected[kind] += 1
                try:
                    await self._stay(kind, reader, writer)
                finally:
                    self.connected[kind] -= 1
                    writer.transport.abort()
            self.ended[kind] += 1
            await asyncio.sleep(PAUSE_SECONDS)

    async def _stay(self, kind: str, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Do what its kind does, until the door hangs up."""
        if kind.startswith("reads nothing"):
            writer.transport.pause_reading()  # type: ignore[attr-defined]  # a transport of sockets has it
            while not writer.transport.is_closing():
                await asyncio.sleep(SECOND)
                writer.write(b"")
            return
        drip = _DRIP.get(kind)
        while True:
            try:
                if not await asyncio.wait_for(reader.read(1 << 16), SECOND):
                    return
            except TimeoutError:
                if drip is not None:
                    writer.write(drip)
                    await writer.drain()

    async def _open(self, port: int, context: ssl.SSLContext | None = None) -> Streams:
        source = f"127.0.0.{2 + next(self._numbers) % 64}"
        if port == self._wanted.plain_port:
            source = "127.0.0.1"  # a device without TLS is known by it
        return await asyncio.open_connection("127.0.0.1", port, ssl=context, local_addr=(source, 0), limit=1 << 14)

    async def _half_a_hello(self) -> Streams:
        reader, writer = await self._open(self._wanted.web_port if next(self._numbers) % 2 else self._wanted.dicom_port)
        writer.write(b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03")
        return reader, writer

    async def _associated(self, context: ssl.SSLContext | None, request: bytes) -> Streams:
        port = self._wanted.plain_port if context is None else self._wanted.dicom_port
        reader, writer = await self._open(port, context)
        writer.write(request)
        head = await reader.readexactly(6)
        await reader.readexactly(int.from_bytes(head[2:6], "big"))
        return reader, writer

    async def _amid_an_instance(self) -> Streams:
        device = self._wanted.storing
        reader, writer = await self._associated(self._device(), associate(calling=device, called=TITLE))
        writer.write(message(1, store_command("2.25.99"), bytes(300_000))[:40_000])
        return reader, writer

    async def _begun_head(self) -> Streams:
        reader, writer = await self._open(self._wanted.web_port, _unchecked())
        writer.write(f"GET /sign-in HTTP/1.1\r\nHost: localhost:{self._wanted.web_port}\r\nX-Slow: ".encode())
        return reader, writer

    async def _begun_body(self) -> Streams:
        reader, writer = await self._open(self._wanted.web_port, _unchecked())
        head = f"POST /sign-in HTTP/1.1\r\nHost: localhost:{self._wanted.web_port}\r\nContent-Length: 16000\r\n\r\n"
        writer.write(head.encode())
        return reader, writer

    async def _asked_study(self) -> Streams:
        reader, writer = await self._open(self._wanted.web_port, _unchecked())
        lines = [
            f"GET /dicom-web/studies/{self._wanted.study} HTTP/1.1",
            f"Host: localhost:{self._wanted.web_port}",
            f"Cookie: {self._wanted.cookie}",
            'Accept: multipart/related; type="application/dicom"; transfer-syntax=*',
        ]
        writer.write("\r\n".join([*lines, "", ""]).encode())
        return reader, writer

    async def _asked_get(self) -> Streams:
        calling = Way(tuned=True, tls=False).calling
        request = sink.request(calling, TITLE, [(1, sink.STUDY_GET), (3, sink.CT_IMAGE)], scp=True)
        reader, writer = await self._associated(None, request)
        writer.write(sink.get_request(self._wanted.study))
        return reader, writer

    def _device(self) -> ssl.SSLContext:
        pack = Path(self._wanted.pack)
        context = _unchecked()
        context.load_cert_chain(pack / "certificate.pem", pack / "key.pem")
        return context

    async def _tell(self) -> None:
        while True:
            print(json.dumps({"connected": dict(self.connected), "ended": dict(self.ended)}), flush=True)
            await asyncio.sleep(SECOND)


_DRIP = {
    "a byte a second, association": b"\x01",
    "a byte a second, instance": b"\x00",
    "a byte a second, head": b"x",
    "a byte a second, body": b"x",
}


def _unchecked() -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    return context


if __name__ == "__main__":
    with contextlib.suppress(KeyboardInterrupt):
        asyncio.run(Company(Wanted(**json.loads(Path(sys.argv[1]).read_text("utf-8")))).keep_up())
