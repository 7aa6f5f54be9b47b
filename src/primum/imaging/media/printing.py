"""Images of a study on paper: A4 sheets of twelve, each with whose they are, in a PDF written as it goes.

Every page says whose images these are, where and when they were made, which page it is of how many, when it was
printed, and that it is not for diagnosis. A picture that cannot be made is an empty field that says so, never
another picture.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import ClassVar, Protocol, TypeVar

from primum.ground import pdf
from primum.ground.errors import PrimumError
from primum.imaging.codecs.errors import CodecsBusy
from primum.imaging.codecs.rendering import PictureWish
from primum.imaging.codecs.streams import jpeg_stream
from primum.imaging.errors import ImagingRefusal
from primum.imaging.limits import LIMITS
from primum.imaging.media.exporting import NothingToExport
from primum.imaging.media.picking import Picked
from primum.imaging.rejection_notes import KEY_OBJECTS, key_images

COLUMNS, ROWS = 3, 4
MOST = 240
"""Images of one print: twenty sheets."""
MOST_SELECTIONS = 50
"""Key object selections that are read of one study: a reader makes one or two."""
PIXELS = 640
"""A side of a picture, which is 6 cm on paper: 270 dots per inch."""
WISH = PictureWish(viewport=(float(PIXELS), float(PIXELS), 0.0, 0.0, 0.0, 0.0))
_MARGIN, _GAP, _CAPTION = 36.0, 8.0, 11.0
_HEAD, _FOOT = 74.0, 44.0
_HEADER = 8 << 20
_NAME, _NUMBER, _BORN, _SEX = 0x00100010, 0x00100020, 0x00100030, 0x00100040
_HOUSE, _DATE, _DESCRIPTION = 0x00080080, 0x00080020, 0x00081030
_SERIES, _IMAGE, _SIDE = 0x00200011, 0x00200013, 0x00200062
_TAGS = (_NAME, _NUMBER, _BORN, _SEX, _HOUSE, _DATE, _DESCRIPTION, _SERIES, _IMAGE, _SIDE)
NOT_FOR_DIAGNOSIS = "Ne pas utiliser pour le diagnostic – Not for diagnosis"  # noqa: RUF001 (a dash, as printed)
UNPRINTABLE = "(nom en d'autres lettres : voir à l'écran – name in other letters: see the screen)"  # noqa: RUF001
NO_PICTURE = "à voir à l'écran – see the screen"  # noqa: RUF001


class MixedPatients(PrimumError):
    """The images do not agree on whose they are, and a page has one name."""

    code: ClassVar[str] = "media.mixed-patients"
    hint: ClassVar[str] = "print its series apart with --series, and have the study corrected"


class Printable(Protocol):
    """An instance that can be printed."""

    @property
    def sop_class_uid(self) -> str:
        """Its SOP class."""
        ...

    @property
    def sop_instance_uid(self) -> str:
        """Its UID."""
        ...

    @property
    def length(self) -> int:
        """About how many bytes it has."""
        ...

    @property
    def transfer_syntax_uid(self) -> str:
        """The transfer syntax in which it is kept."""
        ...

    def chunks(self) -> Iterator[bytes]:
        """Give the data set."""
        ...

    def picture(self, number: int, wish: PictureWish) -> bytes:
        """Make a picture of a frame; of the one that represents it for 0."""
        ...


@dataclass(frozen=True, slots=True)
class Printed:
    """What is on paper: `empty` of the `images` are fields without a picture."""

    pages: int
    images: int
    empty: int


@dataclass(frozen=True, slots=True)
class _Banner:
    """Whose images these are, as a page says it."""

    name: str = field(repr=False)
    person: str = field(repr=False)
    study: str = field(repr=False)


One = TypeVar("One", bound=Printable)


def chosen(instances: Sequence[One], most: int) -> list[One]:
    """Choose evenly, first and last among them."""
    if len(instances) <= most:
        return list(instances)
    if most == 1:
        return [instances[len(instances) // 2]]
    return [instances[round(index * (len(instances) - 1) / (most - 1))] for index in range(most)]


def pointed_out(instances: Sequence[One]) -> list[One]:
    """Give the images that the study's key object selections point out, in the order of the study.

    A selection that cannot be read points nothing out. Raises an illness of the vault.
    """
    keys: set[str] = set()
    selections = [one for one in instances if one.sop_class_uid == KEY_OBJECTS]
    for one in selections[:MOST_SELECTIONS]:
        with contextlib.suppress(ImagingRefusal):
            data = b"".join(one.chunks()) if one.length <= LIMITS.header_bytes else b""
            keys.update(key_images(data, one.transfer_syntax_uid))
    return [one for one in instances if one.sop_instance_uid in keys]


def print_images(
    instances: Sequence[Printable],
    write: pdf.Write,
    *,
    house: str,
    at: datetime,
    progress: Callable[[int, int], None] = lambda _done, _total: None,
) -> Printed:
    """Write the sheets. Raises NothingToExport, CodecsBusy, an illness of the vault, and what `write` raises."""
    if not instances:
        raise NothingToExport
    file = pdf.Pdf(write, title="Images", language="fr")
    each = COLUMNS * ROWS
    pages = -(-len(instances) // each)
    empty = 0
    banner = _banner(_header(instances[0]))
    for number in range(pages):
        page = pdf.Page()
        for index, one in enumerate(instances[number * each : (number + 1) * each]):
            header = _header(one)
            own = _banner(header)
            if (own.name, own.person) != (banner.name, banner.person):
                raise MixedPatients
            empty += not _field(file, page, index, one, header)
            progress(number * each + index + 1, len(instances))
        _frame(page, banner, house, f"{number + 1}/{pages}", at)
        file.add(page)
    file.close()
    return Printed(pages, len(instances), empty)


def _header(one: Printable) -> Picked | None:
    """Read as much of a data set as tells of it; None where it cannot be read."""
    held = b""
    for piece in one.chunks():
        held += piece
        if len(held) >= 1 << 18:
            break
    try:
        return Picked(held[:_HEADER], one.transfer_syntax_uid, _TAGS)
    except ImagingRefusal:
        return None


def _field(file: pdf.Pdf, page: pdf.Page, index: int, one: Printable, header: Picked | None) -> bool:
    """Fill one field of the sheet; tell whether it has a picture."""
    wide = (pdf.WIDTH - 2 * _MARGIN - (COLUMNS - 1) * _GAP) / COLUMNS
    high = (pdf.HEIGHT - _HEAD - _FOOT - ROWS * _CAPTION - ROWS * _GAP) / ROWS
    left = _MARGIN + (index % COLUMNS) * (wide + _GAP)
    bottom = pdf.HEIGHT - _HEAD - (index // COLUMNS + 1) * (high + _CAPTION + _GAP) + _GAP + _CAPTION
    page.shade(left, bottom, wide, high, 0.0)
    picture = None if header is None else _picture(one)
    if picture is None:
        page.shade(left, bottom, wide, high, 0.93)
        page.text(left + 14, bottom + high / 2, NO_PICTURE, size=8)
    else:
        stream = jpeg_stream(picture)
        number = file.jpeg(picture, stream.columns, stream.rows, colour=stream.samples > 1)
        scale = min(wide / stream.columns, high / stream.rows)
        width, height = stream.columns * scale, stream.rows * scale
        page.picture(number, left + (wide - width) / 2, bottom + (high - height) / 2, width, height)
    if header is not None:
        said = f"série {header.text(_SERIES) or '?'}, image {header.text(_IMAGE) or '?'}"
        said += f", {header.text(_SIDE)}" if header.raw(_SIDE) in {b"L", b"R", b"B"} else ""
        page.text(left, bottom - 9, _safe(said), size=7.5)
    return picture is not None


def _picture(one: Printable) -> bytes | None:
    """Make a JPEG of the frame that represents an instance; None where it cannot be one. Raises CodecsBusy."""
    try:
        return one.picture(0, WISH)
    except CodecsBusy:
        raise
    except ImagingRefusal:
        return None


def _banner(header: Picked | None) -> _Banner:
    if header is None:
        return _Banner("?", "?", "?")
    name = header.text(_NAME).split("=")[0]
    family, _, given = name.partition("^")
    shown = f"{family} {given.replace('^', ' ')}".strip()
    born, date = _day(header.text(_BORN)), _day(header.text(_DATE))
    person = ", ".join(filter(None, (f"né(e) le {born}" if born else "", header.text(_SEX), header.text(_NUMBER))))
    study = ", ".join(filter(None, (date, header.text(_DESCRIPTION), header.text(_HOUSE))))
    return _Banner(shown if shown and pdf.writable(shown) else UNPRINTABLE, _safe(person), _safe(study))


def _day(text: str) -> str:
    return f"{text[6:8]}/{text[4:6]}/{text[:4]}" if len(text) == 8 and text.isdigit() else ""  # noqa: PLR2004 (DA)


def _safe(text: str) -> str:
    """Leave out of a text that names nobody what cannot be printed."""
    return "".join(one if pdf.writable(one) else "·" for one in text)[:110]


def _frame(page: pdf.Page, banner: _Banner, house: str, number: str, at: datetime) -> None:
    top = pdf.HEIGHT - 34
    page.text(_MARGIN, top, banner.name[:70], size=13, bold=True)
    page.text(_MARGIN, top - 14, banner.person, size=9)
    page.text(_MARGIN, top - 26, banner.study, size=9)
    page.line(_MARGIN, top - 32, pdf.WIDTH - _MARGIN, top - 32)
    page.text(_MARGIN, 30, NOT_FOR_DIAGNOSIS, size=8.5, bold=True)
    page.text(_MARGIN, 18, _safe(f"{house}, imprimé le {at:%d/%m/%Y %H:%M} UTC"), size=7.5)
    page.text(pdf.WIDTH - _MARGIN - 30, 18, number, size=8.5)
