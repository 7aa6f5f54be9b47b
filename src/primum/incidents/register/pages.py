"""Tables as a PDF (A4) and as one HTML file: each row is a block of lines in the PDF, which has no room for columns."""

from __future__ import annotations

from datetime import datetime
from html import escape
from typing import Final

from primum.ground.sheets import HTML_END, Sheet, html_top
from primum.incidents.register.tables import Book, Cell, Row, Table
from primum.incidents.register.words import instant, word

_STYLE: Final = (
    ":root { color-scheme: light dark } body { margin: 2rem auto; max-width: 90rem; padding: 0 1rem;"
    " font: 14px/1.45 system-ui, sans-serif } h1 { font-size: 1.5rem } h2 { font-size: 1.1rem; margin-top: 2rem }"
    " table { border-collapse: collapse } th, td { border: 1px solid #9aa6a2; padding: .25rem .4rem; text-align: left;"
    " vertical-align: top; overflow-wrap: anywhere; white-space: pre-line } .exercise { font-weight: 700 }"
    " .wide { overflow-x: auto } dt { font-weight: 600 } dd { margin: 0 0 .3rem 0 }"
)


def pdf(book: Book) -> bytes:
    """Draw a book."""
    sheet, language = Sheet(), book.language
    sheet.text(book.title, size=16, bold=True)
    for name, text in book.about[1:]:
        sheet.text(f"{name} : {text}", size=9, gap=2)
    for one in book.tables:
        _table(sheet, one, book)
    if sheet.replaced:
        sheet.text(word(language, "replaced"), size=8.5, gap=12)
    return sheet.pdf(
        title=book.title, language=language,
        number=lambda page, of: word(language, "page", page=page, of=of),
    )  # fmt: skip


def html(book: Book) -> bytes:
    """Draw a book as one file: no script, nothing fetched."""
    head = "".join(f"<dt>{escape(name)}</dt><dd>{escape(text)}</dd>\n" for name, text in book.about[1:])
    parts = [
        html_top(book.title, book.language, _STYLE),
        f"<h1>{escape(book.title)}</h1>\n",
        _exercise(book),
        f"<dl>\n{head}</dl>\n",
        *(_section(one, book) for one in book.tables),
        HTML_END,
    ]
    return "".join(parts).encode(errors="replace")


def shown(cell: Cell, book: Book) -> str:
    """Write a cell."""
    if cell is None:
        return ""
    return instant(cell, book.zone, book.language) if isinstance(cell, datetime) else str(cell)


def _table(sheet: Sheet, one: Table, book: Book) -> None:
    sheet.keep(80)
    sheet.text(one.title, size=12, bold=True, gap=14)
    if book.exercise:
        sheet.text(book.exercise, size=9, bold=True)
    if not one.rows:
        sheet.text(word(book.language, "empty"))
    for row in one.rows:
        _block(sheet, one, row, book)


def _block(sheet: Sheet, one: Table, row: Row, book: Book) -> None:
    sheet.keep(48)
    sheet.rule()
    told = [(name, shown(cell, book)) for name, cell in zip(one.columns, row, strict=True)]
    (_, first), *others = told
    sheet.text(first, size=9.5, bold=True, gap=3)
    for name, text in others:
        for at, line in enumerate(text.splitlines()):
            sheet.text(f"{name} : {line}" if not at else line, size=8.5, indent=8 if not at else 20)


def _section(one: Table, book: Book) -> str:
    head = "".join(f"<th>{escape(name)}</th>" for name in one.columns)
    rows = "".join(
        "<tr>" + "".join(f"<td>{escape(shown(cell, book))}</td>" for cell in row) + "</tr>\n" for row in one.rows
    )
    body = (
        f'<div class="wide">\n<table>\n<thead><tr>{head}</tr></thead>\n<tbody>\n{rows}</tbody>\n</table>\n</div>\n'
        if one.rows
        else f"<p>{escape(word(book.language, 'empty'))}</p>\n"
    )
    return f"<h2>{escape(one.title)}</h2>\n{_exercise(book)}{body}"


def _exercise(book: Book) -> str:
    return f'<p class="exercise">{escape(book.exercise)}</p>\n' if book.exercise else ""
