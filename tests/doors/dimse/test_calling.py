"""Whom we call and whom we believe; what a hostile destination can do: nothing but be given up."""

import socket
import ssl
import threading
import time
from contextlib import contextmanager

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import serialization
from tests.doors.dimse.instances import ABORT, CT, pdu
from tests.doors.dimse.library import EXPLICIT
from tests.unit.identity.devices_home import make_house

from primum.doors.dimse import Dialler, Limits
from primum.doors.dimse.call_refusals import (
    AssociationRejected,
    OurCertificateRefused,
    PeerAborted,
    PeerReleased,
    TheirCertificateRefused,
)
from primum.doors.dimse.pdu import Proposed
from primum.doors.dimse.refusals import ConnectionEnded, InvalidPdu, TooSlow
from primum.doors.dimse.requests import request
from primum.ground.outbound import BeyondLoopback, Unreachable
from primum.identity.authority import Identity, Usage, host_names, issue, make_ec_key, make_root
from primum.identity.device_model import Address, Destination
from primum.identity.their_certificate import make_address
from primum.identity.tls import caller_chain

CONTEXTS = (Proposed(1, CT, (EXPLICIT,)),)
SHORT = Limits(
    artim_seconds=0.3, tick_seconds=0.1, connect_seconds=1, handshake_seconds=1, answer_seconds=0.3, send_seconds=1
)


def destination(address: Address, *, loopback_only: bool = False) -> Destination:
    return Destination("dev_" + "a" * 26, "shelf", "SHELF", frozenset(), "ctl_" + "a" * 26, address, loopback_only)


def item(kind: int, body: bytes) -> bytes:
    return kind.to_bytes(1, "big") + b"\0" + len(body).to_bytes(2, "big") + body


ACCEPT = pdu(
    2,
    b"\0\1\0\0" + bytes(64) + item(0x21, b"\1\0\0\0" + item(0x40, EXPLICIT.encode()))
    + item(0x50, item(0x51, (16384).to_bytes(4, "big"))),
)  # fmt: skip


@contextmanager
def peer(*said: bytes, context: ssl.SSLContext | None = None, hold: bool = True):
    """Somebody who says these bytes to whoever connects, whatever it hears, and then waits or hangs up."""
    with socket.create_server(("127.0.0.1", 0)) as server:

        def serve() -> None:
            try:
                connection, _ = server.accept()
                with connection, context.wrap_socket(connection, server_side=True) if context else connection as line:
                    line.recv(65536)
                    for one in said:
                        line.sendall(one)
                    line.settimeout(5)
                    while hold and line.recv(65536):
                        pass
            except OSError:
                pass

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        yield server.getsockname()[1]
        server.close()
        thread.join(10)


def call(port: int, limits: Limits = SHORT, **address):
    return Dialler("PRIMUM", b"", "bcp195", limits).open(destination(Address("127.0.0.1", port, **address)), CONTEXTS)


@pytest.mark.parametrize(
    ("said", "refusal"),
    [
        ([pdu(3, b"\0\1\1\7")], AssociationRejected),
        ([ABORT], PeerAborted),
        ([b"HTTP/1.1 400 Bad Request\r\n\r\n"], InvalidPdu),
        ([pdu(2, b"")], InvalidPdu),
        ([pdu(4, b"\0\0\0\2\1\3")], InvalidPdu),
        ([b"\2\0\xff\xff\xff\xff"], InvalidPdu),
        ([ACCEPT.replace(b"\1\0\0\0\x40", b"\3\0\0\0\x40")], InvalidPdu),
        ([], TooSlow),
        ([ACCEPT[:20]], TooSlow),
    ],
    ids=["rejected", "aborted", "http", "short", "data", "4 GB", "a context that was not proposed", "silent", "half"],
)
def test_whatever_a_destination_answers_it_ends_within_its_time(said, refusal):
    begun = time.monotonic()
    with peer(*said) as port, pytest.raises(refusal):
        call(port)
    assert time.monotonic() - begun < 5


def test_a_destination_that_hangs_up_or_is_not_there():
    with peer(hold=False) as port, pytest.raises(ConnectionEnded):
        call(port)
    with pytest.raises(Unreachable):
        call(port)


@pytest.mark.parametrize(
    ("said", "refusal"), [(pdu(5, bytes(4)), PeerReleased), (ABORT, PeerAborted), (b"", TooSlow), (ACCEPT, InvalidPdu)]
)
def test_whatever_a_destination_does_instead_of_responding_ends_the_call(said, refusal):
    with peer(ACCEPT, said) as port, call(port) as association:
        association.send(1, request(0x0030, 1, "1.2.840.10008.1.1", has_data_set=False))
        with pytest.raises(refusal):
            association.response_to(1, time.monotonic() + 0.3)


def test_a_destination_that_stops_reading_is_cut():
    limits = Limits(send_seconds=1, grace_seconds=0.5, tick_seconds=0.1, artim_seconds=1)
    stop = threading.Event()
    with socket.create_server(("127.0.0.1", 0)) as server:

        def serve() -> None:
            connection, _ = server.accept()
            with connection:
                connection.recv(65536)
                connection.sendall(ACCEPT)
                stop.wait(20)

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        association = call(server.getsockname()[1], limits)
        begun = time.monotonic()
        with pytest.raises((ConnectionEnded, TooSlow)):
            association.send(1, b"", (bytes(1 << 20) for _ in range(64)))
        assert time.monotonic() - begun < 5
        stop.set()
        association.abort()
        thread.join(10)


# who is believed


class Site:
    """Our certificates, and those of a destination."""

    def __init__(self, folder) -> None:
        self.house = make_house(folder)
        self.now = self.house.clock.now()
        self.root = make_root(make_ec_key(), "their root", Usage.SERVER, self.now)
        self.named = self.leaf(self.root, ["127.0.0.1", "localhost"])
        self.folder = folder

    def leaf(self, root: Identity, hosts: list[str]) -> Identity:
        key = make_ec_key()
        made = issue(
            root, key.public_key(), "their door", Usage.SERVER, alternative=host_names(hosts), now=self.now,
            span=self.now - self.now.replace(year=self.now.year - 1),
        )  # fmt: skip
        return Identity(key, made)

    def server(self, shown: Identity, *, trusts: bytes | None = None) -> ssl.SSLContext:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        file = self.folder / f"{shown.certificate.serial_number}.pem"
        file.write_bytes(shown.pem())
        context.load_cert_chain(file)
        context.verify_mode = ssl.CERT_REQUIRED
        context.load_verify_locations(cadata=(trusts or self.house.certificates.caller_ca_pem()).decode())
        return context

    def call(self, port: int, theirs: Identity, host: str = "127.0.0.1"):
        chain = caller_chain(self.house.certificates.caller_bundle())
        address = make_address(host, port, theirs.certificate_pem().decode())
        return Dialler("PRIMUM", chain, "bcp195", SHORT).open(destination(address), CONTEXTS)


@pytest.fixture
def site(tmp_path):
    return Site(tmp_path)


def test_a_pinned_certificate_is_believed_whatever_its_names(site):
    other_name = site.leaf(site.root, ["elsewhere.example"])
    with peer(ACCEPT, context=site.server(other_name)) as port, site.call(port, other_name) as association:
        assert [one.abstract_syntax for one in association.contexts.values()] == [CT]


def test_an_authority_is_believed_for_the_host_s_own_name_alone(site):
    with peer(ACCEPT, context=site.server(site.named)) as port, site.call(port, site.root) as association:
        assert association.contexts
    other_name = site.leaf(site.root, ["elsewhere.example"])
    with peer(ACCEPT, context=site.server(other_name)) as port, pytest.raises(TheirCertificateRefused):
        site.call(port, site.root)


def test_another_certificate_than_the_one_that_was_given_is_refused(site):
    foreign_root = make_root(make_ec_key(), "their root", Usage.SERVER, site.now)
    for shown in (site.leaf(site.root, ["127.0.0.1"]), site.leaf(foreign_root, ["127.0.0.1"])):
        with peer(ACCEPT, context=site.server(shown)) as port, pytest.raises(TheirCertificateRefused):
            site.call(port, site.named)


def test_we_show_a_certificate_that_is_for_calling_and_nothing_else(site):
    leaf = x509.load_pem_x509_certificate(
        caller_chain(site.house.certificates.caller_bundle()).split(b"KEY-----\n")[-1]
    )
    usages = leaf.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value
    assert [one._name for one in usages] == ["clientAuth"]
    strict = site.server(site.named, trusts=site.root.certificate_pem())
    with peer(ACCEPT, context=strict) as port, pytest.raises((OurCertificateRefused, ConnectionEnded)):
        site.call(port, site.named)


def test_a_destination_that_speaks_no_tls_is_refused(site):
    with peer(b"hello") as port, pytest.raises(OurCertificateRefused):
        site.call(port, site.named)


@pytest.mark.parametrize(
    ("address", "loopback_only"), [(Address("192.0.2.1", 104), False), (Address("192.0.2.1", 104, "pem"), True)]
)
def test_in_clear_and_in_a_demo_home_other_machines_are_not_called(address, loopback_only):
    with pytest.raises(BeyondLoopback):
        Dialler("PRIMUM", b"", "bcp195", SHORT).open(destination(address, loopback_only=loopback_only), CONTEXTS)


def test_the_key_of_our_calls_opens_as_pem(site):
    chain = caller_chain(site.house.certificates.caller_bundle())
    assert serialization.load_pem_private_key(chain, None).key_size == 3072
