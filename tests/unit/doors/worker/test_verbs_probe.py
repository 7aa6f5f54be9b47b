"""A report is signed where it says what its services say; the run is journaled, and what it found handed on."""

from __future__ import annotations

import json
from dataclasses import replace
from types import SimpleNamespace

import pytest
from tests.unit.exposure import kit
from tests.unit.exposure.probe.test_reports import archive, closed, report, written

from primum.doors.worker.desk import Args
from primum.doors.worker.verbs_probe import AlreadySigned, probe_sign
from primum.exposure.findings.service import Findings
from primum.exposure.probe.model import Place
from primum.exposure.probe.reading import ReportRefused
from primum.exposure.probe.writing import digest
from primum.identity import NotPermitted, Permission, Role
from primum.journal import Fact
from primum.journal.fact import encode
from primum.journal.note import NoteKey, open_text

KEY = NoteKey("journal.primum.invalid/hom", bytes(range(32)))
DOCTOR = kit.actor(Role.PHYSICIAN)


class Desk:
    """As much of a desk as signing asks for, before who may."""

    def __init__(self, folder, may=(Permission.PROBE_RUN,)) -> None:
        self.may, self.told = may, []
        self.findings = Findings(kit.records(folder), kit.clock(), kit.Told())
        self.worker = SimpleNamespace(
            people=SimpleNamespace(house=lambda: None),
            rooms=SimpleNamespace(home=SimpleNamespace(id="hom_" + "h" * 26), clock=kit.clock()),
            signer=KEY,
            exposed=SimpleNamespace(findings=self.findings),
        )

    def require(self, _asking, action, _thing):
        if action not in self.may:
            raise NotPermitted(action=str(action), rule="silence")

    def record(self, kind, actor, subject, details):
        encode(Fact(kind, actor, subject, details))
        self.told.append((kind.value.name, subject, details))


@pytest.fixture
def desk(tmp_path):
    return Desk(tmp_path)


def sign(desk, folder, data: bytes):
    file = folder / "report.json"
    file.write_bytes(data)
    asking = SimpleNamespace(actor=DOCTOR, session=SimpleNamespace(id=DOCTOR.session_id))
    return probe_sign(desk, asking, Args({"report": str(file)}), lambda _: None)


def test_what_is_signed_is_the_hash_of_the_report_and_its_verdict(desk, tmp_path):
    one = report(archive())
    answer = sign(desk, tmp_path, written(one))
    said = open_text(answer["note"], KEY.verifier_key).splitlines()
    assert said[0] == "primum-probe-report/1"
    assert (said[2], said[4], said[5]) == (answer["run"], "open", digest(one))
    ((kind, subject, details),) = desk.told
    assert (kind, subject) == ("probe:run", answer["run"])
    assert (details["count"], details["reason"], details["what"], details["exit_status"]) == (3, "open", "inside", 1)
    assert details["fingerprint"] == digest(one)


def test_holes_become_findings_and_views_from_elsewhere_are_not_taken_twice(desk, tmp_path):
    one = report(archive()).joined([report(archive(port=105), place=Place.OUTSIDE)], outside=True)
    sign(desk, tmp_path, written(one))
    found = desk.findings.every(DOCTOR)
    assert {(each.place, each.hole.port) for each in found} == {(Place.INSIDE, 104)}
    assert len(found) == 3


def test_a_report_that_says_less_than_its_services_is_not_signed(desk, tmp_path):
    told = json.loads(written(report(archive()))) | {"verdict": "inside-only", "exit_status": 3, "holes": []}
    with pytest.raises(ReportRefused):
        sign(desk, tmp_path, json.dumps(told).encode())
    assert (desk.told, desk.findings.every(DOCTOR)) == ([], [])


def test_what_is_signed_is_not_signed_again(desk, tmp_path):
    with pytest.raises(AlreadySigned):
        sign(desk, tmp_path, written(replace(report(closed()), signature="note")))


def test_who_may_not_probe_gets_no_signature(tmp_path):
    with pytest.raises(NotPermitted):
        sign(Desk(tmp_path, may=()), tmp_path, written(report()))
