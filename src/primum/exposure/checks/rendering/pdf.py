"""A report as PDF (A4): what the HTML file shows, its signed note at the end. The same note gives the same bytes."""

from __future__ import annotations

import base64
import textwrap
from collections.abc import Iterable
from typing import Final

from primum.exposure.checks.model import Json
from primum.exposure.checks.rendering.shape import ShownLine, shape
from primum.exposure.checks.rendering.words import word
from primum.exposure.checks.signing import key_id_of, signature_of
from primum.ground.pdf import HEIGHT, WIDTH, Page, Pdf, writable

MARK: Final = b"%primum-note "
"""The comment (ISO 32000-1, 7.2.4) after which the language and the signed note stand, in comments too, up to `END`."""
END: Final = b"%primum-note-end"
_REMARK: Final = 120
"""Bytes of a comment."""
_LEFT: Final = 50.0
_TOP: Final = HEIGHT - 60
_BOTTOM: Final = 56.0
_CHARACTERS: Final = 1080
"""Of Helvetica on a line, times its size: an average character is less than half as wide as it is high."""


class _Sheet:
    """Pages, filled from the top; their numbers are written once all are known."""

    def __init__(self) -> None:
        self.pages = [Page()]
        self._y = _TOP

    def text(self, text: str, *, size: float = 9.5, bold: bool = False, indent: float = 0, gap: float = 0) -> None:
        """Write a paragraph."""
        self._y -= gap
        width = max(20, int((_CHARACTERS - 2.2 * indent) / size))
        for line in textwrap.wrap(_written(text), width, break_long_words=True) or [""]:
            self._room(size * 1.4)
            self.pages[-1].text(_LEFT + indent, self._y, line, size=size, bold=bold)

    def rule(self) -> None:
        """Draw a line across."""
        self._room(6)
        self.pages[-1].line(_LEFT, self._y, WIDTH - _LEFT, self._y)

    def keep(self, height: float) -> None:
        """Begin a new page where so much does not fit any more."""
        if self._y - height < _BOTTOM:
            self._next()

    def _room(self, height: float) -> None:
        if self._y - height < _BOTTOM:
            self._next()
        self._y -= height

    def _next(self) -> None:
        self.pages.append(Page())
        self._y = _TOP


def pdf(report: Json, note: str, language: str) -> bytes:
    """Draw it."""
    shown, sheet = shape(report, language), _Sheet()
    sheet.text(shown.title, size=17, bold=True)
    sheet.text(shown.answer, size=14, bold=True, gap=4)
    sheet.text(shown.counts, size=10, gap=2)
    sheet.text(shown.made, size=8.5, gap=2)
    sheet.text(shown.changes_title, size=12, bold=True, gap=12)
    for one in shown.changes:
        sheet.text("- " + one, indent=8)
    sheet.text(shown.lines_title, size=12, bold=True, gap=12)
    for line in shown.lines:
        _line(sheet, line, language)
    sheet.text(word(language, "sources"), size=12, bold=True, gap=12)
    for one in shown.sources:
        sheet.text("- " + one, indent=8)
    _signature(sheet, note, language)
    return _file(sheet.pages, shown.title, language, note)


def _line(sheet: _Sheet, one: ShownLine, language: str) -> None:
    sheet.keep(64)
    sheet.rule()
    sheet.text(f"{one.title} - {one.state_word}", size=10.5, bold=True, gap=4)
    sheet.text(one.says)
    if one.do:
        sheet.text(
            f"{word(language, 'do')} : {one.do}" if language == "fr" else f"{word(language, 'do')}: {one.do}", bold=True
        )
    for item in one.items:
        sheet.text("- " + item, size=8.5, indent=8)
    sheet.text(one.how + (f" - {word(language, 'evidence')}: {one.evidence}" if one.evidence else ""), size=8)
    sheet.text(one.answers_to, size=8)


def _signature(sheet: _Sheet, note: str, language: str) -> None:
    sheet.keep(140)
    sheet.text(word(language, "signature"), size=12, bold=True, gap=12)
    for text in (word(language, "limits"), word(language, "signed"), word(language, "key", key=key_id_of(note))):
        sheet.text(text)
    sheet.text(signature_of(note), size=8)
    sheet.text(word(language, "how"))


def _file(pages: Iterable[Page], title: str, language: str, note: str) -> bytes:
    made, encoded = bytearray(), base64.b64encode(note.encode())
    parts = [encoded[at : at + _REMARK] for at in range(0, len(encoded), _REMARK)]
    remarks = [MARK[1:] + language.encode(), *parts, END[1:]]
    book, listed = Pdf(made.extend, title=title, language=language, remarks=remarks), list(pages)
    for number, page in enumerate(listed, 1):
        page.text(WIDTH - _LEFT - 30, 34, word(language, "page", page=number, of=len(listed)), size=8)
        book.add(page)
    book.close()
    return bytes(made)


def _written(text: str) -> str:
    """Write what PDF's own fonts have no sign for as a question mark: facts are of this machine, and mostly ASCII."""
    return "".join(one if writable(one) else "?" for one in text)
