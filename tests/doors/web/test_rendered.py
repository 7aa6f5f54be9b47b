"""Rendered resources that are not one still picture (PS3.18 table 8.7.4-1): animations, films, documents."""

from __future__ import annotations

import io
import zlib
from collections.abc import Iterator

import httpx
import numpy as np
import pydicom
import pytest
from PIL import Image
from pydicom.dataset import Dataset
from pydicom.encaps import encapsulate
from tests.doors import web_kit
from tests.doors.small import Study, as_file
from tests.doors.web.asking import get, parts
from tests.doors.web.conftest import where
from tests.doors.web_kit import Door
from tests.unit.imaging.codecs.files import files

GREY, COLOUR = "emri_small_jpeg_2k_lossless.dcm", "examples_ybr_color.dcm"
GIF = {"Accept": "image/gif"}
MPEG_2, MPEG_4 = "1.2.840.10008.1.2.4.100", "1.2.840.10008.1.2.4.102"
MP4 = b"\0\0\0\x18ftypmp42" + bytes(range(256)) * 20
PDF = b"%PDF-1.4\n%odd"


def film(number: int, stream: bytes, syntax: str) -> bytes:
    made = Study(number, slices=1).data_set(1)
    made.NumberOfFrames, made.SamplesPerPixel, made.PhotometricInterpretation = "7", 3, "YBR_PARTIAL_420"
    made.BitsAllocated = made.BitsStored = 8
    made.HighBit, made.PlanarConfiguration = 7, 0
    made.PixelData = encapsulate([stream])
    made["PixelData"].is_undefined_length = True
    return as_file(made, syntax)


def paper(number: int, content: bytes) -> bytes:
    made = Study(number, slices=1).data_set(1)
    for keyword in ("PixelData", "Rows", "Columns", "BitsAllocated", "BitsStored", "HighBit", "PixelRepresentation"):
        del made[keyword]
    made.SOPClassUID = pydicom.uid.EncapsulatedPDFStorage
    made.MIMETypeOfEncapsulatedDocument, made.EncapsulatedDocumentLength = "application/pdf", len(content)
    made.EncapsulatedDocument = content + b"\0" * (len(content) % 2)
    return as_file(made, pydicom.uid.ExplicitVRLittleEndian)


@pytest.fixture(scope="module")
def kept() -> dict[str, Dataset]:
    found = {name: pydicom.dcmread(files()[name]) for name in (GREY, COLOUR)}
    made = {
        "mp4": film(80, MP4, MPEG_4), "transport": film(81, b"\x47" + bytes(375), MPEG_4),
        "mpeg": film(82, b"\0\0\1\xba" + bytes(300), MPEG_2), "pdf": paper(83, PDF), "text": paper(84, b"hello, world"),
    }  # fmt: skip
    return found | {name: pydicom.dcmread(io.BytesIO(data)) for name, data in made.items()}


@pytest.fixture(scope="module")
def door(tmp_path_factory: pytest.TempPathFactory, kept: dict[str, Dataset]) -> Iterator[Door]:
    door = web_kit.build(tmp_path_factory.mktemp("rendered") / "home")
    buffers = []
    for one in kept.values():
        one.save_as(buffer := io.BytesIO())
        buffers.append(buffer.getvalue())
    door.add(buffers, 0)
    with web_kit.serving(door):
        yield door


def moving(answer: httpx.Response) -> Image.Image:
    assert answer.headers["content-type"] == "image/gif", answer.text
    return Image.open(io.BytesIO(answer.content))


def still(reader: httpx.Client, one: Dataset, frame: int, query: str = "") -> np.ndarray:
    answer = get(reader, where(one, f"/frames/{frame}/rendered{query}"), {"Accept": "image/png"})
    return np.asarray(Image.open(io.BytesIO(answer.content)))


def test_an_animation_has_every_frame_as_its_picture_is(reader: httpx.Client, kept: dict[str, Dataset]) -> None:
    one = kept[GREY]
    found = moving(get(reader, where(one), GIF))
    assert found.n_frames == int(one.NumberOfFrames)
    for frame in range(found.n_frames):
        found.seek(frame)
        assert np.array_equal(np.asarray(found.convert("L")), still(reader, one, frame + 1))


def test_frames_that_are_named_are_animated_in_their_order(reader: httpx.Client, kept: dict[str, Dataset]) -> None:
    found = moving(get(reader, where(kept[GREY], "/frames/5,2/rendered?viewport=32,32"), GIF))
    assert (found.n_frames, found.size) == (2, (32, 32))
    for at, frame in enumerate((5, 2)):
        found.seek(at)
        assert np.array_equal(np.asarray(found.convert("L")), still(reader, kept[GREY], frame, "?viewport=32,32"))
    assert moving(get(reader, where(kept[GREY], "/frames/3/rendered"), GIF)).n_frames == 1


def test_colours_of_an_animation_are_near_those_of_the_picture(reader: httpx.Client, kept: dict[str, Dataset]) -> None:
    one = kept[COLOUR]
    found = moving(get(reader, where(one), GIF))
    assert found.n_frames == int(one.get("NumberOfFrames", 1))
    ours, exact = np.asarray(found.convert("RGB")).astype(int), still(reader, one, 1).astype(int)
    assert np.abs(ours - exact).max() <= 255 / 5
    assert abs(ours.mean() - exact.mean()) < 3


@pytest.mark.parametrize(
    ("said", "milliseconds"),
    [
        ({"FrameTime": "40"}, 40),
        ({"CineRate": "20"}, 50),
        ({"RecommendedDisplayFrameRate": "10", "CineRate": "20"}, 100),
        ({"FrameTime": "1"}, 20),
        ({"FrameTime": "0"}, 70),
        ({"FrameTimeVector": ["0", "120", "30"]}, 120),
        ({}, 70),
    ],
)
def test_an_animation_keeps_the_time_of_its_frames(
    door: Door, reader: httpx.Client, said: dict[str, object], milliseconds: int
) -> None:
    number = 1000 + zlib.crc32(str(said).encode()) % 9000
    made = Study(number, slices=1, extra={"NumberOfFrames": "3", **said}).data_set(1)
    made.PixelData = made.PixelData * 3
    door.add([as_file(made, pydicom.uid.ExplicitVRLittleEndian)])
    assert moving(get(reader, where(made), GIF)).info["duration"] == milliseconds


def test_an_animation_in_parts_is_a_part(reader: httpx.Client, kept: dict[str, Dataset]) -> None:
    found = parts(get(reader, where(kept[GREY]), {"Accept": 'multipart/related; type="image/gif"'}))
    assert [kind for kind, _ in found] == ["image/gif"]
    assert Image.open(io.BytesIO(found[0][1])).n_frames == int(kept[GREY].NumberOfFrames)


def test_more_frames_than_an_animation_is_made_of_are_not_acceptable(door: Door, reader: httpx.Client) -> None:
    made = Study(89, slices=1, size=2, extra={"NumberOfFrames": "501"}).data_set(1)
    made.PixelData = made.PixelData * 501
    door.add([as_file(made, pydicom.uid.ExplicitVRLittleEndian)])
    assert get(reader, where(made), GIF).status_code == 406


@pytest.mark.parametrize(("name", "kind"), [("mp4", "video/mp4"), ("mpeg", "video/mpeg"), ("pdf", "application/pdf")])
def test_a_film_and_a_document_are_given_as_they_are(
    reader: httpx.Client, kept: dict[str, Dataset], name: str, kind: str
) -> None:
    contents = {"mp4": MP4, "mpeg": b"\0\0\1\xba" + bytes(300), "pdf": PDF}
    for accept in ("*/*", kind, kind.partition("/")[0] + "/*", f"image/png, {kind}"):
        answer = get(reader, where(kept[name]), {"Accept": accept})
        assert answer.status_code == 200, answer.text
        assert answer.headers["content-type"] == kind
        assert answer.content == contents[name]
    assert get(reader, where(kept[name], f"/rendered?accept={kind}"), {"Accept": "*/*"}).content == contents[name]
    assert get(reader, where(kept[name]), {"Accept": "image/jpeg"}).status_code == 406
    assert get(reader, where(kept[name], "/rendered?window=1,2"), {"Accept": "*/*"}).status_code == 400


def test_what_is_not_what_its_name_would_say_is_not_acceptable(reader: httpx.Client, kept: dict[str, Dataset]) -> None:
    assert get(reader, where(kept["transport"]), {"Accept": "video/mp4"}).status_code == 406
    assert get(reader, where(kept["text"]), {"Accept": "application/pdf"}).status_code == 406


def test_whose_an_image_is_and_how_it_was_made_is_written_on_request(door: Door, reader: httpx.Client) -> None:
    def drawn(number: int, query: str, size: int = 128, **more: str) -> np.ndarray:
        made = Study(number, slices=1, size=size, **more).data_set(1)
        made.KVP, made.XRayTubeCurrent = "120", "80"
        door.add([as_file(made, pydicom.uid.ExplicitVRLittleEndian)])
        answer = get(reader, where(made, "/rendered" + query), {"Accept": "image/png"})
        return np.asarray(Image.open(io.BytesIO(answer.content))) if answer.status_code == 200 else answer.status_code

    plain, patient = drawn(300, ""), drawn(300, "?annotation=patient")
    both = drawn(300, "?annotation=technique,patient")
    assert (plain[:44] != patient[:44]).any()
    assert (plain[64:] == patient[64:]).all()
    assert (both[:44] == patient[:44]).all()
    assert (both[80:] != plain[80:]).any()
    other = drawn(301, "?annotation=patient", name="Zephyrin^Aurore")
    assert (other[:16] != patient[:16]).any(), "an accent is a difference"
    assert drawn(302, "?annotation=patient", name="\u5c71\u7530^\u592a\u90ce") == 406
    assert drawn(303, "?annotation=patient", size=24) == 406
    assert drawn(300, "?annotation=patient,secrets") == 400


def test_colours_and_animations_are_written_on_too(reader: httpx.Client, kept: dict[str, Dataset]) -> None:
    one = kept[COLOUR]
    assert (still(reader, one, 1) != still(reader, one, 1, "?annotation=technique")).any()
    found = moving(get(reader, where(one, "/rendered?annotation=technique"), GIF))
    assert found.size == (one.Columns, one.Rows)
