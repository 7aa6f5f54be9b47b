"""The dose reports of the demo: others find nothing wrong with them, and we read what they say."""

from __future__ import annotations

import subprocess
from datetime import date
from io import BytesIO

import pytest
from pydicom import dcmread

from primum.imaging.demo import STUDIES, Kind, dose, headers, study_instances, wrapped
from primum.imaging.demo.generate import _instance
from primum.imaging.demo.patients import birth_date
from primum.imaging.dicomjson import read_attributes
from primum.imaging.dose.combining import combine
from primum.imaging.dose.model import Kind as Sort
from primum.imaging.dose.reading import read_report
from primum.imaging.dose.rules import levels_in_force
from primum.imaging.dose.statistics import Dosed, practice

TODAY = date(2026, 1, 5)
SCANS = [one for one in STUDIES if one.kind in {Kind.CHEST_CT, Kind.SMALL_CT}]
RADIOGRAPHS = [one for one in STUDIES if one.kind in {Kind.CHEST_DX, Kind.SMALL_DX}]


def made(study):
    write = dose.report if study in SCANS else dose.radiograph
    return _instance(place := headers.Place(study, TODAY, 1, 9, 1), write(place))


@pytest.mark.parametrize("study", SCANS, ids=lambda one: str(one.patient.number))
def test_we_read_what_it_says(study):
    one = made(study)
    found = read_report(read_attributes(one.data_set, one.transfer_syntax_uid))
    spirals = [event for event in found.events if not event.localizer]
    assert (found.kind, found.doubts, found.counted) == (Sort.CT, (), len(found.events))
    assert len(found.events) == len(spirals) + 1
    assert found.totals["dlp"].value == pytest.approx(sum(event.amounts["dlp"].value for event in spirals))
    (level,) = [one for one in levels_in_force(TODAY) if one.name == "fr-2019.ct.chest.ctdi-vol"]
    assert {event.region.code for event in spirals} <= level.regions
    assert all(4 < event.amounts["ctdi_vol"].value < 10 for event in spirals)


@pytest.mark.parametrize("study", RADIOGRAPHS, ids=lambda one: str(one.patient.number))
def test_a_radiograph_has_a_level_beside_it_unless_it_is_a_child_s(study):
    one = made(study)
    found = read_report(read_attributes(one.data_set, one.transfer_syntax_uid))
    assert (found.kind, found.doubts, len(found.events)) == (Sort.PROJECTION, (), 1)
    assert found.totals["dap"] == found.events[0].amounts["dap"]
    day = f"{TODAY:%Y%m%d}"
    born = f"{birth_date(study.patient, TODAY):%Y%m%d}"
    (line,) = [
        one for one in practice([Dosed("s", day, born, combine([found]))], levels_in_force(TODAY)).lines
        if one.key.level == "event"
    ]  # fmt: skip
    child = study.patient.born is None
    assert line.key.age == ("child" if child else "adult")
    assert (line.beside and line.beside.name) == (None if child else "fr-2019.xr.chest-pa.dap")
    assert 0.01 < line.all.median < 0.3


@pytest.mark.programs("dciodvfy")
def test_others_find_nothing_wrong(tmp_path):
    for number, study in enumerate([*SCANS, *RADIOGRAPHS]):
        file = tmp_path / f"{number}.dcm"
        file.write_bytes(wrapped(made(study)))
        said = subprocess.run(["dciodvfy", "-new", str(file)], capture_output=True, check=False)
        lines = (said.stdout + said.stderr).decode("utf-8", "replace").splitlines()
        assert set(lines) == {"XRayRadiationDoseSR"}


def test_an_examination_of_the_demo_ends_with_its_report():
    *_, last = study_instances(RADIOGRAPHS[1], TODAY)
    assert dcmread(BytesIO(wrapped(last))).SOPClassUID == dose.XRAY_DOSE
