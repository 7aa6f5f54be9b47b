"""Images on paper: judged by qpdf, read and drawn by poppler."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import imagecodecs
import numpy as np
import pytest
from pydicom.dataset import Dataset

from primum.ground.pdf import Page, Pdf, writable
from primum.imaging.codecs.errors import CodecsBusy, NotAPicture
from primum.imaging.codecs.rendering import PictureWish
from primum.imaging.demo.headers import encoded
from primum.imaging.media.exporting import NothingToExport
from primum.imaging.media.printing import PIXELS, MixedPatients, Printed, chosen, print_images

AT = datetime(2026, 1, 5, 10, 30, tzinfo=UTC)
EXPLICIT = "1.2.840.10008.1.2.1"


class Stored:
    """An instance whose picture is its pixels as a JPEG, or a refusal."""

    transfer_syntax_uid = EXPLICIT

    def __init__(self, made: Dataset, pixels: np.ndarray, refusal: Exception | None) -> None:
        self._data, self._pixels, self._refusal = encoded(made), pixels, refusal

    def picture(self, number: int, wish: PictureWish) -> bytes:
        assert (number, wish.kind, wish.viewport) == (0, "jpeg", (PIXELS, PIXELS, 0, 0, 0, 0))
        if self._refusal:
            raise self._refusal
        return bytes(imagecodecs.jpeg8_encode(self._pixels, level=95))

    def chunks(self) -> Iterator[bytes]:
        yield self._data


def image(pixels: np.ndarray, refusal: Exception | None = None, **more: object) -> Stored:
    one = Dataset()
    one.SpecificCharacterSet = "ISO_IR 192"
    one.PatientName, one.PatientID, one.PatientBirthDate, one.PatientSex = "Lefèvre^Hélène", "P-77", "19610314", "F"
    one.StudyDate, one.StudyDescription, one.InstitutionName = "20260104", "Épaule", "Cabinet d'essai"
    one.SeriesNumber, one.InstanceNumber = 3, 14
    for name, value in more.items():
        setattr(one, name, value)
    return Stored(one, pixels, refusal)


RAMP = np.tile(np.arange(0, 256, 4, dtype=np.uint8), (32, 1))


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
    film = image(RAMP, NotAPicture(why="it is a film"))
    assert printed(tmp_path / "x.pdf", [film, image(RAMP)]).empty == 1
    assert text_of(tmp_path / "x.pdf").count("see the screen") == 1


def test_a_field_is_not_left_empty_because_others_wait_too(tmp_path: Path) -> None:
    with pytest.raises(CodecsBusy):
        printed(tmp_path / "x.pdf", [image(RAMP, CodecsBusy())])


@pytest.mark.programs("pdftoppm")
@pytest.mark.parametrize("colour", [False, True])
def test_a_picture_is_on_paper_as_it_was_made(tmp_path: Path, *, colour: bool) -> None:
    """The first field is some 4 by 4 cm wide: its picture is twice as wide as high, dark on the left."""
    file = tmp_path / "x.pdf"
    printed(file, [image(np.stack([RAMP, RAMP, 0 * RAMP], axis=-1) if colour else RAMP)])
    subprocess.run(["pdftoppm", "-r", "72", str(file), str(tmp_path / "p")], check=True)
    head, _, pixels = next(tmp_path.glob("p*.ppm")).read_bytes().partition(b"\n255\n")
    width, height = map(int, head.split()[1:])
    page = np.frombuffer(pixels, np.uint8).reshape(height, width, 3).astype(int)
    lit = (page[76:226, 37:205, 0] > 40) & (page[76:226, 37:205, 0] < 255)
    rows, columns = np.flatnonzero(lit.any(1)), np.flatnonzero(lit.any(0))
    assert 1.5 < (columns[-1] - columns[0]) / (rows[-1] - rows[0]) < 2.1
    line = page[76 + int(rows.mean()), 37 + columns[0] : 37 + columns[-1]]
    assert (np.diff(line[:, 0]) >= -4).all()
    assert line[-1, 0] > 230
    assert line[-1, 2] < 30 if colour else line[-1, 2] > 230


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
