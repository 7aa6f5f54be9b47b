"""A scanner sends over mutual TLS; whoever is not enrolled, or not for that, is refused, and the journal says so."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from tests.doors.dimse.test_confirming import Peer, listening
from tests.doors.e2e.canary import make_canary, write_canary
from tests.doors.e2e.conftest import Practice
from tests.doors.e2e.kit import enrol, facts, scanner, studies, wait_for_reason
from tests.programs import wait_until

pytestmark = pytest.mark.programs("storescu", "echoscu", "openssl")


@pytest.fixture(scope="module")
def signed_in(practice: Practice) -> Practice:
    practice.primum.sign_in(practice.person)
    return practice


@pytest.fixture(scope="module")
def images(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    folder = tmp_path_factory.mktemp("images") / "ct"
    return [one.file for one in write_canary(folder, make_canary(), images=120)]


@pytest.fixture(scope="module")
def packs(signed_in: Practice, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    folder = tmp_path_factory.mktemp("packs")
    return {
        "ct": enrol(signed_in, folder, "ct-1", "CT1", "--may", "store"),
        "mr": enrol(signed_in, folder, "mr-1", "MR1", "--may", "store"),
        "idle": enrol(signed_in, folder, "idle-1", "IDLE1"),
        "gone": enrol(signed_in, folder, "gone-1", "GONE1", "--may", "store"),
    }


def test_120_slices_are_stored_and_found(signed_in, packs, images):
    sent = scanner(signed_in, packs["ct"], "CT1").store(images)
    assert sent.ok, sent.output
    assert [study["images"] for study in studies(signed_in, "Ménard")] == ["120"]
    wait_until(
        lambda: 120 in [fact["details"].get("stored") for fact in facts(signed_in, "device:association:closed")],
        seconds=30,
    )


@pytest.fixture(scope="module")
def strangers(signed_in, packs, images, web_identity, expired_pack, tmp_path_factory) -> dict[str, bool]:
    """Every caller who is nobody here, one after another."""
    folder = tmp_path_factory.mktemp("strangers")
    foreign, web = folder / "foreign", folder / "web"
    for one in (foreign, web):
        one.mkdir()
        (one / "archive-ca.pem").write_bytes((packs["ct"] / "archive-ca.pem").read_bytes())
    make = ["openssl", "req", "-x509", "-newkey", "rsa:3072", "-nodes", "-subj", "/CN=ct-1", "-days", "30"]
    make += ["-keyout", str(foreign / "key.pem"), "-out", str(foreign / "certificate.pem")]
    subprocess.run(make, check=True, capture_output=True)
    (web / "key.pem").write_bytes(web_identity[0])
    (web / "certificate.pem").write_bytes(web_identity[1])
    callers = {
        "no certificate": scanner(signed_in, packs["ct"], "CT1", anonymous=True),
        "another authority's": scanner(signed_in, foreign, "CT1"),
        "our web certificate": scanner(signed_in, web, "CT1"),
        "the right title alone, without TLS": scanner(signed_in, packs["ct"], "CT1", plain=True),
        "expired": scanner(signed_in, expired_pack, "OLD1"),
    }
    return {name: caller.store(images[:1]).ok for name, caller in callers.items()}


def test_no_stranger_stores_anything(strangers):
    assert strangers == dict.fromkeys(strangers, False)


@pytest.mark.parametrize(
    ("reason", "least"),
    [("device.no-certificate", 1), ("device.foreign-certificate", 2), ("tls.not-tls", 1), ("device.expired", 1)],
)
def test_each_stranger_is_journaled_with_the_reason(signed_in, strangers, reason, least):
    def counted() -> int:
        return sum(
            fact["details"]["count"]
            for fact in facts(signed_in, "stranger:association:refused")
            if fact["details"]["reason"] == reason and fact["details"]["address"] == "127.0.0.1"
        )

    # each receiving process tells what it counted once its minute is over: two strangers may be two facts
    wait_until(lambda: counted() >= least, seconds=90)


def test_the_certificate_of_one_device_with_the_title_of_another_is_refused(signed_in, packs, images):
    sent = scanner(signed_in, packs["ct"], "MR1").store(images[:1])
    assert not sent.ok
    wait_for_reason(signed_in, "device.title-mismatch", "device:association:refused")


def test_a_good_certificate_without_the_grant_may_verify_and_not_store(signed_in, packs, images):
    idle = scanner(signed_in, packs["idle"], "IDLE1")
    assert idle.echo().ok
    sent = idle.store(images[:1])
    assert not sent.ok
    assert "No Acceptable Presentation Contexts" in sent.output
    wait_for_reason(signed_in, "dimse.not-permitted", "device:association:refused")


def test_a_revoked_device_is_refused_at_once(signed_in, packs, images):
    gone = scanner(signed_in, packs["gone"], "GONE1")
    assert gone.store(images[:1]).ok
    person = signed_in.person
    signed_in.primum.cli("device", "revoke", "gone-1", typed=[person.password, person.code()])
    assert not gone.store(images[:1]).ok
    wait_for_reason(signed_in, "device.revoked", "device:association:refused")


def test_a_reading_station_says_who_uses_it(signed_in, packs, images, tmp_path):
    """The flag at enrolment, a token of its person, and both at the door; then the flag is dropped."""
    person, primum, pack = signed_in.person, signed_in.primum, tmp_path / "station-1"
    enrolment = ["--aet", "STATION1", "--out", str(pack), "--pem", "--may", "store", "--require-identity"]
    asked(signed_in, "device", "add", "station-1", *enrolment)
    station = scanner(signed_in, pack, "STATION1")
    secret = asked(signed_in, "token", "add", "station", "--may", "import,send").strip().splitlines()[-1]
    assert station.store(images[:1], options=["-usr", person.login, "-pwd", secret, "-rsp"]).ok
    assert not station.store(images[:1]).ok
    assert not station.store(images[:1], options=["-usr", person.login, "-pwd", person.password]).ok
    for reason in ("dimse.identity-required", "device.identity-refused"):
        wait_for_reason(signed_in, reason, "device:association:refused")

    def opened() -> list[str]:
        found = facts(signed_in, "device:association:opened")
        return [fact["details"]["calling_aet"] for fact in found if "person" in fact["details"]]

    wait_until(lambda: bool(opened()), seconds=30)  # by another process perhaps than those that were refused
    assert opened() == ["STATION1"]
    assert "need not" in asked(signed_in, "device", "identity", "station-1", "--not-required")
    assert station.store(images[:1]).ok
    log = primum.log.read_text("utf-8", "replace")
    assert secret not in log
    assert person.password not in log


def test_what_was_sent_on_is_committed_by_whoever_took_it(signed_in, packs, images):
    """Sent from the command line; the worker asks, and the list says what came of it."""
    assert scanner(signed_in, packs["ct"], "CT1").store(images[:3]).ok
    study = studies(signed_in, "Ménard")[0]["study_instance_uid"]
    with listening(Peer(), "SHELF") as shelf:
        called = ["--plain", "127.0.0.1", "--host", "127.0.0.1", "--port", str(shelf.port), "--may", "receive"]
        out = str(packs["ct"].parent / "shelf-1")
        asked(signed_in, "device", "add", "shelf-1", "--aet", "SHELF", "--out", out, *called)
        asked(signed_in, "send", study, "shelf-1")
        wait_until(lambda: "committed by shelf-1 at" in asked(signed_in, "send", "--list"), seconds=30)
    [fact] = facts(signed_in, "study:committed")
    assert fact["details"]["refused"] == 0


def asked(practice: Practice, *command: str) -> str:
    """Run a command as a person who is fresh from the one before; with a code where that was too long ago."""
    done = practice.primum.cli(*command, check=False)
    if done.returncode:
        done = practice.primum.cli(*command, typed=[practice.person.password, practice.person.code()])
    return done.stdout
