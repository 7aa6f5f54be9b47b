"""What a person decides at the terminal is what the archive serves, from outside; the journal has ids alone."""

from __future__ import annotations

import json

import pytest

from tests.doors.e2e.canary import make_canary, write_canary
from tests.doors.e2e.conftest import Practice
from tests.doors.e2e.kit import facts, studies


@pytest.fixture(scope="module")
def signed_in(practice: Practice) -> Practice:
    practice.primum.sign_in(practice.person)
    # whoever imports is fresh, and so is what follows within five minutes
    return practice


def shown(practice: Practice, of: str, what: str = "patient"):
    return json.loads(practice.primum.cli(what, "show", of, "--json").stdout)


def test_correct_merge_move_reject_and_undo(signed_in, tmp_path):
    one, other = make_canary(), make_canary()
    cli = signed_in.primum.cli
    for number, canary in enumerate((one, other)):
        write_canary(tmp_path / str(number), canary, images=3, size=32)
        cli("import", str(tmp_path / str(number)))
    (mine,), (theirs,) = studies(signed_in, one.patient_id), studies(signed_in, other.patient_id)
    uid, their_uid = mine["study_instance_uid"], theirs["study_instance_uid"]
    first, second = shown(signed_in, uid), shown(signed_in, their_uid)

    told = cli("patient", "correct", first["id"], "--name", "CORRECTED^ÈVE", "--reason", "typing-error").stdout
    assert "CORRECTED^ÈVE" in told
    assert [row["patient"] for row in studies(signed_in, one.patient_id)] == ["CORRECTED^ÈVE"]

    cli("patient", "merge", first["id"], second["id"], "--reason", "duplicate")
    assert {row["study_instance_uid"] for row in studies(signed_in, one.patient_id)} == {uid, their_uid}
    assert shown(signed_in, first["id"])["merged"] == [second["id"]]
    cli("patient", "unmerge", second["id"])
    assert {row["study_instance_uid"] for row in studies(signed_in, one.patient_id)} == {uid}

    cli("study", "move", their_uid, first["id"], "--reason", "wrong-patient")
    assert len(studies(signed_in, one.patient_id)) == 2
    moved = shown(signed_in, their_uid, "study")
    assert moved["patient"] == first["id"]
    cli("study", "undo", their_uid, moved["decisions"][-1]["id"])
    assert shown(signed_in, their_uid)["id"] == second["id"]

    assert "3 instances" in cli("study", "reject", uid, "--code", "quality").stdout
    assert studies(signed_in, one.patient_id) == []
    rejected = shown(signed_in, uid, "study")
    assert [row["code"] for row in rejected["rejected"]] == ["113001"] * 4
    (note,) = [row for row in rejected["decisions"] if row["kind"] == "reject"]
    cli("study", "undo", uid, note["id"])
    assert [row["images"] for row in studies(signed_in, one.patient_id)] == ["3"]

    refused = cli("patient", "merge", first["id"], first["id"], check=False)
    assert "imaging.nothing-to-change" in refused.stderr

    for kind in (
        "patient:corrected", "patient:merged", "study:moved", "study:instances:rejected", "decision:undone",
        "person:patient:viewed",
    ):  # fmt: skip
        found = facts(signed_in, kind)
        assert found, kind
        assert one.patient_id not in json.dumps(found)
        assert "CORRECTED" not in json.dumps(found)
