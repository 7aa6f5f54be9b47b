"""FTP (RFC 959): the greeting, the anonymous account, and how many lines its folder lists."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING, Final

from primum.exposure.probe.banners.talking import Lines, Refused, attempt, greeting_of, service_of
from primum.exposure.probe.dialling import Unanswered
from primum.exposure.probe.model import Family, Identity, Mode, Rung, Service

if TYPE_CHECKING:
    from primum.exposure.probe.dialling import Wire
    from primum.exposure.probe.speaking import Asking

_PASSWORD: Final = "primum-probe@probe.invalid"  # noqa: S105 - the address that an anonymous visitor leaves (RFC 1635)
_ENTRIES: Final = 2000
"""Lines of a listing that are counted."""
_PASSIVE: Final = re.compile(rb"\(\|\|\|(\d{1,5})\|\)")
_OLD_PASSIVE: Final = re.compile(rb"\((?:\d{1,3},){4}(\d{1,3}),(\d{1,3})\)")
_NOT_THERE: Final = range(500, 505)
_LINES: Final = 60
"""Of one answer: greetings of universities have thirty."""


class FTPSpeaker:
    """FTP in clear."""

    family = Family.FTP
    ports = frozenset({21, 2121})

    def recognise(self, asking: Asking, greeting: bytes) -> Service | None:
        """Read the greeting."""
        said = greeting_of(asking, greeting, self.ports, "the greeting of FTP")
        first = said.split(b"\n", 1)[0]
        if not first.startswith((b"220 ", b"220-")) or b"SMTP" in said.upper():
            return None
        if asking.port not in self.ports and not _is_ftp(asking):
            return None  # mail begins with 220 too
        return service_of(asking, Family.FTP, "FTP", first[4:])

    def climb(self, asking: Asking, service: Service) -> None:
        """Enter as the anonymous account, count what it lists."""
        entered = attempt(
            asking, service, Rung.SESSION, Identity.GUEST, "an anonymous session", lambda wire: _enter(wire, service)
        )
        if not entered:
            # nothing is listed to who is not in; asked again it would be one more refused sign-in
            service.steps.append(replace(service.steps[-1], rung=Rung.LIST))
            return
        attempt(
            asking, service, Rung.LIST, Identity.GUEST, "how much the anonymous account lists",
            lambda wire: _list(asking, wire, service),
        )  # fmt: skip


def _is_ftp(asking: Asking) -> bool:
    with asking.connect(Mode.PLAIN, Rung.BANNER, Identity.NOBODY, "is it FTP") as wire:
        lines = Lines(wire)
        _answer(lines)
        code = _ask(wire, lines, "FEAT")
        return code in {211, *_NOT_THERE, 530}


def _answer(lines: Lines) -> int:
    """Read one answer, of several lines or one (RFC 959 4.2); return its code."""
    first = lines.next()
    code = first[:3]
    if not code.isdigit() or len(code) < 3:  # noqa: PLR2004 - three digits
        raise Unanswered("protocol" if first else "reset", "ftp")
    if first[3:4] != b"-":
        return int(code)
    for _ in range(_LINES):
        line = lines.next()
        if line.startswith(code + b" ") or lines.ended:
            return int(code)
    raise Unanswered("cut", "ftp")


def _ask(wire: Wire, lines: Lines, command: str) -> int:
    wire.send(f"{command}\r\n".encode("ascii"))
    return _answer(lines)


def _enter(wire: Wire, service: Service) -> Lines:
    """Sign in as the anonymous account. Raises Refused, Unanswered."""
    lines = Lines(wire)
    code = _answer(lines)
    if code != 220:  # noqa: PLR2004 - service ready
        raise Refused(str(code))
    wire.send(b"FEAT\r\n")
    if _features_have_tls(lines) and "ftp.tls-offered" not in service.notes:
        service.notes.append("ftp.tls-offered")
    code = _ask(wire, lines, "USER anonymous")
    if code == 331:  # noqa: PLR2004 - needs a password
        code = _ask(wire, lines, f"PASS {_PASSWORD}")
    if code != 230:  # noqa: PLR2004 - logged in
        raise Refused(str(code))
    return lines


def _features_have_tls(lines: Lines) -> bool:
    first, has = lines.next(), False
    if first[3:4] != b"-":
        return False
    for _ in range(_LINES):
        line = lines.next()
        has = has or b"AUTH TLS" in line.upper()
        if line.startswith(first[:3] + b" ") or lines.ended:
            return has
    raise Unanswered("cut", "ftp")


def _list(asking: Asking, wire: Wire, service: Service) -> None:
    lines = _enter(wire, service)
    entries = _status(wire, lines)
    if entries is None:
        entries = _listing(asking, wire, lines)
    service.notes.append(f"ftp.entries={entries}")
    wire.send(b"QUIT\r\n")


def _status(wire: Wire, lines: Lines) -> int | None:
    """Count what STAT lists on the control connection (RFC 959 4.1.3); None where the server does not do it."""
    wire.send(b"STAT .\r\n")
    first = lines.next()
    if first[:3] not in {b"211", b"212", b"213"} or first[3:4] != b"-":
        return None
    entries = 0
    while entries < _ENTRIES:
        line = lines.next()
        if line.startswith(first[:3] + b" ") or lines.ended:
            return entries
        entries += not line.endswith((b" .", b" .."))
    return entries


def _listing(asking: Asking, wire: Wire, lines: Lines) -> int:
    """Count the lines of LIST on a data connection to the same address, whatever address the server names."""
    port = _passive_port(wire, lines)
    wire.send(b"LIST\r\n")
    data = asking.dialler.connect(
        asking.address, port, mode=Mode.PLAIN, rung=Rung.LIST, identity=Identity.GUEST, purpose="data of the listing"
    )
    with data:
        code = _answer(lines)
        if code not in {125, 150}:
            raise Refused(str(code))
        listed, entries = Lines(data), 0
        while entries < _ENTRIES and (listed.next() or not listed.ended):
            entries += 1
        return entries


def _passive_port(wire: Wire, lines: Lines) -> int:
    wire.send(b"EPSV\r\n")
    line = lines.next()
    found = _PASSIVE.search(line)
    if line[:3] == b"229" and found:
        return int(found.group(1))
    wire.send(b"PASV\r\n")
    line = lines.next()
    found = _OLD_PASSIVE.search(line)
    if line[:3] != b"227" or not found:
        raise Refused(line[:3].decode("ascii", "replace") or "ended")
    return int(found.group(1)) * 256 + int(found.group(2))
