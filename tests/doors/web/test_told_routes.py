"""What a probe of this machine is told of our addresses is what the application answers, and no more."""

from __future__ import annotations

import re

import pytest

from primum.doors.http.told_routes import filled, read, tell
from primum.doors.origin import create_app


def test_the_probe_is_told_each_route_of_the_running_application(house, tmp_path):
    app = create_app(house.services)
    tell(app.routes, tmp_path / "routes.json")
    told = read(tmp_path / "routes.json")
    assert len(told) >= len(app.routes)
    assert (tmp_path / "routes.json").stat().st_mode & 0o777 == 0o600
    assert {"GET", "POST", "DELETE"} <= {method for method, _ in told}
    assert ("GET", "/account") in told
    assert not [path for _, path in told if "{" in path or "}" in path]


def test_parameters_are_values_of_nobody_and_other_ones_each_time():
    path = filled("/dicom-web/studies/{study}/series/{series}")
    assert re.fullmatch(r"/dicom-web/studies/2\.25\.\d+/series/2\.25\.\d+", path)
    assert path != filled("/dicom-web/studies/{study}/series/{series}")
    assert re.fullmatch(r"/export/[a-z2-7]{26}/[a-z2-7]{26}", filled("/export/{study}/{ticket:path}"))
    assert filled("/x/{instance}/frames/{frames}").endswith("/frames/1")


@pytest.mark.parametrize("content", [None, "", "nonsense", "[" * 10])
def test_without_a_table_nothing_is_told(tmp_path, content):
    file = tmp_path / "routes.json"
    if content is not None:
        file.write_text(content)
    assert read(file) == []
