"""A notification as PDF (A4): what the HTML file shows."""

from __future__ import annotations

from typing import Final

from primum.ground.sheets import Sheet
from primum.incidents.notices.rendering.shape import Shown, ShownField, ShownLine
from primum.incidents.notices.words import word

_KEEP: Final = 60.0
"""Points below a heading: it does not stand alone at the foot of a page."""


def pdf(shown: Shown, language: str) -> bytes:
    """Draw it."""
    sheet = Sheet()
    sheet.text(shown.title, size=17, bold=True)
    for one in shown.warnings:
        sheet.text(one, size=12, bold=True, gap=4)
    for one in (*shown.statement, *(f"- {fact}" for fact in shown.facts)):
        _paragraph(sheet, one)
    if shown.changes_title:
        sheet.text(shown.changes_title, size=12, bold=True, gap=12)
    for change in shown.changes:
        sheet.text(change.title, bold=True, gap=4)
        _paragraph(sheet, _labelled(language, word(language, "was"), change.was), indent=8)
        _paragraph(sheet, _labelled(language, word(language, "now"), change.now), indent=8)
    for title, fields in shown.sections:
        sheet.keep(_KEEP + _KEEP)  # its first field does not stand on the next page
        sheet.text(title, size=12, bold=True, gap=12)
        for field in fields:
            _field(sheet, field, language)
    sheet.keep(_KEEP)
    sheet.text(shown.signature, bold=True, gap=24)
    sheet.text("", gap=24)
    sheet.rule()
    for one in shown.foot:
        _paragraph(sheet, one, size=8)
    if sheet.replaced:
        sheet.text(word(language, "replaced", count=sheet.replaced), bold=True, gap=6)
    return sheet.pdf(
        title=shown.title, language=language, number=lambda page, of: word(language, "page", page=page, of=of)
    )


def _field(sheet: Sheet, one: ShownField, language: str) -> None:
    sheet.keep(_KEEP)
    sheet.rule()
    confirm = f" ({one.confirm})" if one.confirm else ""
    sheet.text(f"{one.number}. {one.title}{confirm}", size=10, bold=True, gap=4)
    sheet.text(one.state_word, size=8)
    for line in one.lines:
        _line(sheet, line, language)
    if one.question:
        _paragraph(sheet, _labelled(language, word(language, "question"), one.question), indent=8)
    if one.evidence:
        _paragraph(sheet, _labelled(language, word(language, "evidence"), one.evidence), size=7.5)


def _line(sheet: Sheet, one: ShownLine, language: str) -> None:
    text = f"{one.form} ({word(language, 'form-words')}; {one.text})" if one.form else one.text
    _paragraph(sheet, _labelled(language, one.label, text), indent=8)


def _labelled(language: str, label: str, text: str) -> str:
    return word(language, "labelled", label=label, text=text) if label else text


def _paragraph(sheet: Sheet, text: str, *, size: float = 9.5, indent: float = 0) -> None:
    """Write a text with the lines that it has."""
    for line in text.split("\n"):
        sheet.text(line, size=size, indent=indent)
