"""An exercise played at the terminal: all six scenarios, with nothing but the verbs of the command line."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest
from tests.unit.incidents.drill.players import REASON, Player

from primum.doors.cli.command import run
from primum.doors.cli.incident_drill import KINDS, SCENARIOS as NAMED
from primum.doors.cli.incident_exercise import EXIT_MISSED
from primum.ground.clock import FixedClock, to_text
from primum.ground.disc import RealDisc
from primum.ground.home import create_home
from primum.incidents.drill.play import Drill
from primum.incidents.drill.scenarios import SCENARIOS
from primum.incidents.drill.score import Verdict
from primum.incidents.severity.grounds import CERTIFICATE

NOW = FixedClock(datetime(2027, 1, 4, 9, tzinfo=UTC))


class Terminal:
    """A terminal in front of a home."""

    def __init__(self, home: Path, capsys: pytest.CaptureFixture[str]) -> None:
        self.home, self._capsys = home, capsys

    def __call__(self, *arguments: str, status: int = 0) -> str:
        """Type a step of the exercise; give what it printed, or the refusal where another status is meant."""
        got = run(["--home", str(self.home), "incident", "drill", *arguments])
        said = self._capsys.readouterr()
        assert got == status, said.err
        return said.out or said.err


class TypedMoves:
    """The moves of a player (incidents.drill.moves.Moves), typed."""

    def __init__(self, terminal: Terminal, letter: Path) -> None:
        self._type, self._letter = terminal, letter

    def tell(self, answers, letter=None):
        told = [f"--answer={key}={_json(value)}" for key, value in answers.items()]
        if letter is not None:
            told += [f"--letter-about={letter.about}", f"--letter={self._letter}"]
        self._type("tell", *told)

    def aware(self, reason):
        self._type("instant", "aware", "--reason", reason)

    def answer(self, key, value):
        self._type("answer", key, *(["--unknown"] if value is None else [json.dumps(value)]))

    def freeze(self, what):
        self._type("freeze", what)

    def contain(self, what):
        self._type("contain", what)

    def decide(self, about, choice, reason):
        self._type("decide", about, choice, "--reason", reason)

    def notify(self):
        self._type("notice")

    def receipt(self, number):
        self._type("receipt", number)

    def reply(self, other, about):
        self._type("letter", "sent", "--other", other, "--about", about)


def _json(value):
    return json.dumps(to_text(value) if isinstance(value, datetime) else value)


@pytest.fixture
def home(tmp_path):
    create_home(RealDisc(), tmp_path / "home", "demo", NOW)
    (tmp_path / "courrier.pdf").write_bytes(b"%PDF-1.7")
    return tmp_path / "home"


@pytest.fixture
def terminal(home, capsys):
    return Terminal(home, capsys)


def play(terminal, name, forgets=frozenset()):
    terminal("start", name, "--language", "fr")
    drill = Drill(terminal.home)
    assert drill.resume()
    player = Player(drill, forgets)
    player.moves = TypedMoves(terminal, terminal.home.parent / "courrier.pdf")
    player.play()
    return drill


def test_what_the_command_line_names_is_what_there_is():
    assert set(NAMED) == set(SCENARIOS)
    assert CERTIFICATE in KINDS


@pytest.mark.parametrize("name", SCENARIOS)
def test_who_forgets_nothing_meets_everything_with_the_verbs_of_the_terminal(terminal, name):
    play(terminal, name)
    found = json.loads(terminal("score", "--json"))
    assert found["full"], [one["said"] for one in found["outcomes"] if one["verdict"] != "met"]
    assert found["over"]


def test_what_was_missed_is_printed_with_the_reason_and_ends_with_a_status(terminal):
    drill = play(terminal, "ransomware", {"receipt", "frozen-first"})
    said = terminal("score", status=EXIT_MISSED)
    missed = [one for one in drill.score().outcomes if one.verdict is Verdict.MISSED]
    assert {one.expectation.name for one in missed} == {"receipt", "frozen-first"}
    for one in missed:
        assert f"missed  {one.words('fr')}" in said
    assert said.index("missed  ") < said.index("met     ")


def test_the_clock_stands_still_until_it_is_moved(terminal):
    first = terminal("start", "stolen-laptop")
    assert "it is 2026-11-27 18:50+01:00" in first
    assert "drill tell (I lost my laptop, or it was stolen)" in first
    assert terminal("events").splitlines()[-2] == "it is 2026-11-27 18:50+01:00"
    assert "it is 2026-11-27 20:20+01:00" in terminal("advance", "--by", "1:30")
    told = json.loads(terminal("advance", "--json"))
    assert told["now"] == "2026-11-28T08:50:00.000Z"
    assert [one["at"] for one in told["events"]] == [told["now"]]
    assert "forward" in terminal("advance", "--by", "0:00", status=1)


def test_an_exercise_shows_what_is_known_asked_and_proposed(terminal):
    terminal("start", "wrong-recipient")
    assert "[incident.no-such-file]" in terminal("show", status=1)
    terminal("tell", "--answer", 'people={"count": 1}', "--answer", "trusted-recipient=null")
    said = terminal("show")
    assert "prudent deadline 2026-12-06T11:15+01:00: 3 d 0 h 0 min left" in said
    assert "proposed about notify: notify" in said
    assert '{"count": 1}' in said
    kept = terminal("freeze", "attestation", "--as", CERTIFICATE).split()[1]
    assert f"document {kept}: {CERTIFICATE}" in terminal("show")
    terminal("answer", "recipients", '"un radiologue"', "--document", kept)
    asked = json.loads(terminal("show", "--json"))
    assert "recipients" not in asked["asked"]
    assert asked["proposed"]["notify"] == "notify"
    assert "EXERCISE" in terminal("hour")
    assert "[incident.bad-entry]" in terminal("tell", status=1), "it is open already"


def test_a_decision_without_its_ground_is_refused_as_in_a_real_file(terminal):
    terminal("start", "wrong-recipient")
    terminal("tell")
    said = terminal("decide", "notify", "register-only", "--reason", REASON, status=1)
    assert "needs a ground" in said


def test_a_file_that_opens_by_itself_is_not_told(terminal):
    terminal("start", "open-archive")
    assert "has opened by itself" in terminal("tell", status=1)
    assert "is not JSON" in terminal("answer", "people", "beaucoup", status=1)


def test_nothing_is_played_in_a_real_home_nor_before_it_was_begun(terminal, tmp_path, capsys):
    assert len(terminal("list").splitlines()) == 1 + len(SCENARIOS)
    assert [one["name"] for one in json.loads(terminal("list", "--json"))["scenarios"]] == list(SCENARIOS)
    assert "[incident.no-exercise]" in terminal("show", status=1)
    create_home(RealDisc(), tmp_path / "real", "real", NOW)
    before = sorted(tmp_path.rglob("*"))
    real = Terminal(tmp_path / "real", capsys)
    for asked in (["list"], ["start", "ransomware"], ["score"]):
        assert "[incident.drill-needs-demo]" in real(*asked, status=1)
    assert sorted(tmp_path.rglob("*")) == before


def test_questions_are_asked_one_by_one_until_the_answer_can_be_kept(terminal, monkeypatch):
    terminal("start", "stolen-laptop")
    typed = iter([
        "2026-11-27T17:30+01:00 2026-11-27T18:50+01:00", "", "couché", "asleep", "?", "civil-status, credentials",
        "health", "~190",
    ])  # fmt: skip
    monkeypatch.setattr("primum.doors.cli.incident_moves.typed", lambda _: next(typed))
    terminal("tell", "--ask")
    assert next(typed, None) is None
    facts = json.loads(terminal("show", "--json"))["file"]["entries"]
    told = {one["body"]["key"]: one["body"]["value"] for one in facts if one["kind"] == "fact"}
    assert told["device-power"] == "asleep"
    assert told["seal"] is None
    assert told["data"] == ["civil-status", "credentials"]
    assert told["people"] == {"count": 190, "approximate": True}
    assert "cause" not in told, "an empty line leaves a question out"
