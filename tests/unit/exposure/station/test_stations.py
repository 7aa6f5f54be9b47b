import json
import zipfile
from dataclasses import replace
from datetime import timedelta

import pytest
from tests.unit.exposure import kit

from primum.exposure.probe.station.model import NAMES, Point, Report, State, mac, read_plan, written
from primum.exposure.probe.station.words import lines
from primum.exposure.station import building
from primum.exposure.station.reading import BadResult, ResultLate, ResultNotOurs, ResultRead
from primum.exposure.station.service import BadStation, NoSuchStation, Stations
from primum.identity import NotPermitted, Role

DOCTOR = kit.actor(Role.PHYSICIAN)
GOOD = tuple(
    Point(name, State.GOOD, why, {"by": "sysfs", "ports": ""})
    for name, why in zip(NAMES, ("encrypted", "locks", "none", "none"), strict=True)
)


class Scene:
    def __init__(self, folder):
        self.told, self.clock = kit.Told(), kit.clock()
        self.stations = Stations(kit.records(folder), self.clock, self.told)

    def plan(self, name="portable"):
        return read_plan(self.stations.issue(DOCTOR, name, "fr"))

    def result(self, plan, points=GOOD, **changed):
        self.clock.advance(timedelta(minutes=5))
        at = self.clock.now().strftime("%Y-%m-%dT%H:%M:%SZ")
        usual = {"nonce": plan.nonce, "station": plan.station, "system": "linux", "began_at": at, "ended_at": at}
        return written(Report(points=points, **(usual | changed)), plan.key)


@pytest.fixture
def scene(tmp_path):
    return Scene(tmp_path)


def test_a_result_is_read_back_once_and_kept(scene):
    plan = scene.plan()
    text = scene.result(plan)
    one = scene.stations.read(DOCTOR, text)
    assert (one.name, one.bad, one.report.points) == ("portable", 0, GOOD)
    assert one.counts(scene.clock.now())
    assert not one.counts(scene.clock.now() + timedelta(days=91))
    with pytest.raises(ResultRead):
        scene.stations.read(DOCTOR, text)
    assert scene.told.kinds() == ["station:read"]


def test_what_is_to_be_mended_is_counted_and_journaled_without_a_name(scene):
    points = (replace(GOOD[0], state=State.BAD, why="not-encrypted"), *GOOD[1:])
    one = scene.stations.read(DOCTOR, scene.result(scene.plan(), points))
    assert one.bad == 1
    (_, _, subject, details) = scene.told.facts[0]
    assert (subject, details["reason"], details["count"]) == (one.id, "bad", 1)
    assert "portable" not in str(scene.told.facts)


def test_a_result_that_was_changed_is_refused(scene):
    points = (replace(GOOD[0], state=State.BAD, why="not-encrypted"), *GOOD[1:])
    plan = scene.plan()
    text = scene.result(plan, points)
    with pytest.raises(ResultNotOurs):
        scene.stations.read(DOCTOR, text.replace('"bad"', '"good"').replace("not-encrypted", "encrypted"))
    assert scene.stations.read(DOCTOR, text).bad == 1


def test_a_result_of_another_home_is_refused(scene, tmp_path):
    (tmp_path / "other").mkdir()
    other = Scene(tmp_path / "other")
    with pytest.raises(ResultNotOurs):
        scene.stations.read(DOCTOR, other.result(other.plan()))


@pytest.mark.parametrize("at", ["2026-11-22T08:59:59Z", "2026-12-31T00:00:00Z", "2027-01-01T00:00:00Z"])
def test_a_result_from_before_its_file_or_after_it_was_good_is_refused(scene, at):
    plan = scene.plan()
    with pytest.raises(ResultLate):
        scene.stations.read(DOCTOR, scene.result(plan, ended_at=at))


def test_a_result_for_another_station_is_refused(scene):
    mine, other = scene.plan(), scene.plan("fixe")
    with pytest.raises(ResultLate):
        scene.stations.read(DOCTOR, scene.result(mine, station=other.station))


def signed(plan, told):
    return json.dumps(told | {"mac": mac(told, plan.key)})


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("points", []), ("points", None), ("system", "beos"), ("began_at", "x"), ("ended_at", "2026-99-22T09:00:00Z"),
        ("points", [{"name": "disc"}] * 4), ("points", [[1]] * 4),
    ],
)  # fmt: skip
def test_a_result_that_has_not_its_shape_is_refused_though_it_is_signed(scene, name, value):
    plan = scene.plan()
    told = json.loads(scene.result(plan)) | {name: value}
    del told["mac"]
    with pytest.raises(BadResult):
        scene.stations.read(DOCTOR, signed(plan, told))


@pytest.mark.parametrize(
    "facts",
    [
        {"path": "C:\\Users\\Dupont"}, {"x": -1}, {"x": True}, {"x": 1.5}, {"x": None}, {"X": 1},
        dict.fromkeys("abcdefghijklmnopq", 1),
    ],
)  # fmt: skip
def test_no_fact_holds_a_name_or_a_path(scene, facts):
    plan = scene.plan()
    told = json.loads(scene.result(plan))
    del told["mac"]
    told["points"][0]["facts"] = facts
    with pytest.raises(BadResult):
        scene.stations.read(DOCTOR, signed(plan, told))


@pytest.mark.parametrize("text", ["", "[]", "{}", "[" * 50_000, "x" * 70_000, '{"kind": "primum-station-report"}'])
def test_other_texts_are_refused(scene, text):
    with pytest.raises(BadResult):
        scene.stations.read(DOCTOR, text)


def test_the_last_check_of_each_station_counts(scene):
    bad = (replace(GOOD[0], state=State.BAD, why="not-encrypted"), *GOOD[1:])
    scene.stations.read(DOCTOR, scene.result(scene.plan(), bad))
    scene.stations.read(DOCTOR, scene.result(scene.plan(), GOOD))
    scene.plan("fixe")
    found = {one.name: (one.bad, one.checked_at is not None) for one in scene.stations.stations()}
    assert found == {"portable": (0, True), "fixe": (0, False)}


def test_a_station_that_is_used_no_more_is_struck_off_and_its_name_is_free(scene):
    plan = scene.plan()
    scene.stations.remove(DOCTOR, plan.station)
    assert scene.stations.stations() == []
    assert scene.plan().station != plan.station
    with pytest.raises(NoSuchStation):
        scene.stations.remove(DOCTOR, plan.station)


@pytest.mark.parametrize("name", ["", " ", "x" * 81, "a\nb"])
def test_a_station_has_a_name(scene, name):
    with pytest.raises(BadStation):
        scene.stations.issue(DOCTOR, name, "fr")


def test_who_may(scene):
    with pytest.raises(NotPermitted):
        scene.stations.issue(kit.actor(Role.DPO), "portable", "fr")


@pytest.mark.parametrize("language", ["fr", "en"])
def test_every_point_is_said_in_both_languages(language):
    from primum.exposure.probe.station import words

    assert words._POINTS["fr"].keys() == words._POINTS["en"].keys()
    for name, why in words._POINTS[language]:
        facts = {"seconds": 300, "ports": "104", "downloads": 3}
        said = words.sentence(Point(name, State.GOOD, why, facts), language)
        assert "{" not in said
        assert said != why


def test_what_is_to_be_mended_is_said_first():
    points = (GOOD[0], replace(GOOD[1], state=State.NOT_DETERMINED, why="silent"), GOOD[2],
              Point("files", State.BAD, "found", {"downloads": 3}))  # fmt: skip
    report = Report(nonce="", station="", system="linux", began_at="", ended_at="", points=points)
    said = lines(report, "fr")
    assert "téléchargements : 3" in said[0]
    assert said[1].startswith("non déterminé")


def test_the_file_is_the_same_for_the_same_plan_and_holds_no_part_but_the_probe(scene, tmp_path):
    plan = scene.stations.issue(DOCTOR, "portable", "fr")
    assert building.build(plan) == building.build(plan)
    building.write(tmp_path / "station.pyz", plan)
    assert (tmp_path / "station.pyz").stat().st_mode & 0o077 == 0
    with zipfile.ZipFile(tmp_path / "station.pyz") as packed:
        ours = {one for one in packed.namelist() if not one.startswith("primum/exposure/probe/")}
    assert ours == {
        "__main__.py", "plan.json", "primum/__init__.py", "primum/exposure/__init__.py", "primum/ground/__init__.py",
        "primum/ground/errors.py",
    }  # fmt: skip
