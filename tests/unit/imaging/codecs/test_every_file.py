"""pydicom's files and pydicom-data's: given uncompressed, and read again, they have the pixels that pydicom decodes."""

from __future__ import annotations

import shutil
import subprocess
import warnings
from pathlib import Path

import numpy as np
import pydicom
import pytest
from pydicom.pixels import iter_pixels
from tests.unit.imaging.codecs.files import REFUSED_AT_THE_DOOR, files, takes
from tests.unit.imaging.codecs.kept import dataset_of, record_of

from primum.imaging.codecs.errors import Undecodable
from primum.imaging.codecs.pool import Codecs
from primum.imaging.codecs.table import TARGETS, can_serve
from primum.imaging.codecs.transcoding import transcoded
from primum.imaging.syntaxes import EXPLICIT_BE, EXPLICIT_LE, IMPLICIT_LE, syntax_of

UNDECODABLE = {
    # 64 GiB in tiles of nothing: pydicom refuses it too
    "JPEG2000-embedded-sequence-delimiter.dcm",
}
OTHER_ORACLE = {
    # JPEG extended of 12 bits: neither GDCM nor Pillow decodes it; DCMTK does
    "JPEG-lossy.dcm", "JPGExtended.dcm",
}  # fmt: skip
UNREADABLE_THERE = {
    # NumberOfFrames is no number: pydicom says so; we take it for one frame, which it is
    "badVR.dcm",
}
MANY = 50
PIXELS = ("PixelData", "FloatPixelData", "DoubleFloatPixelData")


@pytest.fixture(autouse=True)
def _quiet() -> None:
    warnings.simplefilter("ignore")


def uncompressed(path: Path, codecs: Codecs, target: str = EXPLICIT_LE) -> pydicom.Dataset:
    return dataset_of(b"".join(transcoded(record_of(path), target, codecs)), target)


def test_what_a_receiver_would_not_take_is_known():
    assert {name for name, path in files().items() if not takes(path)} == REFUSED_AT_THE_DOOR


@pytest.mark.parametrize("name", sorted(files().keys() - REFUSED_AT_THE_DOOR - OTHER_ORACLE - UNDECODABLE))
def test_the_pixels_are_those_that_pydicom_decodes(name: str, codecs: Codecs):
    theirs = pydicom.dcmread(files()[name])
    record = record_of(files()[name])
    assert can_serve(record.facts.transfer_syntax_uid, EXPLICIT_LE)
    ours = uncompressed(files()[name], codecs)
    if name in UNREADABLE_THERE or not any(one in theirs for one in PIXELS):
        return
    if "PixelData" in theirs and theirs.get("NumberOfFrames") == 0:
        return
    frames = int(theirs.get("NumberOfFrames") or 1)
    if frames > MANY:
        # pydicom takes a quarter of a minute for all of them
        some = [0, frames // 2, frames - 1]
        expected = np.stack(list(iter_pixels(theirs, indices=some, raw=False)))
        assert np.array_equal(ours.pixel_array[some], expected)
    else:
        assert np.array_equal(ours.pixel_array, theirs.pixel_array)


@pytest.mark.parametrize("name", sorted(UNDECODABLE))
def test_what_nobody_can_decode_is_refused_before_the_first_byte(name: str, codecs: Codecs):
    with pytest.raises(Undecodable):
        transcoded(record_of(files()[name]), EXPLICIT_LE, codecs)


@pytest.mark.programs("dcmdjpeg")
@pytest.mark.parametrize("name", sorted(OTHER_ORACLE))
def test_twelve_bits_are_those_that_dcmtk_decodes(name: str, codecs: Codecs, tmp_path: Path):
    subprocess.run([shutil.which("dcmdjpeg"), files()[name], tmp_path / "out.dcm"], check=True, capture_output=True)
    theirs = pydicom.dcmread(tmp_path / "out.dcm").pixel_array.astype(int)
    ours = uncompressed(files()[name], codecs).pixel_array.astype(int)
    # two inverse cosine transforms may round apart by one (ISO 10918-2)
    assert np.abs(ours - theirs).max() <= 1


@pytest.mark.parametrize("target", [IMPLICIT_LE, EXPLICIT_BE])
@pytest.mark.parametrize(
    "name",
    ["MR_small.dcm", "CT_small.dcm", "rtplan.dcm", "reportsi.dcm", "rtdose.dcm", "ExplVR_BigEnd.dcm", "image_dfl.dcm"],
)
def test_every_element_survives_another_encoding(name: str, target: str, codecs: Codecs):
    """The data set, given in another encoding and read again, equals what pydicom reads in the stored one."""
    theirs, ours = pydicom.dcmread(files()[name]), uncompressed(files()[name], codecs, target)
    for one in (theirs, ours):
        for tag in ("PixelData", 0xFFFCFFFC):
            if tag in one:
                del one[tag]
    known = pydicom.datadict.dictionary_has_tag
    for element in theirs:
        if element.tag.element == 0 or not known(element.tag):
            continue
        assert element.tag in ours
        assert ours[element.tag].value == element.value


@pytest.mark.parametrize("target", [one for one in TARGETS if syntax_of(one).encapsulated])
@pytest.mark.parametrize("name", ["MR_small.dcm", "SC_rgb_small_odd.dcm", "emri_small.dcm", "examples_palette.dcm"])
def test_what_is_compressed_here_is_what_it_was(name: str, target: str, codecs: Codecs):
    theirs = pydicom.dcmread(files()[name])
    ours = b"".join(transcoded(record_of(files()[name]), target, codecs))
    again = kept_again(ours, target, codecs)
    assert np.array_equal(again.pixel_array, theirs.pixel_array)
    if "201" not in target and "202" not in target and "203" not in target:  # what pydicom has a decoder for
        read = dataset_of(ours, target)
        assert np.array_equal(read.pixel_array, theirs.pixel_array)


def kept_again(data: bytes, syntax: str, codecs: Codecs) -> pydicom.Dataset:
    from tests.unit.imaging.codecs.kept import KeptRecord

    return dataset_of(b"".join(transcoded(KeptRecord(data, syntax), EXPLICIT_LE, codecs)), EXPLICIT_LE)
