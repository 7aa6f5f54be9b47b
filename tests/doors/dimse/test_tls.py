"""Mutual TLS with the house's own certificates: who gets in, who does not, and what the journal says of them."""

import json
import os
import socket
import ssl
import subprocess
import threading
import time
from contextlib import ExitStack, contextmanager
from datetime import timedelta
from pathlib import Path

import pynetdicom
import pytest
from pynetdicom import AE
from tests.doors.dimse.caller import Caller
from tests.doors.dimse.instances import CT, associate, encoded, instance, message, store_command, with_meta
from tests.programs import wait_until
from tests.unit.identity.devices_home import CTL, PER, make_house

from primum.doors.dimse import Limits
from primum.identity.tls import door_tls_context, handshake_refusal
from primum.journal import Refusals

DATA = encoded(instance())
ENV = {key: value for key, value in os.environ.items() if key != "TCP_NODELAY"}


@pytest.fixture(scope="module")
def practice(tmp_path_factory):
    """Certificates and enrolled devices, as `primum device add` makes them."""
    folder = tmp_path_factory.mktemp("practice")
    practice = make_house(folder)
    practice.packs = {
        name: practice.devices.add(PER, name, aet, may, CTL)
        for name, aet, may in (
            ("ct", "CT1", {"store"}),
            ("mr", "MR1", {"store"}),
            ("nothing", "NOTHING", set()),
            ("gone", "GONE", {"store"}),
        )
    }
    practice.devices.revoke(PER, "gone")
    return practice


@contextmanager
def secured(house, practice, **changes):
    """The door with its TLS listener; gives the port."""
    context = door_tls_context(practice.certificates.door_bundle("dicom"), "bcp195")
    services = {
        "tls": context, "devices": practice.directory(), "plain_port": 0, "port": 0,
        "handshake_refusal": handshake_refusal, "refusals": Refusals(house.journal),
    }  # fmt: skip
    with house.open(**(services | changes)) as port:
        yield port


def files_of(pack, folder):
    folder.mkdir(exist_ok=True)
    for name, data in (("key.pem", pack.key_pem), ("certificate.pem", pack.certificate_pem), ("ca.pem", pack.ca_pem)):
        (folder / name).write_bytes(data)
    return folder


def storescu(folder, aet, port, *options, security=None):
    with_meta(instance()).save_as(folder / "one.dcm", enforce_file_format=True)
    security = security or ["+tls", folder / "key.pem", folder / "certificate.pem", "+cf", folder / "ca.pem"]
    command = ["storescu", *security, "-aet", aet, "-aec", "PRIMUM", *options, "127.0.0.1", port, folder / "one.dcm"]
    return subprocess.run(
        [str(one) for one in command], capture_output=True, text=True, timeout=60, check=False, env=ENV
    )


@pytest.mark.programs("storescu")
def test_an_enrolled_device_stores(house, practice, tmp_path):
    with secured(house, practice) as port:
        done = storescu(files_of(practice.packs["ct"], tmp_path / "ct"), "CT1", port)
        assert done.returncode == 0, done.stderr
    assert house.stored() == [DATA]
    opened = next(fact for fact in house.facts() if fact["kind"] == "device:association:opened")
    assert opened["actor"] == practice.devices.find("ct").id
    assert opened["details"]["tls"].startswith("tlsv1.")


@pytest.mark.programs("storescu")
@pytest.mark.parametrize(
    "case", [("ct", "MR1", "device.title-mismatch"), ("gone", "GONE", "device.revoked"),
             ("nothing", "NOTHING", "dimse.not-permitted")],
    ids=lambda case: case[2],
)  # fmt: skip
def test_an_enrolled_device_that_may_not_is_refused_under_its_name(house, practice, tmp_path, case):
    pack, aet, reason = case
    with secured(house, practice) as port:
        assert storescu(files_of(practice.packs[pack], tmp_path / pack), aet, port).returncode != 0
    assert house.stored() == []
    [fact] = [fact for fact in house.facts() if fact["kind"] == "device:association:refused"]
    assert fact["details"]["reason"] == reason
    assert fact["actor"] == practice.devices.find(pack).id


FOREIGN = Path(pynetdicom.__file__).parent / "tests" / "cert_files"


def strangers(house):
    facts = [fact for fact in house.facts() if fact["kind"] == "stranger:association:refused"]
    assert {fact["actor"] for fact in facts} <= {"stranger"}
    return {fact["details"]["reason"] for fact in facts}


@pytest.mark.programs("storescu")
def test_without_a_certificate_nobody_gets_in(house, practice, tmp_path):
    ct = files_of(practice.packs["ct"], tmp_path / "ct")
    with secured(house, practice) as port:
        assert storescu(ct, "CT1", port, security=["+tla", "+cf", ct / "ca.pem"]).returncode != 0
    assert strangers(house) == {"device.no-certificate"}
    assert house.stored() == []


@pytest.mark.programs("storescu")
def test_without_tls_nobody_gets_in(house, practice, tmp_path):
    ct = files_of(practice.packs["ct"], tmp_path / "ct")
    with secured(house, practice) as port:
        assert storescu(ct, "CT1", port, security=["-ll", "fatal"]).returncode != 0
    assert len(strangers(house)) == 1
    assert strangers(house).pop().startswith("tls.")


@pytest.mark.programs("storescu")
def test_a_certificate_of_another_authority_does_not_get_in(house, practice, tmp_path):
    ct = files_of(practice.packs["ct"], tmp_path / "ct")
    theirs = ["+tls", FOREIGN / "client.key", FOREIGN / "client.crt", "+cf", ct / "ca.pem"]
    with secured(house, practice) as port:
        assert storescu(ct, "CT1", port, security=theirs).returncode != 0
    assert strangers(house) == {"device.foreign-certificate"}


def test_our_own_web_certificate_does_not_get_in(house, practice, tmp_path):
    ct = files_of(practice.packs["ct"], tmp_path / "ct")
    [chain] = json.loads(practice.certificates.door_bundle("web"))["chains"]
    (tmp_path / "web.pem").write_text(chain)
    with secured(house, practice) as port, client(port, ct, tmp_path / "web.pem") as caller:
        caller.say_until_hung_up(associate(calling="CT1"), 10, pause=0.05)
    assert strangers(house) <= {"device.foreign-certificate", "device.not-a-device"}
    assert len(strangers(house)) == 1


def test_a_certificate_of_ours_that_was_never_enrolled_is_a_stranger(house, practice, tmp_path):
    """The chain verifies; the fingerprint is not written down; the right title does not help."""
    files_of(practice.packs["ct"], tmp_path / "ct")
    (tmp_path / "empty").mkdir()
    empty = make_house(tmp_path / "empty")
    empty.devices.publish()
    with secured(house, practice, devices=empty.directory()) as port, tls_caller(port, tmp_path / "ct") as caller:
        caller.say(associate((1, CT, ("1.2.840.10008.1.2.1",)), calling="CT1"))
        assert caller.hear() == (3, bytes((0, 1, 1, 3)))
    assert strangers(house) == {"device.unknown"}


@contextmanager
def client(port, folder, certificate, key=None):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.load_verify_locations(folder / "ca.pem")
    context.load_cert_chain(certificate, key)
    with Caller(port) as caller:
        caller.socket = context.wrap_socket(caller.socket)
        yield caller


def tls_caller(port, folder):
    return client(port, folder, folder / "certificate.pem", folder / "key.pem")


def test_a_renewed_device_goes_on_with_its_old_certificate_until_its_end(house, practice, tmp_path):
    files_of(practice.packs["mr"], tmp_path / "mr")
    practice.devices.renew(PER, "mr")
    directory = practice.directory()
    with secured(house, practice, devices=directory) as port:
        with tls_caller(port, tmp_path / "mr") as caller:
            caller.associated(associate(calling="MR1"))
        practice.clock.advance(timedelta(days=31))
        try:
            with tls_caller(port, tmp_path / "mr") as caller:
                caller.say(associate(calling="MR1"))
                assert caller.hear() == (3, bytes((0, 1, 1, 3)))
        finally:
            practice.clock.advance(-timedelta(days=31))


def test_large_instances_and_small_records_over_tls(house, practice, tmp_path):
    files_of(practice.packs["ct"], tmp_path / "ct")
    big = encoded(instance(pixels=os.urandom(9 << 20)))
    with secured(house, practice) as port, tls_caller(port, tmp_path / "ct") as caller:
        caller.associated(associate(calling="CT1"))
        caller.say(message(1, store_command(), big, size=100_000))
        assert caller.status() == 0
    assert house.stored() == [big]


def test_pynetdicom_stores_over_tls(house, practice, tmp_path):
    folder = files_of(practice.packs["ct"], tmp_path / "ct")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.load_verify_locations(folder / "ca.pem")
    context.load_cert_chain(folder / "certificate.pem", folder / "key.pem")
    ae = AE("CT1")
    ae.add_requested_context(CT, "1.2.840.10008.1.2.1")
    with secured(house, practice) as port:
        association = ae.associate("127.0.0.1", port, ae_title="PRIMUM", tls_args=(context, None))
        assert association.is_established
        assert association.send_c_store(with_meta(instance())).Status == 0
        association.release()


def test_a_handshake_that_never_ends_is_cut(house, practice):
    limits = Limits(handshake_seconds=0.5)
    with secured(house, practice, limits=limits) as port, socket.create_connection(("127.0.0.1", port), 20) as caller:
        caller.sendall(b"\x16\x03\x01\x02\x00")
        threading.Event().wait(0.2)
        assert caller.recv(100) in {b"", b"\x15\x03\x01\x00\x02\x02\x32"}
    assert strangers(house) == {"tls.timeout"}


def test_a_handshake_that_does_not_end_does_not_hold_up_the_end(house, practice):
    with ExitStack() as stack:
        with secured(house, practice) as port:
            caller = stack.enter_context(socket.create_connection(("127.0.0.1", port), 20))
            caller.sendall(b"\x16\x03\x01\x02\x00")
            wait_until(lambda: "association" in {one.name for one in threading.enumerate()}, seconds=10)
            began = time.monotonic()
        assert time.monotonic() - began < Limits().handshake_seconds / 2
    assert strangers(house) == set()


@pytest.mark.programs("storescu")
def test_a_modality_gets_in_whoever_else_keeps_all_places_with_handshakes_that_do_not_end(house, practice, tmp_path):
    limits = Limits(half_open=8, half_open_per_address=4)
    with secured(house, practice, limits=limits) as port, ExitStack() as stack:
        silent = []
        for number in range(40):
            one = stack.enter_context(socket.socket())
            one.settimeout(5)
            one.bind((f"127.0.0.{2 + number % 5}", 0))
            one.connect(("127.0.0.1", port))
            if number % 2:
                one.sendall(b"\x16\x03\x01\x02\x00\x01")
            silent.append(one)
        done = storescu(files_of(practice.packs["ct"], tmp_path / "ct"), "CT1", port)
        assert done.returncode == 0, done.stderr
    assert house.stored() == [DATA]
    crowded = [one for one in house.facts() if one["details"].get("reason") == "dimse.crowded"]
    assert sum(one["details"]["count"] for one in crowded) >= 32
