"""Who a data set says it is, what tells its frames apart, and where its pixel data is: all that storing needs to know.

Pure. Looks at the elements that it needs and steps over the rest.
"""

from __future__ import annotations

import re
import struct
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from primum.imaging.errors import BadUid, DamagedDataSet, NoSopUid, NoStudyUid, OtherInstance
from primum.imaging.limits import LIMITS, Limits
from primum.imaging.syntaxes import Syntax, syntax_of
from primum.imaging.walker import UNDEFINED, Element, Skimmed, inflate, order_of, skim, wanted

if TYPE_CHECKING:
    from typing_extensions import Buffer

_SOP_CLASS, _SOP_INSTANCE, _STUDY, _SERIES = 0x00080016, 0x00080018, 0x0020000D, 0x0020000E
_SAMPLES, _PHOTOMETRIC, _FRAMES, _ROWS, _COLUMNS, _BITS = (
    0x00280002, 0x00280004, 0x00280008, 0x00280010, 0x00280011, 0x00280100,
)  # fmt: skip
_OFFSETS, _LENGTHS = 0x7FE00001, 0x7FE00002
WANTED_BY_PEEK = wanted(
    *(_SOP_CLASS, _SOP_INSTANCE, _STUDY, _SERIES, _SAMPLES, _PHOTOMETRIC, _FRAMES, _ROWS, _COLUMNS, _BITS),
    *(_OFFSETS, _LENGTHS),
)


class Shape(NamedTuple):
    """What tells frames apart (PS3.3 C.7.6.3). Zero where the data set does not say."""

    rows: int
    columns: int
    samples: int
    bits: int
    frames: int
    subsampled: bool
    offsets: tuple[int, ...] = ()
    """Extended offset table (7FE0,0001), empty when there is none."""


class Peek(NamedTuple):
    """Who a data set says it is, and where its pixel data is.

    `pixels_at` is the offset of the pixel data's tag: what lies before is the header. `pixels_value_at` is where its
    value starts and `pixels_length` how long it is, None when undefined (encapsulated). All None without pixel data,
    and always when the data set is deflated.
    """

    study_uid: str
    series_uid: str
    sop_uid: str
    sop_class_uid: str
    shape: Shape
    pixels_at: int | None = None
    pixels_value_at: int | None = None
    pixels_length: int | None = None
    pixels_tag: int | None = None
    pixels_vr: str = ""

    def __repr__(self) -> str:
        # UIDs are a patient's: they stay out of tracebacks
        return "Peek(…)"

    def must_be(self, sop_instance_uid: str) -> None:
        """Refuse with OtherInstance when the command announced another SOP Instance UID."""
        if self.sop_uid != sop_instance_uid.rstrip("\0 "):
            raise OtherInstance


@dataclass(frozen=True, slots=True)
class NeedMore:
    """The buffer ends before the pixel data; with `bytes` in it, the walk gets further.

    `so_far` is what could be said without: present once the UIDs were met. A receiver that does not want to hold
    more in memory may go on with it (no pixel data known).
    """

    bytes: int
    so_far: Peek | None


def peek(data: Buffer, transfer_syntax: str, limits: Limits = LIMITS) -> Peek:
    """Find the UIDs and the pixel data of a whole data set.

    Raises NoSopUid, NoStudyUid, BadUid, DamagedDataSet (truncated data sets included), DataSetTooLarge, UnknownSyntax.
    """
    found = _look(data, transfer_syntax, limits, whole=True)
    if isinstance(found, NeedMore):
        raise DamagedDataSet(what="it ends in the middle of an element")
    return found


def peek_first(data: Buffer, transfer_syntax: str, limits: Limits = LIMITS) -> Peek | NeedMore:
    """Find the same in the first bytes of a data set that is still arriving. Raises as `peek`."""
    return _look(data, transfer_syntax, limits, whole=False)


def _look(data: Buffer, transfer_syntax: str, limits: Limits, *, whole: bool) -> Peek | NeedMore:
    syntax = syntax_of(transfer_syntax)
    view = memoryview(data).cast("B")
    if syntax.deflated:
        return _look_deflated(view, syntax, limits, whole=whole)
    skimmed = skim(view, syntax, WANTED_BY_PEEK, limits)
    if skimmed.pixels is not None:
        if whole and skimmed.pixels.length != UNDEFINED and skimmed.pixels.end > len(view):
            raise DamagedDataSet(what="its pixel data are cut short")
        return _describe(view, skimmed, syntax)
    if skimmed.short or not whole:
        return NeedMore(skimmed.short or len(view) + 1, _partial(view, skimmed, syntax))
    return _describe(view, skimmed, syntax)


def _look_deflated(view: memoryview, syntax: Syntax, limits: Limits, *, whole: bool) -> Peek | NeedMore:
    clear, ended = inflate(view, limits.inflated_header_bytes)
    full = len(clear) >= limits.inflated_header_bytes
    if whole and not ended and not full:
        raise DamagedDataSet(what="the deflated data set is cut short")
    inner = memoryview(clear)
    skimmed = skim(inner, syntax, WANTED_BY_PEEK, limits)
    missing = skimmed.short if skimmed.pixels is None else 0
    skimmed.pixels = None  # its offset would be one of the inflated data set
    if missing and ended:
        raise DamagedDataSet(what="it ends in the middle of an element")
    if missing and not full:
        return NeedMore(len(view) + min(missing - len(clear), len(view) + 1), _partial(inner, skimmed, syntax))
    return _describe(inner, skimmed, syntax)


def _partial(view: memoryview, skimmed: Skimmed, syntax: Syntax) -> Peek | None:
    if {_SOP_INSTANCE, _STUDY, _SERIES} <= skimmed.found.keys():
        return _describe(view, skimmed, syntax)
    return None


def _describe(view: memoryview, skimmed: Skimmed, syntax: Syntax) -> Peek:
    found = skimmed.found
    sop_uid = _uid(view, found.get(_SOP_INSTANCE), "SOP Instance UID")
    if not sop_uid:
        raise NoSopUid
    study_uid = _uid(view, found.get(_STUDY), "Study Instance UID")
    series_uid = _uid(view, found.get(_SERIES), "Series Instance UID")
    if not (study_uid and series_uid):
        raise NoStudyUid
    sop_class = _uid(view, found.get(_SOP_CLASS), "SOP Class UID")
    shape = _shape(view, found, syntax)
    pixels = skimmed.pixels
    if pixels is None:
        return Peek(study_uid, series_uid, sop_uid, sop_class, shape)
    length = None if pixels.length == UNDEFINED else pixels.length
    return Peek(
        study_uid, series_uid, sop_uid, sop_class, shape, skimmed.pixels_at, pixels.at, length, pixels.tag, pixels.vr
    )


_UID_SHAPE = re.compile(rb"[0-9][0-9.]{0,63}")


def _uid(view: memoryview, element: Element | None, which: str) -> str:
    if element is None:
        return ""
    raw = bytes(view[element.at : element.end]).rstrip(b"\0 ")
    if raw and _UID_SHAPE.fullmatch(raw) is None:
        raise BadUid(which=which)
    return raw.decode("ascii")


def _shape(view: memoryview, found: dict[int, Element], syntax: Syntax) -> Shape:
    u16 = order_of(syntax).u16
    rows, columns, samples, bits = [
        u16(view, element.at)[0] if element is not None and element.end - element.at >= 2 else 0  # noqa: PLR2004 (a US)
        for element in map(found.get, (_ROWS, _COLUMNS, _SAMPLES, _BITS))
    ]
    photometric = found.get(_PHOTOMETRIC)
    return Shape(
        rows,
        columns,
        samples or 1,
        bits,
        _frames(view, found.get(_FRAMES)),
        photometric is not None and bytes(view[photometric.at : photometric.end]).rstrip(b"\0 ") == b"YBR_FULL_422",
        _offsets(view, found.get(_OFFSETS), found.get(_LENGTHS)),
    )


def _frames(view: memoryview, element: Element | None) -> int:
    if element is None:
        return 1
    text = bytes(view[element.at : min(element.end, element.at + 16)]).strip(b"\0 ")
    return int(text) if re.fullmatch(rb"\+?[0-9]{1,9}", text) else 1


def _offsets(view: memoryview, offsets: Element | None, lengths: Element | None) -> tuple[int, ...]:
    if offsets is None or lengths is None or offsets.length == UNDEFINED or offsets.length % 8:
        return ()
    return struct.unpack_from(f"<{offsets.length // 8}Q", view, offsets.at)
