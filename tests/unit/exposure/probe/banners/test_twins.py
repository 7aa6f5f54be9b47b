"""Speakers against twins of programs that this machine does not have: expected holes first, compared exactly."""

from __future__ import annotations

import socket
import struct
from collections.abc import Callable, Sequence

import pytest
from tests.unit.exposure.probe.asking_kit import Looked, asking_to, listening, look, saying

from primum.exposure.probe.banners import speakers
from primum.exposure.probe.banners.consoles import SSHSpeaker, TelnetSpeaker
from primum.exposure.probe.banners.hl7 import HL7Speaker
from primum.exposure.probe.banners.mongodb import MongoDBSpeaker
from primum.exposure.probe.banners.mssql import SQLServerSpeaker
from primum.exposure.probe.banners.mysql import MySQLSpeaker
from primum.exposure.probe.banners.nfs import NFSSpeaker
from primum.exposure.probe.banners.oracle import OracleSpeaker
from primum.exposure.probe.banners.rdp import RDPSpeaker
from primum.exposure.probe.banners.smb import SMBSpeaker
from primum.exposure.probe.banners.support import SupportSpeaker
from primum.exposure.probe.banners.vnc import VNCSpeaker
from primum.exposure.probe.banners.x11 import X11Speaker
from primum.exposure.probe.dialling import Unanswered
from primum.exposure.probe.limits import Limits
from primum.exposure.probe.model import Family
from primum.exposure.probe.speaking import Speaker

QUICK = Limits(connect_seconds=1, step_seconds=0.5, service_seconds=5)
BANNER = {("plain", "nobody", "banner")}
SESSION = BANNER | {("plain", "nobody", "session")}
GUEST = BANNER | {("plain", "guest", "session")}

Serve = Callable[[socket.socket], None]


def visit(speaker: Speaker, serve: Serve, *, usual: bool = True, limits: Limits = QUICK) -> Looked:
    """Look at a twin, on a port that is usual for the speaker."""
    with listening(serve) as port:
        asking = asking_to(port, limits=limits)
        if usual:
            speaker.ports = frozenset({port, *speaker.ports})
        return look(speaker, asking)


def script(*turns: bytes, first: bytes = b"") -> Serve:
    """Say `first`, then after each thing that comes the next turn; then wait for the end."""

    def serve(connection: socket.socket) -> None:
        connection.sendall(first)
        for one in turns:
            if not connection.recv(65536):
                return
            connection.sendall(one)
        while connection.recv(65536):
            pass

    return serve


# HL7

ACK = b"\x0bMSH|^~\\&|X||Y||20261122||ACK|1|P|2.4\rMSA|AR|1\r\x1c\r"
ANSWERED = BANNER | {("plain", "nobody", "answer")}


def test_an_acknowledgement_of_any_kind_is_an_answer() -> None:
    assert visit(HL7Speaker(), script(ACK), usual=False).holes() == ANSWERED


def test_what_is_asked_names_no_patient_and_writes_nothing() -> None:
    came = bytearray()

    def serve(connection: socket.socket) -> None:
        came.extend(connection.recv(65536))
        connection.sendall(ACK)

    visit(HL7Speaker(), serve)
    assert came.count(b"\x0b") == 2
    assert b"|NMQ^N01^NMQ_N01|" in came
    assert not [one for one in (b"PID", b"ADT", b"ORM", b"ORU", b"QRY^A19", b"PRIMUM^") if one in came]


def test_who_takes_a_frame_in_silence_on_a_port_of_hl7_is_seen_and_has_not_answered() -> None:
    found = visit(HL7Speaker(), script())
    assert found.holes() == BANNER
    assert found.said("plain", "nobody", "answer") == [("refused", "no-answer")]


def test_silence_on_any_other_port_is_no_hl7() -> None:
    assert visit(HL7Speaker(), script(), usual=False).service is None


def test_another_greeting_is_no_hl7() -> None:
    assert HL7Speaker().recognise(asking_to(1), b"220 ftp") is None


# databases


def mysql_packet(number: int, body: bytes) -> bytes:
    return len(body).to_bytes(3, "little") + bytes([number]) + body


MYSQL = mysql_packet(0, b"\x0a8.0.36\x00" + bytes(40))
DENIED = b"\xff\x15\x04#28000Access denied for user 'root'"


@pytest.mark.parametrize(
    ("turns", "holes", "code"),
    [
        ([mysql_packet(2, b"\x00\x00\x00\x02\x00\x00\x00")], GUEST, ""),
        ([mysql_packet(2, b"\xfecaching_sha2_password\x00salt"), mysql_packet(4, b"\x00\x00\x00")], GUEST, ""),
        ([mysql_packet(2, DENIED)], BANNER, "1045"),
        ([mysql_packet(2, b"\xfemysql_native_password\x00salt"), mysql_packet(4, DENIED)], BANNER, "1045"),
        ([mysql_packet(2, b"\x01\x04")], BANNER, "password"),
    ],
)
def test_mysql(turns: Sequence[bytes], holes: set[tuple[str, str, str]], code: str) -> None:
    found = visit(MySQLSpeaker(), script(*turns, first=MYSQL))
    assert found.holes() == holes
    assert found.said("plain", "guest", "session") == [("refused" if code else "open", code)]
    assert found.service is not None
    assert found.service.banner == "8.0.36"


def test_a_mysql_that_lets_this_address_not_in_is_seen() -> None:
    said = mysql_packet(0, b"\xff\x6a\x04Host '10.0.0.1' is not allowed to connect to this MySQL server")
    found = visit(MySQLSpeaker(), script(first=said))
    assert found.holes() == BANNER
    assert found.said("plain", "guest", "session") == [("refused", "1130")]


def bson(*elements: bytes) -> bytes:
    body = b"".join(elements)
    return struct.pack("<i", len(body) + 5) + body + b"\x00"


def op_msg(document: bytes) -> bytes:
    body = struct.pack("<IB", 0, 0) + document
    return struct.pack("<iiii", 16 + len(body), 7, 1, 2013) + body


OK = b"\x01ok\x00" + struct.pack("<d", 1.0)
TEXT = b"\x02name\x00" + struct.pack("<i", 7) + b"canary\x00"
LISTED = op_msg(bson(b"\x04databases\x00" + bson(b"\x030\x00" + bson(TEXT), b"\x031\x00" + bson(TEXT)), OK))
UNAUTHORIZED = op_msg(bson(b"\x01ok\x00" + bytes(8), b"\x10code\x00" + struct.pack("<i", 13)))
HELLO = op_msg(bson(b"\x08isWritablePrimary\x00\x01", OK))


def mongo(listed: bytes) -> Serve:
    def serve(connection: socket.socket) -> None:
        while asked := connection.recv(65536):
            connection.sendall(HELLO if b"hello\x00" in asked else listed)

    return serve


def test_mongodb_that_lists_its_databases_to_nobody() -> None:
    found = visit(MongoDBSpeaker(), mongo(LISTED))
    assert found.holes() == SESSION
    assert found.service is not None
    assert found.service.notes == ["mongodb.databases=2"]
    assert "canary" not in repr(found)


def test_mongodb_that_does_not() -> None:
    found = visit(MongoDBSpeaker(), mongo(UNAUTHORIZED))
    assert found.holes() == BANNER
    assert found.said("plain", "nobody", "session") == [("refused", "13")]


@pytest.mark.parametrize("document", [b"\xff\xff\xff\x7f\x03", bson(b"\x03a\x00" * 3), b"\x05\x00\x00\x00\x02"])
def test_mongodb_that_answers_nonsense_is_not_determined(document: bytes) -> None:
    found = visit(MongoDBSpeaker(), mongo(op_msg(document + bytes(30))))
    assert found.holes() == BANNER
    assert [one for one, _ in found.said("plain", "nobody", "session")] in (["undetermined"], ["refused"])


def test_sql_server_tells_its_version() -> None:
    body = struct.pack(">BHHB", 0, 6, 6, 0xFF) + bytes([15, 0]) + struct.pack(">HH", 4375, 0)
    found = visit(SQLServerSpeaker(), script(struct.pack(">BBHHBB", 4, 1, 8 + len(body), 0, 1, 0) + body))
    assert found.holes() == BANNER
    assert found.service is not None
    assert (found.service.product, found.service.banner) == ("SQL Server", "15.0.4375")


def test_an_oracle_listener_refuses_and_is_seen() -> None:
    refusal = struct.pack(">HHBBH", 32, 0, 4, 0, 0) + b"(ERR=1189)".ljust(24)
    assert visit(OracleSpeaker(), script(refusal)).holes() == BANNER


# files


def rpc_reply(call: bytes, results: bytes, status: int = 0) -> bytes:
    body = call[4:8] + struct.pack(">IIIII", 1, 0, 0, 0, status) + results
    return struct.pack(">I", 0x80000000 | len(body)) + body


def xdr(text: bytes) -> bytes:
    return struct.pack(">I", len(text)) + text + bytes(-len(text) % 4)


def nfs(root: int) -> Serve:
    def serve(connection: socket.socket) -> None:
        while call := connection.recv(65536):
            (procedure,) = struct.unpack_from(">I", call, 24)
            connection.sendall(rpc_reply(call, struct.pack(">III", root, 0, 0) if procedure else b""))

    return serve


@pytest.mark.parametrize(("root", "holes"), [(0, SESSION), (13, BANNER), (10016, BANNER)])
def test_nfs_4_gives_its_root_or_not(root: int, holes: set[tuple[str, str, str]]) -> None:
    found = visit(NFSSpeaker(), nfs(root))
    assert found.holes() == holes
    assert found.service is not None
    assert not found.service.undetermined()


@pytest.mark.parametrize("exports", [0, 1, 3])
def test_the_exports_of_mountd_are_counted_through_the_port_mapper(
    exports: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    listed = b"".join(
        struct.pack(">I", 1) + xdr(b"/canary/%d" % one) + struct.pack(">I", 1) + xdr(b"*") + struct.pack(">I", 0)
        for one in range(exports)
    ) + struct.pack(">I", 0)  # fmt: skip

    def mountd(connection: socket.socket) -> None:
        connection.sendall(rpc_reply(connection.recv(65536), listed))

    with listening(mountd) as port:

        def mapper(connection: socket.socket) -> None:
            call = connection.recv(65536)
            connection.sendall(
                rpc_reply(call, struct.pack(">I", port) if struct.unpack_from(">I", call, 24)[0] else b"")
            )

        with listening(mapper) as mapped:
            monkeypatch.setattr("primum.exposure.probe.banners.nfs._PORT_MAPPER", mapped)
            found = look(NFSSpeaker(), asking_to(mapped))
    assert found.holes() == (BANNER | {("plain", "nobody", "list")} if exports else BANNER)
    assert found.service is not None
    assert found.service.notes == [f"nfs.exports={exports}"]
    assert "canary" not in repr(found)


def test_a_server_of_smb1_alone_is_recognised() -> None:
    def serve(connection: socket.socket) -> None:
        asked = connection.recv(65536)
        if asked[4:8] == b"\xffSMB":
            answer = b"\xffSMB\x72" + bytes(27) + b"\x11" + bytes(34)
            connection.sendall(struct.pack(">I", len(answer)) + answer)

    found = visit(SMBSpeaker(), serve)
    assert found.holes() == BANNER
    assert found.service is not None
    assert found.service.notes == ["smb.smb1-only"]


# desktops


@pytest.mark.parametrize(
    ("greeting", "turns", "holes"),
    [
        (b"RFB 003.008\n", [b"\x02\x02\x01", bytes(4)], SESSION),
        (b"RFB 003.008\n", [b"\x01\x02"], BANNER),
        (b"RFB 003.008\n", [b"\x00\x00\x00\x00\x04none"], BANNER),
        (b"RFB 003.007\n", [b"\x01\x01"], SESSION),
        (b"RFB 003.003\n", [b"\x00\x00\x00\x01"], SESSION),
        (b"RFB 003.003\n", [b"\x00\x00\x00\x02"], BANNER),
        (b"RFB 003.008\n", [b"\x01\x01", b"\x00\x00\x00\x01"], BANNER),
    ],
)
def test_vnc(greeting: bytes, turns: Sequence[bytes], holes: set[tuple[str, str, str]]) -> None:
    assert visit(VNCSpeaker(), script(*turns, first=greeting)).holes() == holes


@pytest.mark.parametrize(
    ("more", "note"),
    [
        (struct.pack("<BBHI", 3, 0, 8, 5), "rdp.nla"),
        (struct.pack("<BBHI", 3, 0, 8, 1), "rdp.tls-without-nla"),
        (struct.pack("<BBHI", 2, 0, 8, 0), "rdp.no-nla"),
        (b"", "rdp.no-nla"),
    ],
)
def test_remote_desktop_with_and_without_nla(more: bytes, note: str) -> None:
    answer = struct.pack(">BBHBBHHB", 3, 0, 11 + len(more), 6 + len(more), 0xD0, 0, 0, 0) + more
    found = visit(RDPSpeaker(), script(answer))
    assert found.holes() == BANNER
    assert found.service is not None
    assert found.service.notes == [note]


@pytest.mark.parametrize(
    ("answer", "holes"),
    [(struct.pack("<BBHHH", 1, 0, 11, 0, 0), SESSION), (struct.pack("<BBHHH", 0, 5, 11, 0, 2) + b"No..", BANNER)],
)
def test_x11(answer: bytes, holes: set[tuple[str, str, str]]) -> None:
    assert visit(X11Speaker(), script(answer)).holes() == holes


def test_teamviewer_by_its_greeting() -> None:
    assert visit(SupportSpeaker(), script(first=b"\x17\x24\x0a\x20\x00\x00")).holes() == BANNER


# consoles


def test_ssh_is_seen_and_no_session_is_tried() -> None:
    found = visit(SSHSpeaker(), script(first=b"SSH-2.0-OpenSSH_9.2p1 Debian-2\r\n"))
    assert found.holes() == BANNER
    assert len(found.log) == 1


def test_a_greeting_that_was_heard_already_needs_no_connection() -> None:
    log: list[object] = []
    service = SSHSpeaker().recognise(asking_to(1, log=log), b"SSH-2.0-x\r\n")  # type: ignore[arg-type]
    assert service is not None
    assert log == []


WILL_ECHO_DO_TYPE = b"\xff\xfb\x01\xff\xfd\x18"


@pytest.mark.parametrize(
    ("first", "turns", "holes", "code"),
    [
        (WILL_ECHO_DO_TYPE, [b"BusyBox v1\r\n/ # "], SESSION, ""),
        (WILL_ECHO_DO_TYPE, [b"\xff\xfa\x18\x01\xff\xf0camera login: "], BANNER, "sign-in"),
        (WILL_ECHO_DO_TYPE, [b"Password:"], BANNER, "sign-in"),
        (b"router> ", [], SESSION, ""),
        (b"Username: ", [], BANNER, "sign-in"),
        (WILL_ECHO_DO_TYPE, [b"goodbye"], BANNER, "no-prompt"),
    ],
)
def test_telnet(first: bytes, turns: Sequence[bytes], holes: set[tuple[str, str, str]], code: str) -> None:
    found = visit(TelnetSpeaker(), script(*turns, first=first))
    assert found.holes() == holes
    assert found.said("plain", "nobody", "session") == [("refused" if code else "open", code)]


# bad company

ALL = speakers()


def endless(connection: socket.socket) -> None:
    connection.recv(1024)
    while True:
        connection.sendall(b"A" * 65536)


@pytest.mark.parametrize("speaker", speakers(), ids=lambda one: type(one).__name__)
@pytest.mark.parametrize("serve", [saying([]), saying([b"\xff" * 600]), saying([bytes(600)]), endless])
def test_who_speaks_nothing_of_it_is_not_recognised_on_any_port(speaker: Speaker, serve: Serve) -> None:
    """Nor does it take long, or raise anything but what says so."""
    with listening(serve) as port:
        try:
            service = speaker.recognise(asking_to(port, limits=QUICK), b"")
        except Unanswered:
            return
    assert service is None


@pytest.mark.parametrize("speaker", speakers(), ids=lambda one: type(one).__name__)
def test_an_http_server_is_nobody_of_these(speaker: Speaker) -> None:
    with listening(saying([b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n"])) as port:
        try:
            assert speaker.recognise(asking_to(port, limits=QUICK), b"") is None
        except Unanswered:
            return


def test_a_banner_is_bounded_and_printable() -> None:
    said = b"SSH-2.0-" + bytes(range(256)) * 2 + b"\r\n"
    service = SSHSpeaker().recognise(asking_to(1), said)
    assert service is not None
    assert len(service.banner) <= Limits().shown_characters
    assert service.banner.isprintable()


def test_every_family_but_dicom_and_web_has_a_speaker() -> None:
    assert {one.family for one in ALL} == set(Family) - {Family.DICOM, Family.WEB, Family.UNKNOWN}
