from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from tests.unit.incidents.drill.players import REASON, Player

from primum.ground.clock import FixedClock
from primum.ground.disc import RealDisc
from primum.ground.home import create_home
from primum.incidents.dossier import fold
from primum.incidents.drill.moves import Moves
from primum.incidents.drill.play import ClockOnlyForward, Drill, NoExercise
from primum.incidents.drill.scenarios import SCENARIOS, NoSuchScenario
from primum.incidents.drill.score import DrillNeedsDemo, Verdict, score
from primum.incidents.model import SYSTEM, BadEntry, Entry, EntryKind, NoSuchIncident, Origin, Standing, Which

NOW = FixedClock(datetime(2027, 1, 4, 9, tzinfo=UTC))


@pytest.fixture
def home(tmp_path):
    create_home(RealDisc(), tmp_path / "home", "demo", NOW)
    return tmp_path / "home"


@pytest.fixture
def drill(home):
    return Drill(home)


def test_a_real_home_plays_no_exercise_and_nothing_is_written_into_it(tmp_path):
    create_home(RealDisc(), tmp_path / "real", "real", NOW)
    before = sorted(tmp_path.rglob("*"))
    with pytest.raises(DrillNeedsDemo):
        Drill(tmp_path / "real")
    assert sorted(tmp_path.rglob("*")) == before


def test_an_exercise_writes_in_its_own_folder_and_every_file_of_it_says_so(home):
    before = set(home.rglob("*"))
    drill = Drill(home)
    drill.start("open-archive")
    assert all(one.is_relative_to(home / "drill") for one in set(home.rglob("*")) - before)
    assert drill.dossier().file.exercise
    (made,) = (home / "drill").iterdir()
    assert made.stat().st_mode & 0o077 == 0


def test_a_file_that_is_no_exercise_is_not_scored(home):
    drill = Drill(home)
    drill.start("open-archive")
    read = drill.dossier()
    real = replace(read, file=replace(read.file, exercise=False))
    with pytest.raises(DrillNeedsDemo):
        score(drill.scenario, real, drill.now)


def test_nothing_is_played_before_it_began(drill):
    for ask in (lambda: drill.now, lambda: drill.files, drill.events):
        with pytest.raises(NoExercise):
            ask()
    with pytest.raises(NoSuchScenario):
        drill.start("meteorite")
    assert not drill.resume()


def test_what_the_probe_found_opens_the_file_by_itself_with_what_was_measured(drill):
    (first,) = drill.start("open-archive")
    read = drill.dossier()
    assert first.at == read.detected_first == drill.scenario.begins
    assert read.origin is Origin.FINDING
    assert {one.standing for one in read.facts.values()} == {Standing.MEASURED}
    assert set(read.facts) == set(drill.scenario.measured)
    assert all(one.by == SYSTEM for one in read.entries)
    with pytest.raises(BadEntry, match="by itself"):
        Moves(drill).tell({})


def test_in_the_other_scenarios_the_player_opens_the_file(drill):
    drill.start("stolen-laptop")
    assert drill.dossier() is None
    with pytest.raises(NoSuchIncident):
        Moves(drill).aware("…")
    made = Moves(drill).tell({"device-power": "asleep"})
    assert drill.dossier().file.id == made.id


def test_the_clock_moves_event_by_event_and_never_back(drill):
    drill.start("open-archive")
    assert drill.advance(timedelta(hours=8)) == []
    told = drill.advance(timedelta(hours=10))
    assert [one.at - drill.scenario.begins for one in told] == [
        timedelta(hours=8, minutes=50), timedelta(hours=11, minutes=20), timedelta(hours=16),
    ]  # fmt: skip
    assert len(drill.events()) == 4
    assert len(drill.events(drill.scenario.begins + timedelta(hours=9))) == 2
    assert drill.events(drill.scenario.ends) == drill.events()
    for by in (timedelta(0), timedelta(hours=-1)):
        with pytest.raises(ClockOnlyForward):
            drill.advance(by)
    drill.advance(timedelta(days=400))
    assert (drill.now, drill.over) == (drill.scenario.ends, True)
    with pytest.raises(ClockOnlyForward):
        drill.advance_to_next()


def test_the_player_goes_from_event_to_event_and_then_to_the_end(drill):
    drill.start("processor")
    seen = []
    while not drill.over:
        seen += drill.advance_to_next()
    assert [one.text for one in seen] == [one.text["fr"] for one in drill.scenario.events[1:]]


def test_an_exercise_that_was_left_is_taken_up_where_it_stood(home):
    first = Drill(home, "en")
    first.start("ransomware")
    Drill(home).start("authority")
    later = Drill(home)
    later.start("stolen-laptop")
    Moves(later).tell({})
    later.advance(timedelta(hours=20))
    again = Drill(home, "en")
    assert again.resume()
    assert (again.scenario.name, again.now) == ("stolen-laptop", later.now)
    assert again.dossier().entries == later.dossier().entries
    assert again.events() == later.events()
    again.advance(timedelta(hours=1))


def test_it_is_told_in_the_language_of_the_player(home):
    drill = Drill(home, "en")
    (first,) = drill.start("authority")
    assert first.text.startswith("A letter of 11 December")
    Moves(drill).tell({})
    (opened,) = drill.dossier().of_kind(EntryKind.OPENED)
    assert opened.body["sentence"].startswith("The supervisory authority")


@pytest.mark.parametrize("name", sorted(SCENARIOS))
def test_whoever_forgets_nothing_has_a_full_score(drill, name):
    drill.start(name)
    came = Player(drill).play()
    assert [one.words("en") for one in came.outcomes if one.verdict is not Verdict.MET] == []
    assert came.full


@pytest.mark.parametrize("name", sorted(SCENARIOS))
def test_whoever_does_nothing_misses_everything_that_is_to_be_done(drill, name):
    drill.start(name)
    assert {one.verdict for one in drill.score().outcomes} <= {Verdict.WAITING}
    while not drill.over:
        drill.advance_to_next()
    missed = {one.expectation.name for one in drill.score().outcomes if one.verdict is Verdict.MISSED}
    todo = {one.name for one in drill.scenario.expects if one.by is not None}
    assert todo <= missed


def test_whoever_forgets_to_keep_evidence_misses_that_and_nothing_else(drill):
    drill.start("stolen-laptop")
    came = Player(drill, forgets={"frozen-first"}).play()
    (missed,) = [one for one in came.outcomes if one.verdict is not Verdict.MET]
    assert (missed.expectation.name, missed.verdict, missed.why) == ("frozen-first", Verdict.MISSED, "closed-first")


@pytest.mark.parametrize(
    ("ground", "verdicts"),
    [
        ("trusted-recipient-certified-deletion", {"notify": "met", "notified": "met", "receipt": "met"}),
        ("no-personal-data", {"notify": "missed", "notified": "missed", "receipt": "missed"}),
    ],
)
def test_what_stays_in_the_register_on_an_allowed_ground_asks_for_no_notification(drill, ground, verdicts):
    drill.start("wrong-recipient")
    Player(drill, forgets=verdicts).play()
    read = drill.dossier()
    body = {"about": "notify", "choice": "register-only", "reason": REASON, "ground": ground}
    at, place = drill.scenario.begins + timedelta(hours=5), read.entries[-1].seq + 1
    signed = Entry("ent_signed", read.file.id, place, EntryKind.DECISION, at, "per_player", body)
    came = score(drill.scenario, fold(read.file, [*read.entries, signed]), drill.now)
    assert {one.expectation.name: one.verdict for one in came.outcomes if one.expectation.name in verdicts} == verdicts


def test_the_instant_of_a_processor_is_the_one_it_wrote(drill):
    drill.start("processor")
    Player(drill).first_hour()
    read = drill.dossier()
    assert read.instants[Which.PROCESSOR_AWARE].at == datetime(2026, 12, 7, 9, tzinfo=UTC)
