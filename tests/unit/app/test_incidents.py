"""What this Primum knows of itself for the file of a breach: who was within reach of a grant, what went out by it."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from types import SimpleNamespace

import pytest
from tests.unit.imaging.conftest import CONTROLLER
from tests.unit.imaging.retention import conftest as retained
from tests.unit.imaging.retention.kit import ANNE, BRUNO, DAY, Keeping

from primum.app.incidents import OurHouse, Ourselves, WhoDecides
from primum.exposure.canaries.store import Canary, plant, prepare_canaries
from primum.exposure.findings.model import read_hole
from primum.ground.disc import RealDisc
from primum.ground.ids import new_id
from primum.identity import Actor, Grant, Role, Scope, Service
from primum.identity.device_model import Device
from primum.imaging.retention.model import Reason
from primum.journal import Fact, Journal, Kind

keeping, migrated = retained.keeping, retained.migrated
PORT = 11_112
HOUR = timedelta(hours=1)
FOUND = DAY + 10 * HOUR
RUN = (FOUND, FOUND + timedelta(minutes=3))


def device(*may: Service, plain: str | None = "127.0.0.1", **more) -> Device:
    made = Device(
        id=new_id("dev"), name="poste", aet="HOROS", may=frozenset(may), controller_id=CONTROLLER, plain_address=plain,
        added_at=DAY - HOUR, added_by=ANNE.person_id, revoked_at=None, certificates=(),
    )  # fmt: skip
    return replace(made, **more)


def hole(rung: str, *, port: int = PORT, mode: str = "plain", address: str = "127.0.0.1"):
    return read_hole(address, port, mode, "device", rung)


class Ours:
    """This Primum: its archive, its devices and its journal."""

    def __init__(self, keeping: Keeping) -> None:
        self.keeping, self.clock = keeping, keeping.house.clock
        prepare_canaries(keeping.house.records)
        folder = keeping.house.folder / "journal"
        folder.mkdir()
        self.journal = Journal(folder, "dimse", self.clock, RealDisc(), new_id("hom"))
        self.devices: list[Device] = []
        register = SimpleNamespace(list=lambda: self.devices)
        self.own = Ourselves(self.journal, keeping.house.records, keeping.house.index, register, PORT)

    def reach(self, controller: str = CONTROLLER, since=DAY - HOUR, until=None):
        return self.own.reach(controller, since, until or self.clock.now(), DAY.date())

    def grants(self, *asked, since=FOUND, until=FOUND):
        return [one.device_id for one in self.own.grants(hole(*asked), since, until)]


@pytest.fixture
def ours(keeping: Keeping) -> Ours:
    return Ours(keeping)


def test_people_studies_and_minors_on_the_day_are_counted_and_no_birth_date_is_told_apart(ours):
    """A child of seventeen years and 364 days is one; on the birthday no more."""
    for number, (patient, birth) in enumerate(
        [("A", "19700101"), ("A", "19700101"), ("B", "20081123"), ("C", "20081122"), ("D", ""), ("E", "20081")], 1
    ):
        ours.keeping.study(number, number=patient, name=f"{patient}^X", birth=birth)
    found = ours.reach()
    assert (found.people, found.minors, found.undated, found.studies) == (5, 1, 2, 6)


def test_another_controllers_and_what_came_after_it_was_over_are_not_within_reach(ours):
    ours.keeping.study(1)
    over = ours.clock.now()
    ours.keeping.study(2)
    assert ours.reach(until=over).studies == 1
    assert ours.reach("ctl_" + "z" * 26).studies == 0


def test_who_was_erased_since_is_told_by_the_erasure_and_who_was_before_is_not(ours):
    retention = ours.keeping.retention

    def erase(ref: str) -> str:
        one = retention.propose(ANNE, ref, Reason.WRONG_PATIENT)
        retention.approve(BRUNO, one.id)
        ours.keeping.run()
        return one.id

    erase(ours.keeping.study(1))
    since = ours.clock.now() + timedelta(seconds=1)
    erased = erase(ours.keeping.study(2))
    ours.keeping.study(3)
    found = ours.reach(since=since)
    assert (found.studies, found.erasures) == (1, (erased,))


def test_a_probes_canary_is_nobody_there_or_erased(ours):
    refs = [ours.keeping.study(number) for number in (1, 2)]
    with ours.keeping.house.records.begin() as tx:
        for number, ref in enumerate(refs, 1):
            plant(tx, Canary(f"1.2.{number}", ref, ANNE.person_id), DAY)
    ours.keeping.retention.erase_planted(refs[0], "1.2.1")
    ours.keeping.run()
    assert (ours.reach().studies, ours.reach().people, ours.reach().erasures) == (0, 0, ())


def test_a_stranger_came_in_by_the_devices_without_tls_that_may_do_what_was_done(ours):
    reads, stores = device(Service.FIND, Service.GET), device(Service.STORE)
    tls = device(Service.FIND, plain=None)
    gone = device(Service.FIND, revoked_at=FOUND - HOUR)
    later = device(Service.FIND, added_at=FOUND + HOUR)
    ours.devices = [reads, stores, tls, gone, later]
    assert ours.grants("find") == [reads.id]
    assert ours.grants("store") == [stores.id]
    assert ours.grants("associate") == [reads.id, stores.id]
    assert ours.grants("find", since=FOUND - 2 * HOUR) == [reads.id, gone.id]
    assert [one.reads for one in ours.own.grants(hole("associate"), FOUND, FOUND)] == [True, False]


@pytest.mark.parametrize("other", [{"port": 4242}, {"mode": "tls"}, {"mode": "tls-foreign"}])
def test_what_is_not_our_door_in_clear_is_by_no_grant_of_ours(ours, other):
    ours.devices = [device(Service.FIND)]
    assert ours.own.grants(hole("find", **other), FOUND, FOUND) == []


def test_a_name_that_a_person_typed_is_no_address(ours):
    assert ours.own.is_here("127.0.0.1")
    assert not ours.own.is_here("le serveur du sous-sol")


def called(ours: Ours, who: str, *, study: str = "") -> None:
    """Have a device search, and be sent a study."""
    association = new_id("asc")
    record = ours.journal.record
    record(Fact(Kind.ASSOCIATION_OPENED, who, "", {"association": association, "address": "127.0.0.1"}))
    searched = {"association": association, "controller": CONTROLLER, "level": "study", "found": 4}
    record(Fact(Kind.DEVICE_LIST_SEARCHED, who, "", searched))
    if study:
        sent = {"association": association, "controller": CONTROLLER, "instances": 7, "destination": who}
        record(Fact(Kind.STUDY_SENT, who, study, sent))


def test_what_a_device_was_told_and_sent_is_counted_and_the_probes_own_calls_apart(ours):
    mine, other, study = new_id("dev"), new_id("dev"), new_id("stu")[4:]
    called(ours, mine, study=study)  # before
    ours.keeping.go_to(DAY + HOUR)
    for _ in range(2):
        called(ours, mine, study=study)
    called(ours, other, study=study)
    ours.keeping.go_to(FOUND + timedelta(minutes=1))
    called(ours, mine, study=study)  # the probe's
    ours.keeping.go_to(FOUND + HOUR)
    called(ours, mine)  # after
    (trace,) = ours.own.accesses([mine], DAY + timedelta(minutes=30), FOUND + timedelta(minutes=30), [RUN]).traces
    assert (trace.associations, trace.searches, trace.sent, trace.instances) == (2, 2, (study,), 14)
    assert trace.while_probed == 2


def test_months_that_were_pruned_are_said_and_others_not(ours):
    for month in ("2026-08", "2026-10", "2026-12"):
        details = {"segment": month, "lines": 9, "chains": 1, "root": "ab" * 32, "rule": "access-months-6"}
        ours.journal.record(Fact(Kind.SEGMENT_PRUNED, "system", "", details))
    told = ours.own.accesses([new_id("dev")], DAY - timedelta(days=60), DAY, [])
    assert told.pruned == ("2026-10",)


def test_the_house_is_its_controllers_and_what_the_setting_says():
    people = SimpleNamespace(controllers=lambda: [SimpleNamespace(id="ctl_a", name="Cabinet", created_at=DAY)])
    house = OurHouse(people, processor=True)
    assert (house.processor, [(one.id, one.name) for one in house.controllers()]) == (True, [("ctl_a", "Cabinet")])


def test_whoever_may_decide_and_has_an_address_is_reminded_each_once():
    there = Actor("per_a", (Grant(Role.PHYSICIAN, Scope.OWN, CONTROLLER),))
    elsewhere = Actor("per_b", (Grant(Role.PHYSICIAN, Scope.OWN, "ctl_" + "z" * 26),))
    secretary = Actor("per_c", (Grant(Role.SECRETARY, Scope.SITE, CONTROLLER),))
    unreachable = Actor("per_d", (Grant(Role.PHYSICIAN, Scope.SITE, CONTROLLER),))
    mails = {"per_a": "a@example.org", "per_b": "b@example.org", "per_c": "c@example.org", "per_d": ""}
    people = SimpleNamespace(
        enrolled=lambda: [there, elsewhere, secretary, unreachable],
        list=lambda: [SimpleNamespace(id=one, mail=mail, language="fr") for one, mail in mails.items()],
    )
    assert WhoDecides(people)(CONTROLLER) == [("a@example.org", "fr")]
