"""The state of a running installation, as a doctor asks for it: printed, kept, signed, written, verified, compared."""

from __future__ import annotations

import hashlib
import json
import socket
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from primum.exposure.checks.catalogue import catalogue
from primum.exposure.checks.verifying import verify_file
from tests.doors.e2e.conftest import Practice
from tests.doors.e2e.kit import facts
from tests.programs import free_port

Done = subprocess.CompletedProcess[str]


@pytest.fixture(scope="module")
def signed_in(practice: Practice) -> Practice:
    practice.primum.sign_in(practice.person)
    return practice


def check(practice: Practice, *options: str, expect: int | None = None) -> Done:
    """Run `primum check`, whatever it exits with."""
    done = practice.primum.cli("check", *options, check=False)
    assert expect is None or done.returncode == expect, done.stderr + done.stdout
    return done


def lines(done: Done) -> dict[str, dict[str, Any]]:
    return {one["name"]: one for one in json.loads(done.stdout)["report"]["lines"]}


@pytest.fixture(scope="module")
def reports(tmp_path_factory) -> Path:
    return tmp_path_factory.mktemp("reports")


@pytest.fixture(scope="module")
def first(signed_in: Practice, reports: Path) -> Done:
    """The first check, while somebody else's imaging server listens for the network on this machine."""
    with socket.create_server(("0.0.0.0", free_port())) as other:
        options = ["--json", "--html", str(reports / "a.html"), "--pdf", str(reports / "a.pdf"), "--language", "fr"]
        done = check(signed_in, *options)
        done.args = other.getsockname()[1]
    (reports / "a.json").write_text(done.stdout)
    return done


def test_every_line_answers_on_a_running_archive(first):
    found = lines(first)
    assert set(found) == set(catalogue().rules)
    assert {name for name, one in found.items() if one["code"] in {"fault", "too-slow"}} == set()
    assert first.returncode == 1, "no backup was ever made"
    for name, code in (
        ("own-listeners", "as-configured"), ("sign-in-reachable", "this-machine"), ("plain-grants", "none"),
        ("certificates", "good"), ("second-factor", "all-have"), ("backup", "never"), ("restore-test", "never"),
        ("key-guard", "key-file"), ("recovery-key", "undeclared"), ("journal", "sound"), ("third-parties", "nobody"),
        ("vulnerabilities", "no-database"), ("interventions", "none"), ("probe", "never"), ("outside", "never"),
        ("station", "never"), ("homologation", "undeclared"),
    ):  # fmt: skip
        assert found[name]["code"] == code, found[name]
    assert found["tls"]["state"] == "good", found["tls"]


def test_what_else_listens_for_the_network_is_named(first):
    assert f"{first.args}/tcp" in " ".join(lines(first)["other-listeners"]["items"])


def test_the_journal_holds_that_it_was_made_and_its_hash(first, signed_in):
    made = facts(signed_in, "check:made")
    note = json.loads(first.stdout)["note"]
    assert made[0]["details"]["fingerprint"] == hashlib.sha256(note.encode()).hexdigest()
    assert made[0]["details"]["bad"] == sum(one["state"] == "bad" for one in lines(first).values())


@pytest.mark.parametrize("kind", ["html", "pdf", "json"])
def test_each_file_verifies_with_the_key_that_the_home_published(first, reports, signed_in, kind):
    key = (signed_in.home.folder / "journal" / "signer.pub").read_text()
    assert verify_file((reports / f"a.{kind}").read_bytes(), key).report["id"] in first.stdout


def test_a_file_is_verified_without_the_daemon_and_a_changed_one_is_not(first, reports, signed_in):
    assert first.stdout
    key = (signed_in.home.folder / "journal" / "signer.pub").read_text().strip()
    verify = ["--home", str(reports / "none"), "check", "--key", key, "--verify"]
    told = alone(*verify, str(reports / "a.pdf"))
    assert (told.returncode, "signed by key" in told.stdout) == (0, True), told.stderr
    changed = reports / "changed.html"
    changed.write_bytes((reports / "a.html").read_bytes().replace(b"<h1>", b"<h1>!", 1))
    assert alone(*verify, str(changed)).returncode == 1
    assert alone(*verify, str(reports / "absent")).returncode == 2


def alone(*arguments: str) -> Done:
    """Run a command where no daemon and no session is."""
    command = [sys.executable, "-m", "primum", *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def test_a_declaration_counts_and_the_difference_names_it(first, signed_in, tmp_path):
    assert first.stdout
    check(signed_in, "--declare", "homologation", "homologated", expect=0)
    assert "homologated until" in check(signed_in, "--declarable", expect=0).stdout
    affected = {"package": {"ecosystem": "PyPI", "name": "jinja2"}, "ranges": [
        {"type": "ECOSYSTEM", "events": [{"introduced": "0"}]}]}  # fmt: skip
    (tmp_path / "one.json").write_text(
        json.dumps({"id": "GHSA-test-test-test", "modified": "2026-11-20T00:00:00Z", "affected": [affected]})
    )
    assert "1 about parts of ours" in check(signed_in, "--advisories", str(tmp_path), expect=0).stdout
    told = check(signed_in, "--diff", expect=1).stdout
    assert "Homologation of sign-in, or Pro Santé Connect: Not determined (undeclared) > In order" in told
    assert "Known vulnerabilities of parts: Not determined (no-database) > To mend (vulnerable)" in told
    found = lines(check(signed_in, "--last", "--json", expect=1))
    assert any("jinja2" in one and "GHSA-test-test-test" in one for one in found["vulnerabilities"]["items"])
    assert found["homologation"]["way"] == "declared"
    said = facts(signed_in, "check:declared")
    assert [one["details"]["what"] for one in said] == ["homologation"]


def test_what_is_printed_begins_with_the_answer(first, signed_in):
    assert first.stdout
    said = check(signed_in, "--last", "--language", "fr", expect=1).stdout.splitlines()
    assert said[0].endswith("à corriger maintenant.")
    assert said[4].startswith("[À corriger]")


def test_a_check_that_cannot_be_made_is_void(reports):
    assert alone("--home", str(reports / "none"), "check").returncode == 2
