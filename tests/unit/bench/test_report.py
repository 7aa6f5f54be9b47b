"""Ratios are of medians, the worst round is the worst, and every name that the issue of speed asks for is there."""

from __future__ import annotations

import json

import pytest
from bench.contenders.multipart import hashes
from bench.ingest import Measured
from bench.report import NAMES, as_object, as_table
from bench.results import Place, show
from bench.rows import ROWS

ASKED_FOR = {
    "tuned_1", "tuned_4", "stock_1", "stock_4", "storescp_1", "storescp_4", "tls_1", "tls_4", "many_1", "small_1",
    "small_4", "postgres_1", "postgres_4", "pynetdicom_1", "pynetdicom_4",
}  # fmt: skip
HERE = Place(date="2026-11-22T11:22+00:00", machine="2 cores", busy_before=0.0)
TUNED = [row for row in ROWS if row.name == "tuned_1"]


def test_the_object_holds_every_ratio():
    results = {row.name: {name: Measured([1.0], [1.0]) for name in ("primum", *row.against)} for row in ROWS}
    found = as_object(results, ROWS, HERE, quick=True)
    assert found["ratios"].keys() == ASKED_FOR
    assert found["kind"] == "ingest"
    assert {name for name, goal in found["goals"].items() if goal >= 15} == {"stock_1"}
    assert json.loads(json.dumps(found))["quick"] is True


def test_a_ratio_is_of_medians_and_the_worst_round_of_one_round():
    results = {
        "tuned_1": {"primum": Measured([100, 300, 400], [1, 2, 9]), "orthanc": Measured([100, 100, 50], [8] * 3)}
    }
    found = as_object(results, TUNED, HERE, quick=False)
    assert found["ratios"] == {"tuned_1": 3.0}
    assert found["worst_round"] == {"tuned_1": 1.0}
    assert found["processor"] == {"tuned_1": 0.25}
    assert found["reached"] == {"tuned_1": True}


def test_a_contender_of_the_first_round_alone_is_compared_with_that_round():
    results = {"tuned_1": {"primum": Measured([200, 400, 400], [1] * 3), "pynetdicom": Measured([100], [5])}}
    found = as_object(results, TUNED, HERE, quick=True)
    assert found["ratios"] == {"pynetdicom_1": 4.0}
    assert found["worst_round"] == {"pynetdicom_1": 2.0}


def test_the_table_says_what_was_reached_and_what_was_missed():
    results = {
        "tuned_1": {"primum": Measured([290], [2]), "orthanc": Measured([100], [4]), "storescp": Measured([300], [1])}
    }
    lines = {line[0]: line for line in as_table(results, TUNED).rows}
    assert "3x missed" in lines["tuned_1"]
    assert "0.50 missed" in lines["tuned_1"]
    assert "0.8x reached" in lines["storescp_1"]


def test_who_is_compared_has_a_name():
    assert {name for row in ROWS for name in row.against} == NAMES.keys()


@pytest.mark.parametrize("as_json", [True, False])
def test_standard_output_holds_one_object_or_the_table(capsys, as_json):
    results = {"tuned_1": {"primum": Measured([2], [2]), "orthanc": Measured([1], [4])}}
    show(as_object(results, TUNED, HERE, quick=True), as_json=as_json)
    out = capsys.readouterr().out
    if as_json:
        assert json.loads(out)["ratios"] == {"tuned_1": 2.0}
    else:
        assert out.startswith("| row | against |")


def part(uid: str, data: bytes) -> bytes:
    from bench.finder import EXPLICIT_LE, encode_data_set, json_of

    meta = {0x00020002: "1.2", 0x00020003: uid, 0x00020010: EXPLICIT_LE}
    head = encode_data_set(json_of(meta, dict.fromkeys(meta, "UI")), EXPLICIT_LE, "")
    group = b"\x02\x00\x00\x00UL\x04\x00" + len(head).to_bytes(4, "little")
    return b"\r\n--edge\r\nContent-Type: application/dicom\r\n\r\n" + bytes(128) + b"DICM" + group + head + data


@pytest.mark.parametrize("size", [1, 7, 64, 100_000])
def test_parts_of_a_study_are_told_apart_wherever_the_chunks_are_cut(size):
    import hashlib

    sent = {"1.2.3": b"a\r\n--edg", "1.2.4": b"\r\n-", "1.2.5": b""}
    body = b"".join(part(uid, data) for uid, data in sent.items())[2:] + b"\r\n--edge--\r\n"
    chunks = [body[at : at + size] for at in range(0, len(body), size)]
    found = hashes('multipart/related; type="application/dicom"; boundary=edge', chunks)
    assert found == {uid: hashlib.sha256(data).hexdigest() for uid, data in sent.items()}
