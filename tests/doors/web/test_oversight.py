"""What a data protection officer looks at: facts with their dates, and nothing of a patient."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import fields
from datetime import timedelta
from types import SimpleNamespace

import pytest
from tests.doors import web_kit
from tests.doors.small import Study
from tests.doors.web.conftest import browser
from tests.doors.web_kit import Door, Somebody

from primum.app.backup.status import Standing, read_standing, sentences, write_standing
from primum.app.joints import Recorder
from primum.doors.worker.desk import Desk
from primum.doors.worker.verbs_oversight import facts
from primum.ground.clock import to_text
from primum.ground.disc import RealDisc
from primum.identity import Role, Scope
from primum.imaging.retention.erasing import Eraser
from primum.imaging.retention.model import HoldReason, Reason
from primum.journal import Fact, Kind

OLD = Study(7, name="Vieux^Canari", patient_id="CANARI-7", born="19300101", date="19990105", description="Genou")
YOUNG = Study(8, name="Jeune^Canari", patient_id="CANARI-8", born="19900101", date="20250105", description="Coude")
WRONG = Study(9, name="Faux^Canari", patient_id="CANARI-9", born="19900101", date="20250105", description="Main")
ELSEWHERE = Study(10, name="Autre^Canari", patient_id="CANARI-10", born="19300101", date="19980105")


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Door]:
    """A house with one study past its time, one held, one erased, and one of another controller past its time."""
    door = web_kit.build(tmp_path_factory.mktemp("oversight") / "home")
    door.add([*OLD.files(), *YOUNG.files(), *WRONG.files()], 0)
    door.add(ELSEWHERE.files(), 1)
    anne, bruno = (door.somebody(f"Dr {name}", Role.PHYSICIAN, scope=Scope.SITE) for name in ("Anne", "Bruno"))
    retention, clock = door.services.retention, door.clock
    index, records = door.indexer._index, door.indexer._records
    retention.sweep(clock.now())
    by, other = (fresh_actor(door, one) for one in (anne, bruno))
    retention.hold(by, ref(door, YOUNG), HoldReason.LITIGATION)
    proposed = retention.propose(by, ref(door, WRONG), Reason.WRONG_PATIENT)
    retention.approve(other, proposed.id)
    eraser = Eraser(records, index, door.vault, clock, Recorder(door.journal), lambda step: step(door.indexer) and None)
    assert eraser.carry_out(clock.now() + timedelta(seconds=1)) == 1

    standing = Standing(to="/backup", made_at=to_text(clock.now()), oldest={"/backup": "20200101t000000000z"})
    write_standing(RealDisc(), door.folder, standing)
    door.journal.record(Fact(Kind.JOURNAL_VERIFIED, "system", "", {"illnesses": 0, "lines": 4711}))
    rooms = SimpleNamespace(
        rooms=SimpleNamespace(
            journal=door.journal, clock=clock, settings=door.services.settings, home=SimpleNamespace(folder=door.folder)
        ),
        people=door.people, retention=retention, orders=door.services.orders, index=index,
        backups=SimpleNamespace(standing=lambda now: sentences(read_standing(door.folder), now, expected=False)),
    )  # fmt: skip
    desk = Desk(**{one.name: {"worker": rooms}.get(one.name) for one in fields(Desk)})
    door.services.intake.verbs = {"retention.facts": lambda args, data: facts(desk, args, data)}
    with web_kit.serving(door):
        yield door


def ref(door: Door, study: Study) -> str:
    return door.vault.study_ref(door.controllers[0], study.uid)


def fresh_actor(door: Door, who: Somebody):
    session = door.people.sign_in(who.login, who.made.password, who.code(), "local", "test")
    door.people.step_up(session.token, who.made.password, who.code(), "local")
    return door.people.actor(door.people.session(session.token))


def page_for(door: Door, who: Somebody) -> tuple[int, str]:
    with browser(door) as client:
        assert client.post("/sign-in", data=who.form()).status_code == 303
        answer = client.get("/oversight")
        return answer.status_code, answer.text


@pytest.fixture(scope="module")
def officer(place: Door) -> Somebody:
    return place.somebody("Dora Officer", Role.DPO)


def test_the_page_says_what_waits_is_held_was_erased_and_when_copies_end(place: Door, officer: Somebody):
    status, page = page_for(place, officer)
    assert status == 200
    assert ref(place, OLD) in page, "past its time, proposed by the rules"
    assert "twenty-years" in page
    assert ref(place, YOUNG) in page, "held"
    assert "4711" in page, "the journal's last verification"
    assert "/backup" in page, "which copies may still hold the key"
    month = f"{place.clock.now():%Y-%m}"
    assert month in page
    assert "1 d’examens" in page  # noqa: RUF001 (as it is written)
    assert "CSP R.1112-7" in page, "a rule stands with its source"


def test_nothing_of_a_patient_is_on_it(place: Door, officer: Somebody):
    _, page = page_for(place, officer)
    for canary in ("anari", "CANARI", "19300101", "Genou", OLD.uid, WRONG.uid):
        assert canary not in page


def test_each_sees_the_controllers_that_they_may_list(place: Door):
    narrow = place.somebody("Dr Nina Narrow", Role.PHYSICIAN, scope=Scope.OWN)
    other = place.vault.study_ref(place.controllers[1], ELSEWHERE.uid)
    status, page = page_for(place, narrow)
    assert (status, other in page, ref(place, OLD) in page) == (200, False, True)


def test_who_may_not_list_erasures_is_refused_and_that_is_written_down(place: Door):
    secretary = place.somebody("Sonia Secretary", Role.SECRETARY, scope=Scope.SITE)
    status, _ = page_for(place, secretary)
    assert status == 403
    assert '"what":"erasure:list"' in [line for line in place.lines() if "person:action:refused" in line][-1]


def test_that_somebody_looked_is_a_fact(place: Door, officer: Somebody):
    page_for(place, officer)
    read = [json.loads(line[65:]) for line in place.lines() if '"person:journal:read"' in line]
    assert read[-1]["actor"] == officer.made.person.id
