"""A PDF written as it goes (ISO 32000-1): A4 pages with text in Helvetica, lines, and pictures.

Small on purpose (decision 0076): one page is held at a time, pictures are packed without loss. Text is what
Windows' Latin alphabet can write, which every PDF reader has a font for; `writable` tells, and what it cannot write is
never replaced by something else.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

WIDTH, HEIGHT = 595.28, 841.89
"""A4 in points."""
_FAST = 6
_PICTURE = b"/Type /XObject /Subtype /Image /Width %d /Height %d /ColorSpace %s /BitsPerComponent 8"

Write = Callable[[bytes], object]


def writable(text: str) -> bool:
    """Tell whether every character of a text can be written."""
    try:
        raw = text.encode("cp1252")
    except UnicodeEncodeError:
        return False
    return all(one >= 32 for one in raw)  # noqa: PLR2004 (control codes)


@dataclass(slots=True)
class Page:
    """What is on a page so far. Coordinates in points, from the bottom left."""

    _ink: list[bytes] = field(default_factory=list)
    _pictures: list[int] = field(default_factory=list)

    def text(self, x: float, y: float, text: str, *, size: float = 10, bold: bool = False) -> None:
        """Write one line. ValueError where it cannot be written."""
        if not writable(text):
            raise ValueError("not in the alphabet")
        raw = text.encode("cp1252").replace(b"\\", b"\\\\").replace(b"(", b"\\(").replace(b")", b"\\)")
        font = b"F2" if bold else b"F1"
        self._ink.append(b"BT /%s %.2f Tf %.2f %.2f Td (%s) Tj ET" % (font, size, x, y, raw))

    def line(self, x: float, y: float, to_x: float, to_y: float) -> None:
        """Draw a thin line."""
        self._ink.append(b"0.5 w %.2f %.2f m %.2f %.2f l S" % (x, y, to_x, to_y))

    def shade(self, x: float, y: float, width: float, height: float, grey: float) -> None:
        """Fill a rectangle."""
        self._ink.append(b"q %.3f g %.2f %.2f %.2f %.2f re f Q" % (grey, x, y, width, height))

    def picture(self, number: int, x: float, y: float, width: float, height: float) -> None:
        """Lay a picture of the file."""
        self._pictures.append(number)
        self._ink.append(b"q %.2f 0 0 %.2f %.2f %.2f cm /P%d Do Q" % (width, height, x, y, number))


class Pdf:
    """Writes a file into `write`; whole when `close` has returned."""

    def __init__(self, write: Write, *, title: str, language: str, remarks: Sequence[bytes] = ()) -> None:
        """Begin. `title` must not tell of a patient: readers show it in lists of recent files.

        `remarks` stand in the file as comments (7.2.4), one a line, and readers skip them.
        """
        self._write, self._title, self._language = write, title, language
        self._at = 0
        self._places: dict[int, int] = {}
        self._next = 6
        self._pages: list[int] = []
        self._out(b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n" + b"".join(b"%%%b\n" % one for one in remarks))
        for number, name in ((3, b"Helvetica"), (4, b"Helvetica-Bold")):
            self._object(number, b"<< /Type /Font /Subtype /Type1 /BaseFont /%s /Encoding /WinAnsiEncoding >>" % name)

    def jpeg(self, content: bytes, width: int, height: int, *, colour: bool) -> int:
        """Put a picture in that is a baseline JPEG already; it stays as it is."""
        number = self._number()
        head = _PICTURE % (width, height, b"/DeviceRGB" if colour else b"/DeviceGray")
        self._object(
            number, b"<< %s /Filter /DCTDecode /Length %d >>\nstream\n%s\nendstream" % (head, len(content), content)
        )
        return number

    def add(self, page: Page) -> None:
        """Write a page."""
        content = self._stream(b"\n".join(page._ink))  # noqa: SLF001 (the two are one)
        pictures = b" ".join(b"/P%d %d 0 R" % (one, one) for one in dict.fromkeys(page._pictures))  # noqa: SLF001
        self._pages.append(self._next)
        self._object(
            self._number(),
            b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 %.2f %.2f] /Contents %d 0 R /Resources"
            b" << /Font << /F1 3 0 R /F2 4 0 R >> /XObject << %s >> >> >>" % (WIDTH, HEIGHT, content, pictures),
        )

    def close(self) -> None:
        """Write the list of pages and the table of places."""
        kids = b" ".join(b"%d 0 R" % one for one in self._pages)
        self._object(2, b"<< /Type /Pages /Kids [%s] /Count %d >>" % (kids, len(self._pages)))
        language = self._language.encode("ascii")
        self._object(
            1, b"<< /Type /Catalog /Pages 2 0 R /Lang (%s) /ViewerPreferences << /DisplayDocTitle true >> >>" % language
        )
        title = self._title.encode("utf-16-be").hex().encode("ascii")
        self._object(5, b"<< /Title <FEFF%s> /Producer (Primum) >>" % title)
        begin = self._at
        rows = [b"0000000000 65535 f \n"]
        rows += [b"%010d 00000 n \n" % self._places[number] for number in range(1, self._next)]
        self._out(b"xref\n0 %d\n%s" % (self._next, b"".join(rows)))
        self._out(b"trailer\n<< /Size %d /Root 1 0 R /Info 5 0 R >>\nstartxref\n%d\n%%%%EOF\n" % (self._next, begin))

    def _number(self) -> int:
        self._next += 1
        return self._next - 1

    def _stream(self, content: bytes) -> int:
        number, packed = self._number(), zlib.compress(content, _FAST)
        self._object(
            number,
            b"<< /Filter /FlateDecode /Length %d >>\nstream\n%s\nendstream" % (len(packed), packed),
        )
        return number

    def _object(self, number: int, content: bytes) -> None:
        self._places[number] = self._at
        self._out(b"%d 0 obj\n%s\nendobj\n" % (number, content))

    def _out(self, data: bytes) -> None:
        self._at += len(data)
        self._write(data)
