"""A practice probes its own archive: its doors stay shut, its report is signed, its journal tells of it."""

from __future__ import annotations

import json

from primum.exposure.probe.reading import read_report
from primum.exposure.probe.writing import digest
from primum.journal.note import open_text
from tests.doors.e2e.kit import facts
from tests.programs import wait_until


def test_a_practice_probes_itself(practice, tmp_path):
    primum = practice.primum
    primum.sign_in(practice.person)
    web, dicom = primum.settings["web_port"], primum.settings["dicom_port"]
    done = primum.cli(
        "probe", "127.0.0.1", "--ports", f"{web},{dicom}", "--report", str(tmp_path / "r.json"), check=False
    )
    assert (done.returncode, done.stderr.splitlines()[-1]) == (3, "services: 2 of 2")
    report = read_report((tmp_path / "r.json").read_bytes())
    assert (report.verdict().value, report.holes(), report.gaps()) == ("inside-only", [], [])

    asked = {(one.port, one.mode.value, one.identity.value): one.code for one in _refused(report)}
    assert asked[dicom, "tls", "nobody"] == "certificate-required"
    assert (dicom, "tls-foreign", "nobody") in asked
    for identity in ("nobody", "expired", "foreign"):
        assert asked[web, "tls", identity] == "401"
    log = (tmp_path / "r.purposes.jsonl").read_text()
    assert "a Primum's table of routes" in log
    assert "DELETE /dicom-web/studies/2.25." in log, "filled with a study that nobody has"

    key = (practice.home.folder / "journal" / "signer.pub").read_text().strip()
    said = open_text(report.signature, key).splitlines()
    assert said[0] == "primum-probe-report/1"
    assert (said[4], said[5]) == ("inside-only", digest(report))
    assert said[2] in {one["subject"] for one in facts(practice, "probe:run")}

    # a canary was there for the run alone
    (planted,), (removed,) = facts(practice, "probe:canary:planted"), facts(practice, "probe:canary:removed")
    assert planted["subject"] == removed["subject"]
    wait_until(lambda: "CANARY" not in primum.cli("find").stdout, seconds=40)

    # a report that says less than its services is no earlier report, and nothing is asked
    told = json.loads((tmp_path / "r.json").read_text())
    (tmp_path / "r.json").write_text(json.dumps(told | {"verdict": "closed", "exit_status": 0}))
    later = primum.cli("probe", "127.0.0.1:1", "--since", str(tmp_path / "r.json"), check=False)
    assert (later.returncode, "probe.report-refused" in later.stderr) == (2, True)


def test_who_is_not_signed_in_gets_no_signature_and_is_told(practice):
    practice.primum.cli("sign-out", check=False)
    done = practice.primum.cli("probe", "127.0.0.1:1", "--json", check=False)
    assert (done.returncode, json.loads(done.stdout)["signature"]) == (3, "")
    assert "not signed" in done.stderr


def _refused(report):
    from primum.exposure.probe.report import refusals

    for service in report.services:
        for step in refusals(service):
            yield _Refused(service.port, step)


class _Refused:
    def __init__(self, port, step):
        self.port, self.mode, self.identity, self.code = port, step.mode, step.identity, step.code
