"""What app joins for exposure: lines of a check become findings, and a check is told what is kept."""

from __future__ import annotations

from datetime import timedelta
from ipaddress import ip_network
from types import SimpleNamespace

import pytest
from tests.mandated import mandate
from tests.unit.exposure import kit
from tests.unit.exposure.runs_kit import closed, opened

from primum.app.checks import take_lines
from primum.app.exposed import Exposed, KeptHere
from primum.app.probing import targets
from primum.exposure.checks.catalogue import catalogue
from primum.exposure.findings.model import Source
from primum.exposure.findings.service import Findings
from primum.exposure.interventions.model import Told
from primum.exposure.interventions.service import Interventions
from primum.exposure.station.service import Stations
from primum.identity import Role

DOCTOR, DPO = kit.actor(Role.PHYSICIAN), kit.actor(Role.DPO)


@pytest.fixture
def exposed(tmp_path):
    engine, clock, told = kit.records(tmp_path), kit.clock(), kit.Told()
    findings = Findings(engine, clock, told)
    runs = [closed(0), opened(1)]
    interventions = Interventions(engine, clock, told, findings, lambda _progress: runs.pop(0))
    stations = Stations(engine, clock, told)
    return SimpleNamespace(clock=clock, kept=KeptHere(Exposed(None, findings, interventions, stations), clock),
                           findings=findings, interventions=interventions)  # fmt: skip


def lines(state):
    return {"lines": [{"name": name, "state": state} for name in catalogue().rules]}


def test_what_turned_bad_is_a_finding_until_it_is_not(exposed):
    at = exposed.clock.now()
    for number, state in enumerate(["good", "bad", "not-determined", "attention"]):
        take_lines(exposed.findings, lines(state), at + timedelta(days=number))
    found = exposed.findings.every(DPO)
    assert {one.line for one in found} == set(catalogue().rules)
    assert {(one.first_open_at - at).days for one in found} == {1}
    assert {(one.closed_at - at).days for one in found} == {3}


def test_a_check_is_told_of_interventions_and_of_the_last_probe(exposed):
    assert (exposed.kept.last_probe(), exposed.kept.last_outside(), exposed.kept.stations()) == (None, None, [])
    made = exposed.interventions.open(DOCTOR, Told("box", "Y", "Z", "C", "P"), kit.CONTROLLER)
    assert [one.id for one in exposed.kept.interventions().open] == [made.id]
    exposed.interventions.sweep(exposed.clock.now())
    exposed.interventions.close(DOCTOR, made.id)
    exposed.interventions.sweep(exposed.clock.now())
    told = exposed.kept.interventions()
    assert (list(told.open), [(one.id, one.findings) for one in told.worse]) == ([], [(made.id, 2)])
    assert (exposed.kept.last_probe().verdict, exposed.kept.last_probe().holes) == ("open", 2)
    exposed.findings.take(closed(3, place="outside"), Source.READ_BACK)
    assert exposed.kept.last_outside().holes == 0


def test_a_probe_by_itself_asks_this_machine_and_what_mandates_allow():
    lan, elsewhere = ip_network("192.168.1.0/24"), "10.9.0.0/30"
    given = [mandate("192.168.1.0/24", "10.9.0.0/30", "172.16.0.0/22")]
    assert targets(["192.168.1.2"], given, [lan]) == [
        "localhost", "192.168.1.2", *map(str, ip_network(elsewhere)), "192.168.1.0/24",
    ]  # fmt: skip
