"""MySQL and MariaDB: the greeting, and whether `root` has no password. The session is ended at once."""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING, Final

from primum.exposure.probe.banners.talking import Refused, attempt, greeting_of, service_of
from primum.exposure.probe.dialling import Unanswered
from primum.exposure.probe.model import Family, Identity, Rung, Service

if TYPE_CHECKING:
    from primum.exposure.probe.dialling import Wire
    from primum.exposure.probe.speaking import Asking

_PACKET: Final = 16 * 1024
_PROTOCOL: Final = 10
_OK, _ERROR, _SWITCH, _MORE = 0x00, 0xFF, 0xFE, 0x01
_CAPABILITIES: Final = 0x1 | 0x200 | 0x8000 | 0x80000
"""Long password, protocol 4.1, secure connection, plugins."""
_ROUNDS: Final = 4


class MySQLSpeaker:
    """MySQL and MariaDB."""

    family = Family.DATABASE
    ports = frozenset({3306, 33060})

    def recognise(self, asking: Asking, greeting: bytes) -> Service | None:
        """Read the greeting: a version, or that this address is not let in."""
        said = greeting_of(asking, greeting, self.ports, "the greeting of MySQL")
        if len(said) < 5 or int.from_bytes(said[:3], "little") > _PACKET or said[3] != 0:  # noqa: PLR2004
            return None
        if said[4] == _ERROR and (b"Host" in said or b"MySQL" in said or b"MariaDB" in said):
            return service_of(asking, Family.DATABASE, "MySQL")
        version, zero, _ = said[5:].partition(b"\x00")
        if said[4] != _PROTOCOL or not zero:
            return None
        return service_of(asking, Family.DATABASE, "MariaDB" if b"MariaDB" in version else "MySQL", version)

    def climb(self, asking: Asking, service: Service) -> None:
        """Say to be root, with no password."""
        attempt(asking, service, Rung.SESSION, Identity.GUEST, "a session as root without a password", _enter)


def _enter(wire: Wire) -> None:
    number, greeting = _packet(wire)
    if greeting[:1] == bytes([_ERROR]):
        raise Refused(_code(greeting))
    # capabilities, largest packet, character set, filler, user, an empty answer, the plugin
    login = struct.pack("<IIB23s", _CAPABILITIES, _PACKET, 45, bytes(23)) + b"root\x00\x00mysql_native_password\x00"
    wire.send(_framed(number + 1, login))
    for _ in range(_ROUNDS):
        number, answer = _packet(wire)
        kind = answer[0] if answer else _ERROR
        if kind == _OK:
            wire.send(_framed(0, b"\x01"))  # COM_QUIT
            return
        if kind == _ERROR:
            raise Refused(_code(answer))
        if kind == _SWITCH:
            wire.send(_framed(number + 1, b""))  # whatever the plugin: no password
        elif kind != _MORE:
            raise Unanswered("protocol", "mysql")
        elif answer[1:2] == b"\x04":
            raise Refused("password")  # full authentication: there is one
    raise Unanswered("protocol", "mysql")


def _packet(wire: Wire) -> tuple[int, bytes]:
    head = wire.receive_exactly(4)
    size = int.from_bytes(head[:3], "little")
    if size > _PACKET:
        raise Unanswered("protocol", "mysql")
    return head[3], wire.receive_exactly(size)


def _framed(number: int, body: bytes) -> bytes:
    return len(body).to_bytes(3, "little") + bytes([number & 0xFF]) + body


def _code(packet: bytes) -> str:
    return str(int.from_bytes(packet[1:3], "little")) if len(packet) > 2 else "error"  # noqa: PLR2004 - marker, code
