"""SMB2 ([MS-SMB2]): what a machine without an account may do, and how many shares it is told of.

An anonymous session (NTLMSSP without a name, [MS-NLMP]), then one as `guest` without a password; over IPC$ the number
of shares ([MS-SRVS] NetrShareEnum). Names are not kept. No share is opened but IPC$, no file at all.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Final

from primum.exposure.probe.banners.ntlm import authenticate, challenge_in, negotiate
from primum.exposure.probe.banners.srvsvc import BIND, bound, share_enum, shares_in
from primum.exposure.probe.banners.talking import Refused, attempt, recognising, service_of
from primum.exposure.probe.dialling import Unanswered
from primum.exposure.probe.model import Family, Identity, Rung, Service

if TYPE_CHECKING:
    from primum.exposure.probe.dialling import Wire
    from primum.exposure.probe.speaking import Asking

_PORT_NETBIOS: Final = 139
_FRAME: Final = 64 * 1024
"""A message: what is asked for is answered in some hundred bytes, a list of shares in some thousand."""
_DIALECTS: Final = (0x0202, 0x0210, 0x0300, 0x0302)
_NEWEST: Final = (0x0311,)
"""Offered by itself, and only where none of the others is taken."""
_NEGOTIATE, _SESSION_SETUP, _TREE_CONNECT, _CREATE, _READ, _WRITE = 0x0000, 0x0001, 0x0003, 0x0005, 0x0008, 0x0009
_SUCCESS, _MORE, _OVERFLOW = 0x00000000, 0xC0000016, 0x80000005
_CODES: Final = {
    0xC000006D: "logon-failure",
    0xC0000022: "access-denied",
    0xC000006E: "account-restriction",
    0xC0000072: "account-disabled",
    0xC000015B: "logon-type-not-granted",
    0xC00000CC: "bad-network-name",
    0xC0000034: "no-such-pipe",
    0xC0000203: "session-deleted",
}
"""Statuses that are named ([MS-ERREF] 2.3.1)."""
_HEADER: Final = struct.Struct("<4sHHIHHIIQIIQ16s")
_PIPE: Final = "srvsvc"
_READ_WRITE: Final = 0x0012019F


class SMBSpeaker:
    """SMB over TCP, and over the NetBIOS session service."""

    family = Family.SMB
    ports = frozenset({445, 139})

    def recognise(self, asking: Asking, greeting: bytes) -> Service | None:
        """Negotiate SMB2; where nothing comes of it, SMB1. Raises ProbeRefused, Unanswered."""
        if greeting:
            return None
        for dialects in (_DIALECTS, _NEWEST):
            try:
                with recognising(asking, "SMB2: which dialect") as wire:
                    dialect = Session(wire, asking, dialects).negotiated()
            except Refused:
                continue  # SMB2 it is, but none of these dialects
            except Unanswered:
                break
            service = service_of(asking, Family.SMB, "SMB", _name(dialect))
            if dialects == _NEWEST:
                service.notes.append("smb.newest-dialect-only")
            return service
        return _of_smb1(asking) if asking.port in self.ports else None

    def climb(self, asking: Asking, service: Service) -> None:
        """Try to be nobody, then `guest`; with what was granted, ask for the list of shares."""
        if "smb.smb1-only" in service.notes:
            return
        for user in ("", "guest"):
            if attempt(
                asking, service, Rung.SESSION, Identity.GUEST, f"a session as {user or 'nobody'}, without a password",
                partial(_begin, asking=asking, service=service, user=user),
            ):  # fmt: skip
                break
        for user in ("", "guest"):
            if attempt(
                asking, service, Rung.LIST, Identity.GUEST, f"how many shares {user or 'nobody'} is told of",
                partial(_count, asking=asking, service=service, user=user),
            ):  # fmt: skip
                break


def _of_smb1(asking: Asking) -> Service | None:
    with recognising(asking, "SMB1: is it spoken at all") as wire:
        if not _speaks_smb1(wire, asking):
            return None
    service = service_of(asking, Family.SMB, "SMB", b"SMB 1")
    service.notes.append("smb.smb1-only")
    return service


def _name(dialect: int) -> bytes:
    return f"SMB {dialect >> 8}.{dialect >> 4 & 15}.{dialect & 15}".encode("ascii")


def _session(wire: Wire, asking: Asking, service: Service) -> Session:
    return Session(wire, asking, _NEWEST if "smb.newest-dialect-only" in service.notes else _DIALECTS)


def _begin(wire: Wire, asking: Asking, service: Service, user: str) -> None:
    _session(wire, asking, service).begin(user)


def _count(wire: Wire, asking: Asking, service: Service, user: str) -> None:
    session = _session(wire, asking, service)
    session.begin(user)
    shares = session.shares()
    if not shares:
        raise Refused("no-share")
    service.notes.append(f"smb.shares={shares}")


@dataclass(frozen=True, slots=True)
class _Message:
    """A message that came: its header's fields that matter, and the whole with offsets from its beginning."""

    status: int
    command: int
    tree: int
    session: int
    whole: bytes

    def body(self) -> bytes:
        return self.whole[64:]

    def part(self, at: int, size: int) -> bytes:
        """Return a buffer by its offset from the message's beginning."""
        return self.whole[at : at + size] if at >= 64 else b""  # noqa: PLR2004 - the header's length


class Session:
    """One connection, one session."""

    def __init__(self, wire: Wire, asking: Asking, dialects: tuple[int, ...]) -> None:
        """Nothing was said yet."""
        self._dialects = dialects
        self._wire = wire
        self._asking = asking
        self._id = 0
        self._session = 0
        self._tree = 0

    def negotiated(self) -> int:
        """Return the dialect that the server chose. Raises Refused (none of these), Unanswered."""
        if self._asking.port == _PORT_NETBIOS:
            _netbios(self._wire)
        answer = self._ask(_NEGOTIATE, _offer(self._dialects))
        if answer.status != _SUCCESS:
            raise Refused(_code(answer.status))
        if len(answer.body()) < 6:  # noqa: PLR2004 - up to DialectRevision
            raise Unanswered("protocol", "smb")
        return int.from_bytes(answer.body()[4:6], "little")

    def begin(self, user: str) -> None:
        """Set a session up without a password. Raises Refused, Unanswered."""
        self.negotiated()
        answer = self._setup(negotiate())
        if answer.status != _MORE:
            raise Refused(_code(answer.status))
        self._session = answer.session
        answer = self._setup(authenticate(user, challenge_in(_security(answer))))
        if answer.status != _SUCCESS:
            raise Refused(_code(answer.status))

    def shares(self) -> int:
        """Return how many shares of discs are listed. Raises Refused, Unanswered."""
        host = f"[{self._asking.address}]" if ":" in self._asking.address else self._asking.address
        path = f"\\\\{host}\\IPC$".encode("utf-16-le")
        answer = self._granted(_TREE_CONNECT, struct.pack("<HHHH", 9, 0, 72, len(path)) + path)
        self._tree = answer.tree
        handle = self._granted(_CREATE, _create(_PIPE)).body()[64:80]
        self._write(handle, BIND)
        if not bound(self._read(handle)):
            raise Refused("no-such-pipe")
        self._write(handle, share_enum(host))
        return shares_in(self._read(handle))

    def _setup(self, token: bytes) -> _Message:
        # StructureSize, Flags, SecurityMode, Capabilities, Channel, SecurityBufferOffset and Length, PreviousSessionId
        return self._ask(_SESSION_SETUP, struct.pack("<HBBIIHHQ", 25, 0, 1, 0, 0, 88, len(token), 0) + token)

    def _granted(self, command: int, body: bytes) -> _Message:
        answer = self._ask(command, body)
        if answer.status not in {_SUCCESS, _OVERFLOW}:
            raise Refused(_code(answer.status))
        return answer

    def _write(self, handle: bytes, data: bytes) -> None:
        # StructureSize, DataOffset, Length, Offset, FileId, Channel, RemainingBytes, two of channel info, Flags
        head = struct.pack("<HHIQ16sIIHHI", 49, 112, len(data), 0, handle, 0, 0, 0, 0, 0)
        self._granted(_WRITE, head + data)

    def _read(self, handle: bytes) -> bytes:
        # StructureSize, Padding, Flags, Length, Offset, FileId, MinimumCount, Channel, RemainingBytes, channel info
        body = struct.pack("<HBBIQ16sIIIHHB", 49, 80, 0, _FRAME - 1024, 0, handle, 0, 0, 0, 0, 0, 0)
        answer = self._granted(_READ, body)
        if len(answer.body()) < 8:  # noqa: PLR2004 - up to DataLength
            raise Unanswered("protocol", "smb")
        return answer.part(answer.body()[2], int.from_bytes(answer.body()[4:8], "little"))

    def _ask(self, command: int, body: bytes) -> _Message:
        header = _HEADER.pack(
            b"\xfeSMB", 64, 1 if command != _NEGOTIATE else 0, 0, command, 64, 0, 0, self._id, 0xFEFF, self._tree,
            self._session, bytes(16),
        )  # fmt: skip
        self._id += 1
        self._wire.send(struct.pack(">I", len(header) + len(body)) + header + body)
        for _ in range(4):
            answer = _message(self._wire)
            if answer.command == command and answer.status != 0x00000103:  # noqa: PLR2004 - pending: the answer follows
                return answer
        raise Unanswered("protocol", "smb")


def _offer(dialects: tuple[int, ...]) -> bytes:
    """Return NEGOTIATE ([MS-SMB2] 2.2.3); 3.1.1 wants to hear of hashes and ciphers."""
    listed = b"".join(struct.pack("<H", one) for one in dialects)
    # SHA-512 with a salt; AES-128-GCM
    contexts = (
        struct.pack("<HHIHHH32s", 1, 38, 0, 1, 32, 1, bytes(32)) + bytes(2) + struct.pack("<HHIHH", 2, 4, 0, 1, 2)
    )
    newest = dialects == _NEWEST
    at = 64 + 36 + len(listed) + (-len(listed) - 36) % 8
    last = struct.pack("<IHH", at, 2, 0) if newest else bytes(8)
    # StructureSize, DialectCount, SecurityMode (may sign), Reserved, Capabilities, ClientGuid, then as above
    body = struct.pack("<HHHHI16s", 36, len(dialects), 1, 0, 0, bytes(16)) + last + listed
    return body + bytes(-len(body) % 8) + contexts if newest else body


def _create(name: str) -> bytes:
    """Return CREATE of a pipe, to be read and written ([MS-SMB2] 2.2.13)."""
    encoded = name.encode("utf-16-le")
    head = struct.pack("<HBBIQQIIIIIHHII", 57, 0, 0, 2, 0, 0, _READ_WRITE, 0, 7, 1, 0, 120, len(encoded), 0, 0)
    return head + encoded


def _message(wire: Wire) -> _Message:
    whole = _frame(wire)
    if len(whole) < 64 or not whole.startswith(b"\xfeSMB"):  # noqa: PLR2004 - the header's length
        raise Unanswered("protocol", "smb")
    fields = _HEADER.unpack_from(whole)
    return _Message(fields[3], fields[4], fields[10], fields[11], whole)


def _frame(wire: Wire) -> bytes:
    """Read a frame of the NetBIOS session service, or of direct TCP (RFC 1002 4.3.1; [MS-SMB2] 2.1)."""
    head = wire.receive_exactly(4)
    size = int.from_bytes(head[1:], "big")
    if head[0] not in {0x00, 0x82} or size > _FRAME:
        raise Unanswered("protocol", "smb")
    return wire.receive_exactly(size)


def _security(answer: _Message) -> bytes:
    body = answer.body()
    if len(body) < 8:  # noqa: PLR2004 - up to the buffer's length
        raise Unanswered("protocol", "smb")
    at, size = struct.unpack_from("<HH", body, 4)
    return answer.part(at, size)


def _netbios(wire: Wire) -> None:
    """Ask for a session with whatever server there is (RFC 1002 4.3.2)."""
    wire.send(b"\x81\x00\x00\x44" + _netbios_name(b"*SMBSERVER", 0x20) + _netbios_name(b"PRIMUM-PROBE", 0))
    head = wire.receive_exactly(4)
    if head[0] != 0x82:  # noqa: PLR2004 - positive session response
        raise Unanswered("protocol", "netbios")


def _netbios_name(name: bytes, kind: int) -> bytes:
    """Encode a name (RFC 1001 14.1)."""
    padded = name.ljust(15) + bytes([kind])
    return b"\x20" + b"".join(bytes([65 + (one >> 4), 65 + (one & 15)]) for one in padded) + b"\x00"


def _speaks_smb1(wire: Wire, asking: Asking) -> bool:
    """Negotiate NT LM 0.12 alone ([MS-CIFS] 2.2.4.52)."""
    if asking.port == _PORT_NETBIOS:
        _netbios(wire)
    dialects = b"\x02NT LM 0.12\x00"
    header = (
        b"\xffSMB\x72" + bytes(4) + b"\x18" + struct.pack("<H", 0xC801) + bytes(12) + struct.pack("<HHHH", 0, 1, 0, 1)
    )
    message = header + b"\x00" + struct.pack("<H", len(dialects)) + dialects
    wire.send(struct.pack(">I", len(message)) + message)
    answer = _frame(wire)
    return answer.startswith(b"\xffSMB\x72") and answer[33:35] != b"\xff\xff"  # DialectIndex: none of them


def _code(status: int) -> str:
    return _CODES.get(status, f"0x{status:08x}")
