"""What a port's TLS is like, asked with hellos of our own; what OpenSSL no longer speaks is found too."""

from __future__ import annotations

import socket
import ssl
import struct
import threading
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path

import pytest
from tests.programs import accepts, find_program, free_port, started, wait_until
from tests.unit.exposure.probe.dicom.company import hang, listener, says
from tests.unit.exposure.probe.kit import QUICK, asking, make_certificate, make_dialler, told

from primum.exposure.probe.dialling import Purpose
from primum.exposure.probe.dicom.speaker import DicomSpeaker
from primum.exposure.probe.model import Family, Mode, Service
from primum.exposure.probe.tls.hello import SSL30, TLS10, TLS12, TLS13
from primum.exposure.probe.tls.sight import TlsSight, look
from primum.exposure.probe.tls.suites import BY_NUMBER

ANONYMOUS = "TLS_ECDH_anon_WITH_AES_128_CBC_SHA"


@pytest.fixture(scope="module")
def certificate(tmp_path_factory) -> Path:
    return make_certificate(tmp_path_factory.mktemp("tls") / "a.pem")


@contextmanager
def serving(context: ssl.SSLContext):
    """A TLS server of this Python that shakes hands and hangs up."""

    def conduct(connection: socket.socket) -> None:
        with suppress(OSError), context.wrap_socket(connection.dup(), server_side=True) as side:
            side.recv(1)

    with listener(conduct) as port:
        yield port


@contextmanager
def speaking_by_script(version: int, suites: set[int]):
    """A server that chooses one of these suites, in this version, and says no more than a ServerHello and its end."""

    def conduct(connection: socket.socket) -> None:
        hello = connection.recv(16_384)
        wanted = int.from_bytes(hello[9:11], "big")
        at = 44 + hello[43]
        length = int.from_bytes(hello[at : at + 2], "big")
        offered = struct.unpack_from(f">{length // 2}H", hello, at + 2)
        chosen = next((one for one in offered if one in suites), None)
        if chosen is None or wanted != version:
            connection.sendall(b"\x15\x03\x00\x00\x02\x02\x28")
            return
        body = version.to_bytes(2, "big") + bytes(32) + b"\0" + chosen.to_bytes(2, "big") + b"\0"
        flight = b"\x02" + len(body).to_bytes(3, "big") + body + b"\x0e\0\0\0"
        # two records, cut where it hurts
        for part in (flight[:3], flight[3:]):
            connection.sendall(b"\x16" + version.to_bytes(2, "big") + len(part).to_bytes(2, "big") + part)

    with listener(conduct) as port:
        yield port


def seen(port: int, log: list[Purpose] | None = None) -> TlsSight:
    found = look(asking(port, make_dialler(limits=QUICK, log=log)))
    assert found is not None
    return found


@pytest.mark.parametrize(
    ("version", "suites", "weak"),
    [
        (TLS12, {0x000A}, ("3des",)),
        (TLS10, {0x000A, 0x0005}, ("TLSv1.0", "3des", "rc4")),
        (SSL30, {0x0003, 0x0009}, ("SSLv3", "export", "des", "rc4")),
        (TLS12, {0x003B, 0xC018}, ("anonymous", "null")),
    ],
)
def test_what_openssl_no_longer_speaks_is_found(version, suites, weak):
    with speaking_by_script(version, suites) as port:
        found = seen(port)
    assert found.versions == [version]
    assert {one.number for one in found.suites} == suites
    grade = found.graded(datetime.now(UTC))
    assert set(grade.weak) == set(weak)
    assert grade.profile == ""
    assert not found.undetermined


def test_a_port_that_speaks_only_what_we_do_not_has_not_refused():
    with speaking_by_script(TLS12, {0x000A}) as port:
        ask = asking(port, make_dialler(limits=QUICK))
        service = Service(ask.address, port, Family.DICOM)
        DicomSpeaker().climb(ask, service)
    assert told(service, Mode.TLS) == [("nobody", "connect", "undetermined", "tls-too-old")]
    assert service.tls["grade"]["weak"] == ["3des"]
    assert service.undetermined()


def test_a_door_that_keeps_the_profile_is_graded_so_and_its_certificate_is_read(certificate):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.set_ciphers("ECDHE+AESGCM:ECDHE+CHACHA20")
    log: list[Purpose] = []
    with serving(context) as port:
        found = seen(port, log)
    assert found.versions == [TLS13, TLS12]
    assert {one.name for one in found.suites if one.exchange != "any"} == {
        "TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256",
        "TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384",
        "TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256",
    }
    assert sum(one.exchange == "any" for one in found.suites) == 3
    grade = found.graded(datetime.now(UTC))
    assert (grade.profile, grade.weak, grade.advised_against) == ("B.12", (), ())
    assert grade.lacking["B.13"] == ("without:TLS_AES_128_CCM_SHA256", "without:TLS_AES_128_CCM_8_SHA256")
    assert found.certificate is not None
    assert (found.certificate.key, found.certificate.key_bits) == ("ec", 256)
    assert found.certificate.signature == "ecdsa-sha256"
    assert found.certificate.self_signed
    assert found.certificate.names == ("fixture.invalid",)
    assert found.asks_for_certificate is False
    assert {line.rung for line in log} == {"connect"}


def test_the_certificate_that_tls_13_enciphers_is_read_too(certificate):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    context.minimum_version = ssl.TLSVersion.TLSv1_3
    with serving(context) as port:
        found = seen(port)
    assert found.versions == [TLS13]
    assert found.certificate is not None
    assert found.asks_for_certificate is None
    assert found.graded(datetime.now(UTC)).lacking["B.12"] == ("without:TLSv1.2",)


def test_a_certificate_of_a_thousand_names_is_counted_and_twenty_are_kept(tmp_path):
    names = tuple(f"host-{number}.very-long-name-of-a-practice.invalid" for number in range(1000))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(make_certificate(tmp_path / "many.pem", names=names, days=-10))
    with serving(context) as port:
        found = seen(port)
    assert found.certificate is not None
    assert (len(found.certificate.names), found.certificate.name_count) == (20, 1000)
    assert "expired" in found.graded(datetime.now(UTC)).weak


@pytest.mark.programs("openssl")
@pytest.mark.parametrize(
    ("arguments", "versions", "suites", "weak"),
    [
        (["-tls1_2", "-cipher", "NULL-SHA256:@SECLEVEL=0"], [TLS12], {"TLS_RSA_WITH_NULL_SHA256"}, {"null"}),
        (["-tls1", "-cipher", "AES128-SHA:@SECLEVEL=0"], [TLS10], {"TLS_RSA_WITH_AES_128_CBC_SHA"}, {"TLSv1.0"}),
        (
            ["-tls1_2", "-cipher", "AECDH-AES128-SHA:@SECLEVEL=0"],
            [TLS12],
            {"TLS_ECDH_anon_WITH_AES_128_CBC_SHA"},
            {"anonymous"},
        ),
    ],
)
def test_openssl_opened_on_purpose_is_seen_as_it_is(tmp_path, arguments, versions, suites, weak):
    key, port = tmp_path / "k.pem", free_port()
    openssl = str(find_program("openssl"))
    make = ["req", "-x509", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=weak.invalid", "-days", "2"]
    with started([openssl, *make, "-keyout", str(key), "-out", str(tmp_path / "c.pem")], tmp_path / "made") as made:
        assert made.wait(20) == 0
    command = [
        openssl,
        "s_server",
        "-quiet",
        "-accept",
        f"127.0.0.1:{port}",
        "-key",
        str(key),
        "-cert",
        str(tmp_path / "c.pem"),
    ]
    with started([*command, *arguments], tmp_path / "log") as process:
        wait_until(lambda: accepts(port), seconds=20, running=process)
        found = seen(port)
    assert found.versions == versions
    assert {one.name for one in found.suites} == suites
    assert set(found.graded(datetime.now(UTC)).weak) == weak


@pytest.mark.parametrize(
    "conduct",
    [
        says(b"HTTP/1.1 400 Bad Request\r\n\r\n"),
        says(b""),
        says(b"\x07\x00\x00\x00\x00\x04\x00\x00\x02\x01"),
        hang,
        says(b"\x16\x03\x03\xff\xff" + bytes(70_000), then_hang=True),
        says(b"\x16\x03\x03\x40\x00\x02\xff\xff\xff" + bytes(16_381)),
    ],
    ids=["http", "nothing", "an abort of DICOM", "hangs", "a record too long", "a message too long"],
)
def test_what_is_no_tls_is_not_taken_for_it(conduct):
    with listener(conduct) as port:
        assert look(asking(port, make_dialler(limits=QUICK))) is None


def test_each_suite_stands_once_in_the_table():
    names = [one.name for one in BY_NUMBER.values()]
    assert len(names) == len(set(names)) == 82


def test_a_server_is_not_asked_for_ever():
    """One that grants whatever is asked is asked as often as there are suites, or until its time is up."""
    turns = threading.Semaphore(0)

    def everything(connection: socket.socket) -> None:
        turns.release()
        hello = connection.recv(16_384)
        at = 44 + hello[43]
        body = hello[9:11] + bytes(32) + b"\0" + hello[at + 2 : at + 4] + b"\0"
        flight = b"\x02" + len(body).to_bytes(3, "big") + body + b"\x0e\0\0\0"
        connection.sendall(b"\x16\x03\x03" + len(flight).to_bytes(2, "big") + flight)

    with listener(everything) as port:
        found = seen(port)
    asked = 0
    while turns.acquire(blocking=False):
        asked += 1
    assert len(found.suites) <= len(BY_NUMBER)
    assert asked <= len(BY_NUMBER) + 8
