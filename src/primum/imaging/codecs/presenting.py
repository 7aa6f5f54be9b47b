"""A presentation state applied to a frame (PS3.4 N.2). Runs in a codec process only.

`look` says what to do, in numbers that `presenting.state` read; tables and points come as bytes, and `look` says where
each begins. Values first, in the image's own pixels; then the place; lines last, in the pixels of the picture.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

import numpy as np

from primum.imaging.codecs.arrays import Array
from primum.imaging.codecs.drawing import LETTERS_HIGH, circle, curve, dot, ellipse, inside, outline, write
from primum.imaging.codecs.painting import encoded, grey, resized


def present(array: Array, look: dict[str, Any], tables: bytes) -> bytes:
    """Make a picture of a frame as a state says."""
    picture = grey(array, look, tables)
    _shut(picture, look, tables)
    picture, place = _placed(picture, look)
    for one in look["drawn"]:
        _draw(picture, one, _points(tables, one["at"], one["count"]), place)
    return encoded(np.ascontiguousarray(picture), look, b"")


def _points(tables: bytes, at: int, count: int) -> Array:
    return np.frombuffer(tables, "<f8", 2 * count, at).reshape(count, 2)


def _shut(picture: Array, look: dict[str, Any], tables: bytes) -> None:
    """Cover what lies outside of any shutter (PS3.3 C.7.6.11): pixels are counted from 1, rows before columns."""
    rows, columns = picture.shape
    row, column = np.arange(1, rows + 1)[:, None], np.arange(1, columns + 1)[None, :]
    for kind, *said in look["shutters"]:
        if kind == "rectangle":
            left, top, right, bottom = said
            seen = (column >= left) & (column <= right) & (row >= top) & (row <= bottom)
        elif kind == "circle":
            seen = (row - said[0]) ** 2 + (column - said[1]) ** 2 <= said[2] ** 2
        else:
            seen = inside(_points(tables, *said)[:, ::-1] - 0.5, rows, columns)
        picture[~seen] = look["shutter_shade"]


Place = Callable[[Array, bool], Array]


def _placed(picture: Array, look: dict[str, Any]) -> tuple[Array, Place]:
    """Cut, stretch, turn and fit; return how points go along."""
    left, top, right, bottom = look["area"]
    shown = np.zeros((bottom - top, right - left), np.uint8)
    rows, columns = picture.shape
    shown[max(-top, 0) : max(rows - top, 0), max(-left, 0) : max(columns - left, 0)] = picture[
        max(top, 0) : max(bottom, 0), max(left, 0) : max(right, 0)
    ]
    high, wide = look["aspect"]
    height, width = shown.shape[0] * high, shown.shape[1] * wide
    turns, flip = look["turns"], look["flip"]
    turned = (height, width) if turns % 2 == 0 else (width, height)
    scale = min(look["size"][1] / turned[0], look["size"][0] / turned[1]) if look.get("size") else 1.0
    size = max(1, round(turned[0] * scale)), max(1, round(turned[1] * scale))
    shown = np.rot90(shown, -turns)
    shown = shown[:, ::-1] if flip else shown
    shown = np.rint(resized(resized(shown, size[0], 0), size[1], 1)).astype(np.uint8)

    def place(points: Array, of_display: bool) -> Array:  # noqa: FBT001 (called by position, here alone)
        if of_display:
            shares: Array = points * [size[1], size[0]]
            return shares
        x, y = (points[:, 0] - left) / (right - left), (points[:, 1] - top) / (bottom - top)
        for _ in range(turns):
            x, y = 1 - y, x
        x = 1 - x if flip else x
        return np.stack([x * size[1], y * size[0]], axis=1)

    return shown, place


def _draw(picture: Array, one: dict[str, Any], points: Array, place: Place) -> None:
    shade = one["shade"]
    if one["kind"] == "writing":
        _write(picture, one, points, place)
        return
    if one["kind"] == "point":
        dot(picture, place(points, one["shown"])[0], shade)
        return
    shaped = _SHAPES[one["kind"]](points)
    placed = place(shaped, one["shown"])
    if one["filled"] and len(placed) > 2 and np.allclose(placed[0], placed[-1]):  # noqa: PLR2004
        picture[inside(placed, *picture.shape)] = shade
    outline(picture, placed, shade)


def _write(picture: Array, one: dict[str, Any], points: Array, place: Place) -> None:
    """Write a text upright into its box, or beside its anchor, with an edge that sets it off from what lies behind."""
    at, scale = _written_at(picture, one, place)
    write(picture, points * scale + at, one["shade"], scale)


def _written_at(picture: Array, one: dict[str, Any], place: Place) -> tuple[Array, float]:
    """Where a text begins and how large it is: as its box has room, never smaller than can be read."""
    rows, columns = picture.shape
    width, height = max(one["size"][0], 1), one["size"][1]
    anchor = place(np.array([one["anchor"]]), one["anchor_shown"])[0] if one["anchor"] else np.zeros(2)
    at, scale = anchor, max(1.0, min(rows, columns) / LETTERS_HIGH)
    if one["box"]:
        corners = place(np.array(one["box"]), one["box_shown"])
        low, high = corners.min(axis=0), corners.max(axis=0)
        room = np.minimum(high - low, [columns, rows])
        scale = max(1.0, float(min(room[0] / width, room[1] / height)))
        at = low + np.array([max(0.0, (room[0] - width * scale) * one["justified"]), 0.0])
        if one["pointed"]:
            outline(picture, np.array([anchor, np.clip(anchor, low, high)]), one["shade"])
    # what begins outside is moved inside: a word that is cut may be another
    most = np.array([columns - width * scale - 2, rows - height * scale - 2])
    return np.clip(at, 1, np.maximum(most, 1)), scale


_SHAPES: Final[dict[str, Callable[[Array], Array]]] = {
    "polyline": lambda points: points,
    "interpolated": curve,
    "circle": circle,
    "ellipse": ellipse,
}
