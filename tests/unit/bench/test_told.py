"""What benchmarks tell is what the page takes: one object, with a kind, tables and charts."""

import json

import pytest
from bench import slow, viewer
from bench.publish import block
from bench.results import Place

PLACE = Place("2026-01-02T10:00+00:00", "two cores", 0.1)
OPENINGS = {
    "primum": [viewer.Opening(4000 + n, 900, 1200, 90, 2000, 4, 40, 9.5) for n in range(3)],
    "orthanc": [viewer.Opening(9000 + n, 900, 3200, 1900, 5000, 4, 40, 9.5) for n in range(3)],
}


def seen() -> slow.Seen:
    alone, beside = slow.Felt([100.0, 120.0], {"C-FIND": [2.0, 4.0]}), slow.Felt([50.0, 90.0], {"C-FIND": [3.0, 6.0]})
    company = {"connected": {"silent, web": 7}, "ended": {"silent, web": 30}}
    felt = {slow.ALONE: alone, slow.BESIDE: beside}
    return slow.Seen(felt, {slow.ALONE: 300, slow.END: 400}, {slow.ALONE: 90}, company, {"web.crowded": 12}, [])


@pytest.mark.parametrize(
    ("found", "kind", "words"),
    [
        (viewer.as_object(OPENINGS, PLACE, quick=False), "viewer", ["| orthanc | 9.0 s", "2.2x", "2x reached"]),
        (slow.as_object(seen(), PLACE, quick=False), "slow", ["0.64x", "0.50x", "1.50x as long", "`web.crowded` | 12"]),
    ],
)
def test_an_object_is_told_whole_and_published(found, kind, words):
    found = json.loads(json.dumps(found))
    assert found["kind"] == kind
    shown = block(found)
    assert [one for one in words if one not in shown] == []
