"""Answering a request for an upgrade with a plain refusal (the ASGI extension `websocket.http.response`)."""

from __future__ import annotations

from starlette.types import Send


async def deny(send: Send, status: int) -> None:
    """Refuse a handshake with a status, and nothing else."""
    headers = [(b"content-length", b"0")]
    await send({"type": "websocket.http.response.start", "status": status, "headers": headers})
    await send({"type": "websocket.http.response.body", "body": b""})
