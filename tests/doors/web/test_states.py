"""Rendered presentation states (PS3.18 10.4.1.1.3): the images that they name, as they say."""

from __future__ import annotations

import io
from collections.abc import Iterator

import httpx
import numpy as np
import pytest
from PIL import Image
from pydicom import uid
from pydicom.dataset import Dataset
from tests.doors import web_kit
from tests.doors.small import as_file
from tests.doors.web.asking import get, parts
from tests.doors.web.conftest import browser, where
from tests.doors.web_kit import Door
from tests.unit.imaging.presenting.kit import COLUMNS, ROWS, image, items, naming, state

from primum.identity import Role, Scope

PNG = {"Accept": "image/png"}
FRAMES = np.stack([np.full((ROWS, COLUMNS), value, "<u2") for value in (500, 1500, 2500)])


@pytest.fixture(scope="module")
def kept() -> dict[str, Dataset]:
    one, film, other = image(1), image(2, FRAMES), image(3)
    other.StudyInstanceUID, other.SeriesInstanceUID = one.StudyInstanceUID, one.SeriesInstanceUID
    wrong = state(image(8))
    wrong.ReferencedSeriesSequence[0].ReferencedImageSequence[0].ReferencedSOPClassUID = uid.MRImageStorage
    made = {
        "one": one, "film": film, "other": other, "eight": image(8),
        "of one": state(one, PresentationLUTShape="INVERSE"),
        "of two": state(one, other), "of frames": state(film, frames=(3, 1)), "of a film": state(image(7, FRAMES)),
        "seven": image(7, FRAMES),
        "of nothing here": state(image(4)), "of an absent frame": state(image(5), frames=(2,)), "five": image(5),
        "of another class": wrong, "of a text": state(image(6)), "six": image(6),
    }  # fmt: skip
    made["of two"].SOPInstanceUID += ".2"
    made["of a text"].MaskSubtractionSequence = items({"MaskOperation": "AVG_SUB"})
    return made


@pytest.fixture(scope="module")
def door(tmp_path_factory: pytest.TempPathFactory, kept: dict[str, Dataset]) -> Iterator[Door]:
    door = web_kit.build(tmp_path_factory.mktemp("states") / "home")
    door.add([as_file(one, uid.ExplicitVRLittleEndian) for one in kept.values()], 0)
    with web_kit.serving(door):
        yield door


def pixels(content: bytes) -> np.ndarray:
    return np.asarray(Image.open(io.BytesIO(content))).astype(int)


def test_a_state_of_one_image_is_a_picture_of_it(reader: httpx.Client, kept: dict[str, Dataset]) -> None:
    answer = get(reader, where(kept["of one"]), PNG)
    assert (answer.status_code, answer.headers["content-type"]) == (200, "image/png")
    stored = kept["one"].pixel_array.astype(float)
    # the state has no modality LUT: the image's own rescale does not count
    assert np.abs(pixels(answer.content) - (255 - stored * 255 / 4095)).max() <= 1
    assert get(reader, where(kept["of one"]), {"Accept": "*/*"}).headers["content-type"] == "image/jpeg"


def test_a_state_of_several_images_or_frames_has_a_part_for_each(
    reader: httpx.Client, kept: dict[str, Dataset]
) -> None:
    assert len(parts(get(reader, where(kept["of two"]), PNG))) == 2
    named = [pixels(data).mean() for _, data in parts(get(reader, where(kept["of frames"]), PNG))]
    assert [round(one * 4095 / 255, -2) for one in named] == [2500, 500]
    every = [pixels(data).mean() for _, data in parts(get(reader, where(kept["of a film"]), PNG))]
    assert [round(one * 4095 / 255, -2) for one in every] == [500, 1500, 2500]


def test_one_picture_goes_in_parts_where_parts_are_asked_for(reader: httpx.Client, kept: dict[str, Dataset]) -> None:
    found = parts(get(reader, where(kept["of one"]), {"Accept": 'multipart/related; type="image/png"'}))
    assert [kind for kind, _ in found] == ["image/png"]


def test_a_state_has_a_thumbnail_and_fits_a_viewport(reader: httpx.Client, kept: dict[str, Dataset]) -> None:
    assert pixels(get(reader, where(kept["of one"], "/thumbnail"), PNG).content).shape == (96, 128)
    assert pixels(get(reader, where(kept["of one"], "/rendered?viewport=16,16"), PNG).content).shape == (12, 16)


@pytest.mark.parametrize(
    ("name", "end", "accept", "status"),
    [
        ("of nothing here", "/rendered", "image/png", 404),
        ("of an absent frame", "/rendered", "image/png", 409),
        ("of another class", "/rendered", "image/png", 409),
        ("of a text", "/rendered", "image/png", 406),
        ("of one", "/rendered", "image/gif", 406),
        ("of one", "/rendered?window=1,2", "image/png", 400),
        ("of one", "/rendered?iccprofile=yes", "image/png", 400),
        ("of one", "/rendered?viewport=8,8,1,1,2,2", "image/png", 400),
        ("of one", "/rendered?annotation=patient", "image/png", 400),
        ("of one", "/frames/1/rendered", "image/png", 404),
    ],
)
def test_what_a_state_cannot_give_has_its_status(
    reader: httpx.Client, kept: dict[str, Dataset], name: str, end: str, accept: str, status: int
) -> None:
    answer = get(reader, where(kept[name], end), {"Accept": accept})
    assert answer.status_code == status
    assert "1.2.826" not in answer.text


def uri(one: Dataset, said: Dataset, **more: str) -> dict[str, str]:
    return {
        "requestType": "WADO", "studyUID": one.StudyInstanceUID, "seriesUID": one.SeriesInstanceUID,
        "objectUID": one.SOPInstanceUID, "contentType": "image/png", "presentationUID": said.SOPInstanceUID,
        "presentationSeriesUID": said.SeriesInstanceUID,
    } | more  # fmt: skip


def test_an_old_viewer_names_a_state_by_the_query(reader: httpx.Client, kept: dict[str, Dataset]) -> None:
    by_uri = reader.get("/wado", params=uri(kept["one"], kept["of one"]))
    assert by_uri.status_code == 200, by_uri.text
    assert by_uri.content == get(reader, where(kept["of one"]), PNG).content
    third = reader.get("/wado", params=uri(kept["film"], kept["of frames"], frameNumber="3"))
    assert round(pixels(third.content).mean() * 4095 / 255, -2) == 2500
    for more, status in (
        ({"windowCenter": "1", "windowWidth": "2"}, 400), ({"region": "0,0,1,1"}, 400),
        ({"presentationUID": "1.2"}, 404),
        ({"presentationUID": kept["one"].SOPInstanceUID}, 404), ({"presentationSeriesUID": ""}, 400),
    ):  # fmt: skip
        assert reader.get("/wado", params=uri(kept["one"], kept["of one"]) | more).status_code == status
    assert reader.get("/wado", params=uri(kept["other"], kept["of one"])).status_code == 409
    assert reader.get("/wado", params=uri(kept["film"], kept["of frames"], frameNumber="2")).status_code == 409


def test_who_does_not_reach_the_study_gets_no_picture(door: Door, kept: dict[str, Dataset]) -> None:
    stranger = door.somebody("Dr Paul Narrow", Role.PHYSICIAN, scope=Scope.OWN, controller=1)
    with browser(door) as client:
        assert client.post("/sign-in", data=stranger.form()).status_code == 303
        assert get(client, where(kept["of one"]), PNG).status_code == 404


def test_an_image_of_a_study_out_of_reach_is_not_drawn_by_a_state_within(door: Door) -> None:
    hidden = image(31)
    door.add([as_file(hidden, uid.ExplicitVRLittleEndian)], 1)
    said = state(image(32))
    said.ReferencedSeriesSequence = items(
        {"SeriesInstanceUID": hidden.SeriesInstanceUID, "ReferencedImageSequence": naming(hidden)}
    )
    door.add([as_file(one, uid.ExplicitVRLittleEndian) for one in (image(32), said)], 0)
    insider = door.somebody("Dr Zoe Inside", Role.PHYSICIAN, scope=Scope.OWN)
    with browser(door) as client:
        assert client.post("/sign-in", data=insider.form()).status_code == 303
        assert get(client, where(image(32)), PNG).status_code == 200
        assert get(client, where(said), PNG).status_code == 404
