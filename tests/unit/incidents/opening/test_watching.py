from datetime import timedelta

import pytest
from tests.unit.incidents.kit import DOCTOR, MINE, THEIRS, TUESDAY, Scene

from primum.ground.disc import RealDisc
from primum.ground.ids import new_id
from primum.incidents.model import EntryKind, Origin, Which
from primum.incidents.opening.rules import opening_rules
from primum.incidents.opening.watching import Watching
from primum.journal import Fact, Journal, Kind

RULES = opening_rules()
PERSON, OTHER, DEVICE = new_id("per"), new_id("per"), new_id("dev")


class Watched(Scene):
    """A home with a journal that is watched."""

    def __init__(self, folder) -> None:
        super().__init__(folder, MINE, THEIRS)
        (folder / "journal").mkdir()
        self.journal = Journal(folder / "journal", "web", self.clock, RealDisc(), new_id("hom"))
        self.restart()

    def restart(self) -> None:
        self.watching = Watching(self.files, self.journal.folder, self.journal.flush, "en")

    def exports(
        self, count: int, *, by: str = PERSON, every: timedelta = timedelta(seconds=30), study: str = ""
    ) -> None:
        """Have somebody export studies, one after the other."""
        for _ in range(count):
            details = {"controller": MINE.id, "instances": 3, "what": "age", "reason": "care", "door": "web"}
            self.journal.record(Fact(Kind.STUDY_EXPORTED, by, study or new_id("stu")[4:], details))
            self.clock.advance(every)

    def refusals(self, count: int, address: str, *, every: timedelta = timedelta(seconds=10)) -> None:
        """Have sign-ins refused, from one source."""
        for _ in range(count):
            self.journal.record(Fact(Kind.SESSION_REFUSED, "stranger", "", {"reason": "wrong", "address": address}))
            self.clock.advance(every)

    def only(self):
        (one,) = self.files.all_open()
        return one


@pytest.fixture
def home(tmp_path):
    return Watched(tmp_path)


def test_who_exports_many_studies_within_the_time_opens_a_file_of_the_controller_they_are_of(home):
    home.exports(RULES.export.count - 1)
    assert home.watching.watch() == 0
    at = home.clock.now()
    home.exports(1)
    assert home.watching.watch() == 1
    read = home.only()
    assert (read.origin, read.file.controller_id, read.value("found-by")) == (Origin.JOURNAL, MINE.id, "own-journal")
    assert read.instants[Which.DETECTED].at == at
    assert {one.kind for one in read.instants[Which.DETECTED].evidence} == {"journal"}
    assert set(read.facts) == {"found-by", "organisation", "role"}
    assert PERSON in read.entries[0].body["sentence"]


def test_one_study_again_and_again_or_slowly_or_by_several_or_by_a_device_is_no_mass_export(home):
    home.exports(RULES.export.count + 5, study=new_id("stu")[4:])
    home.exports(RULES.export.count + 5, every=RULES.export.within / 20)
    home.clock.advance(RULES.export.within * 2)
    for one in (PERSON, OTHER):
        home.exports(RULES.export.count - 1, by=one)
    for _ in range(RULES.export.count + 5):
        home.journal.record(Fact(Kind.STUDY_SENT, DEVICE, new_id("stu")[4:], {"controller": MINE.id}))
    assert home.watching.watch() == 0


def test_while_its_file_is_open_more_of_the_same_opens_none_and_after_it_another(home):
    home.exports(RULES.export.count)
    home.watching.watch()
    first = home.only().file.id
    home.exports(RULES.export.count)
    assert home.watching.watch() == 0
    home.files.write(DOCTOR, first, EntryKind.CLOSED, {"reason": "migration vers le nouveau PACS"})
    home.restart()
    assert home.watching.watch() == 0, "what was counted is not counted again"
    home.exports(RULES.export.count)
    assert home.watching.watch() == 1
    assert home.only().file.id != first


def test_after_a_restart_nothing_is_opened_twice_and_nothing_is_missed(home):
    home.exports(RULES.export.count - 1)
    home.watching.watch()
    home.restart()
    home.exports(1)
    assert home.watching.watch() == 1
    home.restart()
    assert home.watching.watch() == 0


def test_a_failure_amid_it_loses_nothing(home, monkeypatch):
    home.exports(RULES.export.count)
    with monkeypatch.context() as patched:
        patched.setattr(home.files, "open_files", _stumble)
        with pytest.raises(OSError, match="no room"):
            home.watching.watch()
    assert home.watching.watch() == 1


def _stumble(*_args, **_more):
    raise OSError("no room")


def test_many_refused_sign_ins_from_one_source_open_a_file_for_every_controller_and_scattered_ones_none(home):
    for number in range(RULES.sign_in.count + 5):
        home.refusals(1, f"192.0.2.{number}")
    assert home.watching.watch() == 0
    home.refusals(RULES.sign_in.count, "198.51.100.7")
    assert home.watching.watch() == 2
    files = home.files.all_open()
    assert {one.file.controller_id for one in files} == {MINE.id, THEIRS.id}
    assert len({one.file.case_id for one in files}) == 1
    assert "198.51.100.7" in files[0].entries[0].body["sentence"]


def test_a_journal_that_does_not_verify_opens_one_file_however_often_it_is_told(home):
    ill = {"chain": "access/2026-11/web-1", "illness": "fork", "line": 4}
    home.journal.record(Fact(Kind.JOURNAL_VERIFIED, "system", "", {"illnesses": 0, "lines": 9}))
    assert home.watching.watch() == 0
    home.journal.record(Fact(Kind.CHAIN_ILL, "system", "", ill))
    home.clock.advance(timedelta(hours=1))
    home.journal.record(Fact(Kind.JOURNAL_VERIFIED, "system", "", {"illnesses": 1, "lines": 9}))
    assert home.watching.watch() == 2
    assert home.files.all_open()[0].detected_first == TUESDAY
    for one in home.files.all_open():
        home.files.write(DOCTOR, one.file.id, EntryKind.CLOSED, {"reason": "disque remplacé, copie comparée"})
    for _ in range(3):
        home.clock.advance(timedelta(days=1))
        home.journal.record(Fact(Kind.JOURNAL_VERIFIED, "system", "", {"illnesses": 1, "lines": 9}))
        assert home.watching.watch() == 0, "the same illness is found every day"
    home.journal.record(Fact(Kind.JOURNAL_VERIFIED, "system", "", {"illnesses": 2, "lines": 9}))
    assert home.watching.watch() == 2
