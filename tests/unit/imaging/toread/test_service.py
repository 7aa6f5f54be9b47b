"""The list of what is to be read, with real tables and a journal that remembers."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import settings
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule, run_state_machine_as_test
from hypothesis.strategies import sampled_from
from sqlalchemy import event

from primum.ground.clock import FixedClock
from primum.ground.db import open_database
from primum.imaging import prepare_records
from primum.imaging.records import forget_study
from primum.imaging.toread.model import Facts, NotToRead, TakenAlready
from primum.imaging.toread.service import ToRead, Wish

ANNE, PAUL = "per_anne", "per_paul"
EARLY = datetime(2026, 11, 22, 8, 0, tzinfo=UTC)
"""When a report is validated that says nothing of images to come."""
CT = Facts(
    "ctl_a", "1.2.3", frozenset({"CT"}), frozenset({"CT"}), frozenset({"CT1"}), frozenset({"dev_a"}), "20261120"
)  # fmt: skip


class Around:
    """A clock, a journal and the reports there are."""

    def __init__(self, folder):
        self.clock = FixedClock(datetime(2026, 11, 22, 9, 0, tzinfo=UTC))
        self.told, self.reports, self.anew = [], set(), {}
        self.records = open_database(folder / "records.db", bytes(32), durability="normal")
        prepare_records(self.records)
        wish = Wish(30, frozenset({"SR"}))
        self.list = ToRead(self.records, self.clock, self.record, wish, self.validated)

    def validated(self, refs):
        """Tell as reports do, which write in records.db what they read."""
        with self.records.begin() as connection:
            connection.exec_driver_sql("UPDATE to_read SET urgency = urgency WHERE study_ref = 'nobody'")
        return {one: self.anew.get(one, EARLY) for one in self.reports & set(refs)}

    def record(self, kind, actor, subject, details):
        self.told.append((kind, actor, subject, dict(details)))

    def complete(self, study="s1", **more):
        self.clock.advance(timedelta(minutes=1))
        self.list.completed(study, replace(CT, study_uid=f"1.2.{study[1:]}", **more))

    def waiting(self, **asked):
        return [one.study_ref for one in self.list.waiting(None, **asked)]


@pytest.fixture
def around(tmp_path):
    made = Around(tmp_path)
    yield made
    made.records.dispose()


def only(around):
    (one,) = around.list.waiting(None)
    return one


def test_urgent_ones_come_first_then_those_that_wait_longest(around):
    for study, priority in (("s1", "ROUTINE"), ("s2", ""), ("s3", "HIGH"), ("s4", "STAT"), ("s5", "STAT")):
        around.complete(study, priority=priority)
    assert around.waiting() == ["s4", "s5", "s3", "s1", "s2"]
    assert [one.urgent for one in around.list.waiting(None)] == [True, True, True, False, False]


def test_the_list_is_narrowed(around):
    around.complete("s1")
    around.complete("s2", modalities=frozenset({"MR", "SR"}), stations=frozenset({"MR1"}))
    around.complete("s3", controller_id="ctl_b")
    assert around.waiting(modality="MR") == around.waiting(station="MR1") == ["s2"]
    assert around.waiting(modality="US") == []
    assert [one.study_ref for one in around.list.waiting({"ctl_b"})] == ["s3"]
    assert around.list.waiting(set()) == []


def test_what_one_takes_another_cannot(around):
    around.complete()
    around.list.claim(ANNE, "s1")
    assert around.list.claim(ANNE, "s1").claimed_by == ANNE
    with pytest.raises(TakenAlready):
        around.list.claim(PAUL, "s1")
    with pytest.raises(TakenAlready):
        around.list.read(PAUL, "s1")
    around.list.release(PAUL, "s1")
    around.list.claim(PAUL, "s1")
    around.list.read(PAUL, "s1")
    assert around.waiting() == []
    assert around.told == [
        (kind, who, "s1", {"controller": "ctl_a"})
        for kind, who in (
            ("study:reading:taken", ANNE), ("study:reading:released", PAUL), ("study:reading:taken", PAUL),
            ("study:read", PAUL),
        )
    ]  # fmt: skip


def test_nothing_is_done_about_what_does_not_wait(around):
    around.complete("s2")
    around.list.read(ANNE, "s2")
    told = len(around.told)
    for study in ("s1", "s2"):
        for act in (around.list.claim, around.list.release, around.list.read):
            with pytest.raises(NotToRead):
                act(ANNE, study)
    assert len(around.told) == told


def test_a_validated_report_takes_it_off_at_once_and_for_good(around):
    around.complete()
    around.reports.add("s1")
    assert around.waiting() == []
    assert (around.list.settle(around.clock.now()), around.list.settle(around.clock.now())) == (1, 0)
    around.reports.clear()
    assert around.waiting() == []


@pytest.mark.parametrize("ended", ["read", "report", "report not settled"])
def test_new_images_bring_it_back(around, ended):
    around.complete()
    if ended == "read":
        around.list.read(ANNE, "s1")
    else:
        around.reports.add("s1")
        around.list.settle(around.clock.now()) if ended == "report" else None
    around.complete()
    one = only(around)
    assert one.new_images
    assert not one.claimed_by
    # the report that was there before says nothing of the new images: a person does
    around.list.settle(around.clock.now())
    assert around.waiting() == ["s1"]
    around.list.read(ANNE, "s1")
    assert around.waiting() == []


@pytest.mark.parametrize("ended", [True, False])
def test_a_report_that_comes_is_no_new_image(around, ended):
    around.complete()
    if ended:
        around.reports.add("s1")
        around.list.settle(around.clock.now())
    else:
        around.list.claim(ANNE, "s1")
    before = around.list.waiting(None)
    around.complete(modalities=frozenset({"CT", "SR"}), fresh=frozenset({"SR"}))
    assert around.list.waiting(None) == before


def test_new_images_of_what_somebody_reads_are_said_and_leave_it_theirs(around):
    around.complete()
    around.list.claim(ANNE, "s1")
    since = only(around).since
    around.complete()
    one = only(around)
    assert (one.claimed_by, one.new_images, one.since) == (ANNE, True, since)


def test_the_same_completion_said_twice_changes_nothing(around):
    around.complete()
    before = only(around)
    around.complete()
    assert only(around) == before


def test_a_study_of_which_only_a_report_came_first_waits_once_its_images_came(around):
    around.complete(modalities=frozenset({"SR"}))
    assert around.waiting() == []
    around.complete(modalities=frozenset({"SR", "CT"}))
    assert not only(around).new_images


def test_a_priority_said_later_counts_when_images_come(around):
    around.complete()
    around.complete(priority="STAT")
    assert only(around).urgent


def test_an_erased_study_leaves_the_list(around):
    around.complete()
    with around.records.begin() as connection:
        forget_study(connection, "s1")
    assert around.waiting() == []


def test_nothing_changes_where_the_journal_cannot_be_written(around):
    around.complete()

    class Full(Exception):
        pass

    def refuse(*_):
        raise Full

    around.list._record = refuse
    for act in (around.list.claim, around.list.read):
        with pytest.raises(Full):
            act(ANNE, "s1")
    assert only(around).claimed_by == ""


def test_the_list_is_walked_by_its_index(around):
    seen = []
    event.listen(around.records, "before_cursor_execute", lambda c, k, sql, p, x, m: seen.append((sql, p)))
    around.list.waiting({"ctl_a"}, "CT", "CT1")
    ((sql, parameters),) = [one for one in seen if "FROM to_read" in one[0]]
    with around.records.connect() as connection:
        plan = connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {sql}", parameters).fetchall()
    assert "USING INDEX to_read_waiting" in plan[0][3]
    assert not any("TEMP B-TREE" in one[3] for one in plan)


def test_whatever_people_do_one_reader_at_most_and_only_what_waits_is_listed(tmp_path_factory):  # noqa: C901 (a machine of five rules)
    class Machine(RuleBasedStateMachine):
        def __init__(self):
            super().__init__()
            self.around, self.reader, self.waits = Around(tmp_path_factory.mktemp("list")), "", False

        @rule()
        def images(self):
            self.around.complete()
            self.reader, self.waits = (self.reader if self.waits else ""), True

        @rule(who=sampled_from([ANNE, PAUL]))
        def claim(self, who):
            self.attempt(self.around.list.claim, who, allowed=self.reader in {"", who})
            self.reader = who if self.waits and self.reader == "" else self.reader

        @rule(who=sampled_from([ANNE, PAUL]))
        def release(self, who):
            self.attempt(self.around.list.release, who, allowed=True)
            self.reader = ""

        @rule(who=sampled_from([ANNE, PAUL]))
        def read(self, who):
            allowed = self.reader in {"", who}
            self.attempt(self.around.list.read, who, allowed=allowed)
            if allowed:
                self.reader, self.waits = "", False

        def attempt(self, act, who, *, allowed):
            refused = NotToRead if not self.waits else None if allowed else TakenAlready
            if refused is None:
                act(who, "s1")
            else:
                with pytest.raises(refused):
                    act(who, "s1")

        @invariant()
        def holds(self):
            found = self.around.list.waiting(None)
            assert [one.study_ref for one in found] == (["s1"] if self.waits else [])
            assert not found or found[0].claimed_by == self.reader

        def teardown(self):
            self.around.records.dispose()

    quick = settings(max_examples=12, stateful_step_count=12, deadline=None)
    run_state_machine_as_test(Machine, settings=quick)


@pytest.mark.parametrize("settled", [True, False])
def test_an_entry_opened_again_leaves_when_a_report_is_validated_after_the_new_images(around, settled):
    around.complete()
    around.reports.add("s1")
    assert around.list.settle(around.clock.now()) == 1
    around.complete()
    assert around.waiting() == ["s1"]
    assert around.list.settle(around.clock.now()) == 0
    around.anew["s1"] = around.clock.now()
    assert around.waiting() == ["s1"], "validated at the moment that the images were found: of them it says nothing"
    around.anew["s1"] = around.clock.now() + timedelta(seconds=1)
    if settled:
        assert around.list.settle(around.clock.now()) == 1
    assert around.waiting() == []


def test_images_that_come_after_that_report_open_it_once_more(around):
    around.complete()
    around.reports.add("s1")
    around.list.settle(around.clock.now())
    around.complete()
    around.anew["s1"] = around.clock.now() + timedelta(seconds=1)
    around.complete()
    assert around.waiting() == ["s1"]
    assert only(around).reported
