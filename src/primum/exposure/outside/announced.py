"""What the doors know of announced probes: `run/probes`, which is not there while none is announced.

A door looks at it only where a caller shows something that looks like a nonce: a server name ending in
`.probe.invalid`, an implementation version name of sixteen letters of base 32, a User-Agent that begins as the probe's
does. So it costs a comparison per handshake, association or request, and nothing per instance. What is found is a line
of the journal, once a minute for each nonce and port: whoever has a nonce cannot make a door write more than that,
whoever has none nothing.

The file holds hashes: who reads it cannot pass for a probe. Loaded by the DICOM door: it imports little.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import re
import threading
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from primum.exposure.outside.limits import LIMITS, Limits
from primum.ground.clock import from_text, to_text
from primum.ground.errors import PrimumError
from primum.ground.log import Log
from primum.journal import Fact, Kind

if TYPE_CHECKING:
    import ssl

    from primum.ground.clock import Clock
    from primum.journal import Journal

FILE: Final = "probes"
"""In the home's `run`."""

_DOMAIN: Final = ".probe.invalid"
_AGENT: Final = "primum-probe "
_NONCE: Final = re.compile(r"[a-z2-7]{16}")
_FORMAT: Final = 1
_log = Log("outside.announced")


@dataclass(frozen=True, slots=True)
class Announcement:
    """A nonce that may be seen until an instant, by its hash."""

    id: str
    digest: str
    expires_at: datetime


def digest_of(nonce: str) -> str:
    """Hash a nonce: eighty random bits, which nobody guesses from it."""
    return hashlib.sha256(b"primum-probe/1\n" + nonce.encode("ascii")).hexdigest()


def is_nonce(text: str) -> bool:
    """Tell whether a text has the shape of a nonce."""
    return _NONCE.fullmatch(text) is not None


def write_announcements(announcements: Iterable[Announcement]) -> bytes:
    """Write the file."""
    listed = [{"id": one.id, "digest": one.digest, "expires_at": to_text(one.expires_at)} for one in announcements]
    return json.dumps({"format": _FORMAT, "probes": listed}, separators=(",", ":")).encode("ascii")


def read_announcements(data: bytes) -> list[Announcement]:
    """Read the file. Raises ValueError, KeyError, TypeError."""
    content = json.loads(data)
    if content["format"] != _FORMAT:
        raise ValueError("another format")
    return [Announcement(str(one["id"]), str(one["digest"]), from_text(one["expires_at"])) for one in content["probes"]]


class Announced:
    """Notes announced nonces for one process of a door. Safe for many threads; never raises, never refuses anybody."""

    def __init__(self, run: Path, journal: Journal, clock: Clock, door: str, limits: Limits = LIMITS) -> None:
        """Read `run`/probes, when there is something to compare."""
        self._path, self._journal, self._clock, self._door, self._limits = run / FILE, journal, clock, door, limits
        self._turn = threading.Lock()
        self._state: tuple[int, int, int] | None = None
        self._by_digest: dict[str, Announcement] = {}
        self._minute = ""
        self._told: set[tuple[str, int]] = set()

    def server_name(self, name: str | None, address: str, port: int) -> None:
        """Look at the server name of a TLS handshake (RFC 6066 3)."""
        if name is not None and name.endswith(_DOMAIN):
            self._look(name.removesuffix(_DOMAIN), "server-name", address, port)

    def version_name(self, name: str, address: str, port: int) -> None:
        """Look at the implementation version name of an association (PS3.7 D.3.3.2.3)."""
        nonce = name.lower()
        if is_nonce(nonce):
            self._look(nonce, "version-name", address, port)

    def user_agent(self, value: str, address: str, port: int) -> None:
        """Look at the User-Agent of a request."""
        if value.startswith(_AGENT):
            self._look(value.removeprefix(_AGENT), "user-agent", address, port)

    def _look(self, nonce: str, channel: str, address: str, port: int) -> None:
        if not is_nonce(nonce):
            return
        now = self._clock.now()
        with self._turn:
            self._refresh()
            found = self._by_digest.get(digest_of(nonce))
            if found is None or found.expires_at <= now or not self._is_first(found.id, port, now):
                return
        details: dict[str, str | int] = {"address": address, "door": self._door, "port": port, "channel": channel}
        try:
            self._journal.record(Fact(Kind.PROBE_SEEN, "stranger", found.id, details))
        except PrimumError as error:
            _log.warning("journal.unwritable", code=error.code)

    def _is_first(self, probe: str, port: int, now: datetime) -> bool:
        minute = now.strftime("%Y-%m-%dT%H:%M")
        if minute != self._minute:
            self._minute = minute
            self._told.clear()
        if (probe, port) in self._told:
            return False
        self._told.add((probe, port))
        return True

    def _refresh(self) -> None:
        try:
            status = self._path.stat()
            state = (status.st_ino, status.st_size, status.st_mtime_ns)
            if state == self._state:
                return
            self._by_digest = {}
            with self._path.open("rb") as file:
                listed = read_announcements(file.read(self._limits.file_bytes))
            self._by_digest = {one.digest: one for one in listed[: self._limits.announced]}
            self._state = state
        except FileNotFoundError:
            self._state, self._by_digest = None, {}
        except (OSError, ValueError, KeyError, TypeError) as error:
            self._state = None
            _log.failure("probes.unreadable", error)


def notice_server_names(context: ssl.SSLContext, announced: Announced) -> None:
    """Have a server's context show each server name, before any certificate of a client is looked at.

    Nothing here ends a handshake. A socket tells the caller's address now; a connection of asyncio, which has none
    here, keeps the name (`shown_name`).
    """

    def look(connection: Any, name: str | None, _context: ssl.SSLContext) -> None:  # noqa: ANN401 (socket or object)
        if name is None or not name.endswith(_DOMAIN):
            return
        with contextlib.suppress(Exception):
            where = getattr(connection, "getpeername", None)
            if where is None:
                connection.primum_server_name = name
                return
            announced.server_name(name, address_of(where()), int(connection.getsockname()[1]))

    context.sni_callback = look


def shown_name(connection: object) -> str | None:
    """Return the name that `notice_server_names` kept."""
    name = getattr(connection, "primum_server_name", None)
    return name if isinstance(name, str) else None


def address_of(name: object) -> str:
    """Write a socket's peer name as an address: IPv4 that came mapped into IPv6 as IPv4, no zone."""
    text = str(name[0]) if isinstance(name, tuple) and name else ""
    return text.partition("%")[0].removeprefix("::ffff:") or "unknown"
