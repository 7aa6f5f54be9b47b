"""Pages that somebody reads: text that is wrapped onto A4, and an HTML file that fetches nothing and runs nothing."""

from __future__ import annotations

import base64
import hashlib
import textwrap
import unicodedata
from collections.abc import Callable, Sequence
from html import escape
from typing import Final

from primum.ground.pdf import HEIGHT, WIDTH, Page, Pdf, writable

LEFT: Final = 50.0
"""Points on each side of what is written."""
_TOP: Final = HEIGHT - 60
_BOTTOM: Final = 56.0
_CHARACTERS: Final = 1080
"""Of Helvetica on a line, times its size: an average character is less than half as wide as it is high."""
_POLICY: Final = "default-src 'none'; style-src 'sha256-{hash}'"


Lines = Callable[[str, float, float, bool], list[str]]
"""Breaks a paragraph: text, size, indent, bold."""


def by_count(text: str, size: float, indent: float, _bold: bool) -> list[str]:  # noqa: FBT001 (as `Lines` has it)
    """Break by a count of characters. Capitals may run over the edge; signed reports are verified with it."""
    return textwrap.wrap(text, max(20, int((_CHARACTERS - 2.2 * indent) / size)), break_long_words=True)


def by_width(text: str, size: float, indent: float, bold: bool) -> list[str]:  # noqa: FBT001 (as `Lines` has it)
    """Break where the line is full, by Helvetica's own widths: nothing that somebody typed is lost at the edge."""
    room = (WIDTH - 2 * LEFT - indent) * 1000 / size
    lines, line, taken = [], "", 0
    for word in text.split():
        wide = _wide(word, bold=bold)
        if line and taken + _SPACE + wide <= room:
            line, taken = f"{line} {word}", taken + _SPACE + wide
            continue
        if line:
            lines.append(line)
        *full, line = _pieces(word, room, bold=bold)
        lines += full
        taken = _wide(line, bold=bold)
    return [*lines, line] if line else lines


class Sheet:
    """Pages, filled from the top; their numbers are written once all are known."""

    def __init__(self, top: float = _TOP, *, lines: Lines = by_width) -> None:
        """Begin the first line at `top`, in points from the bottom; `lines` breaks paragraphs."""
        self.replaced = 0
        """Characters so far that this alphabet has not, and that are question marks."""
        self._lines = lines
        self.pages = [Page()]
        self._top = self._y = top

    def text(self, text: str, *, size: float = 9.5, bold: bool = False, indent: float = 0, gap: float = 0) -> None:
        """Write a paragraph."""
        self._y -= gap
        shown = written(text)
        self.replaced += sum(was != now and not was.isspace() for was, now in zip(text, shown, strict=True))
        for line in self._lines(shown, size, indent, bold) or [""]:
            self._room(size * 1.4)
            self.pages[-1].text(LEFT + indent, self._y, line, size=size, bold=bold)

    def rule(self) -> None:
        """Draw a line across."""
        self._room(6)
        self.pages[-1].line(LEFT, self._y, WIDTH - LEFT, self._y)

    def keep(self, height: float) -> None:
        """Begin a new page where so much does not fit any more."""
        if self._y - height < _BOTTOM:
            self._next()

    def pdf(
        self, *, title: str, language: str, number: Callable[[int, int], str], remarks: Sequence[bytes] = ()
    ) -> bytes:
        """Bind the pages. `title` and `remarks`: as `Pdf` takes them; `number`: the words for page n of m."""
        made = bytearray()
        book = Pdf(made.extend, title=title, language=language, remarks=remarks)
        for at, page in enumerate(self.pages, 1):
            page.text(WIDTH - LEFT - 30, 34, number(at, len(self.pages)), size=8)
            book.add(page)
        book.close()
        return bytes(made)

    def _room(self, height: float) -> None:
        if self._y - height < _BOTTOM:
            self._next()
        self._y -= height

    def _next(self) -> None:
        self.pages.append(Page())
        self._y = self._top


def written(text: str) -> str:
    """Write what PDF's own fonts have no sign for as a question mark, and every other white space as a space."""
    return "".join(one if writable(one) else " " if one.isspace() else "?" for one in text)


_WIDTHS: Final = {
    width: set(characters)
    for width, characters in {
        191: "'", 222: "ijl", 260: "|", 278: " !,./:;I[\\]ft", 333: "()-`r", 334: "{}", 355: '"', 389: "*", 469: "^",
        500: "Jckvsxyz", 556: "#$0123456789?L_abdeghnopqu", 584: "+<=>~", 611: "FTZ", 667: "&ABEKPSVXY",
        722: "CDHNRUw", 778: "GOQ", 833: "Mm", 889: "%", 944: "W", 1015: "@",
    }.items()
}  # fmt: skip
"""Helvetica's widths in thousandths of its size (Adobe's metrics of the fourteen fonts)."""
_WIDTH_OF: Final = {one: width for width, characters in _WIDTHS.items() for one in characters}
_SPACE: Final = 278
_WIDEST: Final = 1000
_BOLDER: Final = 60
"""How much wider a character of the bold font is, or less; two rare ones but a tenth of an em more."""


def _wide(text: str, *, bold: bool) -> int:
    own = sum(_WIDTH_OF.get(unicodedata.normalize("NFD", one)[0], _WIDEST) for one in text)
    return own + _BOLDER * len(text) if bold else own


def _pieces(word: str, room: float, *, bold: bool) -> list[str]:
    """Break a word that is wider than a line."""
    pieces, begin, taken = [], 0, 0
    for at, one in enumerate(word):
        wide = _wide(one, bold=bold)
        if at > begin and taken + wide > room:
            pieces.append(word[begin:at])
            begin, taken = at, 0
        taken += wide
    return [*pieces, word[begin:]]


def html_top(title: str, language: str, style: str) -> str:
    """Begin an HTML file: its policy allows this style and nothing else. `</main></body></html>` ends it."""
    policy = _POLICY.format(hash=base64.b64encode(hashlib.sha256(style.encode()).digest()).decode())
    return (
        f'<!doctype html>\n<html lang="{language}">\n<head>\n<meta charset="utf-8">\n'
        f'<meta http-equiv="content-security-policy" content="{escape(policy)}">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n<meta name="robots" content="noindex">\n'
        f"<title>{escape(title)}</title>\n<style>{style}</style>\n</head>\n<body>\n<main>\n"
    )


HTML_END: Final = "</main>\n</body>\n</html>\n"
