"""A breach decided at the terminal of a running Primum: assessed, signed, notified, and held against the journal."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path

import pytest

from primum import vault
from primum.app.databases import open_records
from primum.ground.home import find_home
from tests.doors.e2e.conftest import Practice, root_key

REASON = "Données de santé lisibles par tous : notifier est la règle."


def incident(practice: Practice, *arguments: str, expect: int = 0) -> str:
    done = practice.primum.cli("incident", *arguments, check=False)
    assert done.returncode == expect, done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def file(practice: Practice) -> str:
    """Open a file for the first finding of a check."""
    practice.primum.sign_in(practice.person)
    practice.primum.cli("check", check=False)
    listed = practice.primum.cli("finding", "list", "--json", check=False).stdout  # 1: there are some
    return re.findall(r"inc_[a-z2-7]{26}", incident(practice, "open", re.findall(r"fnd_[a-z2-7]{26}", listed)[0]))[0]


def test_from_severity_to_a_receipt_and_what_the_journal_tells(practice: Practice, file: str, tmp_path: Path):
    incident(practice, "answer", file, "nature", '["confidentiality"]')
    incident(practice, "answer", file, "sensitive", '["health"]')
    assessed = incident(practice, "assess", file, "--set", "sensitive=4", "--set", "identification=maximum",
                        "--set", "confidentiality=unknown")  # fmt: skip
    assert "severity 4.5 to 5 (very high)" in assessed
    assert "not chosen yet: malice" in assessed

    proposed = incident(practice, "propose", file)
    assert "notify: notify" in proposed
    assert "register-only --ground no-personal-data: lacks zero people" in proposed
    refused = practice.primum.cli(
        "incident", "decide", file, "notify", "register-only", "--ground", "no-personal-data", "--reason", REASON,
        "--evidence", "document:doc_elsewhere", check=False,
    )  # fmt: skip
    assert refused.returncode
    assert "not in the file" in refused.stderr
    incident(practice, "decide", file, "notify", "notify", "--reason", REASON)
    assert "decided: notify = notify; proposed then: notify" in incident(practice, "propose", file)

    preview = incident(practice, "notice", "preview", file, "initial", "--language", "en")
    assert "Primum sends nothing" in preview
    assert len(re.findall(r"^  \d+\. ", preview, re.MULTILINE)) == 33
    drawn = incident(practice, "notice", "draw", file, "initial")
    notice = re.findall(r"ent_[a-z2-7]{26}", drawn)[0]
    for form, layout, begins in (("html", "edpb", b"<!doctype"), ("pdf", "cnil", b"%PDF")):
        out = tmp_path / f"{layout}.{form}"
        incident(practice, "notice", "file", file, notice, "--out", str(out), "--layout", layout)
        assert out.read_bytes().lower().startswith(begins.lower())
    assert "drawn up" not in incident(practice, "notice", "file", file, notice, "--out", "x.exe", expect=2)
    letter = tmp_path / "receipt.pdf"
    letter.write_bytes(b"%PDF-1.7 receipt")
    at = datetime.now().astimezone().isoformat()
    incident(practice, "notice", "receipt", file, notice, "--number", "VIO-1", "--at", at, "--document", str(letter))
    assert "VIO-1" in incident(practice, "notice", "list", file)

    view = incident(practice, "sanction", file)
    assert "(a) " in view
    assert "None is worked out for this file." in view

    whole = incident(practice, "verify")
    assert re.search(r"^(\d+) entries, \1 lines of the journal, \d+ documents: nothing differs$", whole, re.MULTILINE)


@contextmanager
def rewritten(practice: Practice, entry: str, body: str) -> Iterator[None]:
    """Change an entry's row as whoever holds the key of records.db may, then put it back."""
    home = practice.home
    records = open_records(find_home(home.folder), root_key(home).derive(vault.Label.RECORDS))
    change, name = "UPDATE incident_entries SET body = ? WHERE id = ?", "SELECT name FROM sqlite_master"
    try:
        with records.begin() as tx:
            was = tx.exec_driver_sql("SELECT body FROM incident_entries WHERE id = ?", (entry,)).scalar_one()
            of = f"{name} WHERE type = 'trigger' AND tbl_name = 'incident_entries'"
            for trigger in tx.exec_driver_sql(of).scalars().all():
                tx.exec_driver_sql(f"DROP TRIGGER {trigger}")
            tx.exec_driver_sql(change, (body, entry))
        yield
        with records.begin() as tx:
            tx.exec_driver_sql(change, (was, entry))
    finally:
        records.dispose()


def test_whoever_holds_the_key_of_the_records_is_seen_by_the_journal(practice: Practice, file: str):
    entry = re.findall(r"ent_[a-z2-7]{26}", incident(practice, "note", file, "vu par deux personnes"))[0]
    with rewritten(practice, entry, '{"text":"rien"}'):
        told = incident(practice, "verify", expect=1)
        *lines, counted = [json.loads(one) for one in incident(practice, "verify", "--json", expect=1).splitlines()]
    assert f"{entry} of {file}: its text is not the one that was written" in told
    assert "deux personnes" not in told
    assert [one["wrong"] for one in lines] == ["body"]
    assert counted["differences"] == 1
