from datetime import timedelta

import pytest
from tests.unit.incidents.kit import DOCTOR, TUESDAY, Scene

from primum.app.incidents import pruning_after
from primum.app.joints import Recorder
from primum.ground.disc import RealDisc
from primum.ground.ids import new_id
from primum.ground.jobs import Job
from primum.incidents.holding import Holding
from primum.incidents.model import EntryKind
from primum.journal import Fact, Journal, Kind, Signer
from primum.journal.jobs import jobs
from primum.journal.pruning import open_holds

HOME = new_id("hom")
YEAR = timedelta(days=400)


@pytest.fixture
def scene(tmp_path):
    scene = Scene(tmp_path)
    (tmp_path / "journal").mkdir()
    scene.journal = Journal(tmp_path / "journal", "worker", scene.clock, RealDisc(), HOME)
    scene.holding = Holding(scene.files, scene.journal.folder, Recorder(scene.journal))
    return scene


def test_an_open_file_freezes_the_journal_until_it_is_closed_and_a_reopened_one_again(scene):
    made = scene.opened()
    assert (scene.holding.sweep(), scene.holding.sweep()) == (1, 0)
    assert open_holds(scene.journal.folder) == {made.id}
    scene.files.write(DOCTOR, made.id, EntryKind.CLOSED, {"reason": "tout est fait"})
    assert scene.holding.sweep() == 1
    assert open_holds(scene.journal.folder) == set()
    scene.files.write(DOCTOR, made.id, EntryKind.REOPENED, {"reason": "la CNIL écrit"})
    scene.holding.sweep()
    assert open_holds(scene.journal.folder) == {made.id}


def test_what_a_restart_finds_is_what_the_journal_says_and_another_hold_is_left_alone(scene):
    made, other = scene.opened(), new_id("lit")
    scene.holding.sweep()
    scene.journal.record(Fact(Kind.HOLD_OPENED, "system", other, {"reason": "litigation"}))
    again = Holding(scene.files, scene.journal.folder, Recorder(scene.journal))
    assert again.sweep() == 0
    scene.files.write(DOCTOR, made.id, EntryKind.CLOSED, {"reason": "…"})
    again.sweep()
    assert open_holds(scene.journal.folder) == {other}


def test_of_two_merged_files_the_one_that_stays_holds(scene):
    gone, stays = scene.opened(), scene.opened()
    scene.holding.sweep()
    scene.files.merge(DOCTOR, gone.id, stays.id, "le même portable")
    scene.holding.sweep()
    assert open_holds(scene.journal.folder) == {stays.id}


def test_a_month_that_is_due_stays_while_a_file_is_open_even_one_opened_a_moment_ago(scene, tmp_path):
    """No sweep ran between the opening and the pruning: the job that prunes holds first."""
    web = Journal(tmp_path / "journal", "web", scene.clock, RealDisc(), HOME)
    web.record(Fact(Kind.SESSION_OPENED, new_id("per"), "", {"address": "192.0.2.7"}))
    month = scene.journal.folder / "access" / f"{TUESDAY:%Y-%m}"
    scene.clock.advance(YEAR)
    web.record(Fact(Kind.SESSION_OPENED, new_id("per"), "", {"address": "192.0.2.7"}))  # the next month's chain
    signer = Signer(scene.journal.folder, bytes(32), HOME, scene.clock, RealDisc())
    (prune,) = [
        one
        for one in pruning_after(jobs(scene.journal, signer, 12), scene.holding.sweep)
        if one.name == "journal.prune"
    ]
    made = scene.opened()
    assert (prune.sweep(scene.clock.now()), month.is_dir()) == (0, True)
    scene.files.write(DOCTOR, made.id, EntryKind.CLOSED, {"reason": "tout est fait"})
    assert (prune.sweep(scene.clock.now()), month.exists()) == (1, False)


def test_no_other_job_is_changed(scene):
    one = Job("journal.sign", timedelta(hours=1), lambda _: 7)
    assert pruning_after([one], scene.holding.sweep) == [one]
