"""WebSocket frames as uvicorn speaks them, to a client that has to read what it asks for."""

from __future__ import annotations

from uvicorn.protocols.websockets.wsproto_impl import WSProtocol
from wsproto.events import Ping


class Frames(WSProtocol):
    """RFC 6455 through wsproto. uvicorn answers each ping at once, whether or not the answers before were read."""

    def handle_ping(self, event: Ping) -> None:
        """Answer a ping; cut off who sends more of them than it reads answers."""
        if self.writable.is_set():
            super().handle_ping(event)
        else:
            self.transport.abort()
