"""Studies that come, settle, are complete, and are opened again: with a real vault and index."""

from datetime import timedelta

import pytest
from tests.doors.small import Study
from tests.doors.web_kit import build

from primum.imaging.completion.model import How, NoSuchRule, Performed, RuleExists
from primum.imaging.completion.service import Completions, Followers

QUIET = timedelta(minutes=5)
FIRST, MORE = Study(1, slices=2), Study(1, slices=4)


class Around:
    """What is asked and told."""

    def __init__(self):
        self.performed, self.forwarded, self.told, self.waiting = Performed(), [], [], []

    def ask(self, controller_id, study_uid):
        return self.performed

    def forward(self, rule, entry, sop_uids):
        self.forwarded.append((rule.id, entry.study_uid, list(sop_uids)))

    def wait(self, entry, fresh):
        self.waiting.append((entry.study_uid, fresh, len(self.told)))


@pytest.fixture
def place(tmp_path):
    return build(tmp_path / "home")


@pytest.fixture
def around():
    return Around()


@pytest.fixture
def completions(place, around):
    archive = place.services.archive.archive
    followers = Followers(around.ask, around.forward, around.told.append, around.wait)
    return Completions(place.indexer._index, place.indexer._records, archive, place.clock, QUIET, followers)


def later(place, completions, minutes):
    place.clock.ahead += timedelta(minutes=minutes)
    return completions.sweep(place.clock.now())


def test_a_study_is_complete_once_nothing_comes_any_more(place, completions, around):
    place.add(FIRST.files())
    assert later(place, completions, 0) == 0
    assert later(place, completions, 4) == 0
    assert later(place, completions, 2) == 1
    assert later(place, completions, 60) == 0
    (done,) = around.told
    assert (done.instances, done.how, done.times) == (2, How.QUIET, 1)


def test_a_performed_step_makes_it_complete_at_once(place, completions, around):
    around.performed = Performed(completed=True)
    place.add(FIRST.files())
    assert later(place, completions, 1) == 1
    assert around.told[0].how is How.MPPS


def test_a_late_series_opens_it_again_and_only_that_is_forwarded(place, completions, around):
    controller = place.controllers[0]
    rule = completions.add_rule(controller, "dev_pacs", "", "CT", "per_a")
    completions.add_rule(controller, "dev_pacs", "", "MR", "per_a")
    completions.add_rule(place.controllers[1], "dev_pacs", "", "", "per_a")
    place.add(FIRST.files())
    assert later(place, completions, 6) == 1
    place.add(MORE.files())  # the first two again, and two more
    assert later(place, completions, 6) == 1
    assert around.forwarded == [
        (rule.id, FIRST.uid, [FIRST.sop_uid(1), FIRST.sop_uid(2)]),
        (rule.id, FIRST.uid, [FIRST.sop_uid(3), FIRST.sop_uid(4)]),
    ]
    assert [one.times for one in around.told] == [1, 2]


def test_what_came_waits_to_be_read_before_anybody_is_told(place, completions, around):
    place.add(FIRST.files())
    later(place, completions, 6)
    place.add(MORE.files())
    later(place, completions, 6)
    assert around.waiting == [
        (FIRST.uid, [FIRST.sop_uid(1), FIRST.sop_uid(2)], 0),
        (FIRST.uid, [FIRST.sop_uid(3), FIRST.sop_uid(4)], 1),
    ]


def test_the_same_bytes_again_and_an_index_made_anew_complete_nothing(place, completions, around):
    completions.add_rule(place.controllers[0], "dev_pacs", "", "", "per_a")
    place.add(FIRST.files())
    later(place, completions, 6)
    place.add(FIRST.files())
    assert later(place, completions, 6) == 0
    place.indexer.rebuild()
    assert later(place, completions, 6) == 0
    assert len(around.told) == len(around.forwarded) == 1


def test_a_rule_takes_nothing_that_was_here_before_it(place, completions, around):
    place.add(FIRST.files())
    place.clock.ahead += timedelta(minutes=1)
    completions.add_rule(place.controllers[0], "dev_pacs", "", "", "per_a")
    assert later(place, completions, 6) == 1
    assert around.forwarded == []


def test_what_a_crash_interrupts_is_done_again(place, completions, around):
    completions.add_rule(place.controllers[0], "dev_pacs", "", "", "per_a")
    place.add(FIRST.files())
    right = around.forward

    class Crash(Exception):
        pass

    def crash(*_):
        raise Crash

    object.__setattr__(completions._followers, "forward", crash)
    with pytest.raises(Crash):
        later(place, completions, 6)
    object.__setattr__(completions._followers, "forward", right)
    assert later(place, completions, 0) == 1
    assert len(around.forwarded) == 1


def test_the_metadata_are_at_hand(place, completions):
    place.add(FIRST.files())
    before = {one.name for one in (place.folder / "vault").rglob("*") if one.is_file()}
    later(place, completions, 6)
    after = {one.name for one in (place.folder / "vault").rglob("*") if one.is_file()}
    assert len(after - before) == 1  # one block for one series


def test_an_erased_study_is_struck_off(place, completions, around):
    place.add(FIRST.files())
    (study,) = place.vault.studies()
    place.vault.erase(study)
    place.indexer.forget(study)
    assert later(place, completions, 6) == 0
    assert around.told == []


def test_a_rule_is_removed_once(completions):
    rule = completions.add_rule("ctl_a", "dev_pacs", "", "", "per_a")
    assert [one.id for one in completions.rules()] == [rule.id]
    completions.remove_rule(rule.id)
    with pytest.raises(NoSuchRule):
        completions.remove_rule(rule.id)


def test_a_rule_that_says_what_another_says_is_refused(place, completions):
    controller = place.controllers[0]
    rule = completions.add_rule(controller, "dev_pacs", "", "CT", "per_a")
    with pytest.raises(RuleExists):
        completions.add_rule(controller, "dev_pacs", "", "CT", "per_b")
    completions.add_rule(controller, "dev_pacs", "dev_ct", "CT", "per_a")
    completions.remove_rule(rule.id)
    assert completions.add_rule(controller, "dev_pacs", "", "CT", "per_b").made_by == "per_b"
