"""A database of vulnerabilities: read with bounds, kept for our parts alone, compared in each ecosystem's own order."""

from __future__ import annotations

import json
import zipfile
from dataclasses import replace

import pytest
from hypothesis import given, strategies as st
from tests.unit.exposure.checks.kit import NOW, PARTS

from primum.exposure.checks.advisories import Advisory, affects, bring, from_json
from primum.exposure.checks.errors import AdvisoriesUnfit
from primum.exposure.checks.limits import LIMITS
from primum.exposure.checks.versions import pypi_order, semver_order


def record(
    ident="GHSA-1",
    ecosystem="PyPI",
    name="Jinja2",
    *,
    events=None,
    versions=(),
    modified="2026-11-01T00:00:00Z",
    **more,
):
    ranges = [{"type": "ECOSYSTEM", "events": events}] if events else []
    affected = {"package": {"ecosystem": ecosystem, "name": name}, "ranges": ranges, "versions": list(versions)}
    return {"id": ident, "modified": modified, "summary": "words", "affected": [affected], **more}


def folder(tmp_path, *records):
    for number, one in enumerate(records):
        (tmp_path / f"{number}.json").write_text(one if isinstance(one, str) else json.dumps(one))
    return tmp_path


FIXED = [{"introduced": "0"}, {"fixed": "3.1.7"}]


def test_what_concerns_us_is_kept_and_the_rest_is_counted(tmp_path):
    source = folder(
        tmp_path,
        record(events=FIXED),
        record("GHSA-2", name="django", events=FIXED, modified="2026-11-09T00:00:00Z"),
        record("MAL-3", "npm", "left-pad"),
        record("OSV-4", "OSS-Fuzz", "openjpeg", versions=["v2.5.4", "2.5.3", "version.2.5.2"]),
        record("GHSA-5", events=FIXED, withdrawn="2026-01-01T00:00:00Z"),
        record("RUSTSEC-6", "crates.io", "jinja2"),
        {"id": "X-7", "modified": "2026-01-01T00:00:00Z"},
    )
    found = bring(source, PARTS, NOW)
    assert (found.records, [one.id for one in found.advisories]) == (7, ["GHSA-1", "OSV-4"])
    assert found.dated == {"PyPI": "2026-11-09", "npm": "2026-11-01", "OSS-Fuzz": "2026-11-01"}
    assert found.covered == {(one.ecosystem, one.name) for one in PARTS}
    assert affects(found.advisories[0], "3.1.6")
    assert affects(found.advisories[0], "3.1.7") is False
    assert affects(found.advisories[1], "2.5.4")
    assert "words" not in json.dumps(found.to_json())
    assert from_json(json.loads(json.dumps(found.to_json()))) == found


def test_only_ecosystems_that_are_in_it_are_covered(tmp_path):
    found = bring(folder(tmp_path, record("A-1", "npm", "x")), PARTS, NOW)
    assert found.covered == {("npm", "@ohif/app")}


def test_a_day_to_come_does_not_make_a_database_fresh(tmp_path):
    found = bring(folder(tmp_path, record("A-1", modified="9999-12-31T00:00:00Z")), PARTS, NOW)
    assert found.dated == {"PyPI": f"{NOW:%Y-%m-%d}"}


def test_a_zip_is_read_like_a_folder(tmp_path):
    with zipfile.ZipFile(tmp_path / "all.zip", "w") as packed:
        packed.writestr("PyPI/GHSA-1.json", json.dumps(record(events=FIXED)))
        packed.writestr("README", "not a record")
    assert [one.id for one in bring(tmp_path / "all.zip", PARTS, NOW).advisories] == ["GHSA-1"]


@pytest.mark.parametrize(
    "wrong",
    ["no json", "[]", "{}", '{"id":"../x","modified":"2026"}', '{"id":"A-1"}',
     '{"id":"A-1","modified":"2026-01-01","affected":5}', '{"id":"A-1","modified":"2026"}', "[" * 100_000],
)  # fmt: skip
def test_what_is_no_record_refuses_the_whole(tmp_path, wrong):
    with pytest.raises(AdvisoriesUnfit):
        bring(folder(tmp_path, record(events=FIXED), wrong), PARTS, NOW)


def test_what_is_too_much_is_refused_before_it_is_held(tmp_path):
    source = folder(tmp_path, record("A-1"), record("A-2"), record("A-3"))
    for bound in ({"advisories": 2}, {"advisory_bytes": 50}, {"advisories_bytes": 300}, {"advisories_kept": 2}):
        with pytest.raises(AdvisoriesUnfit):
            bring(source, PARTS, NOW, replace(LIMITS, **bound))
    bomb = tmp_path / "bomb.zip"
    with zipfile.ZipFile(bomb, "w", zipfile.ZIP_DEFLATED) as packed:
        packed.writestr("a.json", b" " * 9_000_000)
    for unfit in (bomb, tmp_path / "absent", tmp_path / "0.json"):
        with pytest.raises(AdvisoriesUnfit):
            bring(unfit, PARTS, NOW)
    (tmp_path / "none").mkdir()
    with pytest.raises(AdvisoriesUnfit):
        bring(tmp_path / "none", PARTS, NOW)


@pytest.mark.parametrize(
    ("events", "version", "answer"),
    [
        ([("introduced", "0")], "1.0", True),
        ([("introduced", "2.0"), ("fixed", "2.4")], "1.9", False),
        ([("fixed", "2.4"), ("introduced", "2.0")], "2.1", True),
        ([("introduced", "0"), ("last_affected", "2.4")], "2.4", True),
        ([("introduced", "0"), ("last_affected", "2.4")], "2.5", False),
        ([("introduced", "0"), ("fixed", "1.5"), ("introduced", "2.0"), ("fixed", "2.1")], "1.7", False),
        ([("introduced", "0"), ("fixed", "1.5"), ("introduced", "2.0"), ("fixed", "2.1")], "2.0", True),
        ([("introduced", "0"), ("fixed", "not a version")], "1.0", None),
        ([("introduced", "0"), ("fixed", "2.0")], "not a version", None),
        ([("introduced", "0"), ("fixed", "2.0")], "2.0rc1", True),
        ([("introduced", "0"), ("fixed", "2.0")], "2.0.post1", False),
    ],
)
def test_ranges_are_read_in_order_of_version(events, version, answer):
    assert affects(Advisory("A-1", "PyPI", "x", (), (tuple(events),)), version) is answer


def test_versions_of_pypi_are_in_their_order():
    told = [
        "0.9.dev1",
        "0.9a1.dev2",
        "0.9a1",
        "0.9b2",
        "0.9rc1",
        "0.9",
        "0.9.0.1",
        "0.9.1",
        "0.10",
        "1.0",
        "1.0.post1",
        "1!0.1",
    ]
    assert sorted(told, key=pypi_order) == told
    assert pypi_order("1.0") == pypi_order("v1.0.0+local.1")
    assert pypi_order("one") is None


def test_semantic_versions_are_in_their_order():
    told = [
        "1.0.0-alpha",
        "1.0.0-alpha.1",
        "1.0.0-alpha.beta",
        "1.0.0-beta.2",
        "1.0.0-beta.11",
        "1.0.0-rc.1",
        "1.0.0",
        "1.2.0",
        "1.10.0",
    ]
    assert sorted(told, key=semver_order) == told
    assert semver_order("1.0") is None


@given(st.lists(st.integers(0, 40), min_size=1, max_size=4), st.lists(st.integers(0, 40), min_size=1, max_size=4))
def test_plain_releases_compare_as_their_numbers_do(one, other):
    width = max(len(one), len(other))
    padded = [numbers + [0] * (width - len(numbers)) for numbers in (one, other)]
    left, right = (pypi_order(".".join(map(str, numbers))) for numbers in (one, other))
    assert (left < right) == (padded[0] < padded[1])


@given(st.text(max_size=60))
def test_no_text_breaks_the_order(text):
    for order in (pypi_order, semver_order):
        place = order(text)
        assert place is None or place >= ()
