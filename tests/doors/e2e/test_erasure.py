"""A study is proposed, erased by the running worker, sent again, and kept: all at the terminal."""

from __future__ import annotations

import json

from primum import vault
from primum.app.databases import open_records
from primum.ground.home import find_home
from tests.doors.e2e.canary import make_canary, write_canary
from tests.doors.e2e.conftest import Practice, root_key
from tests.doors.e2e.kit import facts, studies
from tests.programs import wait_until


def a_day_passes(practice: Practice) -> None:
    """Nobody waits for 24 hours: the recorded instant is brought forward."""
    records = open_records(find_home(practice.home.folder), root_key(practice.home).derive(vault.Label.RECORDS))
    with records.begin() as tx:
        tx.exec_driver_sql("UPDATE erasures SET effective_at = proposed_at WHERE state = 'waiting'")
    records.dispose()


def listed(practice: Practice) -> dict[str, list[dict[str, str]]]:
    return json.loads(practice.primum.cli("retention", "list", "--json").stdout)


def test_from_proposal_to_certificate_and_back(practice, tmp_path):
    practice.primum.sign_in(practice.person)
    canary = make_canary()
    write_canary(tmp_path / "disc", canary, images=2, size=32)
    practice.primum.cli("import", str(tmp_path / "disc"))
    (study,) = studies(practice, canary.patient_id)
    uid = study["study_instance_uid"]
    assert "kept at least through" in practice.primum.cli("retention", "show", uid).stdout
    refused = practice.primum.cli("erase", uid, "--reason", "no-longer-needed", check=False)
    assert "retention.below-floor" in refused.stderr
    assert "unless somebody refuses it" in practice.primum.cli("erase", uid, "--reason", "wrong-patient").stdout
    (waiting,) = listed(practice)["erasures"]
    assert (waiting["reason"], waiting["state"]) == ("wrong-patient", "waiting")
    assert "1 wait for a decision" in practice.primum.cli("status").stdout

    a_day_passes(practice)
    wait_until(lambda: listed(practice)["done"], seconds=40)
    assert studies(practice, canary.patient_id) == []
    certificate = practice.primum.cli("erase", "certificate", waiting["id"], "--language", "en").stdout
    assert certificate.startswith("Certificate of erasure")
    made = json.loads(practice.primum.cli("erase", "certificate", waiting["id"], "--json").stdout)
    assert made["erased"]["instances"] == 2
    (proof,) = facts(practice, "study:erased")
    assert (proof["subject"], proof["details"]["erasure"]) == (made["proof"]["subject"], waiting["id"])
    for told in (certificate, json.dumps(made), json.dumps(proof)):
        assert canary.patient_id not in told
        assert uid not in told

    practice.primum.cli("import", str(tmp_path / "disc"))
    assert studies(practice, canary.patient_id) == []
    wait_until(lambda: listed(practice)["returned"], seconds=40)
    (back,) = listed(practice)["returned"]
    practice.primum.cli("retention", "keep", back["id"])
    wait_until(lambda: studies(practice, canary.patient_id), seconds=40)
