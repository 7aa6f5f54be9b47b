"""Presentation states, against DCMTK's own rendering where it draws, and against the standard's words where not."""

from __future__ import annotations

import io
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from pydicom import uid
from pydicom.dataset import Dataset
from tests.doors.small import as_file
from tests.programs import find_program
from tests.unit.imaging.codecs.kept import KeptRecord
from tests.unit.imaging.presenting.kit import COLUMNS, ROWS, image, items, naming, state

from primum.imaging.codecs.errors import NotAPicture
from primum.imaging.codecs.pool import Codecs
from primum.imaging.codecs.rendering import PictureWish
from primum.imaging.codecs.transcoding import Instance
from primum.imaging.errors import NoFrame
from primum.imaging.part10 import read_meta
from primum.imaging.presenting.applying import presented, state_of
from primum.imaging.presenting.errors import BadState

EXPLICIT = uid.ExplicitVRLittleEndian
SIGNED = ((np.arange(ROWS * COLUMNS).reshape(ROWS, COLUMNS) * 5) % 4096 - 2048).astype("<i2")
WINDOW = {"SoftcopyVOILUTSequence": items({"WindowCenter": "1000", "WindowWidth": "1500"})}


def table(count: int, first: int, bits: int, entry: Callable[[int], float]) -> dict[str, Any]:
    entries = np.array([int(entry(k)) for k in range(count)], "<u2")
    return {"LUTDescriptor": [count, first, bits], "LUTData": entries.tobytes()}


def turned(degrees: int, flip: str) -> dict[str, Any]:
    return WINDOW | {"ImageRotation": degrees, "ImageHorizontalFlip": flip}


def instance(data_set: Dataset, codecs: Codecs) -> Instance:
    raw = as_file(data_set, EXPLICIT)
    return Instance(KeptRecord(raw[read_meta(raw).begins :], EXPLICIT), codecs)  # type: ignore[arg-type]


def shown(codecs: Codecs, one: Dataset, said: Dataset, frame: int = 1, **wish: Any) -> np.ndarray:
    read = state_of(instance(said, codecs))
    wished = PictureWish("png", **wish)
    made = presented(instance(one, codecs), one.SOPInstanceUID, read, frame, wished, begun=False)
    return np.asarray(Image.open(io.BytesIO(made))).astype(int)


MODALITY = {"ModalityLUTSequence": items(table(4096, 0, 16, lambda k: k * k / 300) | {"ModalityLUTType": "US"})}
CASES: dict[str, tuple[Dataset, dict[str, Any]]] = {
    "nothing": (image(), {}),
    "nothing, signed": (image(pixels=SIGNED), {}),
    "window": (image(), WINDOW),
    "window, signed": (image(pixels=SIGNED), WINDOW),
    "window, of a negative": (image(PhotometricInterpretation="MONOCHROME1"), WINDOW),
    "inverse": (image(), WINDOW | {"PresentationLUTShape": "INVERSE"}),
    "rescale": (image(), {"RescaleSlope": "2", "RescaleIntercept": "-1000", "RescaleType": "HU"} | WINDOW),
    "modality": (image(), MODALITY),
    "modality, window": (
        image(), MODALITY | {"SoftcopyVOILUTSequence": items({"WindowCenter": "20000", "WindowWidth": "30000"})},
    ),
    "table": (
        image(),
        {"SoftcopyVOILUTSequence": items({"VOILUTSequence": items(table(1024, 500, 8, lambda k: (k // 8) ** 2 / 64))})},
    ),
    "table of 12 bits": (
        image(),
        {"SoftcopyVOILUTSequence": items({"VOILUTSequence": items(table(2048, 0, 12, lambda k: 4095 - k * 2))})},
    ),
    "presentation": (
        image(),
        WINDOW
        | {"PresentationLUTSequence": items(table(256, 0, 8, lambda k: k * k / 255)), "PresentationLUTShape": None},
    ),
    **{f"turned {one} {flip}": (image(), turned(one, flip)) for one in (0, 90, 180, 270) for flip in "NY"},
}  # fmt: skip


@pytest.mark.programs("dcmp2pgm")
@pytest.mark.parametrize("name", CASES)
def test_values_and_turns_are_those_that_dcmtk_draws(tmp_path: Path, codecs: Codecs, name: str) -> None:
    """It rounds down where we round, and a table of steps doubles that."""
    one, more = CASES[name]
    said = state(one, **more)
    files = [tmp_path / "image.dcm", tmp_path / "state.dcm", tmp_path / "out.pgm"]
    for file, data_set in zip(files, (one, said), strict=False):
        file.write_bytes(as_file(data_set, EXPLICIT))
    command = [find_program("dcmp2pgm"), "-p", str(files[1]), str(files[0]), str(files[2])]
    subprocess.run(command, check=True, capture_output=True, timeout=30)
    theirs = np.asarray(Image.open(files[2])).astype(int)
    ours = shown(codecs, one, said)
    assert ours.shape == theirs.shape
    assert np.abs(ours - theirs).max() <= (2 if name == "presentation" else 1)
    assert len(np.unique(ours)) > 10


def flat(**more: Any) -> tuple[Dataset, Dataset]:
    """A white image, and a state that says more of it."""
    one = image(pixels=np.full((ROWS, COLUMNS), 4095, "<u2"))
    return one, state(one, **more)


def test_a_rectangular_shutter_shows_its_edges_and_what_is_between(codecs: Codecs) -> None:
    made = shown(codecs, *flat(
        ShutterShape="RECTANGULAR", ShutterLeftVerticalEdge="5", ShutterRightVerticalEdge="20",
        ShutterUpperHorizontalEdge="3", ShutterLowerHorizontalEdge="15", ShutterPresentationValue=0x4000,
    ))  # fmt: skip
    assert (made[2:15, 4:20] == 255).all()
    assert (made == 255).sum() == 13 * 16
    assert set(np.unique(made)) == {0x40, 255}


def test_shutters_are_shown_where_all_of_them_are_open(codecs: Codecs) -> None:
    made = shown(codecs, *flat(
        ShutterShape=["CIRCULAR", "POLYGONAL"], CenterOfCircularShutter=[12, 16], RadiusOfCircularShutter="6",
        VerticesOfThePolygonalShutter=[1, 16, 1, 32, 24, 32, 24, 16],
    ))  # fmt: skip
    row, column = np.mgrid[1 : ROWS + 1, 1 : COLUMNS + 1]
    circle = (row - 12) ** 2 + (column - 16) ** 2 <= 36
    assert (made[:, :15] == 0).all()
    assert np.array_equal(made[:, 16:] == 255, circle[:, 16:])


def area(left: int, top: int, right: int, bottom: int, **more: Any) -> dict[str, Any]:
    said = {"DisplayedAreaTopLeftHandCorner": [left, top], "DisplayedAreaBottomRightHandCorner": [right, bottom]}
    more = more or {"PresentationPixelAspectRatio": [1, 1]}
    return {"DisplayedAreaSelectionSequence": items(said | {"PresentationSizeMode": "SCALE TO FIT"} | more)}


def test_the_displayed_area_is_cut_out_before_it_is_turned(codecs: Codecs) -> None:
    one = image()
    whole = shown(codecs, one, state(one))
    assert np.array_equal(shown(codecs, one, state(one, **area(3, 5, 12, 10))), whole[4:10, 2:12])
    # turned a quarter clockwise, the corner that is shown at the top left is the image's bottom left
    quarter = state(one, **area(3, 10, 12, 5), ImageRotation=90, ImageHorizontalFlip="N")
    assert np.array_equal(shown(codecs, one, quarter), np.rot90(whole[4:10, 2:12], -1))


def test_an_area_beyond_the_image_is_black_there(codecs: Codecs) -> None:
    one, said = flat(**area(-3, -1, COLUMNS + 2, ROWS + 1))
    made = shown(codecs, one, said)
    assert made.shape == (ROWS + 3, COLUMNS + 6)
    assert (made[2 : ROWS + 2, 4 : COLUMNS + 4] == 255).all()
    assert (made == 255).sum() == ROWS * COLUMNS
    assert (shown(codecs, one, state(one, **area(100, 100, 110, 105))) == 0).all()


@pytest.mark.parametrize("ratio", [{"PresentationPixelAspectRatio": [2, 1]}, {"PresentationPixelSpacing": [0.4, 0.2]}])
def test_pixels_that_are_not_square_are_shown_as_they_are(codecs: Codecs, ratio: dict[str, Any]) -> None:
    assert shown(codecs, *flat(**area(1, 1, COLUMNS, ROWS, **ratio))).shape == (2 * ROWS, COLUMNS)


def test_a_viewport_holds_the_turned_area(codecs: Codecs) -> None:
    one, said = flat(ImageRotation=90, ImageHorizontalFlip="N")
    assert shown(codecs, one, said, viewport=(48, 64, 0, 0, 0, 0)).shape == (64, 48)


def drawn(*graphics: dict[str, Any], value: int = 0x8000, **more: Any) -> dict[str, Any]:
    common = {"GraphicDimensions": 2, "GraphicAnnotationUnits": "PIXEL", "GraphicFilled": "N"}
    made = [common | {"NumberOfGraphicPoints": len(one["GraphicData"]) // 2} | one for one in graphics]
    return {
        "GraphicLayerSequence": items(
            {"GraphicLayer": "MARKS", "GraphicLayerOrder": "1", "GraphicLayerRecommendedDisplayGrayscaleValue": value}
        ),
        "GraphicAnnotationSequence": items({"GraphicLayer": "MARKS", "GraphicObjectSequence": items(*made), **more}),
    }


def marks(codecs: Codecs, *graphics: dict[str, Any], **more: Any) -> set[tuple[int, int]]:
    """Pixels (x, y) of the shade of the layer."""
    made = shown(codecs, *flat(**drawn(*graphics), **more))
    assert set(np.unique(made)) <= {0x80, 255}
    return {(int(x), int(y)) for y, x in np.argwhere(made == 0x80)}


def test_lines_go_where_their_points_are(codecs: Codecs) -> None:
    line = {"GraphicType": "POLYLINE", "GraphicData": [2.5, 3.5, 8.5, 3.5, 8.5, 6.5]}
    expected = {(x, 3) for x in range(2, 9)} | {(8, y) for y in range(3, 7)}
    assert marks(codecs, line) == expected
    flipped = marks(codecs, line, ImageRotation=0, ImageHorizontalFlip="Y")
    assert flipped == {(COLUMNS - 1 - x, y) for x, y in expected}
    quarter = marks(codecs, line, ImageRotation=90, ImageHorizontalFlip="N")
    assert quarter == {(ROWS - 1 - y, x) for x, y in expected}


def test_points_may_be_shares_of_what_is_displayed(codecs: Codecs) -> None:
    line = {"GraphicType": "POLYLINE", "GraphicAnnotationUnits": "DISPLAY", "GraphicData": [0.0, 0.5, 1.0, 0.5]}
    assert marks(codecs, line) == {(x, ROWS // 2) for x in range(COLUMNS)}


def test_circles_ellipses_and_what_is_filled(codecs: Codecs) -> None:
    round_one = {"GraphicType": "CIRCLE", "GraphicData": [16.0, 12.0, 22.0, 12.0]}
    edge = marks(codecs, round_one)
    assert all(4.5 <= np.hypot(x + 0.5 - 16, y + 0.5 - 12) <= 7.5 for x, y in edge)
    assert len(edge) >= 32
    full = marks(codecs, round_one | {"GraphicFilled": "Y"})
    assert edge < full
    assert (16, 12) in full
    assert abs(len(full) - np.pi * 36) < 30
    long_one = marks(codecs, {"GraphicType": "ELLIPSE", "GraphicData": [6, 12, 26, 12, 16, 8, 16, 16]})
    assert min(x for x, _ in long_one) in {5, 6}
    assert {y for _, y in long_one} <= set(range(7, 17))


def test_a_curve_goes_through_its_points_and_a_point_is_seen(codecs: Codecs) -> None:
    found = marks(codecs, {"GraphicType": "INTERPOLATED", "GraphicData": [2.5, 2.5, 10.5, 8.5, 20.5, 2.5]})
    assert {(2, 2), (10, 8), (20, 2)} <= found
    assert {(10, 8), (9, 8), (10, 9)} <= marks(codecs, {"GraphicType": "POINT", "GraphicData": [10.5, 8.5]})


def test_a_graphic_far_outside_costs_nothing_and_shows_nothing(codecs: Codecs) -> None:
    assert marks(codecs, {"GraphicType": "POLYLINE", "GraphicData": [-1e9, -5, 1e9, -5]}) == set()
    through = marks(codecs, {"GraphicType": "POLYLINE", "GraphicData": [-1e9, 5.5, 1e9, 5.5]})
    assert through == {(x, 5) for x in range(COLUMNS)}


def test_what_is_said_of_one_image_or_frame_is_not_said_of_another(codecs: Codecs) -> None:
    films = np.full((2, ROWS, COLUMNS), 4095, "<u2")
    one, other = image(pixels=films), image(2)
    line = {"GraphicType": "POLYLINE", "GraphicData": [2.5, 3.5, 8.5, 3.5]}
    second = state(one, **drawn(line, ReferencedImageSequence=naming(one, [2])))
    assert [(shown(codecs, one, second, frame) == 0x80).any() for frame in (1, 2)] == [False, True]
    foreign = state(one, other, **drawn(line, ReferencedImageSequence=naming(other)))
    assert not (shown(codecs, one, foreign) == 0x80).any()


def test_layers_are_drawn_in_their_order(codecs: Codecs) -> None:
    line = {
        "GraphicType": "POLYLINE", "GraphicData": [2.5, 3.5, 8.5, 3.5], "GraphicDimensions": 2,
        "NumberOfGraphicPoints": 2, "GraphicAnnotationUnits": "PIXEL", "GraphicFilled": "N",
    }  # fmt: skip
    layers = [
        {"GraphicLayer": name, "GraphicLayerOrder": order, "GraphicLayerRecommendedDisplayGrayscaleValue": value}
        for name, order, value in (("ABOVE", "2", 0x2000), ("BELOW", "1", 0x6000))
    ]
    made = shown(codecs, *flat(
        GraphicLayerSequence=items(*layers),
        GraphicAnnotationSequence=items(
            *({"GraphicLayer": one["GraphicLayer"], "GraphicObjectSequence": items(line)} for one in layers)
        ),
    ))  # fmt: skip
    assert set(np.unique(made)) == {0x20, 255}


@pytest.mark.parametrize(
    ("more", "refusal"),
    [
        ({"ReferencedSeriesSequence": None}, BadState),
        ({"MaskSubtractionSequence": items({"MaskOperation": "AVG_SUB"})}, NotAPicture),
        ({"ShutterShape": "BITMAP"}, NotAPicture),
        ({"ShutterShape": "RECTANGULAR"}, BadState),
        ({"ShutterShape": "POLYGONAL", "VerticesOfThePolygonalShutter": [1, 2, 3, 4]}, BadState),
        ({"ImageRotation": 45}, BadState),
        ({"PresentationLUTShape": "LIN OD"}, BadState),
        ({"SoftcopyVOILUTSequence": items({"WindowCenter": "1", "WindowWidth": "0"})}, BadState),
        ({"SoftcopyVOILUTSequence": items({"VOILUTSequence": items({"LUTDescriptor": [4, 0, 8]})})}, BadState),
        (area(1, 1, 100_000, 5), BadState),
        (area(1, 1, 5, 5, PresentationPixelAspectRatio=[1, 0]), BadState),
        (
            drawn({"GraphicType": "POLYLINE", "GraphicData": [1, 2, 3, 4], "GraphicAnnotationUnits": "MATRIX"}),
            NotAPicture,
        ),
        (drawn({"GraphicType": "SPIRAL", "GraphicData": [1, 2, 3, 4]}), NotAPicture),
        (drawn({"GraphicType": "CIRCLE", "GraphicData": [1, 2]}), BadState),
        (drawn(*[{"GraphicType": "POLYLINE", "GraphicData": [1.0, 2.0] * 7_000}] * 3), NotAPicture),
        (drawn(*[{"GraphicType": "POLYLINE", "GraphicData": [1, 2, 3, 4]}] * 301), NotAPicture),
    ],
)
def test_what_cannot_be_drawn_rightly_is_refused(
    codecs: Codecs,
    more: dict[str, Any],
    refusal: type[Exception],
) -> None:
    with pytest.raises(refusal):
        shown(codecs, *flat(**more))


def test_overlays_are_not_drawn_and_said_so(codecs: Codecs) -> None:
    one, said = flat()
    said.add_new(0x60001001, "CS", "LAYER")
    with pytest.raises(NotAPicture):
        shown(codecs, one, said)


def test_a_colour_image_and_a_missing_frame_are_refused(codecs: Codecs) -> None:
    one, said = flat()
    with pytest.raises(NoFrame):
        shown(codecs, one, said, 2)
    palette = image(PhotometricInterpretation="PALETTE COLOR")
    with pytest.raises(BadState):
        shown(codecs, palette, state(palette))


def written(text: str, **more: Any) -> dict[str, Any]:
    box = {
        "BoundingBoxAnnotationUnits": "PIXEL", "BoundingBoxTopLeftHandCorner": [4, 4],
        "BoundingBoxBottomRightHandCorner": [60, 30], "BoundingBoxTextHorizontalJustification": "LEFT",
    }  # fmt: skip
    layer = {"GraphicLayer": "WORDS", "GraphicLayerOrder": "1", "GraphicLayerRecommendedDisplayGrayscaleValue": 0x8000}
    said = {"UnformattedTextValue": text} | (more or box)
    return {
        "GraphicLayerSequence": items(layer),
        "GraphicAnnotationSequence": items({"GraphicLayer": "WORDS", "TextObjectSequence": items(said)}),
    }


def words(codecs: Codecs, text: str, **more: Any) -> np.ndarray:
    """Where the shade of the layer is."""
    one = image(pixels=np.full((64, 96), 4095, "<u2"))
    return shown(codecs, one, state(one, **written(text, **more))) == 0x80


def test_a_text_stands_in_its_box_as_large_as_it_has_room(codecs: Codecs) -> None:
    found = np.argwhere(words(codecs, "abc"))
    assert (found.min(axis=0) >= [4, 4]).all()
    assert (found.max(axis=0) <= [30, 60]).all()
    assert np.ptp(found[:, 1]) > 30
    corner = {
        "BoundingBoxAnnotationUnits": "DISPLAY", "BoundingBoxTopLeftHandCorner": [0.0, 0.0],
        "BoundingBoxBottomRightHandCorner": [0.1, 0.1],
    }  # fmt: skip
    small = np.argwhere(words(codecs, "abc", **corner))
    assert np.ptp(small[:, 1]) == 16  # three cells: no smaller than can be read


def test_texts_are_told_apart_and_marks_count(codecs: Codecs) -> None:
    anchor = {"AnchorPointAnnotationUnits": "PIXEL", "AnchorPoint": [10, 20], "AnchorPointVisibility": "N"}
    signs = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789éèêëçàÉÀñöüŁ+-±=<>.,:;/°µ²³"
    pictures = {sign: words(codecs, sign, **anchor).tobytes() for sign in signs}
    assert len(set(pictures.values())) == len(signs)


def test_an_anchor_is_pointed_at_where_it_is_to_be_seen(codecs: Codecs) -> None:
    far = {
        "AnchorPointAnnotationUnits": "PIXEL", "AnchorPoint": [90, 60], "BoundingBoxAnnotationUnits": "PIXEL",
        "BoundingBoxTopLeftHandCorner": [4, 4], "BoundingBoxBottomRightHandCorner": [40, 20],
    }  # fmt: skip
    assert words(codecs, "a", AnchorPointVisibility="Y", **far)[59:61, 89:91].any()
    assert not words(codecs, "a", AnchorPointVisibility="N", **far)[40:, 60:].any()


def test_a_word_at_the_edge_is_moved_inside_wholly(codecs: Codecs) -> None:
    at = {"AnchorPointAnnotationUnits": "PIXEL", "AnchorPointVisibility": "N"}
    inside = words(codecs, "left", AnchorPoint=[20, 20], **at).sum()
    assert words(codecs, "left", AnchorPoint=[94, 62], **at).sum() == inside


def test_a_text_is_set_off_from_what_has_its_shade(codecs: Codecs) -> None:
    one = image(pixels=np.full((64, 96), 0x800, "<u2"))
    made = shown(codecs, one, state(one, **written("abc")))
    assert set(np.unique(made)) == {0, 0x80}


@pytest.mark.parametrize("text", ["山田", "Ω", "a\u20d0"])
def test_a_text_that_has_no_letters_here_is_refused(codecs: Codecs, text: str) -> None:
    with pytest.raises(NotAPicture):
        words(codecs, text)


def test_a_text_without_a_place_is_refused(codecs: Codecs) -> None:
    with pytest.raises(BadState):
        words(codecs, "a", BoundingBoxTextHorizontalJustification="LEFT")
