"""WADO-RS and WADO-URI of what devices really send: compressed, in colour, without pixels, damaged."""

from __future__ import annotations

import io
import subprocess
from collections.abc import Callable, Iterator

import httpx
import numpy as np
import pydicom
import pytest
from PIL import Image
from tests.doors import web_kit
from tests.doors.web.asking import get, parts
from tests.doors.web.conftest import browser
from tests.doors.web_kit import Door
from tests.programs import find_program
from tests.unit.imaging.codecs.files import files

from primum.doors.dicomweb.accept import IMAGE_TYPES
from primum.imaging import TARGETS

EXPLICIT, J2K, HTJ2K, JLS, SV1 = (f"1.2.840.10008.1.2{end}" for end in (".1", ".4.90", ".4.201", ".4.80", ".4.70"))
NAMES = (
    "CT_small.dcm", "MR_small_jp2klossless.dcm", "examples_ybr_color.dcm", "emri_small_jpeg_2k_lossless.dcm",
    "examples_palette.dcm", "reportsi.dcm", "vlut_04.dcm",
)  # fmt: skip
DAMAGED = "JPEG2000-embedded-sequence-delimiter.dcm"


@pytest.fixture(scope="module")
def kept() -> dict[str, pydicom.Dataset]:
    return {name: pydicom.dcmread(files()[name]) for name in (*NAMES, DAMAGED)}


@pytest.fixture(scope="module")
def door(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Door]:
    door = web_kit.build(tmp_path_factory.mktemp("syntaxes") / "home")
    door.add([files()[name].read_bytes() for name in (*NAMES, DAMAGED)], 0)
    with web_kit.serving(door):
        yield door


Path = Callable[..., str]


@pytest.fixture
def path(kept: dict[str, pydicom.Dataset]) -> Path:
    def of(name: str, end: str = "") -> str:
        one = kept[name]
        where = f"/studies/{one.StudyInstanceUID}/series/{one.SeriesInstanceUID}/instances/{one.SOPInstanceUID}"
        return where + end

    return of


def octets(syntax: str = "") -> dict[str, str]:
    end = f"; transfer-syntax={syntax}" if syntax else ""
    return {"Accept": f'multipart/related; type="application/octet-stream"{end}'}


def dicom(syntax: str, weight: str = "") -> dict[str, str]:
    return {"Accept": f'multipart/related; type="application/dicom"; transfer-syntax={syntax}{weight}'}


def uri(one: pydicom.Dataset, **more: str) -> str:
    query = {
        "requestType": "WADO",
        "studyUID": one.StudyInstanceUID,
        "seriesUID": one.SeriesInstanceUID,
        "objectUID": one.SOPInstanceUID,
    } | more
    return f"/wado?{httpx.QueryParams(query)}"


# WADO-RS


def test_compressed_frames_asked_for_as_octets_come_uncompressed(reader, path, kept):
    name = "emri_small_jpeg_2k_lossless.dcm"
    [(kind, one), (_, three)] = parts(get(reader, path(name, "/frames/1,3"), octets()))
    assert kind == f"application/octet-stream; transfer-syntax={EXPLICIT}"
    pixels = kept[name].pixel_array
    assert [one, three] == [pixels[0].tobytes(), pixels[2].tobytes()]


def test_frames_come_as_stored_to_whoever_takes_anything(reader, path):
    [(kind, data)] = parts(get(reader, path("MR_small_jp2klossless.dcm", "/frames/1"), octets("*")))
    assert kind == f"application/octet-stream; transfer-syntax={J2K}"
    assert data.startswith(b"\xff\x4f\xff\x51")


@pytest.mark.parametrize("syntax", [HTJ2K, JLS, SV1])
def test_frames_come_in_the_image_type_that_is_asked_for(reader, path, syntax):
    accept = {"Accept": f"multipart/related; type={IMAGE_TYPES[syntax]}"}
    [(kind, data)] = parts(get(reader, path("CT_small.dcm", "/frames/1"), accept))
    assert kind == f"{IMAGE_TYPES[syntax]}; transfer-syntax={syntax}"
    assert data[:3] == (b"\xff\x4f\xff" if syntax == HTJ2K else b"\xff\xd8\xff")


@pytest.mark.parametrize("syntax", TARGETS)
def test_an_instance_comes_in_the_transfer_syntax_that_is_asked_for(reader, path, kept, syntax):
    [(kind, data)] = parts(get(reader, path("CT_small.dcm"), dicom(syntax)))
    assert kind == f"application/dicom; transfer-syntax={syntax}"
    read = pydicom.dcmread(io.BytesIO(data))
    assert read.file_meta.TransferSyntaxUID == syntax
    assert read.SOPInstanceUID == kept["CT_small.dcm"].SOPInstanceUID
    assert read.PatientName == kept["CT_small.dcm"].PatientName


def test_a_mixed_study_comes_wholly_in_what_is_asked_for(reader, kept):
    for name in ("MR_small_jp2klossless.dcm", "reportsi.dcm"):
        answer = get(reader, f"/studies/{kept[name].StudyInstanceUID}", dicom(JLS))
        assert answer.status_code == 200
        [(kind, _)] = parts(answer)
        # a report has no pixels to compress
        assert kind == f"application/dicom; transfer-syntax={EXPLICIT if name == 'reportsi.dcm' else JLS}"


def test_what_cannot_be_decoded_is_refused_or_given_as_stored_to_who_takes_that(reader, path, kept):
    assert get(reader, path(DAMAGED), dicom(EXPLICIT)).status_code == 409
    assert get(reader, path(DAMAGED), dicom(EXPLICIT)).json() == {"code": "imaging.undecodable", "status": 409}
    both = {"Accept": dicom(EXPLICIT)["Accept"] + ", " + dicom("*", "; q=0.5")["Accept"]}
    [(kind, _)] = parts(get(reader, path(DAMAGED), both))
    assert kind == f"application/dicom; transfer-syntax={kept[DAMAGED].file_meta.TransferSyntaxUID}"


def test_no_new_loss_is_made(reader, path):
    for syntax in ("1.2.840.10008.1.2.4.50", "1.2.840.10008.1.2.4.51"):
        assert get(reader, path("CT_small.dcm"), dicom(syntax)).status_code == 406


def test_bulk_data_of_compressed_pixels_are_its_frames(reader, path, kept):
    name = "emri_small_jpeg_2k_lossless.dcm"
    whole = get(reader, path(name, "/bulkdata/7FE00010"), {"Accept": "application/octet-stream"})
    assert whole.content == kept[name].pixel_array.tobytes()
    stored = parts(get(reader, path(name, "/bulkdata/7FE00010"), octets("*")))
    assert len(stored) == kept[name].NumberOfFrames
    assert {kind for kind, _ in stored} == {f"application/octet-stream; transfer-syntax={J2K}"}


@pytest.mark.programs("dcmftest")
@pytest.mark.parametrize("syntax", TARGETS)
def test_dcmtk_takes_every_file_for_dicom(reader, path, tmp_path, syntax):
    [(_, data)] = parts(get(reader, path("examples_ybr_color.dcm"), dicom(syntax)))
    (tmp_path / "one.dcm").write_bytes(data)
    subprocess.run([find_program("dcmftest"), tmp_path / "one.dcm"], check=True, capture_output=True)


@pytest.mark.programs("dcmdjpeg", "dcmdjpls", "dcmdrle")
@pytest.mark.parametrize(
    ("program", "syntax"),
    [("dcmdjpeg", SV1), ("dcmdjpeg", "1.2.840.10008.1.2.4.57"), ("dcmdjpls", JLS), ("dcmdrle", "1.2.840.10008.1.2.5")],
)
@pytest.mark.parametrize("name", ["CT_small.dcm", "examples_palette.dcm", "MR_small_jp2klossless.dcm"])
def test_dcmtk_decompresses_what_is_compressed_here(reader, path, kept, tmp_path, program, syntax, name):
    [(_, data)] = parts(get(reader, path(name), dicom(syntax)))
    (tmp_path / "one.dcm").write_bytes(data)
    subprocess.run([find_program(program), tmp_path / "one.dcm", tmp_path / "out.dcm"], check=True, capture_output=True)
    assert np.array_equal(pydicom.dcmread(tmp_path / "out.dcm").pixel_array, kept[name].pixel_array)


# pictures


def picture(answer: httpx.Response) -> Image.Image:
    assert answer.status_code == 200, answer.text
    return Image.open(io.BytesIO(answer.content))


PNG = {"Accept": "image/png"}


def test_a_window_shows_what_it_should(reader, path, kept):
    """PS3.3 C.11.2.1.2.1, worked out by hand for a window of 400 around 40."""
    shown = np.asarray(picture(get(reader, path("CT_small.dcm", "/rendered?window=40,400,linear"), PNG))).astype(int)
    one = kept["CT_small.dcm"]
    units = one.pixel_array * float(one.RescaleSlope) + float(one.RescaleIntercept)
    expected = np.clip(((units - 39.5) / 399 + 0.5) * 255, 0, 255)
    assert np.abs(shown - expected).max() <= 0.5
    assert (shown.min(), shown.max()) == (0, 255)


@pytest.mark.parametrize("function", ["linear", "linear-exact", "sigmoid"])
def test_the_window_functions_cross_at_the_centre(reader, path, function):
    answer = get(reader, path("CT_small.dcm", f"/rendered?window=40,400,{function}"), PNG)
    assert picture(answer).mode == "L"


def test_colours_and_palettes_are_shown_in_colour(reader, path, kept):
    for name in ("examples_ybr_color.dcm", "examples_palette.dcm"):
        shown = picture(get(reader, path(name, "/rendered"), PNG))
        assert shown.mode == "RGB"
        assert shown.size == (kept[name].Columns, kept[name].Rows)
    palette = np.asarray(shown).astype(int)
    expected = pydicom.pixels.apply_color_lut(kept[name].pixel_array, kept[name]) // 256
    assert np.array_equal(palette, expected)


def test_the_default_is_a_jpeg_and_an_image_is_no_film(reader, path):
    assert get(reader, path("CT_small.dcm", "/rendered"), {"Accept": "*/*"}).headers["content-type"] == "image/jpeg"
    assert get(reader, path("CT_small.dcm", "/rendered"), {"Accept": "video/mp4"}).status_code == 406


def test_pictures_of_several_frames_are_parts(reader, path):
    found = parts(get(reader, path("emri_small_jpeg_2k_lossless.dcm", "/frames/1,2,9/rendered"), {"Accept": "*/*"}))
    assert [kind for kind, _ in found] == ["image/jpeg"] * 3


@pytest.mark.parametrize(
    ("query", "size"),
    [("viewport=64,64", (64, 64)), ("viewport=400,100", (100, 100)), ("viewport=50,50,0,0,64,32", (50, 25))],
)
def test_a_viewport_keeps_the_proportions(reader, path, query, size):
    assert picture(get(reader, path("CT_small.dcm", f"/rendered?{query}"), PNG)).size == size


def test_thumbnails_are_small_at_every_level(reader, path, kept):
    one = kept["examples_ybr_color.dcm"]
    study = f"/studies/{one.StudyInstanceUID}"
    for where in (study, f"{study}/series/{one.SeriesInstanceUID}", path("examples_ybr_color.dcm")):
        assert picture(get(reader, where + "/thumbnail", {"Accept": "image/jpeg"})).size == (128, 96)


@pytest.mark.parametrize(
    "query",
    [
        "window=1", "window=a,b", "window=40,0", "window=40,400,cubic", "window=nan,4", "viewport=0,10",
        "viewport=99999,10", "viewport=1", "quality=0", "quality=x", "annotation=all", "iccprofile=srgb",
        "window=40,400&window=1,2", "nonsense=1",
    ],
)  # fmt: skip
def test_what_a_picture_cannot_be_like_is_refused(reader, path, query):
    answer = get(reader, path("CT_small.dcm", f"/rendered?{query}"), PNG)
    assert answer.status_code == 400
    assert answer.json()["code"] == "web.bad-parameter"


def test_a_report_is_no_picture(reader, path, kept):
    assert get(reader, path("reportsi.dcm", "/rendered"), PNG).status_code == 406
    assert get(reader, f"/studies/{kept['reportsi.dcm'].StudyInstanceUID}/rendered", PNG).status_code == 404


# WADO-URI


def test_an_old_viewer_gets_a_file_in_explicit_little_endian(reader, kept):
    name = "MR_small_jp2klossless.dcm"
    answer = reader.get(uri(kept[name], contentType="application/dicom"))
    assert answer.headers["content-type"] == "application/dicom"
    read = pydicom.dcmread(io.BytesIO(answer.content))
    assert read.file_meta.TransferSyntaxUID == EXPLICIT
    assert np.array_equal(read.pixel_array, kept[name].pixel_array)


def test_an_old_viewer_may_name_a_transfer_syntax(reader, kept):
    answer = reader.get(uri(kept["CT_small.dcm"], contentType="application/dicom", transferSyntax=JLS))
    assert pydicom.dcmread(io.BytesIO(answer.content)).file_meta.TransferSyntaxUID == JLS


def test_an_old_viewer_gets_a_picture(reader, kept):
    one = kept["CT_small.dcm"]
    assert reader.get(uri(one), headers={"Accept": "*/*"}).headers["content-type"] == "image/jpeg"
    shown = picture(reader.get(uri(one, contentType="image/png", rows="64", windowCenter="40", windowWidth="400")))
    assert shown.size == (64, 64)
    assert picture(reader.get(uri(one, contentType="image/png", region="0,0,0.5,0.25"))).size == (64, 32)


@pytest.mark.parametrize(
    "more",
    [
        {"requestType": "WADX"}, {"anonymize": "yes"}, {"presentationUID": "1.2"}, {"annotation": "all"},
        {"region": "0,0,2,1"}, {"region": "0.5,0,0.2,1"}, {"frameNumber": "x"}, {"windowCenter": "4"},
        {"studyUID": ""},
    ],
)  # fmt: skip
def test_what_is_not_done_for_old_viewers_is_refused(reader, kept, more):
    assert reader.get(uri(kept["CT_small.dcm"], **more)).status_code == 400


def test_who_may_not_open_a_study_gets_no_picture_and_no_file_of_it(door, kept, path):
    from primum.identity import Role, Scope

    stranger, secretary = browser(door), browser(door)
    who = door.somebody("Sonia Secretary", Role.SECRETARY, scope=Scope.SITE)
    assert secretary.post("/sign-in", data=who.form()).status_code == 303
    for where in (
        "/dicom-web" + path("CT_small.dcm", "/rendered"), "/dicom-web" + path("CT_small.dcm", "/thumbnail"),
        uri(kept["CT_small.dcm"]),
    ):  # fmt: skip
        assert stranger.get(where, headers={"Accept": "*/*"}).status_code == 401
        assert secretary.get(where, headers={"Accept": "*/*"}).status_code == 404
    stranger.close()
    secretary.close()


def test_a_picture_is_a_disclosure(door, reader, kept):
    reader.get(uri(kept["vlut_04.dcm"]), headers={"Accept": "*/*"})
    assert any('"person:study:viewed"' in line for line in door.lines())
