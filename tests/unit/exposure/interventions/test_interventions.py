from dataclasses import replace
from datetime import timedelta

import pytest
from tests.unit.exposure import kit
from tests.unit.exposure.runs_kit import CLOSED_DICOM, HOST, closed, opened, report, service

from primum.exposure.findings.service import Findings
from primum.exposure.interventions.model import (
    MOST_BYTES,
    BadIntervention,
    InterventionOver,
    NoSuchIntervention,
    Outcome,
    ProbeUnderWay,
    State,
    Told,
    difference,
    judge,
)
from primum.exposure.interventions.rules import intervention_rules
from primum.exposure.interventions.service import Interventions
from primum.exposure.probe.gate import NotMandated
from primum.exposure.probe.model import Rung
from primum.exposure.ran import read_report
from primum.ground.filenames import plain_name
from primum.identity import NotPermitted, Role
from primum.journal import BY_NAME, Fact
from primum.journal.fact import encode

SECRETARY, DPO = kit.actor(Role.SECRETARY, fresh=False), kit.actor(Role.DPO)
TOLD = Told("box", "Yann Le Technicien", "Réseaux d'Armor", "C-2026-17", "remplacer la box")


class Scene:
    """Interventions of a home whose probes say what a test wants."""

    def __init__(self, folder) -> None:
        self.told, self.clock = kit.Told(), kit.clock()
        engine = kit.records(folder)
        self.findings = Findings(engine, self.clock, self.told)
        self.says: list = []
        self.rooms = Interventions(engine, self.clock, self.told, self.findings, self.probe)
        self.woken = 0
        self.rooms.woken_by(self.wake)

    def wake(self) -> None:
        self.woken += 1

    def probe(self, progress):
        progress("sweep", 1, 2)
        said = self.says.pop(0)
        if isinstance(said, Exception):
            raise said
        return said

    def whole(self, before, after):
        """Open, probe, close, probe."""
        self.says = [before, after]
        made = self.rooms.open(SECRETARY, TOLD, kit.CONTROLLER)
        self.rooms.sweep(self.clock.now())
        self.rooms.close(SECRETARY, made.id)
        self.clock.advance(timedelta(hours=1))
        self.rooms.sweep(self.clock.now())
        return self.rooms.one(DPO, made.id)


@pytest.fixture
def scene(tmp_path):
    return Scene(tmp_path)


def run(told):
    return read_report(told)[0]


def test_it_is_opened_with_a_probe_and_closed_with_another_and_the_difference_is_kept(scene):
    """SAN-2020-015 § 20: the ports were opened by somebody who set up the network, and nobody looked afterwards."""
    done = scene.whole(closed(0), opened(1))
    assert (done.state, done.outcome) == (State.CLOSED, Outcome.WORSE)
    assert {one.rung for one in done.difference.opened} == {Rung.ASSOCIATE, Rung.FIND}
    assert (done.before.verdict, done.after.verdict) == ("inside-only", "open")
    assert done.told == TOLD


def test_every_step_is_in_the_account_ledger_without_a_name(scene):
    scene.whole(opened(0), closed(1))
    kinds = [one for one in scene.told.kinds() if one.startswith("intervention:")]
    assert kinds == [f"intervention:{one}" for one in ("opened", "probed", "probed", "closed")]
    for kind, by, subject, details in scene.told.facts:
        line = encode(Fact(BY_NAME[kind], by, subject, details))
        assert not any(text in line for text in (TOLD.author, TOLD.contract, TOLD.purpose, "Armor"))
    (closing,) = [details for kind, _, _, details in scene.told.facts if kind == "intervention:closed"]
    assert closing == {"what": "better", "stored": 0, "missing": 2}


def test_what_its_probes_find_is_a_finding(scene):
    scene.whole(closed(0), opened(1))
    assert len([one for one in scene.findings.every(DPO) if one.closed_at is None]) == 2


@pytest.mark.parametrize(
    ("before", "after", "outcome"),
    [
        (closed(0), closed(1), Outcome.UNCHANGED),
        (opened(0), opened(1), Outcome.UNCHANGED),
        (opened(0), closed(1), Outcome.BETTER),
        (closed(0), opened(1), Outcome.WORSE),
        (report(), report(service(*CLOSED_DICOM), after=1), Outcome.UNCHANGED),
        (closed(0, gaps=((HOST, 443),)), closed(1), Outcome.NOT_DETERMINED),
        (opened(0), report(after=1, absent=True), Outcome.NOT_DETERMINED),
        (closed(0), report(after=1, absent=True), Outcome.NOT_DETERMINED),
        (report(absent=True), opened(1), Outcome.NOT_DETERMINED),
        (report(asked=((1, 80),)), opened(1), Outcome.NOT_DETERMINED),
    ],
)
def test_what_two_probes_prove_together(before, after, outcome):
    assert judge(run(before), run(after), difference(run(before), run(after))) is outcome


@pytest.mark.parametrize(
    "refusal",
    [NotMandated(address="192.168.1.7", port=104), opened(1, verdict="void"), KeyError("a fault of ours"), {}],
)
def test_a_probe_that_says_nothing_proves_nothing_and_holds_up_nobody(scene, refusal):
    done = scene.whole(closed(0), refusal)
    assert (done.state, done.outcome) == (State.CLOSED, Outcome.NOT_DETERMINED)
    assert done.after.run == ""
    assert done.after.reason in {"probe.not-mandated", "probe.void", "probe.broken", "probe.bad-run"}


def test_nobody_closes_while_the_probe_before_is_under_way_nor_twice(scene):
    made = scene.rooms.open(SECRETARY, TOLD, kit.CONTROLLER)
    assert scene.woken == 1
    with pytest.raises(ProbeUnderWay):
        scene.rooms.close(SECRETARY, made.id)
    scene.says = [closed(0), closed(1)]
    scene.rooms.sweep(scene.clock.now())
    scene.rooms.close(SECRETARY, made.id)
    scene.rooms.sweep(scene.clock.now())
    with pytest.raises(InterventionOver):
        scene.rooms.close(SECRETARY, made.id)


def test_a_worker_that_died_in_the_middle_begins_the_probe_again(scene, tmp_path):
    made = scene.rooms.open(SECRETARY, TOLD, kit.CONTROLLER)
    again = Scene(tmp_path)
    again.says = [closed(0)]
    assert again.rooms.sweep(again.clock.now()) == 1
    assert again.rooms.one(DPO, made.id).state is State.OPEN


def test_one_that_was_never_closed_is_told(scene):
    made = scene.rooms.open(SECRETARY, TOLD, kit.CONTROLLER)
    assert [one.id for one in scene.rooms.open_interventions()] == [made.id]
    late = scene.clock.now() + intervention_rules().open_for + timedelta(minutes=1)
    assert not made.overdue(scene.clock.now(), intervention_rules().open_for)
    assert made.overdue(late, intervention_rules().open_for)


def test_one_that_left_something_open_is_told_for_a_while(scene):
    done = scene.whole(closed(0), opened(1))
    assert [one.id for one in scene.rooms.overview(scene.clock.now()).worse] == [done.id]
    assert scene.rooms.overview(scene.clock.now() + timedelta(days=91)).worse == []


def test_the_written_report_is_attached_and_given_back_as_it_was(scene):
    made = scene.rooms.open(SECRETARY, TOLD, kit.CONTROLLER)
    one = scene.rooms.attach(SECRETARY, made.id, "../../compte rendu.pdf", b"%PDF-1.7 ...")
    assert scene.rooms.one(DPO, made.id).attached == (one,)
    assert one.name == "compte rendu.pdf"
    assert scene.rooms.attachment(DPO, made.id, one.id) == (one, b"%PDF-1.7 ...")
    with pytest.raises(NoSuchIntervention):
        scene.rooms.attachment(DPO, "int_" + "a" * 26, one.id)


def test_a_report_that_was_changed_past_us_is_not_given_back(scene, tmp_path):
    made = scene.rooms.open(SECRETARY, TOLD, kit.CONTROLLER)
    one = scene.rooms.attach(SECRETARY, made.id, "a.pdf", b"what was done")
    with kit.records(tmp_path).begin() as tx:
        tx.exec_driver_sql("UPDATE intervention_reports SET body = ?", (b"something else",))
    with pytest.raises(BadIntervention):
        scene.rooms.attachment(DPO, made.id, one.id)


@pytest.mark.parametrize("body", [b"", b"x" * (MOST_BYTES + 1)])
def test_reports_are_bounded(scene, body):
    made = scene.rooms.open(SECRETARY, TOLD, kit.CONTROLLER)
    with pytest.raises(BadIntervention):
        scene.rooms.attach(SECRETARY, made.id, "a.pdf", body)


@pytest.mark.parametrize(
    ("name", "shown"), [("C:\\x\\a.pdf", "a.pdf"), ("...", "report"), ('a"\r\nb', "a___b"), ("é (1).pdf", "é (1).pdf")]
)
def test_a_name_has_nothing_of_a_path_or_a_header(name, shown):
    assert plain_name(name, "report") == shown


@pytest.mark.parametrize(
    "values", [{"kind": "cat"}, {"author": " "}, {"contract": ""}, {"purpose": "x" * 501}, {"company": "a\nb"}]
)
def test_who_and_what_for_are_said_before(scene, values):
    with pytest.raises(BadIntervention):
        scene.rooms.open(SECRETARY, replace(TOLD, **values), kit.CONTROLLER)


def test_a_dpo_looks_and_does_not_open(scene):
    with pytest.raises(NotPermitted):
        scene.rooms.open(DPO, TOLD, kit.CONTROLLER)
