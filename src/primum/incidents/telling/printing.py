"""Letters on paper: one PDF, each letter on pages of its own, with the address where a window envelope has it. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from primum.ground.pdf import HEIGHT, WIDTH, Pdf, writable
from primum.ground.sheets import Sheet
from primum.incidents.telling.letter import Draft, letter_data
from primum.incidents.telling.model import Recipient
from primum.incidents.telling.wording import language_of, opening, sections

_MILLIMETRE: Final = 72 / 25.4
_WINDOW_LEFT: Final = 110 * _MILLIMETRE
_WINDOW_TOP: Final = HEIGHT - 50 * _MILLIMETRE
"""The window of a DL envelope, folded to three (AFNOR NF Z 10-011: right half, 45 to 85 mm from the top)."""
_LINE: Final = 13.0
_BELOW_WINDOW: Final = 170.0
_FOOT: Final = 34.0


@dataclass(frozen=True, slots=True)
class Addressed:
    """A letter that is printed: its number in the batch, and whom it is for."""

    number: int
    who: Recipient = field(repr=False)

    @property
    def lines(self) -> tuple[str, ...]:
        """What the envelope shows."""
        return (self.who.guardian or self.who.name, *self.who.address)

    @property
    def writable(self) -> bool:
        """Whether the PDF has a sign for each letter; otherwise it is written by hand, and nothing is replaced."""
        return all(writable(one) for one in self.lines)


def letters_pdf(draft: Draft, sender: str, letters: Iterable[Addressed], on: datetime) -> bytes:
    """Print letters. Every one is writable. No title names anybody."""
    made = bytearray()
    title = letter_data()[language_of(draft, "fr")]["title"]
    book = Pdf(made.extend, title=title, language=language_of(draft, "fr"))
    for one in letters:
        language = language_of(draft, one.who.language)
        pages = _letter(draft, sender, one, language, on).pages
        for at, page in enumerate(pages, 1):
            foot = letter_data()[language]["page"].format(number=one.number, page=at, of=len(pages))
            page.text(WIDTH - 130, _FOOT, foot, size=8)
            book.add(page)
    book.close()
    return bytes(made)


def _letter(draft: Draft, sender: str, one: Addressed, language: str, on: datetime) -> Sheet:
    sheet = Sheet()
    sheet.text(sender, size=11, bold=True)
    sheet.text(on.date().isoformat())
    _window(sheet, one.lines)
    greeting, why = opening(language, sender, one.who.guardian)
    sheet.text(greeting, gap=_BELOW_WINDOW)
    sheet.text(why, gap=4)
    for section in sections(draft, language, sealed=True):
        sheet.keep(40)
        sheet.text(section.heading, size=11, bold=True, gap=8)
        for paragraph in section.paragraphs:
            for at, line in enumerate(paragraph.split("\n")):
                sheet.text(("- " if section.listed and not at else "") + line, indent=8 if section.listed else 0)
    sheet.text(sender, gap=12)
    sheet.text(letter_data()[language]["law"], size=8)
    return sheet


def _window(sheet: Sheet, lines: Sequence[str]) -> None:
    for at, line in enumerate(lines):
        sheet.pages[0].text(_WINDOW_LEFT, _WINDOW_TOP - at * _LINE, line, size=10.5)
