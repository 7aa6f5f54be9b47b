"""A breach at the terminal of a running Primum: evidence frozen, doors closed and seen closed, reopened."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from primum import vault
from primum.app.databases import open_records
from primum.exposure.checks.gathering.sockets import listening
from primum.ground.clock import SystemClock
from primum.ground.home import find_home
from primum.incidents.model import Origin
from primum.incidents.service import Controller, Incidents
from tests.doors.e2e.conftest import Practice, root_key
from tests.doors.e2e.processes import children
from tests.programs import wait_until
from tests.running import RunningPrimum, make_real_home

INDEPENDENT = Path(__file__).parents[2] / "independent" / "verify_bundle.py"
pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]


@pytest.fixture(scope="module")
def practice(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Practice]:
    """A home whose doors are for other machines too."""
    home = make_real_home(tmp_path_factory.mktemp("practice"))
    far = {"web_address": "0.0.0.0", "dicom_address": "0.0.0.0"}
    with RunningPrimum(home.folder, key_file=home.key_file, settings=far) as running:
        yield Practice(running, running.enrol_first_person(), home)


@pytest.fixture(scope="module")
def file_id(practice: Practice) -> str:
    """The file of a breach, opened as the sweep opens one."""
    records = open_records(find_home(practice.home.folder), root_key(practice.home).derive(vault.Label.RECORDS))
    with records.connect().execution_options(reading=True) as tx:
        controller = tx.exec_driver_sql("SELECT id, name FROM controllers").one()

    class House:
        processor = False

        def controllers(self) -> list[Controller]:
            return [Controller(*controller)]

    files = Incidents(records, SystemClock(), lambda *_: None, House())
    with files.transaction() as tx:
        (made,) = files.open_files(tx, Origin.PERSON, "DICOM ouvert sur internet", [controller[0]], "system")
    records.dispose()
    practice.primum.sign_in(practice.person)
    return made.id


def open_doors(practice: Practice) -> dict[str, str]:
    """Where each door listens."""
    settings = practice.primum.settings
    names = {int(settings["web_port"]): "web", int(settings["dicom_port"]): "dicom"}
    return {names[one.port]: one.address for one in listening() if one.port in names}


def incident(practice: Practice, *words: str) -> str:
    return practice.primum.cli("incident", *words).stdout


def test_evidence_is_frozen_doors_are_closed_seen_closed_and_reopened(practice: Practice, file_id: str) -> None:
    assert set(open_doors(practice)) == {"web", "dicom"}
    frozen = incident(practice, "freeze", file_id)
    digest = re.search(r"^sha256 ([0-9a-f]{64})$", frozen, re.MULTILINE)
    assert digest is not None, frozen
    closed = incident(practice, "contain", file_id, "close-doors")
    assert "close-doors: done" in closed
    assert digest.group(1) in closed  # nothing was frozen a second time
    assert set(open_doors(practice).values()) <= {"127.0.0.1"}
    wait_until(lambda: open_doors(practice) == {"web": "127.0.0.1"}, seconds=30)
    assert set(children(practice.primum)) == {"worker", "web"}
    assert file_id in re.search(r"^doors: closed since .*$", practice.primum.cli("status").stdout, re.MULTILINE).group()
    with practice.primum.signed_in(practice.person) as pages:
        for address in ("/", f"/incidents/{file_id}/contain"):
            assert "Les portes sont fermées depuis le" in pages.get(address).text
    refused = practice.primum.cli("incident", "contain", file_id, "reopen-doors", check=False)
    assert refused.returncode == 1
    assert "incident.bad-entry" in refused.stderr
    opened = incident(practice, "contain", file_id, "reopen-doors", "--reason", "redirection retirée de la box")
    assert "reopen-doors: done" in opened
    wait_until(lambda: set(open_doors(practice)) == {"web", "dicom"}, seconds=60)
    assert "doors: open" in practice.primum.cli("status").stdout
    kinds = practice.primum.cli("journal", "list", "--kind", "doors:", "--limit", "10", "--json").stdout
    assert "doors:closed" in kinds
    assert "doors:reopened" in kinds


def test_a_bundle_leaves_by_the_terminal_and_is_verified_by_a_stranger(
    practice: Practice, file_id: str, tmp_path: Path
) -> None:
    incident(practice, "freeze", file_id)
    assert "whole and unchanged" in incident(practice, "bundle", file_id, "--compare")
    out = tmp_path / "preuves.tar"
    taken = incident(practice, "bundle", file_id, "--out", str(out))
    assert str(out.stat().st_size) in taken
    assert out.stat().st_mode & 0o777 == 0o600
    key = (practice.home.folder / "journal" / "signer.pub").read_text().strip()
    assert "good: signed" in practice.primum.cli("incident", "verify-bundle", str(out), "--key", key).stdout
    with out.open("rb") as file:
        stranger = subprocess.run([sys.executable, "-I", str(INDEPENDENT), key], stdin=file, check=False)
    assert stranger.returncode == 0
    data = bytearray(out.read_bytes())
    data[len(data) // 2] ^= 1
    out.with_name("other.tar").write_bytes(data)
    bad = practice.primum.cli("incident", "verify-bundle", str(out.with_name("other.tar")), check=False)
    assert bad.returncode == 1
    assert "incident.bundle-refused" in bad.stderr
    listed = json.loads(incident(practice, "bundle", file_id, "--json"))
    assert [one["missing"] for one in listed] == [0] * len(listed)


def test_letters_orders_the_pack_and_the_register_at_the_terminal(
    practice: Practice, file_id: str, tmp_path: Path
) -> None:
    letter, now = tmp_path / "lettre.pdf", datetime.now(UTC)
    letter.write_bytes(b"%PDF-1.7 lettre")
    at, due = f"{now - timedelta(days=9):%Y-%m-%dT%H:%MZ}", f"{now - timedelta(days=2):%Y-%m-%d}"
    incident(
        practice, "letter", file_id, "received", "--at", at, "--about", "contrôle sur pièces", "--reference", "CNIL-1",
        "--asked", "la volumétrie", "--asked", "le registre", "--due", due, "--file", str(letter),
    )  # fmt: skip
    found = json.loads(incident(practice, "letter", file_id, "--json"))
    assert [(one["asked"], one["stand"]) for one in found["asked"]] == [
        ("la volumétrie", "late"),
        ("le registre", "late"),
    ]
    incident(
        practice, "order", file_id, "order", "--at", at, "--about", "fermer l'accès", "--reference", "MED-1",
        "--due", due, "--daily", "500",
    )  # fmt: skip
    said = incident(practice, "order", file_id)
    assert "at most EUR" in said
    assert "This is no prediction" in said
    pack, register = tmp_path / "pack.zip", tmp_path / "register.ods"
    incident(practice, "pack", file_id, "--out", str(pack))
    assert any(one.endswith("lettre.pdf") for one in zipfile.ZipFile(pack).namelist())
    incident(practice, "register", "ods", "--out", str(register))
    assert register.read_bytes().startswith(b"PK")
    again = practice.primum.cli("incident", "register", "ods", "--out", str(register), check=False)
    assert again.returncode == 1  # a file that is there is not written over
