"""Images on paper: judged by qpdf, read and drawn by poppler."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest
from pydicom.dataset import Dataset

from primum.imaging.demo.headers import encoded
from primum.imaging.media.exporting import NothingToExport
from primum.imaging.media.pdf import Page, Pdf, writable
from primum.imaging.media.picking import Picked
from primum.imaging.media.pictures import TAGS, NoPicture, Picture, render
from primum.imaging.media.printing import MixedPatients, Printed, chosen, print_images

AT = datetime(2026, 1, 5, 10, 30, tzinfo=UTC)
EXPLICIT = "1.2.840.10008.1.2.1"


class Stored:
    """An instance with one frame."""

    def __init__(self, made: Dataset, frame: bytes, syntax: str = EXPLICIT) -> None:
        self.transfer_syntax_uid, self.sop_instance_uid = syntax, "2.25.1"
        self._data, self._frame = encoded(made), frame

    def frame(self, number: int) -> bytes:
        assert number == 1
        return self._frame

    def chunks(self) -> Iterator[bytes]:
        yield self._data

    def header(self) -> Picked:
        return Picked(self._data, self.transfer_syntax_uid, TAGS)


def image(pixels: np.ndarray, syntax: str = EXPLICIT, **more: object) -> Stored:
    one = Dataset()
    one.SpecificCharacterSet = "ISO_IR 192"
    one.PatientName, one.PatientID, one.PatientBirthDate, one.PatientSex = "Lefèvre^Hélène", "P-77", "19610314", "F"
    one.StudyDate, one.StudyDescription, one.InstitutionName = "20260104", "Épaule", "Cabinet d'essai"
    one.SeriesNumber, one.InstanceNumber = 3, 14
    one.Rows, one.Columns = pixels.shape[:2]
    one.SamplesPerPixel, one.PhotometricInterpretation = 1, "MONOCHROME2"
    one.BitsAllocated = one.BitsStored = pixels.itemsize * 8
    one.PixelRepresentation = int(pixels.dtype.kind == "i")
    for name, value in more.items():
        setattr(one, name, value)
    return Stored(one, pixels.astype(pixels.dtype.newbyteorder("<")).tobytes(), syntax)


def shown(stored: Stored, most: int = 640) -> np.ndarray:
    picture = render(stored, stored.header(), 1, most)
    shape = (picture.height, picture.width, 3) if picture.colour else (picture.height, picture.width)
    return np.frombuffer(picture.data, np.uint8).reshape(shape).astype(int)


RAMP = np.arange(0, 4096, dtype=np.uint16).reshape(64, 64)


def test_a_window_shows_what_the_standard_says() -> None:
    """PS3.3 C.11.2.1.2.1, for 12 bits of which the window takes the middle."""
    made = shown(image(RAMP, BitsStored=12, WindowCenter="2048", WindowWidth="1024"))
    x = RAMP.astype(float)
    expected = np.clip(((x - 2047.5) / 1023 + 0.5) * 255, 0, 255)
    assert np.abs(made - expected).max() <= 1


def test_signed_values_rescale_and_inverse() -> None:
    pixels = (RAMP.astype(np.int32) - 2048).astype(np.int16)
    plain = shown(image(pixels, WindowCenter="0", WindowWidth="4096", RescaleSlope="2", RescaleIntercept="-100"))
    expected = np.clip((((pixels * 2.0 - 100) + 0.5) / 4095 + 0.5) * 255, 0, 255)
    assert np.abs(plain - expected).max() <= 1
    inverse = image(pixels, WindowCenter="0", WindowWidth="4096", RescaleSlope="2", RescaleIntercept="-100",
                    PhotometricInterpretation="MONOCHROME1")  # fmt: skip
    assert (shown(inverse) == 255 - plain).all()


def test_without_a_window_the_whole_range_is_shown_and_odd_bits_above_do_no_harm() -> None:
    made = shown(image(RAMP | np.uint16(0xF000), BitsStored=12))
    assert (made.min(), made.max()) == (0, 255)
    assert shown(image(np.full((4, 4), 7, np.uint8))).shape == (4, 4)


def test_colours_come_by_pixel_or_by_plane() -> None:
    pixels = np.random.default_rng(1).integers(0, 256, (12, 10, 3), np.uint8)
    by_pixel = image(pixels, SamplesPerPixel=3, PhotometricInterpretation="RGB", BitsAllocated=8, BitsStored=8)
    assert (shown(by_pixel) == pixels).all()
    planes = image(np.ascontiguousarray(pixels.transpose(2, 0, 1)), SamplesPerPixel=3, PhotometricInterpretation="RGB",
                   PlanarConfiguration=1, Rows=12, Columns=10)  # fmt: skip
    assert (shown(planes, most=5) == pixels[::3, ::3]).all()


@pytest.mark.parametrize(
    "odd", [
        {"syntax": "1.2.840.10008.1.2.4.90"}, {"PhotometricInterpretation": "PALETTE COLOR"}, {"BitsAllocated": 32},
        {"Rows": 4000}, {"Rows": 0}, {"Columns": 65535},
    ],
)  # fmt: skip
def test_what_cannot_be_drawn_here_is_refused_and_never_wrong(odd: dict[str, object]) -> None:
    stored = image(RAMP, **odd)  # type: ignore[arg-type]
    with pytest.raises(NoPicture):
        shown(stored)


def printed(to: Path, instances: list[Stored], **more: object) -> Printed:
    with to.open("wb") as file:
        return print_images(instances, file.write, house="Dre Ève Essai", at=AT, **more)  # type: ignore[arg-type]


def text_of(file: Path) -> str:
    return subprocess.run(["pdftotext", "-layout", str(file), "-"], capture_output=True, text=True, check=True).stdout


@pytest.mark.programs("qpdf", "pdftotext", "pdftoppm")
def test_every_page_says_whose_images_these_are(tmp_path: Path) -> None:
    file = tmp_path / "x.pdf"
    assert printed(file, [image(RAMP, InstanceNumber=number) for number in range(25)]) == Printed(3, 25, 0)
    judged = subprocess.run(["qpdf", "--check", str(file)], capture_output=True, text=True, check=False)
    assert (judged.returncode, "No syntax or stream encoding errors" in judged.stdout) == (0, True)
    pages = text_of(file).split("\f")[:-1]
    assert len(pages) == 3
    for number, page in enumerate(pages, 1):
        for told in ("Lefèvre Hélène", "né(e) le 14/03/1961, F, P-77", "04/01/2026, Épaule, Cabinet d'essai",
                     "Not for diagnosis", "Dre Ève Essai, imprimé le 05/01/2026 10:30 UTC", f"{number}/3"):  # fmt: skip
            assert told in page
    assert "série 3, image 24" in pages[2]
    subprocess.run(["pdftoppm", "-r", "40", "-gray", "-f", "1", "-l", "1", str(file), str(tmp_path / "p")], check=True)
    head, _, pixels = next(tmp_path.glob("p*.pgm")).read_bytes().partition(b"\n255\n")
    width, height = map(int, head.split()[1:])
    drawn = np.frombuffer(pixels, np.uint8).reshape(height, width)
    assert 0.2 < (drawn[60:-40] < 250).mean() < 0.95


@pytest.mark.programs("pdftotext")
def test_what_cannot_be_drawn_is_an_empty_field_that_says_so(tmp_path: Path) -> None:
    compressed = image(RAMP, syntax="1.2.840.10008.1.2.4.90")
    assert printed(tmp_path / "x.pdf", [compressed, image(RAMP)]).empty == 1
    assert text_of(tmp_path / "x.pdf").count("see the screen") == 1
    grey = Picture(2, 2, bytes(4))
    assert printed(tmp_path / "y.pdf", [compressed], render=lambda *_: grey).empty == 0


@pytest.mark.programs("pdftotext")
def test_a_name_in_other_letters_is_never_replaced_by_something_else(tmp_path: Path) -> None:
    printed(tmp_path / "x.pdf", [image(RAMP, PatientName="Łukasiewicz^Paweł")])
    text = text_of(tmp_path / "x.pdf")
    assert "name in other letters" in text
    assert "ukasiewicz" not in text
    assert "P-77" in text
    assert not writable("Łukasiewicz")


def test_images_of_two_people_are_not_printed_under_one_name(tmp_path: Path) -> None:
    with pytest.raises(MixedPatients):
        printed(tmp_path / "x.pdf", [image(RAMP), image(RAMP, PatientID="P-78")])
    with pytest.raises(NothingToExport):
        printed(tmp_path / "x.pdf", [])


def test_images_are_chosen_evenly_with_the_first_and_the_last() -> None:
    one = image(RAMP)
    many = [one] * 100
    assert len(chosen(many, 7)) == 7
    assert [len(chosen(many[:count], 7)) for count in (1, 7, 8)] == [1, 7, 7]
    assert len(chosen(many, 1)) == 1


@pytest.mark.programs("qpdf")
def test_texts_with_brackets_and_a_jpeg_make_a_whole_file(tmp_path: Path) -> None:
    import imagecodecs

    file = tmp_path / "x.pdf"
    with file.open("wb") as stream:
        made = Pdf(stream.write, title="Épreuve (1)", language="fr")
        page = Page()
        page.text(50, 700, r"a (b\c) d)")
        jpeg = bytes(imagecodecs.jpeg8_encode(np.zeros((16, 16, 3), np.uint8)))
        page.picture(made.jpeg(jpeg, 16, 16, colour=True), 50, 50, 100, 100)
        made.add(page)
        made.close()
    judged = subprocess.run(["qpdf", "--check", str(file)], capture_output=True, text=True, check=False)
    assert judged.returncode == 0, judged.stdout
    with pytest.raises(ValueError, match="alphabet"):
        Page().text(1, 1, "漢")
