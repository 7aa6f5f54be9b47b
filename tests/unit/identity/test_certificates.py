"""The house's own certificates: sealed, renewed in time, and useless for anything but their one purpose."""

from __future__ import annotations

import shutil
import socket
import ssl
import subprocess
import threading
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.x509.oid import ExtendedKeyUsageOID
from tests.unit.identity.devices_home import make_certificates

from primum.ground.clock import FixedClock
from primum.identity.authority import Identity, Usage, host_names, issue, make_ec_key
from primum.identity.certificates import NAMES, Certificates, CertificatesBroken, CertificatesMissing, hosts_of
from primum.identity.tls import web_bundle, web_tls_context

NAME = "archive.cabinet.example"


def shelf(folder: Path) -> tuple[Certificates, FixedClock]:
    clock = FixedClock(datetime.now(UTC))
    return make_certificates(folder / "certificates", clock), clock


def test_the_folder_holds_no_key_in_clear_and_these_files_only(tmp_path: Path) -> None:
    shelf(tmp_path)
    folder = tmp_path / "certificates"
    expected = {f"{name}.sealed" for name in NAMES} | {
        "device-ca.pem", "door-ca.pem", "web-root.pem", "caller-ca.pem",
    }  # fmt: skip
    assert {path.name for path in folder.iterdir()} == expected
    for path in folder.iterdir():
        assert b"PRIVATE KEY" not in path.read_bytes()
        if path.suffix == ".sealed":
            assert b"CERTIFICATE" not in path.read_bytes()


def test_one_sealed_file_cannot_stand_in_for_another(tmp_path: Path) -> None:
    certificates, _ = shelf(tmp_path)
    folder = tmp_path / "certificates"
    shutil.copy(folder / "door-ca.sealed", folder / "device-ca.sealed")
    with pytest.raises(CertificatesBroken):
        certificates.device_authority()


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    certificates, _ = shelf(tmp_path)
    (tmp_path / "certificates" / "web.sealed").unlink()
    with pytest.raises(CertificatesMissing, match="web"):
        certificates.door_bundle("web")


def test_every_key_is_another_and_roots_sign_for_one_usage(tmp_path: Path) -> None:
    certificates, _ = shelf(tmp_path)
    identities = {name: certificates._get(name) for name in NAMES}
    keys = {one.key.private_numbers() for one in identities.values()}
    assert len(keys) == len(NAMES)
    usages = {
        name: list(one.certificate.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value)
        for name, one in identities.items()
    }
    for name in ("device-ca", "caller-ca", "caller"):
        assert usages.pop(name) == [ExtendedKeyUsageOID.CLIENT_AUTH]
    assert set(map(tuple, usages.values())) == {(ExtendedKeyUsageOID.SERVER_AUTH,)}


def test_a_door_gets_its_own_keys_and_no_authority(tmp_path: Path) -> None:
    certificates, _ = shelf(tmp_path)
    dicom, web = certificates.door_bundle("dicom"), certificates.door_bundle("web")
    assert dicom.count(b"PRIVATE KEY") == 3 * 2
    assert web.count(b"PRIVATE KEY") == 2
    for root in ("device-ca", "door-ca", "web-root", "caller-ca"):
        secret = certificates._get(root).key_pem().splitlines()[2]
        assert secret not in dicom
        assert secret not in web


def test_nothing_is_renewed_before_it_is_due(tmp_path: Path) -> None:
    certificates, clock = shelf(tmp_path)
    assert certificates.ensure(NAME) == []
    clock.advance(timedelta(days=397 - 31))
    assert certificates.ensure(NAME) == []


def test_certificates_are_renewed_in_time_and_once(tmp_path: Path) -> None:
    certificates, clock = shelf(tmp_path)
    before = {fact.name: fact.fingerprint for fact in certificates.facts()}
    clock.advance(timedelta(days=397 - 29))
    assert certificates.ensure(NAME) == ["web"]
    assert certificates.ensure(NAME) == []
    clock.advance(timedelta(days=730 - 368 - 89))
    assert certificates.ensure(NAME) == ["door-rsa", "door-ec", "caller"]
    after = {fact.name: fact.fingerprint for fact in certificates.facts()}
    changed = {name for name in NAMES if before[name] != after[name]}
    assert changed == {"web", "door-rsa", "door-ec", "caller"}


def test_a_home_from_before_we_called_anybody_gets_what_calling_needs(tmp_path: Path) -> None:
    certificates, _ = shelf(tmp_path)
    for name in ("caller-ca.sealed", "caller-ca.pem", "caller.sealed"):
        (tmp_path / "certificates" / name).unlink()
    assert certificates.ensure(NAME) == ["caller-ca", "caller"]
    assert certificates.ensure(NAME) == []
    assert certificates.caller_bundle().count(b"PRIVATE KEY") == 2


def test_another_host_name_makes_another_web_root_and_leaves_devices_alone(tmp_path: Path) -> None:
    certificates, _ = shelf(tmp_path)
    door_root, device_root, web_root = (
        certificates.door_ca_pem(), certificates.device_ca_pem(), certificates.web_root_pem(),
    )  # fmt: skip
    assert certificates.ensure("imagerie.example", ["192.168.1.4"]) == ["web-root", "door-rsa", "door-ec", "web"]
    assert certificates.ensure("imagerie.example", ["192.168.1.4"]) == []
    assert (certificates.door_ca_pem(), certificates.device_ca_pem()) == (door_root, device_root)
    assert certificates.web_root_pem() != web_root


def test_the_door_s_own_address_changes_its_leaves_and_not_the_web(tmp_path: Path) -> None:
    certificates, _ = shelf(tmp_path)
    assert certificates.ensure(NAME, door_addresses=["192.168.1.5"]) == ["door-rsa", "door-ec"]
    assert certificates.ensure(NAME, door_addresses=["192.168.1.5"]) == []


def test_facts_tell_until_when_and_from_when_it_is_renewed(tmp_path: Path) -> None:
    certificates, clock = shelf(tmp_path)
    facts = {fact.name: fact for fact in certificates.facts()}
    assert list(facts) == list(NAMES)
    assert facts["web"].not_after - clock.now() <= timedelta(days=397)
    assert facts["web"].renew_from == facts["web"].not_after - timedelta(days=30)
    assert facts["device-ca"].renew_from is None


def test_a_wildcard_address_is_nobody_s_name() -> None:
    assert hosts_of("a.example", ["0.0.0.0", "::", "10.0.0.2"]) == [
        "a.example", "10.0.0.2", "localhost", "127.0.0.1", "::1",
    ]  # fmt: skip


@pytest.mark.parametrize("host", [NAME, "localhost", "127.0.0.1", "::1"])
def test_a_browser_that_trusts_the_web_root_reaches_the_house(tmp_path: Path, host: str) -> None:
    certificates, _ = shelf(tmp_path)
    version, suite = visit(web_tls_context(certificates.door_bundle("web")), certificates.web_root_pem(), host)
    assert (version, suite) == ("TLSv1.3", "TLS_AES_256_GCM_SHA384")


def test_tls_1_1_does_not_reach_it_and_1_2_does(tmp_path: Path) -> None:
    certificates, _ = shelf(tmp_path)
    context = web_tls_context(certificates.door_bundle("web"))
    version, suite = visit(context, certificates.web_root_pem(), NAME, ssl.TLSVersion.TLSv1_2)
    assert (version, suite) == ("TLSv1.2", "ECDHE-ECDSA-AES256-GCM-SHA384")
    assert context.minimum_version == ssl.TLSVersion.TLSv1_2


@pytest.mark.parametrize("host", ["www.bank.example", "cabinet.example", "192.0.2.1"])
def test_a_stolen_web_root_cannot_speak_for_another_host(tmp_path: Path, host: str) -> None:
    certificates, clock = shelf(tmp_path)
    root, key = certificates._get("web-root"), make_ec_key()
    leaf = issue(
        root, key.public_key(), host, Usage.SERVER, alternative=host_names([host]), now=clock.now(),
        span=timedelta(days=9),
    )  # fmt: skip
    context = web_tls_context(web_bundle(Identity(key, leaf).pem()))
    with pytest.raises(ssl.SSLCertVerificationError, match="permitted subtree violation"):
        visit(context, certificates.web_root_pem(), host)


@pytest.mark.programs("openssl")
@pytest.mark.parametrize(
    ("root", "leaf", "purpose"),
    [
        ("door-ca", "door-rsa", "sslserver"), ("door-ca", "door-ec", "sslserver"), ("web-root", "web", "sslserver"),
    ],
)  # fmt: skip
def test_openssl_finds_each_chain_strictly_correct(tmp_path: Path, root: str, leaf: str, purpose: str) -> None:
    certificates, _ = shelf(tmp_path)
    for name in (root, leaf):
        (tmp_path / f"{name}.crt").write_bytes(certificates._get(name).certificate_pem())
    command = ["openssl", "verify", "-x509_strict", "-purpose", purpose, "-CAfile", str(tmp_path / f"{root}.crt")]
    done = subprocess.run([*command, str(tmp_path / f"{leaf}.crt")], capture_output=True, check=False)
    assert done.returncode == 0, done.stderr


def visit(
    context: ssl.SSLContext, root: bytes, host: str, most: ssl.TLSVersion = ssl.TLSVersion.TLSv1_3
) -> tuple[str | None, str]:
    """Connect as a browser that trusts `root` and asks for `host`; raise what it would."""
    client = ssl.create_default_context(cadata=root.decode())
    client.maximum_version = most
    ours, theirs = socket.socketpair()

    def serve() -> None:
        try:
            context.wrap_socket(theirs, server_side=True).close()
        except OSError:
            theirs.close()

    thread = threading.Thread(target=serve)
    thread.start()
    try:
        with ours, client.wrap_socket(ours, server_hostname=host) as tls:
            suite = tls.cipher()
            assert suite is not None
            return tls.version(), suite[0]
    finally:
        thread.join()
