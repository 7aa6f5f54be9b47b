"""From a PDF to a report that others fetch, through the running product: added, validated, followed, read."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest

from tests.doors.e2e.conftest import Practice
from tests.doors.e2e.kit import facts
from tests.doors.e2e.offline import enrol_offline, offline
from tests.doors.small import Study
from tests.programs import find_program, free_port
from tests.running import RunningPrimum, make_real_home
from tests.unit.imaging.reports.conftest import PDF

STUDY = Study(1, patient_id="P1")


@pytest.fixture(scope="module")
def practice(tmp_path_factory):
    place = tmp_path_factory.mktemp("practice")
    home = make_real_home(place)
    with offline(home) as opened:
        enrol_offline(opened, "desk", "DESK", may=["find", "get"])
    settings = {
        "hl7_results_host": "127.0.0.1",
        "hl7_results_port": free_port(),
        "hl7_results_messages": "both",
        "dicom_plain_port": free_port(),
    }
    with RunningPrimum(home.folder, key_file=home.key_file, settings=settings) as primum:
        person = primum.enrol_first_person()
        primum.sign_in(person)
        folder = place / "studies"
        folder.mkdir()
        for number, data in enumerate(STUDY.files()):
            (folder / f"{number}.dcm").write_bytes(data)
        primum.cli("import", str(folder), typed=[person.password, person.code()])
        yield Practice(primum, person, home)


def listed(practice: Practice) -> list[dict[str, str]]:
    answer = practice.primum.cli("report", "list", STUDY.uid, "--json").stdout
    found: list[dict[str, str]] = json.loads(answer)["reports"]
    return found


def fetched(practice: Practice, into: Path) -> list[Path]:
    """Everything of the study, as DCMTK fetches it."""
    into.mkdir()
    port = str(practice.primum.settings["dicom_plain_port"])
    command = [str(find_program("getscu")), "-S", "-aet", "DESK", "-aec", "PRIMUM", "-od", str(into)]
    command += ["-k", "0008,0052=STUDY", "-k", f"0020,000d={STUDY.uid}", "127.0.0.1", port]
    subprocess.run(command, capture_output=True, timeout=60, check=True)
    return sorted(into.iterdir())


@pytest.mark.programs("getscu", "dciodvfy", "dcm2pdf", "dsr2html")
def test_a_report_is_added_validated_and_fetched_by_others(practice: Practice, tmp_path: Path):
    primum = practice.primum
    file = tmp_path / "cr.pdf"
    file.write_bytes(PDF)
    before = len(fetched(practice, tmp_path / "before"))
    draft = primum.cli("report", "add", STUDY.uid, str(file), "--title", "Compte rendu").stdout.split()[0]
    assert len(fetched(practice, tmp_path / "draft")) == before
    primum.cli("report", "validate", draft)
    addendum = primum.cli("report", "addendum", draft, "-", typed=["Comparé à 2024.", "---", "Stable."]).stdout.split()[
        0
    ]
    primum.cli("report", "validate", addendum)
    assert [(one["status"], one["relation"]) for one in listed(practice)] == [
        ("validated", "addendum"), ("validated", ""),
    ]  # fmt: skip
    assert "Comparé à 2024." in primum.cli("report", "show", addendum).stdout
    found = fetched(practice, tmp_path / "after")
    assert len(found) == before + 2
    pages = 0
    for one in found:
        judged = subprocess.run(
            [str(find_program("dciodvfy")), str(one)], capture_output=True, text=True, errors="replace", check=False
        )
        if one.name.startswith("SR"):
            assert "Error" not in judged.stderr
            html = subprocess.run([str(find_program("dsr2html")), str(one)], capture_output=True, check=True)
            assert b"2024" in html.stdout
        elif "EncapsulatedPDF" in judged.stderr:
            pages += 1
            assert "Error" not in judged.stderr
            out = tmp_path / "out.pdf"
            subprocess.run([str(find_program("dcm2pdf")), str(one), str(out)], capture_output=True, check=True)
            assert out.read_bytes().rstrip(b"\0") == PDF
    assert pages == 1
    assert len(facts(practice, "report:validated")) == 2


def test_what_is_no_pdf_is_refused_with_a_way_out(practice: Practice, tmp_path: Path):
    file = tmp_path / "not.pdf"
    file.write_bytes(b"MZ")
    done = practice.primum.cli("report", "add", STUDY.uid, str(file), check=False)
    assert done.returncode == 1
    assert "primum: error: " in done.stderr
    assert "[report.not-a-pdf]" in done.stderr
    assert "primum: hint: " in done.stderr
