"""`primum mandate` without an archive: as its person types it."""

from __future__ import annotations

import io
import json
import re

import pytest

from primum.doors.cli import command
from primum.exposure.mandates import folder, read_file
from primum.exposure.probe.proving import read_token
from primum.journal import verify_journal
from primum.vault import Argon2Cost

WORDS = "marmotte-violette sous treize parapluies"


@pytest.fixture
def run(monkeypatch, capsys, tmp_path):
    # half a second a guess is for people; here it is a dozen of them
    monkeypatch.setattr(folder, "Argon2Cost", lambda: Argon2Cost(passes=1, memory_kib=64, lanes=1))

    def go(*arguments: object, typed: str = "") -> tuple[int, str, str]:
        monkeypatch.setattr("sys.stdin", io.StringIO(typed))
        status = command.run(["mandate", *map(str, arguments), "--folder", str(tmp_path / "mandates")])
        return status, *capsys.readouterr()

    return go


def given(run, *more: str, typed: str = "") -> tuple[int, str, str]:
    wish = ("give", "--ports", "104,443", "--quality", "controller", "--reason", "contrôle annuel")
    return run(*wish, *(more or ("--host", "192.168.1.0/24")), typed=typed or f"yes\nDr Martin\n{WORDS}\n{WORDS}\n")


def test_a_doctor_without_an_archive_gives_takes_and_withdraws(run, tmp_path):
    status, said, noted = given(run)
    assert status == 0
    assert "192.168.1.0/24" in noted
    assert "Dr Martin (responsable de traitement" in said
    (mandate_id,) = re.findall(r"^mandate (mdt_\w+): in-force", said, re.MULTILINE)
    assert json.loads(run("list", "--json")[1])["mandates"][0]["id"] == mandate_id

    assert run("export", mandate_id, "--out", tmp_path / "m")[0] == 0
    assert read_file(tmp_path / "m").given_by == "Dr Martin"
    assert run("token", mandate_id, "--out", tmp_path / "t", typed=f"{WORDS}\n")[0] == 0
    token = read_token(tmp_path / "t")
    assert run("token", mandate_id, "--out", tmp_path / "p", "--page", "192.168.1.7", typed=f"{WORDS}\n")[0] == 0
    assert token.secret.hex() not in (tmp_path / "p").read_text()

    assert run("withdraw", mandate_id, typed=f"{WORDS}\n")[0] == 0
    assert "withdrawn" in run("show", mandate_id)[1]
    assert "probe.mandate-withdrawn" in run("export", mandate_id, "--out", tmp_path / "n")[2]
    assert not (tmp_path / "n").exists()
    key = (tmp_path / "mandates" / "journal" / "signer.pub").read_text().strip()
    assert verify_journal(tmp_path / "mandates" / "journal", key).illnesses == []


def test_nothing_is_given_before_the_addresses_are_confirmed(run, tmp_path):
    status, _, noted = given(run, typed="no\n")
    assert (status, "probe.not-confirmed" in noted) == (1, True)
    assert not (tmp_path / "mandates").exists()


def test_a_name_is_shown_with_its_addresses_and_pinned(run):
    _, said, noted = given(run, "--host", "localhost")
    assert "localhost is 127.0.0.1" in noted
    assert re.search(r"localhost \(127\.0\.0\.1", said)


@pytest.mark.parametrize(
    ("typed", "code"),
    [
        (f"yes\nDr Martin\n{WORDS}\nanother\n", "probe.folder"),
        ("yes\nDr Martin\nshort\nshort\n", "identity.password-too-short"),
        (f"yes\n\n{WORDS}\n{WORDS}\n", "probe.folder"),
    ],
)
def test_no_folder_is_made_of_what_was_mistyped(run, tmp_path, typed, code):
    status, _, noted = given(run, typed=typed)
    assert (status, code in noted) == (1, True)
    assert not (tmp_path / "mandates" / "key").exists()


def test_the_wrong_passphrase_gives_nothing(run):
    given(run)
    status, _, noted = given(run, typed="yes\nanother sentence\n")
    assert (status, "probe.passphrase" in noted) == (1, True)
    assert len(json.loads(run("list", "--json")[1])["mandates"]) == 1


@pytest.mark.parametrize("options", [("--page", "here"), ("--page", "1.2.3")])
def test_what_is_no_address_is_not_understood(run, tmp_path, options):
    with pytest.raises(SystemExit) as ended:
        run("token", "mdt_" + "a" * 26, "--out", tmp_path / "t", *options)
    assert ended.value.code == 2
