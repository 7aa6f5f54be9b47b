import pytest
from pydicom._dicom_dict import DicomDictionary, RepeatersDictionary

from primum.imaging.dictionary import vr_of


def test_every_public_tag_has_the_representation_that_pydicom_knows() -> None:
    for tag, entry in DicomDictionary.items():
        assert vr_of(tag) == ("" if entry[0] == "NONE" else entry[0])


@pytest.mark.parametrize("mask", sorted(RepeatersDictionary))
def test_repeating_groups_are_known_too(mask: str) -> None:
    tag = int(mask.replace("x", "0"), 16) | (0x00020000 if mask[2:4] == "xx" else 0)
    assert vr_of(tag) in {RepeatersDictionary[mask][0], DicomDictionary.get(tag, ("",))[0]}


def test_what_is_not_in_the_dictionary_has_none() -> None:
    assert vr_of(0x00091001) == ""
    assert vr_of(0xFFFFFFFF) == ""
