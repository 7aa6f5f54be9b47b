"""One Grayscale Softcopy Presentation State: which images it names, and how each is to be drawn.

In the order of PS3.4 N.2: Modality LUT, VOI LUT, Presentation LUT, then shutter, spatial transformation, displayed area
and annotations. What the state says replaces what the image says; what it leaves out is the identity. What is not
drawn here is refused: a picture without it would say less than it seems to.
"""

from __future__ import annotations

import base64
import math
import struct
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from primum.imaging.codecs.errors import NotAPicture
from primum.imaging.codecs.letters import strokes
from primum.imaging.codecs.rendering import FUNCTIONS, PictureWish
from primum.imaging.codecs.shape import PixelShape
from primum.imaging.presenting.errors import BadState
from primum.imaging.presenting.limits import STATE_LIMITS, StateLimits

Json = Mapping[str, Any]
GRAYSCALE_STATE: Final = "1.2.840.10008.5.1.4.1.1.11.1"

_SERIES, _IMAGES, _SERIES_UID, _CLASS, _INSTANCE, _FRAMES = (
    "00081115", "00081140", "0020000E", "00081150", "00081155", "00081160",
)  # fmt: skip
_INTERCEPT, _SLOPE, _MODALITY, _VOI_ITEMS, _VOI = "00281052", "00281053", "00283000", "00283110", "00283010"
_CENTER, _WIDTH, _FUNCTION, _DESCRIPTOR, _DATA = "00281050", "00281051", "00281056", "00283002", "00283006"
_LUT, _LUT_SHAPE, _MASK, _FLIP, _ROTATION = "20500010", "20500020", "00286100", "00700041", "00700042"
_AREAS, _TOP_LEFT, _BOTTOM_RIGHT, _SPACING, _ASPECT = "0070005A", "00700052", "00700053", "00700101", "00700102"
_SHAPES, _SHUTTER_VALUE, _BITMAP_GROUP = "00181600", "00181622", "00181623"
_EDGES, _CIRCLE, _RADIUS, _VERTICES = (
    ("00181602", "00181606", "00181604", "00181608"), "00181610", "00181612", "00181620",
)  # fmt: skip
_ANNOTATIONS, _LAYER, _LAYERS, _ORDER, _GREY = "00700001", "00700002", "00700060", "00700062", "00700066"
_GRAPHICS, _TEXTS, _COMPOUND = "00700009", "00700008", "00700209"
_UNITS, _DIMENSIONS, _POINTS, _TYPE, _FILLED = "00700005", "00700020", "00700022", "00700023", "00700024"
_TEXT, _BOX_UNITS, _BOX_TOP, _BOX_BOTTOM, _ANCHOR_UNITS, _ANCHOR, _ANCHOR_SHOWN, _JUSTIFIED = (
    "00700006", "00700003", "00700010", "00700011", "00700004", "00700014", "00700015", "00700012",
)  # fmt: skip
_KINDS: Final = frozenset({"POINT", "POLYLINE", "INTERPOLATED", "CIRCLE", "ELLIPSE"})
_WHITE, _MOST_VALUE, _ENTRIES = 255, 0xFFFF, 65536
_SHUTTERS: Final = ("RECTANGULAR", "CIRCULAR", "POLYGONAL")


@dataclass(frozen=True, slots=True)
class Named:
    """An image that a state names; no frames: all of them."""

    series_uid: str
    sop_class_uid: str
    sop_uid: str
    frames: tuple[int, ...]

    def __repr__(self) -> str:
        # UIDs are a patient's: they stay out of tracebacks
        return "Named(…)"


class State:
    """What a state says."""

    def __init__(self, attributes: Json, limits: StateLimits = STATE_LIMITS) -> None:
        """Read DICOM JSON whose values are all inline. Raises BadState, NotAPicture for what is not drawn."""
        self._said, self._limits = attributes, limits
        if _items(attributes, _MASK):
            raise NotAPicture(why="its state subtracts a mask")
        if any(tag[:2] == "60" and tag[4:] in {"3000", "1001"} for tag in attributes):
            raise NotAPicture(why="its state shows overlays")
        self.named = list(self._references())
        if not self.named:
            raise BadState(why="it names no image")

    def _references(self) -> Iterator[Named]:
        for series in _items(self._said, _SERIES):
            for image in _items(series, _IMAGES):
                frames = tuple(_whole(one) for one in _values(image, _FRAMES))
                yield Named(_text(series, _SERIES_UID), _text(image, _CLASS), _text(image, _INSTANCE), frames)

    def look(self, sop_uid: str, frame: int, shape: PixelShape, wish: PictureWish) -> tuple[dict[str, Any], bytes]:
        """Say how to draw a frame of an image, with the tables that this needs. Raises BadState, NotAPicture."""
        if shape.samples != 1 or not shape.photometric.startswith("MONOCHROME"):
            raise BadState(why="it is for grey images, and names another")
        return _Look(self._said, self._limits, sop_uid, frame, shape).of(wish)


class _Look:
    """Reads what a state says of one frame."""

    def __init__(self, said: Json, limits: StateLimits, sop_uid: str, frame: int, shape: PixelShape) -> None:
        self._said, self._limits = said, limits
        self._sop_uid, self._frame, self._shape = sop_uid, frame, shape
        self._tables = bytearray()

    def of(self, wish: PictureWish) -> tuple[dict[str, Any], bytes]:
        look: dict[str, Any] = {"format": wish.kind, "quality": wish.quality}
        look |= self._modality() | self._voi() | self._presentation() | self._shutter() | self._place()
        look["drawn"] = self._drawn()
        if wish.viewport:
            look["size"] = wish.viewport[:2]
        return look, bytes(self._tables)

    # values

    def _modality(self) -> dict[str, Any]:
        if tables := _items(self._said, _MODALITY):
            return {"modality": self._table(tables[0], signed=self._shape.signed)}
        slope, intercept = _numbers(self._said, _SLOPE), _numbers(self._said, _INTERCEPT)
        return {"rescale": [(slope or [1.0])[0], (intercept or [0.0])[0]]}

    def _voi(self) -> dict[str, Any]:
        for item in _items(self._said, _VOI_ITEMS):
            if not self._means(item):
                continue
            if tables := _items(item, _VOI):
                return {"voi": self._table(tables[0], signed=True)}
            center, width = _numbers(item, _CENTER), _numbers(item, _WIDTH)
            function = _text(item, _FUNCTION) or "LINEAR"
            if not center or not width or width[0] <= 0 or function not in FUNCTIONS:
                raise BadState(why="a window of it cannot be read")
            return {"window": [center[0], width[0], function]}
        return {"whole": self._values_possible()}

    def _values_possible(self) -> list[float]:
        """The least and greatest stored value there could be: without a VOI LUT nothing of them is cut off."""
        bits = self._shape.bits_stored
        if self._shape.real or bits > 16:  # noqa: PLR2004 (a table of all values would be too long)
            raise NotAPicture(why="its pixels are wider than a state is applied to")
        return [-(1 << bits - 1), (1 << bits - 1) - 1] if self._shape.signed else [0, (1 << bits) - 1]

    def _presentation(self) -> dict[str, Any]:
        if tables := _items(self._said, _LUT):
            return {"presentation": self._table(tables[0], signed=False)}
        shape = _text(self._said, _LUT_SHAPE) or "IDENTITY"
        if shape not in {"IDENTITY", "INVERSE"}:
            raise BadState(why="the shape of its presentation LUT is not known")
        return {"invert": shape == "INVERSE"}

    def _table(self, item: Json, *, signed: bool) -> dict[str, Any]:
        described = [_whole(one) for one in _values(item, _DESCRIPTOR)]
        raw = _words(item)
        if len(described) != 3 or not raw:  # noqa: PLR2004
            raise BadState(why="a table of it cannot be read")
        count, first, bits = (described[0] & _MOST_VALUE) or _ENTRIES, described[1], described[2]
        if len(raw) < count <= 2 * len(raw) and bits <= 8:  # noqa: PLR2004 (two entries in a word)
            raw = [half for word in raw for half in (word & 0xFF, word >> 8)]
        if len(raw) < count or not 1 <= bits <= 16:  # noqa: PLR2004
            raise BadState(why="a table of it is cut short")
        first = first - _ENTRIES if signed and first > _MOST_VALUE // 2 else first
        at = self._keep(struct.pack(f"<{count}H", *raw[:count]))
        return {"first": first, "count": count, "bits": bits, "at": at}

    def _keep(self, data: bytes) -> int:
        at = len(self._tables)
        self._tables += data + b"\0" * (-len(data) % 8)
        return at

    # where

    def _place(self) -> dict[str, Any]:
        rotation = (_numbers(self._said, _ROTATION) or [0.0])[0]
        if rotation not in {0.0, 90.0, 180.0, 270.0}:
            raise BadState(why="it turns the image by an angle that is not one of four")
        return {
            "turns": int(rotation) // 90,
            "flip": _text(self._said, _FLIP) == "Y",
            **self._area(),
        }

    def _area(self) -> dict[str, Any]:
        for item in _items(self._said, _AREAS):
            if self._means(item):
                corners = [_whole(one) for one in (*_values(item, _TOP_LEFT), *_values(item, _BOTTOM_RIGHT))]
                if len(corners) != 4:  # noqa: PLR2004
                    raise BadState(why="its displayed area cannot be read")
                # the corners are those of the image as it is shown: turned, the first may lie right of the other
                left, right = sorted((corners[0], corners[2]))
                top, bottom = sorted((corners[1], corners[3]))
                area = [left - 1, top - 1, right, bottom]
                if max(abs(one) for one in area) > self._limits.side:
                    raise BadState(why="its displayed area is larger than is drawn")
                return {"area": area, "aspect": self._aspect(item)}
        return {"area": [0, 0, self._shape.columns, self._shape.rows], "aspect": [1.0, 1.0]}

    def _aspect(self, item: Json) -> list[float]:
        """How high and how wide a pixel is shown, one of them 1."""
        high, wide = (_numbers(item, _SPACING) or _numbers(item, _ASPECT) or [1.0, 1.0])[:2] or [1.0, 1.0]
        if high <= 0 or wide <= 0 or not 1 / 16 <= high / wide <= 16:  # noqa: PLR2004 (no device has such pixels)
            raise BadState(why="the aspect of its pixels cannot be read")
        return [max(high / wide, 1.0), max(wide / high, 1.0)]

    def _shutter(self) -> dict[str, Any]:
        shapes = [str(one) for one in _values(self._said, _SHAPES)]
        if _BITMAP_GROUP in self._said or any(one not in _SHUTTERS for one in shapes):
            raise NotAPicture(why="its state has a shutter that is not drawn")
        found: list[list[Any]] = []
        for shape in shapes:
            if shape == "RECTANGULAR":
                edges = [number for tag in _EDGES for number in _numbers(self._said, tag)[:1]]
                found.append(["rectangle", *self._exactly(edges, 4)])
            elif shape == "CIRCULAR":
                circle = [*_numbers(self._said, _CIRCLE)[:2], *_numbers(self._said, _RADIUS)[:1]]
                found.append(["circle", *self._exactly(circle, 3)])
            else:
                vertices = _numbers(self._said, _VERTICES)
                if len(vertices) < 6 or len(vertices) % 2 or len(vertices) > 2 * self._limits.points:  # noqa: PLR2004
                    raise BadState(why="its shutter cannot be read")
                found.append(["polygon", self._keep(struct.pack(f"<{len(vertices)}d", *vertices)), len(vertices) // 2])
        value = min(max(_whole((_values(self._said, _SHUTTER_VALUE) or [0])[0]), 0), _MOST_VALUE)
        return {"shutters": found, "shutter_shade": value >> 8}

    @staticmethod
    def _exactly(numbers: Sequence[float], count: int) -> Sequence[float]:
        if len(numbers) != count:
            raise BadState(why="its shutter cannot be read")
        return numbers

    # annotations

    def _drawn(self) -> list[dict[str, Any]]:
        layers = {
            _text(layer, _LAYER): (
                (_numbers(layer, _ORDER) or [0.0])[0],
                _whole((_values(layer, _GREY) or [_MOST_VALUE])[0]) >> 8 & _WHITE,
            )
            for layer in _items(self._said, _LAYERS)
        }
        found: list[tuple[float, dict[str, Any]]] = []
        left = self._limits.points
        for annotation in _items(self._said, _ANNOTATIONS):
            if not self._means(annotation):
                continue
            if _items(annotation, _COMPOUND):
                raise NotAPicture(why="its state has graphics that are not drawn")
            order, shade = layers.get(_text(annotation, _LAYER), (0.0, _WHITE))
            for graphic in _items(annotation, _GRAPHICS):
                found.append((order, self._graphic(graphic, shade)))
                left -= found[-1][1]["count"]
            for text in _items(annotation, _TEXTS):
                found.append((order, self._writing(text, shade)))
                left -= found[-1][1]["count"]
            if left < 0 or len(found) > self._limits.graphics:
                raise NotAPicture(why="its state has more graphics than are drawn")
        return [one for _, one in sorted(found, key=lambda pair: pair[0])]

    def _graphic(self, graphic: Json, shade: int) -> dict[str, Any]:
        kind, points = _text(graphic, _TYPE), _numbers(graphic, _POINTS)
        needed = {"CIRCLE": 4, "ELLIPSE": 8, "POINT": 2}.get(kind)
        if kind not in _KINDS or _whole((_values(graphic, _DIMENSIONS) or [2])[0]) != 2:  # noqa: PLR2004
            raise NotAPicture(why="its state has graphics that are not drawn")
        if len(points) < 2 or len(points) % 2 or needed not in {None, len(points)}:  # noqa: PLR2004
            raise BadState(why="a graphic of it cannot be read")
        return {
            "kind": kind.lower(),
            "at": self._keep(struct.pack(f"<{len(points)}d", *points)),
            "count": len(points) // 2,
            "shown": _units(_text(graphic, _UNITS)),
            "filled": _text(graphic, _FILLED) == "Y",
            "shade": shade,
        }

    def _writing(self, written: Json, shade: int) -> dict[str, Any]:
        """A text becomes lines here: a codec process is told no word (PS3.3 C.10.5.1.1)."""
        text = _text(written, _TEXT)
        if len(text) > self._limits.characters:
            raise NotAPicture(why="its state has a text that is too long")
        lines, width, height = strokes(text)
        points = [one for line in lines for one in (*line, (math.nan, math.nan))]
        top, bottom, anchor = (_numbers(written, tag) for tag in (_BOX_TOP, _BOX_BOTTOM, _ANCHOR))
        boxed, anchored = len(top) == len(bottom) == 2, len(anchor) == 2  # noqa: PLR2004 (x and y)
        if not boxed and not anchored:
            raise BadState(why="a text of it has no place")
        return {
            "kind": "writing",
            "at": self._keep(struct.pack(f"<{2 * len(points)}d", *(number for point in points for number in point))),
            "count": len(points),
            "box": [top, bottom] if boxed else None,
            "box_shown": boxed and _units(_text(written, _BOX_UNITS)),
            "anchor": anchor if anchored else None,
            "anchor_shown": anchored and _units(_text(written, _ANCHOR_UNITS)),
            "pointed": anchored and boxed and _text(written, _ANCHOR_SHOWN) == "Y",
            "justified": {"RIGHT": 1.0, "CENTER": 0.5}.get(_text(written, _JUSTIFIED), 0.0),
            "size": [width, height],
            "shade": shade,
        }

    def _means(self, item: Json) -> bool:
        """Tell whether an item is about this frame: it names it, or nothing."""
        images = _items(item, _IMAGES)
        return not images or any(
            _text(image, _INSTANCE) == self._sop_uid
            and (not _values(image, _FRAMES) or self._frame in map(_whole, _values(image, _FRAMES)))
            for image in images
        )


def _units(said: str) -> bool:
    """Tell whether points are shares of what is displayed, rather than pixels of the image. Raises NotAPicture."""
    if said not in {"PIXEL", "DISPLAY"}:
        raise NotAPicture(why="its state has graphics that are not drawn")
    return said == "DISPLAY"


def _items(said: Json, tag: str) -> list[Json]:
    return [one or {} for one in said.get(tag, {}).get("Value", ())] if said.get(tag, {}).get("vr") == "SQ" else []


def _values(said: Json, tag: str) -> list[Any]:
    return list(said.get(tag, {}).get("Value", ()))


def _text(said: Json, tag: str) -> str:
    values = _values(said, tag)
    return values[0] if values and isinstance(values[0], str) else ""


def _numbers(said: Json, tag: str) -> list[float]:
    values = _values(said, tag)
    if not all(isinstance(one, int | float) and math.isfinite(one) for one in values):
        raise BadState(why="a number of it is none")
    return [float(one) for one in values]


def _whole(value: object) -> int:
    if not isinstance(value, int):
        raise BadState(why="a number of it is none")
    return value


def _words(item: Json) -> list[int]:
    attribute = item.get(_DATA, {})
    if "InlineBinary" in attribute:
        raw = base64.b64decode(attribute["InlineBinary"])
        return list(struct.unpack(f"<{len(raw) // 2}H", raw[: len(raw) // 2 * 2]))
    return [_whole(one) & _MOST_VALUE for one in attribute.get("Value", ())]
