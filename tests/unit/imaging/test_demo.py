from __future__ import annotations

import subprocess
from collections import defaultdict
from datetime import date
from functools import lru_cache
from io import BytesIO
from pathlib import Path

import numpy as np
import pydicom
import pytest

from primum.imaging import frames_of, peek
from primum.imaging.demo import STUDIES, DemoInstance, Kind, ct_truth, study_instances, wrapped

TODAY = date(2026, 1, 5)
SMALL_CT = next(study for study in STUDIES if study.kind is Kind.SMALL_CT)
CHILD = next(study for study in STUDIES if study.patient.born is None)


def _some(index: int, count: int) -> list[pydicom.FileDataset]:
    return [pydicom.dcmread(BytesIO(wrapped(one))) for one in _made(index, count)]


@lru_cache
def _made(index: int, count: int) -> list[DemoInstance]:
    return [one for one, _ in zip(study_instances(STUDIES[index], TODAY), range(count), strict=False)]


def test_every_patient_has_a_study_and_two_share_a_name() -> None:
    people = {study.patient for study in STUDIES}
    assert len(people) >= 12
    named = defaultdict(set)
    for one in people:
        named[one.name].add(one.born)
    assert [len(born) for born in named.values() if len(born) > 1] == [2]


def test_names_are_written_in_the_character_set_that_the_data_set_announces() -> None:
    for study in STUDIES:
        for text in (study.patient.name, study.referrer, study.description):
            text.encode("latin-1" if study.patient.charset == "ISO_IR 100" else "utf-8")
    written = pydicom.dcmread(BytesIO(wrapped(next(study_instances(SMALL_CT, TODAY)))))
    assert str(written.PatientName) == SMALL_CT.patient.name


def test_the_same_day_and_seed_give_the_same_bytes_and_another_seed_other_ones() -> None:
    first, again = (next(study_instances(SMALL_CT, TODAY)) for _ in "ab")
    other = next(study_instances(SMALL_CT, TODAY, seed=2))
    assert first == again
    assert first.sop_instance_uid != other.sop_instance_uid
    assert first.data_set != other.data_set


def test_the_facts_beside_a_data_set_are_those_within() -> None:
    for index in (0, 1):
        for made in _made(index, 2):
            found = peek(made.data_set, made.transfer_syntax_uid)
            assert (found.study_uid, found.series_uid, found.sop_uid, found.sop_class_uid) == (
                made.study_instance_uid, made.series_instance_uid, made.sop_instance_uid, made.sop_class_uid,
            )  # fmt: skip


def test_the_truth_of_a_slice_is_what_its_pixels_say_in_hounsfield_units() -> None:
    made = _some(0, 3)[2]
    hounsfield = made.pixel_array.astype(int) * int(made.RescaleSlope) + int(made.RescaleIntercept)
    assert np.array_equal(hounsfield, ct_truth(made.InstanceNumber))


def test_a_chest_is_made_of_what_chests_are_made_of() -> None:
    truth = ct_truth(60)
    middle = truth[150:400, 60:450]
    assert truth.shape == (512, 512)
    assert -1024 <= truth.min() < -950, "air around the patient"
    assert 0.25 < np.mean((middle > -950) & (middle < -700)) < 0.75, "lungs"
    assert np.mean((middle > 20) & (middle < 300)) > 0.1, "soft tissue and contrast"
    assert np.mean(middle > 500) > 0.01, "bone"


def test_slices_lie_from_head_to_feet_at_equal_distances() -> None:
    slices = _some(0, 4)
    heights = [float(one.ImagePositionPatient[2]) for one in slices]
    assert np.allclose(np.diff(heights), -float(slices[0].SliceThickness))
    assert {tuple(one.ImageOrientationPatient) for one in slices} == {(1, 0, 0, 0, 1, 0)}
    assert [one.InstanceNumber for one in slices] == [1, 2, 3, 4]


def test_the_two_weightings_of_a_head_differ_as_they_should() -> None:
    from primum.imaging.demo.brain import T1, T2, Acquisition, Head, Tissue

    head = Head(Acquisition(128, 18, 3))
    fluid = head.tissues(11, 31.0) == Tissue.FLUID
    assert head.slice(11, T1)[fluid].mean() < head.slice(11, T2)[fluid].mean() / 3


def test_a_child_s_radiograph_has_its_bones_dark() -> None:
    made = pydicom.dcmread(BytesIO(wrapped(next(study_instances(CHILD, TODAY)))))
    assert made.PhotometricInterpretation == "MONOCHROME1"
    assert made.PresentationLUTShape == "INVERSE"
    assert made.PatientAge == "006Y"
    size = made.Rows
    spine, lung = (
        made.pixel_array[size // 2, size // 2 - 8 : size // 2 + 8],
        made.pixel_array[size // 2, size // 4 : size // 3],
    )
    assert spine.mean() < lung.mean()


@lru_cache
def the_only(kind: Kind) -> list[DemoInstance]:
    return list(study_instances(next(study for study in STUDIES if study.kind is kind), TODAY))


def test_an_ultrasound_clip_is_grey_tissue_with_coloured_blood_that_moves() -> None:
    import imagecodecs
    from pydicom.encaps import generate_frames

    (clip,) = the_only(Kind.ABDOMEN_US)
    made = pydicom.dcmread(BytesIO(wrapped(clip)))
    frames = [imagecodecs.jpeg8_decode(one) for one in generate_frames(made.PixelData, number_of_frames=24)]
    assert {one.shape for one in frames} == {(made.Rows, made.Columns, 3)}
    assert (made.NumberOfFrames, made.PhotometricInterpretation) == (24, "YBR_FULL_422")
    first, later = frames[0].astype(int), frames[6].astype(int)
    coloured = np.ptp(first[:, :560], axis=2) > 60
    assert 0.003 < coloured.mean() < 0.05
    assert np.abs(first - later).mean() > 2
    found = peek(clip.data_set, clip.transfer_syntax_uid)
    table = frames_of(found, clip.data_set, clip.transfer_syntax_uid)
    assert table is not None
    assert table.count == 24


def test_a_mammogram_has_gland_and_fat_and_air_around() -> None:
    made = pydicom.dcmread(BytesIO(wrapped(the_only(Kind.MAMMOGRAPHY)[0])))
    image = made.pixel_array
    gland, fat = image[700:1000, 520:800], image[450:560, 100:300]
    assert gland.mean() > 1.5 * fat.mean() > 100
    assert image[:60].max() == 0
    assert (made.ImageLaterality, made.ViewPosition) == ("L", "CC")


@pytest.mark.programs("qpdf", "pdftotext")
def test_the_report_is_a_pdf_that_others_read(tmp_path: Path) -> None:
    made = pydicom.dcmread(BytesIO(wrapped(the_only(Kind.MAMMOGRAPHY)[1])))
    file = tmp_path / "report.pdf"
    file.write_bytes(made.EncapsulatedDocument[: made.EncapsulatedDocumentLength])
    judged = subprocess.run(["qpdf", "--check", str(file)], capture_output=True, text=True, check=False)
    assert (judged.returncode, "No syntax or stream encoding errors" in judged.stdout) == (0, True)
    text = subprocess.run(["pdftotext", "-layout", str(file), "-"], capture_output=True, text=True, check=True).stdout
    assert "GUÉHENNEUC Élodie" in text
    assert "Classification ACR 2" in text


@pytest.mark.programs("dciodvfy")
@pytest.mark.parametrize("kind", [Kind.ABDOMEN_US, Kind.MAMMOGRAPHY])
def test_dciodvfy_finds_nothing_wrong(tmp_path: Path, kind: Kind) -> None:
    for number, one in enumerate(the_only(kind)):
        file = tmp_path / f"{number}.dcm"
        file.write_bytes(wrapped(one))
        said = subprocess.run(["dciodvfy", str(file)], capture_output=True, text=True, check=False).stderr
        assert [line for line in said.splitlines() if line.startswith("Error")] == []


@pytest.mark.slow
def test_the_whole_demo_is_small_enough_to_be_drawn_while_one_waits() -> None:
    from primum.imaging.demo import COUNT, generate

    total = images = 0
    uids = set()
    for made in generate(TODAY):
        total, images = total + len(made.data_set), images + 1
        uids.add(made.sop_instance_uid)
        assert made.data_set[:2] == b"\x08\x00"
    assert images == len(uids) == COUNT
    assert total < 120e6
