"""What we write is what others read: DCMTK and dciodvfy judge it."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest
from tests.programs import find_program
from tests.unit.imaging.reports.conftest import DOCTOR, PDF, Ward

from primum.imaging.part10 import write_meta
from primum.imaging.reports.model import Relation, Report
from primum.imaging.reports.store import Served


def file_of(ward: Ward, report: Report, folder: Path) -> Path:
    served = ward.reports.instance(report)
    file = folder / f"{report.row.id}.dcm"
    file.write_bytes(_meta(served) + ward.bytes_of(report))
    return file


def _meta(served: Served) -> bytes:
    return write_meta(
        transfer_syntax_uid=served.syntax, sop_class_uid=served.sop_class_uid, sop_instance_uid=served.sop_uid
    )


def run(program: str, *arguments: object) -> subprocess.CompletedProcess[str]:
    found = find_program(program)
    assert found is not None
    given = [str(found), *map(str, arguments)]
    return subprocess.run(given, capture_output=True, text=True, errors="replace", timeout=60, check=False)


@pytest.mark.programs("dciodvfy", "dsrdump", "dsr2html", "dcmftest")
def test_a_text_and_its_addendum_are_sr_as_others_read_it(ward: Ward, tmp_path: Path):
    original = ward.validated()
    for one in (original, ward.acts.validate(ward.adding(original).row.id, DOCTOR)):
        file = file_of(ward, one, tmp_path)
        judged = run("dciodvfy", file)
        assert not [line for line in judged.stderr.splitlines() if line.startswith("Error")], judged.stderr
        assert "BasicTextSR" in judged.stderr
        assert run("dcmftest", file).stdout.startswith("yes:")
        dumped = run("dsrdump", file)
        assert dumped.returncode == 0, dumped.stderr
        assert "COMPLETE" in dumped.stdout
        assert "VERIFIED" in dumped.stdout
        page = run("dsr2html", file)
        assert page.returncode == 0, page.stderr
        assert "18 mm" in page.stdout
        assert "Kervella" in page.stdout


@pytest.mark.programs("dciodvfy", "dcm2pdf")
def test_a_pdf_comes_out_of_its_wrapping_as_it_went_in(ward: Ward, tmp_path: Path):
    original = ward.validated(document=PDF)
    version = ward.acts.validate(ward.adding(original, Relation.VERSION, document=PDF).row.id, DOCTOR)
    for one in (original, version):
        file = file_of(ward, one, tmp_path)
        judged = run("dciodvfy", file)
        assert not [line for line in judged.stderr.splitlines() if line.startswith("Error")], judged.stderr
        unwrapped = tmp_path / "out.pdf"
        taken = run("dcm2pdf", file, unwrapped)
        assert taken.returncode == 0, taken.stderr
        assert unwrapped.read_bytes().rstrip(b"\0") == PDF


@pytest.mark.programs("pdf2dcm")
def test_a_pdf_that_another_program_wrapped_is_a_report(ward: Ward, tmp_path: Path):
    pdf, file = tmp_path / "in.pdf", tmp_path / "in.dcm"
    pdf.write_bytes(PDF)
    made = run(
        "pdf2dcm", "+t", "Courrier provisoire", "+pi", "P1", "+pn", "DUPONT^JEAN", "-k", "0020,000D=1.2.3", pdf, file
    )
    assert made.returncode == 0, made.stderr
    raw = file.read_bytes()
    ward.house.indexed(raw[raw.index(b"\x02\x00\x10\x00UI") :].split(b"1.2.840.10008.1.2.1\0", 1)[1])
    (one,) = ward.listed()
    assert (one.row.sayings.title, str(one.status)) == ("Courrier provisoire", "sender-draft")
    assert ward.reports.document(one) == PDF
