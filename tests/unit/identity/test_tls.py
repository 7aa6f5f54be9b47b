"""The doors' TLS, tried with DCMTK: what each profile accepts, and who is turned away at the handshake."""

from __future__ import annotations

import contextlib
import os
import socket
import ssl
import subprocess
import sys
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives import serialization
from tests.twins.scanner import Ran, Scanner
from tests.unit.identity.devices_home import CTL, PER, House, key_of, make_house, sign_request

from primum.identity import tls
from primum.identity.authority import Identity, Usage, fingerprint, host_names, issue, make_root, make_rsa_key
from primum.identity.device_model import DeviceRevoked, DeviceUnknown
from primum.identity.pack import DevicePack

PROFILES = sorted(tls.SUITES)


@dataclass
class Seen:
    """What the acceptor saw of one caller."""

    version: str | None = None
    suite: str = ""
    leaf: bytes = b""
    first: bytes = b""
    refusal: str = ""


@dataclass
class Acceptor:
    """A door that shakes hands, reads the first byte and hangs up."""

    context: ssl.SSLContext
    seen: list[Seen] = field(default_factory=list)

    @contextlib.contextmanager
    def open(self) -> Iterator[int]:
        with socket.create_server(("127.0.0.1", 0)) as listener:
            thread = threading.Thread(target=self._serve, args=(listener,))
            thread.start()
            yield listener.getsockname()[1]
            thread.join(30)

    def _serve(self, listener: socket.socket) -> None:
        raw, _ = listener.accept()
        raw.settimeout(20)
        try:
            with self.context.wrap_socket(raw, server_side=True) as caller:
                suite = caller.cipher()
                assert suite is not None
                leaf = caller.getpeercert(binary_form=True)
                assert leaf is not None
                self.seen.append(Seen(caller.version(), suite[0], leaf, caller.recv(1)))
        except OSError as error:
            self.seen.append(Seen(refusal=tls.handshake_refusal(error)))
        finally:
            raw.close()


@dataclass
class Site:
    """A house with one device that was given its key, and one that kept its own."""

    house: House
    rsa: DevicePack
    own: DevicePack
    own_key: bytes
    folder: Path

    def context(self, profile: str = "bcp195") -> ssl.SSLContext:
        return tls.door_tls_context(self.house.certificates.door_bundle("dicom"), profile)

    def call(
        self, context: ssl.SSLContext, *options: str, identity: tuple[bytes, bytes] | None = None,
        anonymous: bool = False, plain: bool = False,
    ) -> tuple[Seen, Ran]:  # fmt: skip
        acceptor = Acceptor(context)
        with acceptor.open() as port:
            scanner = Scanner(self.rsa, self.folder, port, identity=identity, anonymous=anonymous, plain=plain)
            ran = scanner.echo(options=options)
        [seen] = acceptor.seen
        return seen, ran


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Site:
    house = make_house(tmp_path_factory.mktemp("house"))
    key = key_of("p256")
    key_pem = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    given = house.devices.add(PER, "ct-1", "CT1", {"store"}, CTL)
    own = house.devices.add(PER, "ws-1", "WS1", {"store"}, CTL, csr=sign_request(key))
    return Site(house, given, own, key_pem, tmp_path_factory.mktemp("scanner"))


@pytest.mark.programs("echoscu")
@pytest.mark.parametrize("profile", PROFILES)
@pytest.mark.parametrize(
    ("option", "version"), [("+py", "TLSv1.3"), ("+px", "TLSv1.3"), ("+pz", "TLSv1.2")]
)  # fmt: skip
def test_dcmtk_shakes_hands_under_every_profile_of_ours_and_every_living_one_of_its_own(
    site: Site, profile: str, option: str, version: str
) -> None:
    seen, _ = site.call(site.context(profile), option)
    assert seen.version == version
    assert seen.suite in {*tls.SUITES[profile], *tls.SUITES_13[profile]}
    assert fingerprint(seen.leaf) == site.rsa.fingerprint
    assert seen.first == b"\x01"  # an A-ASSOCIATE-RQ (PS3.8 9.3.2)


@pytest.mark.programs("echoscu")
@pytest.mark.parametrize("profile", PROFILES)
@pytest.mark.parametrize("option", ["+py", "+pz"])
def test_a_device_with_a_p_256_key_of_its_own_shakes_hands(site: Site, profile: str, option: str) -> None:
    identity = (site.own_key, site.own.certificate_pem)
    seen, _ = site.call(site.context(profile), option, identity=identity)
    assert fingerprint(seen.leaf) == site.own.fingerprint


@pytest.mark.programs("echoscu")
def test_the_certificate_file_of_the_pack_may_hold_its_issuer_too(site: Site) -> None:
    seen, _ = site.call(site.context(), identity=(site.rsa.key_pem, site.rsa.files()["certificate.pem"]))
    assert fingerprint(seen.leaf) == site.rsa.fingerprint


@pytest.mark.programs("echoscu")
@pytest.mark.parametrize("suite", tls.SUITES["non-downgrading"])
def test_each_of_the_four_suites_of_b_10_is_served(site: Site, suite: str) -> None:
    context = site.context("non-downgrading")
    context.maximum_version = ssl.TLSVersion.TLSv1_2
    context.set_ciphers(suite)
    assert site.call(context)[0].suite == suite


@pytest.mark.programs("echoscu")
@pytest.mark.parametrize("profile", PROFILES)
def test_a_caller_without_forward_secrecy_shares_no_suite(site: Site, profile: str) -> None:
    seen, ran = site.call(site.context(profile), "+pa")
    assert seen.refusal == "tls.no-shared-cipher"
    assert not ran.ok


@pytest.mark.programs("echoscu")
def test_no_certificate_is_refused(site: Site) -> None:
    seen, ran = site.call(site.context(), anonymous=True)
    assert seen.refusal == "device.no-certificate"
    assert not ran.ok


@pytest.mark.programs("echoscu")
def test_plain_dicom_on_the_tls_door_is_refused(site: Site) -> None:
    seen, ran = site.call(site.context(), plain=True)
    assert seen.refusal == "tls.not-tls"
    assert not ran.ok


@pytest.mark.programs("echoscu")
def test_another_authority_s_certificate_is_refused_even_under_our_names(site: Site) -> None:
    root = make_root(make_rsa_key(), "Primum devices", Usage.CLIENT, site.house.clock.now())
    seen, ran = site.call(site.context(), identity=_leaf(site, root, Usage.CLIENT))
    assert seen.refusal == "device.foreign-certificate"
    assert not ran.ok


@pytest.mark.programs("echoscu")
def test_an_expired_certificate_is_refused(site: Site) -> None:
    root = site.house.certificates.device_authority()
    seen, ran = site.call(site.context(), identity=_leaf(site, root, Usage.CLIENT, ago=timedelta(days=900)))
    assert seen.refusal == "device.expired"
    assert not ran.ok


@pytest.mark.programs("echoscu")
@pytest.mark.parametrize("name", ["web", "door-rsa", "door-ec"])
def test_our_own_doors_certificates_do_not_open_the_door(site: Site, name: str) -> None:
    ours = site.house.certificates._get(name)
    seen, ran = site.call(site.context(), identity=(ours.key_pem(), ours.certificate_pem()))
    assert seen.refusal == "device.foreign-certificate"
    assert not ran.ok


@pytest.mark.programs("echoscu")
def test_a_certificate_for_servers_is_refused_even_from_the_devices_root(site: Site) -> None:
    root = site.house.certificates.device_authority()
    seen, ran = site.call(site.context(), identity=_leaf(site, root, Usage.SERVER))
    assert seen.refusal == "device.not-a-device"
    assert not ran.ok


@pytest.mark.programs("echoscu")
def test_a_chain_that_verifies_but_was_never_enrolled_is_not_admitted(site: Site) -> None:
    root = site.house.certificates.device_authority()
    seen, _ = site.call(site.context(), identity=_leaf(site, root, Usage.CLIENT))
    assert seen.leaf
    with pytest.raises(DeviceUnknown):
        site.house.directory().admit(fingerprint(seen.leaf), "127.0.0.1", "CT1")


@pytest.mark.programs("echoscu")
def test_a_device_refuses_an_archive_that_another_device_s_key_plays(site: Site) -> None:
    """The device checks no host name; that devices' leaves have another root is what protects it."""
    impostor = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    with tls.in_memory(site.rsa.key_pem + site.rsa.certificate_pem + site.rsa.issuer_pem) as path:
        impostor.load_cert_chain(path)
    seen, ran = site.call(impostor)
    assert seen.refusal
    assert "certificate verify failed" in ran.output


def test_no_session_ticket_is_given(site: Site) -> None:
    """A ticket would let a device come back for hours without showing its certificate."""
    for version in (ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3):
        client = _client(site, version)
        with _handshake(site.context(), client) as caller:
            assert caller.recv(1) == b"!"
            assert caller.session is None or not caller.session.has_ticket


def test_a_resumed_session_still_shows_the_certificate_it_was_made_with(site: Site) -> None:
    """TLS 1.2 can resume by identifier, which `ssl` cannot turn off: the fingerprint must be there to be judged."""
    context, client = site.context(), _client(site, ssl.TLSVersion.TLSv1_2)
    shown: list[bytes | None] = []
    with _handshake(context, client, shown) as first:
        first.recv(1)
        session = first.session
    with _handshake(context, client, shown, session) as second:
        second.recv(1)
        assert second.session_reused
    assert [fingerprint(one or b"") for one in shown] == [site.rsa.fingerprint] * 2


@pytest.mark.parametrize("profile", PROFILES)
def test_tls_1_1_is_not_spoken(site: Site, profile: str) -> None:
    context = site.context(profile)
    assert context.minimum_version == ssl.TLSVersion.TLSv1_2
    assert context.options & ssl.OP_NO_RENEGOTIATION
    assert context.options & ssl.OP_NO_COMPRESSION
    assert context.verify_mode == ssl.CERT_REQUIRED
    assert context.verify_flags & ssl.VERIFY_X509_STRICT


@pytest.mark.parametrize("profile", PROFILES)
def test_suites_are_exactly_those_of_the_profile(site: Site, profile: str) -> None:
    named = [suite["name"] for suite in site.context(profile).get_ciphers()]
    tls12 = [name for name in named if not name.startswith("TLS_")]
    assert tls12 == list(tls.SUITES[profile])
    assert set(named) - set(tls12) <= set(tls.SUITES_13[profile])


def test_the_modified_profile_says_what_it_lacks_and_the_configuration_file_mends_it(
    site: Site, tmp_path: Path
) -> None:
    """PS3.15 B.13 wants the CCM suites of TLS 1.3, which Python 3.11 cannot turn on by itself."""
    (tmp_path / "openssl.cnf").write_text(tls.openssl_configuration("modified"))
    (tmp_path / "bundle").write_bytes(site.house.certificates.door_bundle("dicom"))
    program = (
        "import pathlib, sys; from primum.identity import tls;"
        "context = tls.door_tls_context(pathlib.Path(sys.argv[1]).read_bytes(), 'modified');"
        "print(*tls.missing_suites(context, 'modified'))"
    )
    lacking = {}
    for name, extra in (("without", {}), ("with", {"OPENSSL_CONF": str(tmp_path / "openssl.cnf")})):
        environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path), **extra}
        command = [sys.executable, "-c", program, str(tmp_path / "bundle")]
        lacking[name] = subprocess.run(command, env=environment, check=True, capture_output=True).stdout.split()
    assert lacking["with"] == []
    assert set(lacking["without"]) <= {b"TLS_AES_128_CCM_SHA256", b"TLS_AES_128_CCM_8_SHA256"}
    assert tls.missing_suites(site.context("bcp195"), "bcp195") == []


def test_a_bundle_is_for_one_door(site: Site) -> None:
    with pytest.raises(ValueError, match="another door"):
        tls.web_tls_context(site.house.certificates.door_bundle("dicom"))


def test_a_key_in_memory_has_no_name_on_disc() -> None:
    with tls.in_memory(b"secret") as path:
        assert Path(path).read_bytes() == b"secret"
        if sys.platform == "linux":
            assert "memfd:" in str(Path(path).readlink())
    assert not Path(path).exists()


def test_where_there_is_no_memfd_a_private_file_is_used_and_removed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(os, "memfd_create", raising=False)
    with tls.in_memory(b"secret") as path:
        assert Path(path).read_bytes() == b"secret"
        assert Path(path).stat().st_mode & 0o777 == 0o600
        assert Path(path).parent.stat().st_mode & 0o777 == 0o700
    assert not Path(path).parent.exists()


@pytest.mark.programs("echoscu", "storescu")
def test_dcmtk_stores_through_an_independent_receiver_and_is_refused_once_revoked(tmp_path: Path) -> None:
    """From pack to success with programs that nobody here wrote on both ends; only admission is ours."""
    from pydicom.dataset import Dataset, FileMetaDataset
    from pydicom.uid import ExplicitVRLittleEndian, generate_uid
    from pynetdicom import AE, evt
    from pynetdicom.sop_class import CTImageStorage, Verification  # type: ignore[attr-defined]

    house = make_house(tmp_path)
    pack = house.devices.add(PER, "ct-1", "CT1", {"store"}, CTL)
    directory = house.directory()
    image = Dataset()
    image.SOPClassUID, image.SOPInstanceUID = CTImageStorage, generate_uid()
    image.PatientName, image.PatientID = "TEST^FICTIF", "1"
    image.StudyInstanceUID, image.SeriesInstanceUID = generate_uid(), generate_uid()
    image.file_meta = FileMetaDataset()
    image.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    image.save_as(tmp_path / "one.dcm", enforce_file_format=True)

    def stored(event: Any) -> int:
        leaf = event.assoc.dul.socket.socket.getpeercert(binary_form=True)
        try:
            directory.admit(fingerprint(leaf), "127.0.0.1", event.assoc.requestor.ae_title)
        except DeviceRevoked:
            return 0x0124  # not authorized (PS3.7 C.5.18)
        return 0x0000

    receiver = AE("PRIMUM")
    receiver.add_supported_context(CTImageStorage)
    receiver.add_supported_context(Verification)
    context = tls.door_tls_context(house.certificates.door_bundle("dicom"), "bcp195")
    server = receiver.start_server(
        ("127.0.0.1", 0), block=False, ssl_context=context, evt_handlers=[(evt.EVT_C_STORE, stored)]
    )
    assert server is not None
    try:
        scanner = Scanner(pack, tmp_path / "scanner", server.server_address[1])
        assert scanner.echo() == Ran(0, "")
        (tmp_path / "pack").mkdir()
        for name, data in pack.files(pem=True).items():
            (tmp_path / "pack" / name).write_bytes(data)
        assert Scanner.installed(tmp_path / "pack", "CT1", server.server_address[1]).echo() == Ran(0, "")
        assert scanner.store([tmp_path / "one.dcm"]).ok
        house.devices.revoke(PER, "ct-1")
        assert "Unknown Status: 0x124" in scanner.store([tmp_path / "one.dcm"], options=["-v"]).output
    finally:
        server.shutdown()


def _leaf(site: Site, root: Identity, usage: Usage, ago: timedelta = timedelta()) -> tuple[bytes, bytes]:
    key = make_rsa_key()
    leaf = issue(
        root, key.public_key(), "ct-1", usage, alternative=host_names(["ct-1"]), now=site.house.clock.now() - ago,
        span=timedelta(days=730),
    )  # fmt: skip
    identity = Identity(key, leaf)
    return identity.key_pem(), identity.certificate_pem()


def _client(site: Site, version: ssl.TLSVersion) -> ssl.SSLContext:
    client = ssl.create_default_context(cadata=site.rsa.ca_pem.decode())
    client.maximum_version = version
    with tls.in_memory(site.rsa.key_pem + site.rsa.certificate_pem) as path:
        client.load_cert_chain(path)
    return client


@contextlib.contextmanager
def _handshake(
    server: ssl.SSLContext, client: ssl.SSLContext, shown: list[bytes | None] | None = None,
    session: ssl.SSLSession | None = None,
) -> Iterator[ssl.SSLSocket]:  # fmt: skip
    ours, theirs = socket.socketpair()

    def serve() -> None:
        with server.wrap_socket(theirs, server_side=True) as caller:
            if shown is not None:
                shown.append(caller.getpeercert(binary_form=True))
            caller.sendall(b"!")
            caller.recv(1)
            caller.unwrap()  # OpenSSL forgets a session that was not closed properly

    thread = threading.Thread(target=serve)
    thread.start()
    with ours, client.wrap_socket(ours, server_hostname="localhost", session=session) as caller:
        yield caller
        caller.unwrap()
    thread.join()
