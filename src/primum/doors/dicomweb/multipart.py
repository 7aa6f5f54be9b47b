"""multipart/related bodies (RFC 2387, PS3.18 8.6.1.2), written piece by piece."""

from __future__ import annotations

import secrets
from collections.abc import Iterable, Iterator
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Part:
    """One part: its type with parameters, where else it can be had, and its pieces."""

    content_type: str
    pieces: Iterable[bytes]
    location: str = ""


def new_boundary() -> str:
    """Make a boundary: random, so that no pixel data holds it by intent."""
    return secrets.token_hex(24)


def related(media_type: str, boundary: str) -> str:
    """Return the Content-Type of the whole."""
    return f'multipart/related; type="{media_type}"; boundary={boundary}'


def body(boundary: str, parts: Iterable[Part]) -> Iterator[bytes]:
    """Yield the body, each part as it comes."""
    for part in parts:
        head = f"--{boundary}\r\nContent-Type: {part.content_type}\r\n"
        if part.location:
            head += f"Content-Location: {part.location}\r\n"
        yield head.encode("ascii") + b"\r\n"
        yield from part.pieces
        yield b"\r\n"
    yield f"--{boundary}--\r\n".encode("ascii")
