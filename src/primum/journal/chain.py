"""The bytes of a chain (docs/design/journal.md): writing a line, reading a chain as far as it is sound.

Pure: takes bytes, returns bytes. Files are in opening.py and ledger.py.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from typing import Any

from primum.journal.limits import LIMITS

FORMAT = 1
BEGINNING = "0" * 64
"""What stands for the hash before the first line."""
_HASH = 64


@dataclass(frozen=True, slots=True)
class Head:
    """How far a chain goes: number of lines, bytes up to the end of the last one, and its hash."""

    lines: int
    size: int
    hash: str


EMPTY = Head(0, 0, BEGINNING)


def line(head: Head, at: str, rest: str) -> tuple[bytes, Head]:
    """Write the line that follows `head`: its bytes, and the head after it."""
    body = f'{{"n":{head.lines},"at":"{at}",{rest}'
    digest = link(head.hash, body.encode("ascii"))
    data = f"{digest} {body}\n".encode("ascii")
    return data, Head(head.lines + 1, head.size + len(data), digest)


def link(previous: str, body: bytes) -> str:
    """Return the hash of a line: SHA-256 of the hash before it, a space, and the body."""
    return hashlib.sha256(previous.encode("ascii") + b" " + body).hexdigest()


@dataclass(frozen=True, slots=True)
class Scan:
    """What was read: the head up to which the chain is sound, its last body, and whether all was sound.

    `closed`: the last line says that no other follows.
    """

    head: Head
    sound: bool
    closed: bool


def scan(data: bytes, since: Head = EMPTY) -> Scan:
    """Follow the chain in `data`, the bytes after `since`, as far as each line follows from the one before.

    An unfinished write that `chain:recovered` accounts for is passed over. `sound` is False when bytes
    are left that do not follow.
    """
    head, closed = since, False
    while True:
        found = _next(data, head, since.size)
        if found is None:
            return Scan(head, sound=head.size - since.size == len(data), closed=closed)
        head, body = found
        closed = is_last(body)


def follows(data: bytes, start: int, end: int, head: Head) -> bytes | None:
    """Return the body of the line data[start:end] if it is a line that follows `head`, else None."""
    digest, body = data[start : start + _HASH], data[start + _HASH + 1 : end]
    if end - start > LIMITS.body + _HASH + 1 or data[start + _HASH : start + _HASH + 1] != b" ":
        return None
    if link(head.hash, body).encode("ascii") != digest or not body.startswith(b'{"n":%d,' % head.lines):
        return None
    return body


def parse(body: bytes) -> dict[str, Any]:
    """Read a body; raise ValueError when it is not a JSON object."""
    read = json.loads(body)
    if not isinstance(read, dict):
        raise ValueError("not an object")  # noqa: TRY004 (json raises ValueError too)
    return read


def is_last(body: bytes) -> bool:
    """Tell whether this line ends its chain for good."""
    if b'"kind":"chain:closed"' not in body:
        return False
    return bool(parse(body)["kind"] == "chain:closed")


def _next(data: bytes, head: Head, base: int) -> tuple[Head, bytes] | None:
    start = head.size - base
    end = data.find(b"\n", start)
    if end >= 0:
        body = follows(data, start, end, head)
        if body is not None:
            return Head(head.lines + 1, end + 1 + base, _digest(data, start)), body
    return _after_unfinished(data, start, head, base)


def _after_unfinished(data: bytes, start: int, head: Head, base: int) -> tuple[Head, bytes] | None:
    """Find the `chain:recovered` that accounts for exactly the bytes from `start` to itself."""
    at = start
    while 0 < (at := data.find(b"\n", at) + 1) <= start + LIMITS.unfinished + 1:
        end = data.find(b"\n", at)
        body = follows(data, at, end, head) if end > 0 else None
        if body is not None and accounts_for(body, data[start:at]):
            return Head(head.lines + 1, end + 1 + base, _digest(data, at)), body
    return None


def accounts_for(body: bytes, unfinished: bytes) -> bool:
    """Tell whether this is a `chain:recovered` for exactly these bytes."""
    if b'"kind":"chain:recovered"' not in body:
        return False
    details = parse(body)["details"]
    return bool(details == {"bytes": len(unfinished), "sha256": hashlib.sha256(unfinished).hexdigest()})


def _digest(data: bytes, start: int) -> str:
    return data[start : start + _HASH].decode("ascii")
