"""Checks are kept, signed, compared, journaled and forgotten by rule; what is declared has an end."""

from __future__ import annotations

import json
import threading
from datetime import date, timedelta

import pytest
from hypothesis import given, settings, strategies as st
from tests.unit.exposure.checks.kit import HOME, NOW, PERSON, but
from tests.unit.identity.people_kit import JournalFull, Remembered

from primum.exposure.checks.errors import (
    AdvisoriesUnfit,
    BadDeclaration,
    CheckInterrupted,
    CheckUnderWay,
    NoCheckYet,
    NoSuchDeclaration,
)
from primum.exposure.checks.gathering.discs import Kind, Medium
from primum.exposure.checks.service import EVERY, Checks, Home, past
from primum.exposure.checks.signing import verify
from primum.exposure.checks.sources import Deletions, Host, Media
from primum.exposure.checks.store import prepare_checks
from primum.ground.clock import FixedClock
from primum.ground.db import open_database
from primum.journal import BY_NAME
from primum.journal.note import NoteKey

KEY = NoteKey(f"journal.primum.invalid/{HOME}", bytes(range(32)))
VIRTUAL = {"media": Media(Medium(Kind.VIRTUAL, "vda"), ())}


class Place:
    """Checks on a sealed database, with a clock that stands still and sources that a test changes."""

    def __init__(self, folder):
        self.engine = open_database(folder / "records.db", bytes(32), durability="normal")
        prepare_checks(self.engine)
        self.clock, self.journal, self.told = FixedClock(NOW), Remembered(), but()
        home = Home(HOME, "0.1", KEY.sign_text)
        self.checks = Checks(self.engine, self.clock, self.journal, home=home, gather=lambda: self.told)

    def line(self, name):
        return next(one for one in self.checks.make(PERSON).report["lines"] if one["name"] == name)


@pytest.fixture
def place(tmp_path):
    return Place(tmp_path)


def test_a_run_is_kept_signed_and_in_the_journal_with_its_hash(place):
    with pytest.raises(NoCheckYet):
        place.checks.last()
    kept = place.checks.make(PERSON)
    again = place.checks.last()
    assert (again.note, again.report) == (kept.note, kept.report)
    assert verify(kept.note, KEY.verifier_key) == kept.report
    actor, subject, details = place.journal.last("check:made")
    assert (actor, subject) == (PERSON, kept.run.id)
    assert details == {"good": 27, "attention": 0, "bad": 0, "undetermined": 2, "fingerprint": kept.run.hash}
    with pytest.raises(NoCheckYet):
        place.checks.of("chk_nobody")


def test_each_run_names_the_one_before_and_what_changed(place):
    first = place.checks.make(PERSON)
    place.clock.advance(timedelta(hours=1))
    place.told = but(deletions=Deletions(2, 2, 0, None))
    second = place.checks.make("system")
    assert second.report["previous"]["id"] == first.run.id
    assert [one["name"] for one in second.report["changes"]] == ["deletions"]
    assert [one.id for one in place.checks.runs()] == [second.run.id, first.run.id]
    assert place.checks.of(first.run.id).note == first.note


def test_every_kind_and_detail_that_is_recorded_is_in_the_vocabulary(place, tmp_path):
    place.checks.make(PERSON)
    place.checks.declare(PERSON, "homologation", "homologated", None)
    place.checks.withdraw(PERSON, "homologation")
    (tmp_path / "a.json").write_text(json.dumps({
        "id": "A-1", "modified": "2026-11-01",
        "affected": [{"package": {"ecosystem": "npm", "name": "x"}}],
    }))  # fmt: skip
    place.checks.bring(PERSON, tmp_path)
    place.clock.advance(timedelta(days=5000))
    place.checks.forget(place.clock.now())
    assert set(place.journal.kinds()) == {
        "check:made", "check:declared", "check:withdrawn", "check:advisories:brought", "checks:pruned",
    }  # fmt: skip
    for kind, _, _, details in place.journal.facts:
        assert details.keys() <= BY_NAME[kind].value.details


def test_what_is_declared_counts_until_its_day_and_can_be_taken_back(place):
    place.told = but(**VIRTUAL)
    assert place.line("disc-encryption")["state"] == "not-determined"
    one = place.checks.declare(PERSON, "disc-encryption", "encrypted", date(2026, 12, 1))
    line = place.line("disc-encryption")
    assert (line["state"], line["way"], line["until"]) == ("good", "declared", "2026-12-01")
    assert place.journal.last("check:declared")[2] == {
        "what": "disc-encryption", "before": "", "after": "encrypted", "expires_at": "2026-12-01T23:59:59Z",
    }  # fmt: skip
    assert one in place.checks.declarations()
    place.checks.withdraw(PERSON, "disc-encryption")
    assert place.line("disc-encryption")["state"] == "not-determined"
    with pytest.raises(NoSuchDeclaration):
        place.checks.withdraw(PERSON, "disc-encryption")


def test_a_new_declaration_stands_in_the_place_of_the_old_one(place):
    place.told = but(**VIRTUAL)
    place.checks.declare(PERSON, "disc-encryption", "encrypted", None)
    place.checks.declare(PERSON, "disc-encryption", "not-encrypted", None)
    assert [one.value for one in place.checks.declarations()] == ["not-encrypted"]
    assert place.line("disc-encryption")["state"] == "bad"


def test_third_parties_are_declared_one_by_one(place):
    place.told = but(hosts=[Host("a.example.com", "backup"), Host("b.example.com", "x")])
    place.checks.declare(PERSON, "third-parties/a.example.com", "hds", None)
    assert place.line("third-parties")["code"] == "undeclared"
    place.checks.declare(PERSON, "third-parties/b.example.com", "not-hosting", None)
    assert place.line("third-parties")["code"] == "certified"


@pytest.mark.parametrize(
    ("named", "value", "until"),
    [
        ("backup", "fine", None),  # measured: nobody declares it
        ("nothing", "fine", None),
        ("homologation", "maybe", None),
        ("homologation", "homologated", NOW.date() - timedelta(days=1)),
        ("homologation", "homologated", NOW.date() + timedelta(days=1096)),
        ("clock", "kept", NOW.date() + timedelta(days=91)),
        ("homologation/x", "homologated", None),
        ("third-parties", "hds", None),
        ("third-parties/a b", "hds", None),
        ("third-parties/" + "x" * 201, "hds", None),
    ],
)
def test_what_cannot_be_declared_is_refused_and_leaves_nothing(place, named, value, until):
    with pytest.raises(BadDeclaration):
        place.checks.declare(PERSON, named, value, until)
    assert place.checks.declarations() == []
    assert place.journal.facts == []


def test_a_declaration_that_the_journal_does_not_take_is_none(place):
    place.journal.full = True
    with pytest.raises(JournalFull):
        place.checks.declare(PERSON, "homologation", "homologated", None)
    assert place.checks.declarations() == []


def test_one_check_is_made_at_a_time(place):
    begun, over = threading.Event(), threading.Event()
    place.told = but(clock=lambda: (begun.set(), over.wait(30)))
    one = threading.Thread(target=place.checks.make, args=(PERSON,))
    one.start()
    assert begun.wait(20)
    done = place.checks.progress()
    assert done is not None
    assert 0 < done[0] < done[1] == 29
    for ask in (place.checks.make, place.checks.start):
        with pytest.raises(CheckUnderWay):
            ask(PERSON)
    over.set()
    one.join(30)
    assert len(place.checks.runs()) == 1
    assert place.checks.progress() is None


def test_a_check_is_made_each_day_by_itself(place):
    job = next(one for one in place.checks.jobs() if one.name == "exposure.check")

    def made() -> int:
        started = job.sweep(place.clock.now())
        for thread in threading.enumerate():
            if thread.name == "check":
                thread.join(30)
        return started

    assert made() == 1
    assert made() == 0, "one a day"
    place.clock.advance(EVERY)
    assert made() == 1
    assert [one.asked_by for one in place.checks.runs()] == ["system", "system"]
    place.clock.advance(-timedelta(days=9))
    assert made() == 1, "a clock that was set back does not end the checks"


def test_a_check_ends_when_primum_stops_and_leaves_nothing(place):
    begun, over = threading.Event(), threading.Event()
    place.told = but(doors=lambda: (begun.set(), over.wait(30)))
    place.checks.start(PERSON)
    assert begun.wait(20)
    stopping = threading.Thread(target=place.checks.stop)
    stopping.start()
    over.set()
    stopping.join(30)
    assert place.checks.progress() is None
    assert place.checks.runs() == []
    with pytest.raises(CheckInterrupted):
        place.checks.make(PERSON)


def test_a_database_is_kept_until_another_one_is_brought_and_a_bad_one_changes_nothing(place, tmp_path):
    place.told.facts["advisories"] = lambda: kept(place)
    assert place.line("vulnerabilities")["code"] == "no-database"
    affected = {"package": {"ecosystem": "PyPI", "name": "jinja2"}, "versions": ["3.1.6"]}
    (tmp_path / "a.json").write_text(json.dumps({"id": "A-1", "modified": "2026-11-20", "affected": [affected]}))
    place.checks.bring(PERSON, tmp_path)
    assert place.line("vulnerabilities")["items"] == ["jinja2 3.1.6: A-1"]
    (tmp_path / "b.json").write_text("no record")
    with pytest.raises(AdvisoriesUnfit):
        place.checks.bring(PERSON, tmp_path)
    assert place.line("vulnerabilities")["code"] == "vulnerable"


def kept(place):
    from primum.exposure.checks import store

    with place.engine.begin() as tx:
        return store.advisories(tx)


def test_runs_are_forgotten_by_rule(place):
    for _ in range(3):
        place.checks.make(PERSON)
        place.clock.advance(timedelta(days=1))
    assert place.checks.forget(place.clock.now()) == 0
    later = place.clock.now() + timedelta(days=401)
    assert place.checks.forget(later) == 2
    assert len(place.checks.runs()) == 1, "the first of its month stays"
    assert place.journal.last("checks:pruned")[2] == {"count": 2, "rule": "check.keeping.400-days"}
    assert place.checks.forget(later + timedelta(days=366 * 6)) == 1


instants = st.lists(st.integers(0, 2800).map(lambda days: NOW - timedelta(days=days)), max_size=60)


@settings(max_examples=80, deadline=None)
@given(instants)
def test_what_is_young_stays_what_is_old_goes_and_each_month_between_keeps_its_first(times):
    runs = [(str(number), at) for number, at in enumerate(sorted(times))]
    gone = set(past(runs, NOW, 400, 6))
    left = [(name, at) for name, at in runs if name not in gone]
    assert all(NOW - timedelta(days=366 * 6) <= at for _, at in left)
    assert all(at < NOW - timedelta(days=400) for name, at in runs if name in gone)
    between = [at for _, at in left if at < NOW - timedelta(days=400)]
    assert len({(at.year, at.month) for at in between}) == len(between)
    assert past(left, NOW, 400, 6) == []
