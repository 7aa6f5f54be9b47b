"""docs/reference/dicom-conformance.md says what the code does."""

import dataclasses
import re
from pathlib import Path

from primum.doors.dimse.contexts import VERIFICATION, Result
from primum.doors.dimse.limits import Limits
from primum.doors.dimse.refusals import AbortReason
from primum.doors.dimse.statuses import BY_CODE, NO_REASON, REJECTIONS, Status
from primum.imaging import part10
from primum.imaging.storage import NOT_STORAGE, STORAGE_ELSEWHERE, TRANSFER_SYNTAXES_REFUSED

PAGE = (Path(__file__).parents[4] / "docs" / "reference" / "dicom-conformance.md").read_text("utf-8")


def table(heading):
    """The cells of the table under a header row that begins with `heading`."""
    body = PAGE.split(f"\n| {heading} |", 1)[1].split("\n\n", 1)[0]
    return [[cell.strip() for cell in line.strip("| ").split(" | ")] for line in body.splitlines()[2:]]


def bare(cell):
    return cell.strip("`")


def test_classes_and_transfer_syntaxes_are_those_of_the_code():
    assert {bare(row[0]) for row in table("accepted outside that root")} == STORAGE_ELSEWHERE
    first, second = [part.split("\n\n", 1)[0] for part in PAGE.split("\n| not accepted", 2)[1:]]
    assert set(re.findall(r"^\| `([\d.]+)`", first, re.MULTILINE)) == NOT_STORAGE
    assert set(re.findall(r"^\| `([\d.]+)`", second, re.MULTILINE)) == TRANSFER_SYNTAXES_REFUSED
    assert VERIFICATION in PAGE


def test_results_and_reasons_are_those_of_the_code():
    for number, name, _ in table("result | meaning"):
        assert Result(int(number)).name == name
    reasons = {int(row[1]): row[2].partition(":")[0] for row in table("source | reason") if row[0] == "2"}
    assert reasons == {number: AbortReason(number).name for number in (1, 2, 5, 6)}


def test_rejections_are_those_of_the_code():
    rows = {bare(row[0]): tuple(map(int, row[1:4])) for row in table("refusal | result")}
    assert rows == {code: tuple(rejection) for code, rejection in REJECTIONS.items()} | {"any other": tuple(NO_REASON)}


def test_statuses_are_those_of_the_code():
    rows = {bare(row[0]): (row[1], row[2]) for row in table("refusal | status")}
    written = {code: (f"{status:04X}H", status.name) for code, (status, _) in BY_CODE.items()}
    for code in ("(stored, durably)", "dimse.out-of-resources", "any other"):
        number, name = rows.pop(code)
        assert Status[name] == int(number[:-1], 16)
    assert rows == written


def test_limits_are_those_of_the_code():
    rows = {bare(row[0]): float(row[1]) for row in table("limit | value")}
    assert rows == {field.name: float(field.default) for field in dataclasses.fields(Limits)}


def test_the_implementation_says_who_it_is():
    assert f"`{part10.IMPLEMENTATION_CLASS_UID}`" in PAGE
    assert f"`{part10.IMPLEMENTATION_VERSION}`" in PAGE
    assert str(Limits().pdu_bytes) in PAGE
