"""A data set's header as it is served: corrected by an overlay, everything else byte for byte as it was sent.

PS3.3 C.12.1 (Original Attributes Sequence); docs/design/patients.md, What is served.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterable, Iterator
from datetime import datetime
from itertools import chain
from typing import TYPE_CHECKING

from primum.imaging.charsets import charset_of
from primum.imaging.dicomjson import CHARSET_TAG
from primum.imaging.errors import DamagedDataSet, DataSetTooLarge, ImagingRefusal
from primum.imaging.limits import LIMITS, Limits
from primum.imaging.overlays import VRS, Overlay
from primum.imaging.peeking import NeedMore, peek_first
from primum.imaging.recoding import UTF_8, Recoder, encoded
from primum.imaging.syntaxes import EXPLICIT_LE, Syntax, syntax_of
from primum.imaging.walker import PIXEL_TAGS, Short, elements, items
from primum.imaging.writing import element, sequence

if TYPE_CHECKING:
    from primum.vault import Record

ORIGINALS, MODIFIED = 0x04000561, 0x04000550
MODIFIED_AT, MODIFIED_BY, SOURCE, REASON = 0x04000562, 0x04000563, 0x04000564, 0x04000565
MODIFYING_SYSTEM = b"PRIMUM"
LENGTH_TO_END = 0x00080001
_PIXEL_GROUP = 0x7FE0
_PIECE = 1 << 20


class CannotCorrect(ImagingRefusal):
    """The instance was corrected, but its header cannot be rewritten; it is not served uncorrected."""

    code = "imaging.cannot-correct"
    hint = "the original can be read by who may correct; ask the sender for the instance again"


def corrected_header(
    header: bytes | memoryview,
    transfer_syntax: str,
    overlay: Overlay,
    limits: Limits = LIMITS,
    *,
    partial: bool = False,
) -> bytes:
    """Rewrite a header (inflated, when the syntax is deflated; up to its pixel data). Raises CannotCorrect.

    Of a `partial` one, the elements that are wholly there.
    """
    try:
        syntax = syntax_of(transfer_syntax)
        view = memoryview(header).cast("B")
        return _corrected(view[: _whole(view, syntax, limits)] if partial else view, syntax, overlay, limits)
    except (ImagingRefusal, Short) as refusal:
        raise CannotCorrect from refusal


def _whole(view: memoryview, syntax: Syntax, limits: Limits) -> int:
    at = 0
    try:
        for one in elements(view, syntax, limits):
            if one.end > len(view):
                break
            at = one.end
    except Short:
        pass
    return at


_Pieces = dict[int, bytes]
"""Elements of the top level by tag, in order, each as it is written."""


def _corrected(view: memoryview, syntax: Syntax, overlay: Overlay, limits: Limits) -> bytes:
    pieces = _pieces(view, syntax, limits)
    charset = charset_of(_value(pieces.get(CHARSET_TAG, b""), syntax, limits))
    values = {tag: encoded(text, charset) for tag, text in overlay.set.items()}
    if None in values.values():
        pieces = _pieces(memoryview(Recoder(view, syntax, limits).header()), syntax, limits)
        pieces.setdefault(CHARSET_TAG, element(CHARSET_TAG, "CS", UTF_8, syntax))
        values = {tag: text.encode("utf-8") for tag, text in overlay.set.items()}
    changed = {int(tag, 16): element(int(tag, 16), VRS[tag], raw or b"", syntax) for tag, raw in values.items()}
    dropped = {int(tag, 16) for tag in overlay.drop} & pieces.keys()
    untold = {int(tag, 16) for tag in overlay.untold}
    previous = {
        tag: pieces.get(tag) or element(tag, VRS[f"{tag:08X}"], b"", syntax)
        for tag in sorted({*changed, *dropped})
        if tag not in untold and pieces.get(tag) != changed.get(tag)
    }
    pieces.pop(LENGTH_TO_END, None)
    for tag in dropped:
        del pieces[tag]
    pieces.update(changed)
    if previous:
        pieces[ORIGINALS] = _originals(pieces.get(ORIGINALS), previous, overlay.at, syntax, limits)
    return _joined(pieces, syntax)


def _pieces(view: memoryview, syntax: Syntax, limits: Limits) -> _Pieces:
    found: _Pieces = {}
    at = 0
    for one in elements(view, syntax, limits):
        if one.tag in PIXEL_TAGS:
            found[one.tag] = bytes(view[at:])
            break
        found[one.tag] = bytes(view[at : one.end])
        at = one.end
    return found


def _value(piece: bytes, syntax: Syntax, limits: Limits) -> bytes:
    for one in elements(memoryview(piece), syntax, limits):
        return piece[one.at : one.end]
    return b""


def _originals(there: bytes | None, previous: _Pieces, at: str, syntax: Syntax, limits: Limits) -> bytes:
    """Add an item to Original Attributes Sequence; those already there stay as they are."""
    kept: list[bytes] = []
    for one in elements(memoryview(there or b""), syntax, limits):
        view = memoryview(there or b"")
        kept += [bytes(view[start:stop]) for start, stop in items(view, one, syntax, limits)]
    added = b"".join(
        (
            sequence(MODIFIED, [b"".join(previous.values())], syntax),
            element(MODIFIED_AT, "DT", _moment(at), syntax),
            element(MODIFIED_BY, "LO", MODIFYING_SYSTEM, syntax),
            element(SOURCE, "LO", b"", syntax),
            element(REASON, "CS", b"CORRECT", syntax),
        )
    )
    return sequence(ORIGINALS, [*kept, added], syntax)


def _moment(at: str) -> bytes:
    """Write an instant as DT, in UTC."""
    return datetime.fromisoformat(at).strftime("%Y%m%d%H%M%S+0000").encode("ascii")


def _joined(pieces: _Pieces, syntax: Syntax) -> bytes:
    """Write all pieces in order of tag, each group's length (where there is one) as it is now."""
    lengths: dict[int, int] = {}
    for tag, piece in pieces.items():
        if tag & 0xFFFF:
            lengths[tag >> 16] = lengths.get(tag >> 16, 0) + len(piece)
    order = "little" if syntax.little else "big"
    written = []
    for tag in sorted(pieces):
        group = tag >> 16
        if tag & 0xFFFF == 0 and group != _PIXEL_GROUP:
            length = lengths.get(group, 0).to_bytes(4, "little" if order == "little" else "big")
            written.append(element(tag, "UL", length, syntax))
        else:
            written.append(pieces[tag])
    return b"".join(written)


def minimal_header(overlay: Overlay) -> bytes:
    """Write nothing but what was corrected: for the index, where a header cannot be read at all."""
    syntax = syntax_of(EXPLICIT_LE)
    charset = element(CHARSET_TAG, "CS", UTF_8, syntax)
    return charset + b"".join(
        element(int(tag, 16), VRS[tag], text.encode("utf-8"), syntax) for tag, text in sorted(overlay.set.items())
    )


# whole data sets


def corrected_chunks(record: Record, overlay: Overlay, limits: Limits = LIMITS) -> Iterator[bytes]:
    """Yield a record's data set with its header rewritten; pixel data pass by as they are.

    Raises CannotCorrect before the first piece, or an illness of the vault.
    """
    syntax = syntax_of(record.facts.transfer_syntax_uid)
    if syntax.deflated:
        return _deflated(record, syntax, overlay, limits)
    split = _split(record, syntax, limits)
    header = corrected_header(record.read(0, split), syntax.uid, overlay, limits)
    return _followed(header, record, split)


def _split(record: Record, syntax: Syntax, limits: Limits) -> int:
    """Tell where the header ends: at the pixel data, or with the data set."""
    if record.pixels_at is not None:
        split = record.pixels_at
    elif record.length <= limits.header_bytes:
        split = record.length
    else:
        # the receiver did not look so far for the pixel data
        found = peek_first(record.read(0, limits.header_bytes), syntax.uid, limits)
        if isinstance(found, NeedMore) or found.pixels_at is None:
            raise CannotCorrect
        split = found.pixels_at
    if split > limits.header_bytes:
        raise CannotCorrect
    return split


def _followed(header: bytes, record: Record, split: int) -> Iterator[bytes]:
    yield header
    at = 0
    for piece in record.chunks():
        if at + len(piece) > split:
            yield piece[max(split - at, 0) :]
        at += len(piece)


def _deflated(record: Record, syntax: Syntax, overlay: Overlay, limits: Limits) -> Iterator[bytes]:
    """Inflate as far as the header goes, rewrite it, and deflate it again with what follows."""
    clear = _inflated(record, limits)
    header = bytearray()
    split: int | None = None
    for piece in clear:
        header += piece
        try:
            split = _pixels_in(header, limits)
        except ImagingRefusal as refusal:
            raise CannotCorrect from refusal
        if split is not None:
            break
        if len(header) > limits.header_bytes:
            raise CannotCorrect
    rest = bytes(header[split:]) if split is not None else b""
    head = corrected_header(bytes(header[:split]), syntax.uid, overlay, limits)
    return _deflating(head, rest, clear)


def _pixels_in(header: bytearray, limits: Limits) -> int | None:
    """Find the pixel data in the first bytes of an inflated data set; None where they are not there yet."""
    found = peek_first(bytes(header), EXPLICIT_LE, limits)
    return None if isinstance(found, NeedMore) else found.pixels_at


def _inflated(record: Record, limits: Limits) -> Iterator[bytes]:
    engine = zlib.decompressobj(-zlib.MAX_WBITS)
    total = 0
    for piece in record.chunks():
        data = piece
        while data:
            try:
                clear = engine.decompress(data, _PIECE)
            except zlib.error:
                raise DamagedDataSet(what="the deflated data set cannot be inflated") from None
            total += len(clear)
            if total > limits.inflated_bytes:
                raise DataSetTooLarge(limit=limits.inflated_bytes, of="inflated bytes")
            yield clear
            data = engine.unconsumed_tail


def _deflating(head: bytes, rest: bytes, clear: Iterable[bytes]) -> Iterator[bytes]:
    engine = zlib.compressobj(wbits=-zlib.MAX_WBITS)
    total = 0
    for piece in chain((head, rest), clear):
        packed = engine.compress(piece)
        total += len(packed)
        if packed:
            yield packed
    last = engine.flush()
    # PS3.5 A.5: an even number of bytes; the stream tells its own end
    yield last + bytes((total + len(last)) % 2)
