"""Long writes over TLS without copying what is left of them again and again.

asyncio's TLS layer encrypts a record of 16 KiB at a time, and cuts what is left of a `bytes` by copying it: a block of
1 MiB is copied thirty times over. A view of it is cut for nothing.
"""

from __future__ import annotations

from asyncio import Transport
from typing import TYPE_CHECKING, Any, cast

from uvicorn.protocols.http.h11_impl import H11Protocol

if TYPE_CHECKING:
    from asyncio.transports import BaseTransport

_LONG = 64 << 10


class _Views:
    """A transport that is handed views of what is long; all else is the transport's own."""

    __slots__ = ("_transport",)

    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    def write(self, data: bytes) -> None:
        self._transport.write(memoryview(data) if len(data) >= _LONG else data)

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401 (whatever the transport has)
        return getattr(self._transport, name)


class Http(H11Protocol):
    """HTTP/1.1 as uvicorn speaks it, with such a transport."""

    def connection_made(self, transport: BaseTransport) -> None:
        """Take over a connection."""
        super().connection_made(cast("Transport", _Views(cast("Transport", transport))))
