"""A DICOM file (PS3.10 7.1) written from checked metadata and the bulk data that they point at.

Uncompressed pixel data make explicit little endian; compressed ones are encapsulated, a fragment a frame with a basic
offset table (PS3.5 A.4). What the Image Pixel module says and what the bit streams say must be the same; what it leaves
out is taken from them (PS3.18 10.5.2).
"""

from __future__ import annotations

import struct
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from primum.imaging.charsets import charset_of
from primum.imaging.composing.bitstreams import Said, read_bitstream
from primum.imaging.composing.errors import BadMetadata, BulkContradicts, BulkMissing
from primum.imaging.composing.values import TRANSFER_SYNTAX, URI, checked
from primum.imaging.dicomjson import BINARY, values_of
from primum.imaging.encoding import BYTES, encode_around
from primum.imaging.frames import frame_bits
from primum.imaging.part10 import write_meta
from primum.imaging.peeking import Shape
from primum.imaging.syntaxes import EXPLICIT_LE, IMPLICIT_LE, OCTETS, syntax_of
from primum.imaging.walker import ITEM, SEQUENCE_END, UNDEFINED

Json = dict[str, Any]
PIXELS: Final = "7FE00010"
_FLOATS: Final = {"7FE00008": 32, "7FE00009": 64}
_SAMPLES, _PHOTOMETRIC, _PLANAR, _FRAMES = "00280002", "00280004", "00280006", "00280008"
_ROWS, _COLUMNS, _ALLOCATED, _STORED, _HIGH, _SIGN = (
    "00280010", "00280011", "00280100", "00280101", "00280102", "00280103",
)  # fmt: skip
_DOCUMENT, _DOCUMENT_TYPE, _DOCUMENT_LENGTH = "00420011", "00420012", "00420015"
_NATIVE: Final = frozenset({"", "*", EXPLICIT_LE, IMPLICIT_LE})
_ONE_SAMPLE: Final = frozenset({"MONOCHROME1", "MONOCHROME2", "PALETTE COLOR"})
_BYTE, _COLOUR = 8, 3


@dataclass(frozen=True, slots=True)
class Bulk:
    """One part: what it is said to be, and its bytes."""

    media_type: str
    syntax: str
    data: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class Awaited:
    """What an instance waits for under one URI."""

    parts: int
    """How many parts that are held; one for each frame of compressed images."""
    native: int = -1
    """Bytes of uncompressed pixel data, which may come last and unheld; negative for anything else."""


def awaited(data_set: Json, uri: str, media_type: str, syntax: str) -> Awaited:
    """Tell what is waited for, once the first part under `uri` shows its media type. Raises BulkContradicts."""
    tag = pixel_tag(data_set)
    if tag is None or data_set[tag].get(URI) != uri:
        return Awaited(1)
    if is_native(media_type, syntax or said_syntax(data_set)):
        return Awaited(1, _native_length(data_set, tag))
    return Awaited(1 if media_type.startswith("video/") else _frames(data_set))


def is_native(media_type: str, syntax: str) -> bool:
    """Tell whether a part under such a type is uncompressed."""
    return media_type in {OCTETS, ""} and syntax in _NATIVE


def said_syntax(data_set: Json) -> str:
    """Return the transfer syntax that the metadata name, for parts that name none (older clients)."""
    return str(_one(data_set, TRANSFER_SYNTAX) or "")


def pixel_tag(data_set: Json) -> str | None:
    """Return which pixel data a data set has. Raises BadMetadata where it has several."""
    found = [tag for tag in (PIXELS, *_FLOATS) if tag in data_set]
    if len(found) > 1:
        raise BadMetadata(what="it has several kinds of pixel data")
    return found[0] if found else None


def compose(
    data_set: Json, values: Mapping[str, Sequence[Bulk]], streamed: Iterable[bytes] | None = None
) -> Iterator[bytes]:
    """Give the file in pieces. `streamed` are uncompressed pixel data as they come, which `values` has not.

    Raises BadMetadata, BulkMissing, BulkContradicts, BulkUnsupported, DataSetTooLarge: before the first piece, but for
    the length of what is streamed.
    """
    syntax = said_syntax(data_set)
    whole = {tag: one for tag, one in data_set.items() if tag != TRANSFER_SYNTAX}
    tag = pixel_tag(whole)
    pixels = whole.pop(tag) if tag else {}
    document = _document(whole, values)
    whole = _filled(whole, values) | document
    if tag is None or not pixels.keys() & {URI, BYTES}:
        return _file(whole, EXPLICIT_LE, PIXELS, iter(()))
    if streamed is not None or BYTES in pixels:
        return _native(whole, tag, pixels, streamed if streamed is not None else [pixels[BYTES]])
    parts = values.get(pixels[URI])
    if not parts:
        raise BulkMissing
    if is_native(parts[0].media_type, parts[0].syntax or syntax):
        return _native(whole, tag, pixels, [parts[0].data])
    return _encapsulated(whole, tag, [read_bitstream(one.media_type, one.syntax or syntax, one.data) for one in parts])


def _filled(data_set: Json, values: Mapping[str, Sequence[Bulk]]) -> Json:
    """Put the bulk data in their places."""
    filled: Json = {}
    for tag, attribute in data_set.items():
        if attribute["vr"] == "SQ":
            items = [_filled(item, values) for item in attribute.get("Value", ())]
            filled[tag] = {"vr": "SQ", "Value": items}
        elif URI in attribute:
            parts = values.get(attribute[URI])
            if not parts:
                raise BulkMissing
            filled[tag] = _value(attribute["vr"], parts[0].data)
        else:
            filled[tag] = attribute
    return filled


def _value(vr: str, data: bytes) -> Json:
    """Read one value that came as bytes: little endian, its text in UTF-8 (PS3.18 8.7.3.3.1, F.2.7)."""
    if vr in BINARY:
        return {"vr": vr, BYTES: data}
    found, damaged = values_of(vr, data, charset_of(b"ISO_IR 192"), little=True)
    if damaged:
        raise BulkContradicts(what="a text is not in UTF-8")
    return {"vr": vr, "Value": checked(vr, found)}


def _document(data_set: Json, values: Mapping[str, Sequence[Bulk]]) -> Json:
    """Say of an encapsulated document what it is (PS3.3 C.24.2)."""
    parts = values.get(data_set.get(_DOCUMENT, {}).get(URI, ""))
    if not parts:
        return {}
    found: Json = {}
    media_type, said = parts[0].media_type, _one(data_set, _DOCUMENT_TYPE)
    if media_type != OCTETS and said not in {None, "", media_type}:
        raise BulkContradicts(what="a document is of another media type")
    if not said and media_type != OCTETS:
        found[_DOCUMENT_TYPE] = {"vr": "LO", "Value": [media_type]}
    length = _one(data_set, _DOCUMENT_LENGTH)
    if length not in {None, len(parts[0].data), len(parts[0].data) - 1}:
        raise BulkContradicts(what="a document is of another length")
    if length is None and len(parts[0].data) % 2:
        found[_DOCUMENT_LENGTH] = {"vr": "UL", "Value": [len(parts[0].data)]}
    return found


# uncompressed


def _native(data_set: Json, tag: str, pixels: Json, pieces: Iterable[bytes]) -> Iterator[bytes]:
    expected = _native_length(data_set, tag)
    vr = pixels["vr"]
    if tag == PIXELS and (vr not in {"OB", "OW"} or (_number(data_set, _ALLOCATED) or 0) > _BYTE):
        vr = "OW"
    if tag in _FLOATS:
        vr = "OF" if tag == "7FE00008" else "OD"
    head = struct.pack("<HH2sHI", int(tag[:4], 16), int(tag[4:], 16), vr.encode("ascii"), 0, expected + expected % 2)

    def all_of_them() -> Iterator[bytes]:
        yield head
        came = 0
        for piece in pieces:
            came += len(piece)
            if came > expected + expected % 2:
                break
            yield piece
        if came not in {expected, expected + expected % 2}:
            raise BulkContradicts(what="the pixel data are longer or shorter than the image is")
        if came % 2:
            yield b"\0"

    return _file(data_set, EXPLICIT_LE, tag, all_of_them())


def _native_length(data_set: Json, tag: str) -> int:
    rows, columns = _number(data_set, _ROWS), _number(data_set, _COLUMNS)
    bits = _FLOATS.get(tag) or _number(data_set, _ALLOCATED)
    samples = _number(data_set, _SAMPLES) or (1 if tag in _FLOATS else None)
    if not (rows and columns and bits and samples):
        raise BulkContradicts(what="the size of uncompressed pixel data is not said")
    subsampled = _one(data_set, _PHOTOMETRIC) == "YBR_FULL_422"
    length = -(-frame_bits(Shape(rows, columns, samples, bits, 1, subsampled)) * _frames(data_set) // 8)
    if length >= UNDEFINED:
        raise BulkContradicts(what="the pixel data are more than can be said uncompressed")
    return length


# compressed


def _encapsulated(data_set: Json, tag: str, said: Sequence[Said]) -> Iterator[bytes]:
    first = said[0]
    if tag != PIXELS or any(one.syntax != first.syntax for one in said):
        raise BulkContradicts(what="its frames are not compressed alike")
    if not syntax_of(first.syntax).video and len(said) != _frames(data_set):
        raise BulkContradicts(what="it has more or fewer frames than came")
    for one in said:
        _reconcile(data_set, one)
    offsets, at = [], 0
    for one in said:
        offsets.append(at)
        at += 8 + len(one.data) + len(one.data) % 2
    table = struct.pack(f"<{len(offsets)}I", *offsets)

    def all_of_them() -> Iterator[bytes]:
        yield struct.pack("<HH2sHI", 0x7FE0, 0x0010, b"OB", 0, UNDEFINED) + _item(len(table)) + table
        for one in said:
            yield _item(len(one.data) + len(one.data) % 2) + one.data + b"\0" * (len(one.data) % 2)
        yield struct.pack("<HHI", SEQUENCE_END >> 16, SEQUENCE_END & 0xFFFF, 0)

    return _file(data_set, first.syntax, PIXELS, all_of_them())


def _reconcile(data_set: Json, said: Said) -> None:
    """Take from the bit stream what the metadata leave out. Raises BulkContradicts where both say, and differ."""
    for tag, found in ((_ROWS, said.rows), (_COLUMNS, said.columns), (_SAMPLES, said.samples)):
        if found and _number(data_set, tag) not in {None, found}:
            raise BulkContradicts(what="an image has another size than the metadata say")
        if found:
            data_set[tag] = {"vr": "US", "Value": [found]}
    if said.precision:
        _reconcile_bits(data_set, said)
    samples = _number(data_set, _SAMPLES)
    photometric = _one(data_set, _PHOTOMETRIC) or said.photometric or ("MONOCHROME2" if samples == 1 else "")
    required = (_ROWS, _COLUMNS, _SAMPLES, _ALLOCATED, _STORED, _HIGH, _SIGN)
    if not photometric or any(_number(data_set, tag) is None for tag in required):
        raise BulkContradicts(what="the metadata do not say what the bit stream does not")
    if (photometric in _ONE_SAMPLE) != (samples == 1):
        raise BulkContradicts(what="an image has other colours than the metadata say")
    data_set[_PHOTOMETRIC] = {"vr": "CS", "Value": [photometric]}
    if samples == _COLOUR and _number(data_set, _PLANAR) is None:
        data_set[_PLANAR] = {"vr": "US", "Value": [0]}


def _reconcile_bits(data_set: Json, said: Said) -> None:
    allocated = _number(data_set, _ALLOCATED) or (_BYTE if said.precision <= _BYTE else 2 * _BYTE)
    stored = _number(data_set, _STORED) or said.precision
    if said.precision > allocated or stored > allocated:
        raise BulkContradicts(what="an image has more bits than the metadata say")
    for tag, otherwise in (
        (_ALLOCATED, allocated), (_STORED, stored), (_HIGH, stored - 1), (_SIGN, int(said.signed)),
    ):  # fmt: skip
        if _number(data_set, tag) is None:
            data_set[tag] = {"vr": "US", "Value": [otherwise]}


def _file(data_set: Json, syntax: str, tag: str, pixels: Iterator[bytes]) -> Iterator[bytes]:
    wished = "\\".join(str(one) for one in data_set.get("00080005", {}).get("Value", ()) if one)
    before, after = encode_around(data_set, int(tag, 16), EXPLICIT_LE, wished)
    meta = write_meta(
        transfer_syntax_uid=syntax,
        sop_class_uid=str(_one(data_set, "00080016") or ""),
        sop_instance_uid=str(_one(data_set, "00080018") or ""),
    )
    return _chain(meta + before, pixels, after)


def _chain(before: bytes, pixels: Iterator[bytes], after: bytes) -> Iterator[bytes]:
    yield before
    yield from pixels
    if after:
        yield after


def _frames(data_set: Json) -> int:
    value = _one(data_set, _FRAMES)
    count = int(value) if value not in {None, ""} else 1
    if count < 1:
        raise BulkContradicts(what="it has more or fewer frames than came")
    return count


def _number(data_set: Json, tag: str) -> int | None:
    value = _one(data_set, tag)
    return value if isinstance(value, int) else None


def _one(data_set: Mapping[str, Any], tag: str) -> Any:  # noqa: ANN401 (a value of DICOM JSON)
    values = data_set.get(tag, {}).get("Value") or [None]
    return values[0]


def _item(length: int) -> bytes:
    return struct.pack("<HHI", ITEM >> 16, ITEM & 0xFFFF, length)
