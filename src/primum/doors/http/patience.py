"""How long a connection is waited for: for a whole request head, for each body, for its reading of our answer.

uvicorn closes connections that are idle between two requests, and waits for ever for a request that has begun, for a
body, and for a client that does not read.
"""

from __future__ import annotations

from asyncio import TimerHandle
from typing import TYPE_CHECKING, Any

import h11

from primum.doors.http.gate import TOO_SLOW, Gate
from primum.doors.http.limits import Limits
from primum.doors.http.writes import Http
from primum.exposure.outside.announced import Announced, address_of, shown_name
from primum.ground.lobby import Seat

if TYPE_CHECKING:
    from asyncio.transports import BaseTransport

SEAT = "primum.seat"
"""Under which name a request's scope (`state`) has its connection's place among strangers."""


class Patient(Http):
    """HTTP/1.1 with a deadline for all that the other end has to do."""

    def __init__(
        self,
        *,
        gate: Gate,
        limits: Limits,
        announced: Announced | None = None,
        **uvicorn: Any,  # noqa: ANN401 (uvicorn's own arguments)
    ) -> None:
        """Serve one connection."""
        super().__init__(**uvicorn)
        self._gate, self._limits, self._announced = gate, limits, announced
        self._seat: Seat | None = None
        self._awaited: object = None
        self._until = 0.0
        self._timer: TimerHandle | None = None
        self._unread: TimerHandle | None = None

    def connection_made(self, transport: BaseTransport) -> None:
        """Take over a connection, whose handshake is done."""
        super().connection_made(transport)
        self._seat = self._gate.shaken(transport.get_extra_info("peername"))
        self.app_state = {**self.app_state, SEAT: self._seat}
        self._notice(transport)
        self._await(h11.IDLE, self._limits.head_seconds)

    def data_received(self, data: bytes) -> None:
        """Take what came, and look whether it is what was awaited."""
        super().data_received(data)
        if self.transport.is_closing():
            return
        awaited = self.conn.their_state
        if awaited is h11.IDLE:
            self._await(h11.IDLE, self._limits.head_seconds)
        elif awaited is h11.SEND_BODY:
            self._await(h11.SEND_BODY, self._limits.body_grace_seconds)
            self._until += len(data) / self._limits.body_floor_rate
        else:
            self._awaited = None
        self._be_busy(awaited is not h11.IDLE)

    def on_response_complete(self) -> None:
        """Wait for the next request: the keep-alive time is uvicorn's."""
        self._be_busy(False)
        super().on_response_complete()

    def handle_websocket_upgrade(self, event: h11.Request) -> None:
        """Hand over to the channel, which has bounds of its own (limits.py)."""
        self._stop()
        if self._seat is not None:
            self._seat.leave()
        super().handle_websocket_upgrade(event)

    def pause_writing(self) -> None:
        """Give the other end its time to read what is buffered."""
        super().pause_writing()
        if self._unread is None:
            self._unread = self.loop.call_later(self._limits.send_seconds, self._cut)

    def resume_writing(self) -> None:
        """It has read."""
        super().resume_writing()
        if self._unread is not None:
            self._unread.cancel()
            self._unread = None

    def connection_lost(self, exc: Exception | None) -> None:
        """Forget the deadlines."""
        super().connection_lost(exc)
        self._stop()

    def _notice(self, transport: BaseTransport) -> None:
        name = shown_name(transport.get_extra_info("ssl_object"))
        if self._announced is not None and name is not None:
            where = transport.get_extra_info("sockname")
            address = address_of(transport.get_extra_info("peername"))
            self._announced.server_name(name, address, where[1] if where else 0)

    def _be_busy(self, busy: bool) -> None:  # noqa: FBT001
        if self._seat is not None:
            self._seat.busy = busy

    def _await(self, what: object, seconds: float) -> None:
        """Have a deadline for `what`, unless there is one for it already."""
        if self._awaited is what:
            return
        self._awaited, self._until = what, self.loop.time() + seconds
        if self._timer is None:
            self._timer = self.loop.call_later(seconds, self._ring)

    def _ring(self) -> None:
        self._timer = None
        if self._awaited is None:
            return
        left = self._until - self.loop.time()
        if left <= 0 and self.flow.read_paused:  # it is we who do not listen
            left = self._limits.body_grace_seconds
            self._until = self.loop.time() + left
        if left <= 0:
            self._cut()
        else:
            self._timer = self.loop.call_later(left, self._ring)

    def _cut(self) -> None:
        self._gate.count(TOO_SLOW, self.client)
        self._stop()
        self.transport.abort()

    def _stop(self) -> None:
        self._awaited = None
        for timer in (self._timer, self._unread):
            if timer is not None:
                timer.cancel()
        self._timer = self._unread = None
