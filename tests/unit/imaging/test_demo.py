from __future__ import annotations

from collections import defaultdict
from datetime import date
from functools import lru_cache
from io import BytesIO

import numpy as np
import pydicom
import pytest

from primum.imaging import peek
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
