"""Pictures (PS3.3 C.11.1, C.11.2, C.7.9, C.7.6.16), against the standard's figures and pydicom's own functions."""

from __future__ import annotations

import io
import struct
import warnings

import numpy as np
import pydicom
import pytest
from PIL import Image
from pydicom.pixels import apply_color_lut, apply_modality_lut, apply_voi_lut
from tests.unit.imaging.codecs.files import files
from tests.unit.imaging.codecs.kept import KeptRecord, record_of
from tests.unit.imaging.conftest import data_set, element, slice_of

from primum.imaging.codecs.errors import NotAPicture
from primum.imaging.codecs.painting import paint
from primum.imaging.codecs.pool import Codecs
from primum.imaging.codecs.rendering import PictureWish, picture
from primum.imaging.codecs.transcoding import Instance
from primum.imaging.errors import NoFrame
from primum.imaging.syntaxes import EXPLICIT_BE, EXPLICIT_LE, IMPLICIT_LE

PNG = PictureWish("png")
ROW = np.array([[0, 1, 2, 3, 1000, 2000, 3000, 4095]], "<u2")


def us(*numbers: int) -> bytes:
    return struct.pack(f"<{len(numbers)}H", *numbers)


def row(more: dict[int, tuple[str, bytes]] | None = None, pixels: np.ndarray = ROW) -> bytes:
    values = slice_of(pixels=pixels.tobytes()) | {
        0x00280004: ("CS", b"MONOCHROME2 "), 0x00280010: ("US", us(pixels.shape[-2])),
        0x00280011: ("US", us(pixels.shape[-1])),
        0x00280100: ("US", us(16)), 0x00280101: ("US", us(16)), 0x00280102: ("US", us(15)),
        0x00280103: ("US", us(int(pixels.dtype.kind == "i"))),
    } | (more or {})  # fmt: skip
    return data_set(dict(sorted(values.items())))


def shown(data: bytes, codecs: Codecs, wish: PictureWish = PNG, number: int = 1) -> list[int]:
    made = picture(Instance(KeptRecord(data, EXPLICIT_LE), codecs), number, wish)  # type: ignore[arg-type]
    return list(np.asarray(Image.open(io.BytesIO(made))).reshape(-1))


def by(function: str, center: float, width: float) -> list[int]:
    """The definitions of PS3.3 C.11.2.1.2 and C.11.2.1.3, value by value."""
    found = []
    for x in ROW.reshape(-1).tolist():
        if function == "LINEAR":
            low, high = center - 0.5 - (width - 1) / 2, center - 0.5 + (width - 1) / 2
            y = 0.0 if x <= low else 1.0 if x > high else (x - (center - 0.5)) / (width - 1) + 0.5
        elif function == "LINEAR_EXACT":
            low, high = center - width / 2, center + width / 2
            y = 0.0 if x <= low else 1.0 if x > high else (x - center) / width + 0.5
        else:
            y = 1 / (1 + np.exp(-4 * (x - center) / width))
        found.append(round(y * 255))
    return found


@pytest.mark.parametrize("function", ["LINEAR", "LINEAR_EXACT", "SIGMOID"])
@pytest.mark.parametrize(("center", "width"), [(1000, 2000), (2, 4), (2048, 4096), (2, 1), (1.5, 0.5)])
def test_windows_are_those_of_the_standard(codecs: Codecs, function: str, center: float, width: float):
    """Asked for, or found in the data set: the same picture."""
    expected = by(function, center, width) if (function, width) != ("LINEAR", 1) else [0, 0, 255, *[255] * 5]
    if function == "LINEAR" and width < 1:
        expected = [0 if x <= center - 0.5 else 255 for x in ROW.reshape(-1).tolist()]
    wish = PictureWish("png", window=(center, width, function))
    assert shown(row(), codecs, wish) == expected
    stored = {
        0x00281050: ("DS", f"{center}\\7".encode()),
        0x00281051: ("DS", f"{width}\\9".encode()),
        0x00281056: ("CS", function.encode()),
    }
    assert shown(row(stored), codecs) == expected


def test_without_a_window_least_and_greatest_are_the_ends(codecs: Codecs):
    assert shown(row(), codecs) == [round(x * 255 / 4095) for x in ROW.reshape(-1).tolist()]
    flat = np.full((1, 4), 7, "<u2")
    assert len(set(shown(row(pixels=flat), codecs))) == 1


def test_padding_does_not_count_for_least_and_greatest(codecs: Codecs):
    padded = np.array([[-2000, -1000, 0, 1000]], "<i2")
    data = row({0x00280120: ("SS", struct.pack("<h", -2000))}, padded)
    assert shown(data, codecs) == [0, 0, 128, 255]


def test_monochrome1_is_dark_where_values_are_high(codecs: Codecs):
    usual = shown(row(), codecs)
    inverse = shown(row({0x00280004: ("CS", b"MONOCHROME1 ")}), codecs)
    assert [a + b for a, b in zip(usual, inverse, strict=True)] == [255] * 8


def test_rescaled_values_are_windowed(codecs: Codecs):
    stored = {0x00281052: ("DS", b"-1000 "), 0x00281053: ("DS", b"2 ")}
    wish = PictureWish("png", window=(1000, 2000, "LINEAR_EXACT"))
    real = ROW.reshape(-1).astype(float) * 2 - 1000
    assert shown(row(stored), codecs, wish) == [round(x) for x in np.clip((real - 1000) / 2000 + 0.5, 0, 1) * 255]


@pytest.mark.parametrize("name", ["mlut_18.dcm", "vlut_04.dcm"])
def test_look_up_tables_give_what_pydicom_makes_of_them(codecs: Codecs, name: str):
    one = pydicom.dcmread(files()[name])
    made = picture(Instance(record_of(files()[name]), codecs), 1, PNG)
    ours = np.asarray(Image.open(io.BytesIO(made))).astype(float)
    real = apply_modality_lut(one.pixel_array, one)
    if "VOILUTSequence" in one:
        bits = one.VOILUTSequence[0].LUTDescriptor[2]
        theirs = apply_voi_lut(real, one, prefer_lut=True) / ((1 << bits) - 1) * 255
    else:
        theirs = (real - real.min()) / (real.max() - real.min()) * 255
    if one.PhotometricInterpretation == "MONOCHROME1":
        theirs = 255 - theirs
    assert np.abs(ours - theirs).max() <= 1


@pytest.mark.parametrize("name", ["gdcm-US-ALOKA-16.dcm", "gdcm-US-ALOKA-16_big.dcm", "examples_palette.dcm"])
def test_palettes_whole_or_in_segments_give_what_pydicom_makes_of_them(codecs: Codecs, name: str):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        one = pydicom.dcmread(files()[name])
        theirs = apply_color_lut(one.pixel_array, one) // 256
    made = picture(Instance(record_of(files()[name]), codecs), 1, PNG)
    assert np.abs(np.asarray(Image.open(io.BytesIO(made))).astype(int) - theirs).max() <= 1


def sequence(tag: int, *contents: bytes) -> bytes:
    inner = b"".join(b"\xfe\xff\x00\xe0" + struct.pack("<I", len(one)) + one for one in contents)
    return element(tag, "SQ", inner)


def test_functional_groups_give_each_frame_its_window_and_its_scale(codecs: Codecs):
    """PS3.3 C.7.6.16: the frame's own group before the shared one, both before the top level."""

    def voi(center: bytes) -> bytes:
        return sequence(0x00289132, element(0x00281050, "DS", center) + element(0x00281051, "DS", b"2000"))

    shared = sequence(0x00289145, element(0x00281052, "DS", b"100 ") + element(0x00281053, "DS", b"1 "))
    groups = sequence(0x52009229, shared + voi(b"5000")) + sequence(
        0x52009230, voi(b"1000"), element(0x00020, "LO", b"")
    )
    both = np.concatenate([ROW, ROW])[:, None, :]
    data = row({0x00280008: ("IS", b"2 "), 0x00281050: ("DS", b"1 "), 0x00281051: ("DS", b"1 ")}, both)
    at = data.index(b"\xe0\x7f\x10\x00")
    data = data[:at] + groups + data[at:]
    values = ROW.reshape(-1).astype(float) + 100
    for number, center in ((1, 1000), (2, 5000)):
        expected = np.clip((values - (center - 0.5)) / 1999 + 0.5, 0, 1) * 255
        assert shown(data, codecs, PNG, number) == [round(x) for x in expected]
    with pytest.raises(NoFrame):
        shown(data, codecs, PNG, 3)


@pytest.mark.parametrize("target", [IMPLICIT_LE, EXPLICIT_BE])
def test_a_picture_does_not_depend_on_the_encoding(codecs: Codecs, target: str):
    from primum.imaging.codecs.transcoding import transcoded

    for name in ("vlut_04.dcm", "examples_palette.dcm", "emri_small.dcm"):
        record = record_of(files()[name])
        other = KeptRecord(b"".join(transcoded(record, target, codecs)), target)
        assert picture(Instance(record, codecs), 1, PNG) == picture(Instance(other, codecs), 1, PNG)  # type: ignore[arg-type]


def test_an_icc_profile_goes_with_the_picture_for_who_asks(codecs: Codecs):
    profile = bytes(range(256)) * 300  # longer than a JPEG segment
    pixels = np.arange(12, dtype="u1").reshape(1, 4, 3)
    values = slice_of(pixels=pixels.tobytes()) | {
        0x00280002: ("US", us(3)), 0x00280004: ("CS", b"RGB "), 0x00280006: ("US", us(0)), 0x00280010: ("US", us(1)),
        0x00280011: ("US", us(4)), 0x00280100: ("US", us(8)), 0x00280101: ("US", us(8)), 0x00280102: ("US", us(7)),
        0x00280103: ("US", us(0)), 0x00282000: ("OB", profile),
    }  # fmt: skip
    data = data_set(dict(sorted(values.items())))
    for kind in ("png", "jpeg"):
        for wanted in (False, True):
            made = picture(
                Instance(KeptRecord(data, EXPLICIT_LE), codecs),  # type: ignore[arg-type]
                1,
                PictureWish(kind, profile=wanted),
            )
            image = Image.open(io.BytesIO(made))
            assert image.info.get("icc_profile") == (profile if wanted else None)
    assert np.array_equal(np.asarray(Image.open(io.BytesIO(paint(pixels, "RGB", {"format": "png"}, b"")))), pixels)


@pytest.mark.parametrize(
    ("tag", "value"),
    [
        (0x00281101, ("US", us(256, 0))),
        (0x00281101, ("US", us(257, 0, 16))),
        (0x00281201, ("OW", b"")),
        (0x00281201, ("OW", bytes(1 << 20))),
        (0x00281101, ("US", us(256, 0, 99))),
    ],
)
def test_palettes_that_make_no_sense_are_refused(codecs: Codecs, tag: int, value: tuple[str, bytes]):
    more = {0x00280004: ("CS", b"PALETTE COLOR ")}
    for at in (0x00281101, 0x00281102, 0x00281103):
        more[at] = ("US", us(256, 0, 16))
        more[at + 0x100] = ("OW", bytes(512))
    with pytest.raises(NotAPicture):
        shown(row(more | {tag: value}), codecs)


@pytest.mark.parametrize(
    "words",
    [[0], [0, 5, 1], [1, 4, 9], [2, 1, 0, 0], [0, 1, 7, 2, 1, 6, 0], [0, 1, 7, 1, 0, 9], [9, 9, 9], [0, 1, 7] * 9000],
)
def test_segmented_palettes_that_make_no_sense_are_refused(codecs: Codecs, words: list[int]):
    more = {0x00280004: ("CS", b"PALETTE COLOR ")}
    for at in (0x00281101, 0x00281102, 0x00281103):
        more[at] = ("US", us(0, 0, 16))
        more[at + 0x120] = ("OW", us(*words))
    with pytest.raises(NotAPicture):
        shown(row(more), codecs)


def drawn(values: np.ndarray, *viewport: float) -> list[list[int]]:
    look = {"format": "png", "window": [127.5, 255, "LINEAR_EXACT"], "viewport": viewport}
    found: list[list[int]] = np.asarray(Image.open(io.BytesIO(paint(values, "MONOCHROME2", look, b"")))).tolist()
    return found


def test_sizes_are_averaged_down_and_smoothed_up():
    checks = (np.indices((64, 64)).sum(axis=0) % 2 * 255).astype("u1")
    assert {one for line in drawn(checks, 8, 8, 0, 0, 0, 0) for one in line} <= {127, 128}
    step = np.array([[0, 255]], "u1")
    line = drawn(step, 8, 4, 0, 0, 0, 0)[0]
    assert (line[0], line[-1]) == (0, 255)
    assert line == sorted(line)
    assert drawn(step, 2, 1, 2, 0, -2, 1) == [[255, 0]]
