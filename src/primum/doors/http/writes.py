"""Long writes over TLS without copying what is left of them again and again.

asyncio's TLS layer encrypts a record of 16 KiB at a time, and cuts what is left of a `bytes` by copying it: a block of
1 MiB is copied thirty times over. A view of it is cut for nothing. h11 copies a piece of a chunked body besides, to put
the ten bytes of its size before it: they are written one after the other instead.

The head of an answer leaves with the first piece of its body: one record of TLS and one call of the system for a short
answer, not two of each.
"""

from __future__ import annotations

from asyncio import Transport
from typing import TYPE_CHECKING, Any, cast

import h11
from uvicorn.protocols.http.h11_impl import H11Protocol

if TYPE_CHECKING:
    from asyncio.transports import BaseTransport

_LONG = 64 << 10
_Written = bytes | memoryview


def _view(data: _Written) -> _Written:
    return memoryview(data) if len(data) >= _LONG else data


class _Views:
    """A transport that is handed views of what is long; all else is the transport's own."""

    __slots__ = ("_transport",)

    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    def write(self, data: bytes | list[_Written]) -> None:
        if isinstance(data, list):
            self._transport.writelines([_view(one) for one in data])
        else:
            self._transport.write(_view(data))

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401 (whatever the transport has)
        return getattr(self._transport, name)


class _Uncopied(h11.Connection):
    """h11's own state machine and framing; what is long comes as a list, for `_Views.write`."""

    _head: bytes = b""
    """The head of an answer whose body has not begun."""

    def send(self, event: h11.Event) -> Any:  # noqa: ANN401 (bytes, None, or that list)
        if type(event) is h11.Response:
            self._head = super().send(event) or b""
            return b""
        head, self._head = self._head, b""
        if type(event) is h11.Data and len(event.data) >= _LONG:
            return [head, *(self.send_with_data_passthrough(event) or ())]
        written = super().send(event)
        return head + written if head and written is not None else written


class Http(H11Protocol):
    """HTTP/1.1 as uvicorn speaks it, with such a transport."""

    def connection_made(self, transport: BaseTransport) -> None:
        """Take over a connection."""
        bound = self.config.h11_max_incomplete_event_size
        if bound is not None:
            self.conn = _Uncopied(h11.SERVER, bound)
        super().connection_made(cast("Transport", _Views(cast("Transport", transport))))
