"""Studies that leave and come in on media, at a terminal, through the real daemon."""

from __future__ import annotations

import hashlib
import json
import re
import subprocess
import zipfile
from pathlib import Path

import pydicom
import pyrage
import pytest

from tests.doors.e2e.canary import make_canary, write_canary
from tests.doors.e2e.conftest import Practice
from tests.doors.e2e.kit import facts, studies

PASSPHRASE = re.compile(r"^[a-z2-9]{5}(-[a-z2-9]{5}){4}$", re.MULTILINE)


@pytest.fixture(scope="module")
def signed_in(practice: Practice) -> Practice:
    practice.primum.sign_in(practice.person)
    return practice


@pytest.fixture(scope="module")
def study(signed_in: Practice, tmp_path_factory: pytest.TempPathFactory) -> tuple[str, set[str], str]:
    """A study of a canary: its UID, the SHA-256 of each data set, the patient's identifier."""
    folder = tmp_path_factory.mktemp("in") / "disc"
    canary = make_canary()
    made = write_canary(folder, canary, images=4, size=64)
    signed_in.primum.cli("import", str(folder))
    return made[0].study_uid, data_sets(folder), canary.patient_id


def data_sets(folder: Path) -> set[str]:
    found = set()
    for file in folder.rglob("*"):
        if file.is_file() and (file.suffix == ".dcm" or file.name.startswith("IM")):
            with file.open("rb") as stream:
                pydicom.filereader.read_preamble(stream, force=False)
                pydicom.filereader._read_file_meta_info(stream)
                found.add(hashlib.sha256(stream.read()).hexdigest())
    return found


def words(practice: Practice, *arguments: str) -> str:
    done = practice.primum.cli("export", *arguments)
    found = PASSPHRASE.search(done.stdout)
    return found.group() if found else ""


def test_an_export_is_sealed_unless_asked_otherwise_and_opens_with_what_was_shown(signed_in, study, tmp_path):
    uid, contents, patient = study
    file = tmp_path / "medium.age"
    passphrase = words(signed_in, uid, "--to", str(file))
    assert file.stat().st_mode & 0o777 == 0o600
    assert patient.encode() not in file.read_bytes()
    inner = tmp_path / "medium.zip"
    inner.write_bytes(pyrage.passphrase.decrypt(file.read_bytes(), passphrase))
    with zipfile.ZipFile(inner) as archive:
        archive.extractall(tmp_path / "medium")
    assert data_sets(tmp_path / "medium") == contents


@pytest.mark.programs("7z")
def test_a_zip_is_sealed_with_aes_and_comes_in_again_known(signed_in, study, tmp_path):
    uid, _, _ = study
    file = tmp_path / "medium.zip"
    passphrase = words(signed_in, uid, "--to", str(file))
    tested = subprocess.run(["7z", "t", f"-p{passphrase}", str(file)], capture_output=True, text=True, check=False)
    assert "Everything is Ok" in tested.stdout
    # the passphrase is asked for, a line each time, and is in no argument
    done = signed_in.primum.cli("import", str(file), typed=["wrong", passphrase])
    assert "0 images of 0 studies stored, 4 were here already" in done.stderr
    assert "the disc's directory lists 4 files" in done.stderr


def test_what_leaves_is_in_the_ledgers_with_how_and_why(signed_in, study, tmp_path):
    uid, _, _ = study
    signed_in.primum.cli("export", uid, "--to", str(tmp_path / "x.age"), "--reason", "patient")
    left = facts(signed_in, "person:study:exported")[-1]
    assert {name: left["details"][name] for name in ("instances", "what", "reason", "door")} == {
        "instances": 4, "what": "age", "reason": "patient", "door": "terminal",
    }  # fmt: skip
    ended = facts(signed_in, "export:finished")[-1]["details"]
    assert (ended["reason"], ended["studies"], ended["instances"]) == ("done", 1, 4)
    assert ended["bytes"] == (tmp_path / "x.age").stat().st_size


def test_in_clear_it_needs_a_reason(signed_in, study, tmp_path):
    uid, _, _ = study
    file = tmp_path / "clear.zip"
    refused = signed_in.primum.cli("export", uid, "--to", str(file), "--seal", "clear", check=False)
    assert (refused.returncode, "[media.reason-needed]" in refused.stderr, file.exists()) == (1, True, False)
    done = signed_in.primum.cli("export", uid, "--to", str(file), "--seal", "clear", "--reason", "justice")
    assert PASSPHRASE.search(done.stdout) is None
    assert zipfile.ZipFile(file).testzip() is None
    assert facts(signed_in, "person:study:exported")[-1]["details"]["what"] == "clear"


def test_what_cannot_be_written_is_refused_and_nothing_of_it_stays(signed_in, study, tmp_path):
    uid, _, _ = study
    there = tmp_path / "there.age"
    there.write_text("mine")
    refused = signed_in.primum.cli("export", uid, "--to", str(there), check=False)
    assert "[media.file-exists]" in refused.stderr
    assert there.read_text() == "mine"
    refused = signed_in.primum.cli("export", uid, "--to", "/dev/full/x.age", check=False)
    assert "[media.no-place]" in refused.stderr
    refused = signed_in.primum.cli("export", "1.2.3.4", "--to", str(tmp_path / "x.age"), check=False)
    assert "[imaging.not-here]" in refused.stderr
    assert sorted(one.name for one in tmp_path.iterdir()) == ["there.age"]


def test_nothing_of_a_patient_or_of_a_file_is_in_the_log(signed_in, study, tmp_path):
    uid, _, patient = study
    folder = tmp_path / "LEFEVRE^HELENE"
    write_canary(folder, canary := make_canary(), images=2, size=32)
    (folder / "LEFEVRE.txt").write_text("bonjour")
    (folder / "000-000.dcm").write_bytes((folder / "000-000.dcm").read_bytes()[:-20])
    done = signed_in.primum.cli("import", str(folder), check=False)
    assert "LEFEVRE.txt: not DICOM (text)" in done.stderr
    assert "1 images of 1 studies stored, 1 files are not DICOM (1 text), 1 refused" in done.stderr
    said = signed_in.primum.said() + json.dumps(facts(signed_in, "import:finished"))
    assert [one for one in ("LEFEVRE", canary.patient_id, patient, uid) if one in said] == []
    assert [one["images"] for one in studies(signed_in, canary.patient_id)] == ["1"]


def test_an_orthanc_is_taken_over_and_compared(signed_in, tmp_path):
    canary = make_canary()
    made = write_canary(tmp_path / "made", canary, studies=2, images=3, size=32)
    for number, one in enumerate(made):
        uuid = f"{number:02x}00{number:04d}-0000-0000-0000-000000000000"
        file = tmp_path / "orthanc" / uuid[:2] / uuid[2:4] / uuid
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(one.file.read_bytes())
    done = signed_in.primum.cli("migrate", "orthanc", str(tmp_path / "orthanc"), "--rate", "100", "--all")
    assert "6 images of 2 studies stored; compared: 6 images of 2 studies are here, byte for byte" in done.stderr
    rows = [line.split() for line in done.stdout.splitlines()[1:]]
    assert [row[1:4] for row in rows] == [["3", "3", "0"]] * 2
    compared = facts(signed_in, "migration:compared")[-1]["details"]
    assert (compared["studies"], compared["instances"], compared["missing"]) == (2, 6, 0)
    refused = signed_in.primum.cli("migrate", "orthanc", str(tmp_path / "made"), check=False)
    assert "[migrate.no-orthanc]" in refused.stderr


@pytest.mark.programs("pdftotext")
def test_images_go_on_paper_sealed_too(signed_in, study, tmp_path):
    uid, _, patient = study
    file = tmp_path / "x.pdf.age"
    done = signed_in.primum.cli("print", uid, "--to", str(file), "--most", "3")
    assert "3 of 4 images on 1 pages" in done.stderr
    clear = tmp_path / "x.pdf"
    passphrase = PASSPHRASE.search(done.stdout)
    clear.write_bytes(pyrage.passphrase.decrypt(file.read_bytes(), passphrase.group()))
    text = subprocess.run(["pdftotext", str(clear), "-"], capture_output=True, text=True, check=True).stdout
    assert patient in text
    assert "Cabinet d'essai" in text
    assert facts(signed_in, "person:study:exported")[-1]["details"]["instances"] == 3
    refused = signed_in.primum.cli("print", uid, "--to", str(tmp_path / "y.pdf"), "--seal", "clear", check=False)
    assert "[media.reason-needed]" in refused.stderr


@pytest.mark.programs("dcmcjpeg", "pdftotext")
def test_compressed_images_are_drawn_on_paper(signed_in, tmp_path):
    folder = tmp_path / "disc"
    made = write_canary(folder, make_canary(), images=2, size=64)
    for file in folder.glob("*.dcm"):
        subprocess.run(["dcmcjpeg", str(file), str(file)], check=True)
        assert pydicom.dcmread(file).file_meta.TransferSyntaxUID == pydicom.uid.JPEGLosslessSV1
    signed_in.primum.cli("import", str(folder))
    sealed = tmp_path / "x.pdf.age"
    done = signed_in.primum.cli("print", made[0].study_uid, "--to", str(sealed))
    assert "2 of 2 images" in done.stderr
    assert "cannot be drawn" not in done.stderr
    pdf = tmp_path / "x.pdf"
    pdf.write_bytes(pyrage.passphrase.decrypt(sealed.read_bytes(), PASSPHRASE.search(done.stdout).group()))
    text = subprocess.run(["pdftotext", str(pdf), "-"], capture_output=True, text=True, check=True).stdout
    assert "see the screen" not in text
