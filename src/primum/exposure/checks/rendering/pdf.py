"""A report as PDF (A4): what the HTML file shows, its signed note at the end. The same note gives the same bytes.

A report is verified by drawing it anew, so that how its lines are broken (`by_count`) is part of what it is.
"""

from __future__ import annotations

import base64
from typing import Final

from primum.exposure.checks.model import Json
from primum.exposure.checks.rendering.shape import ShownLine, shape
from primum.exposure.checks.rendering.words import word
from primum.exposure.checks.signing import key_id_of, signature_of
from primum.ground.sheets import Sheet, by_count

MARK: Final = b"%primum-note "
"""The comment (ISO 32000-1, 7.2.4) after which the language and the signed note stand, in comments too, up to `END`."""
END: Final = b"%primum-note-end"
_REMARK: Final = 120
"""Bytes of a comment."""


def pdf(report: Json, note: str, language: str) -> bytes:
    """Draw it."""
    shown, sheet = shape(report, language), Sheet(lines=by_count)
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
    return sheet.pdf(
        title=shown.title, language=language, remarks=_remarks(note, language),
        number=lambda page, of: word(language, "page", page=page, of=of),
    )  # fmt: skip


def _line(sheet: Sheet, one: ShownLine, language: str) -> None:
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


def _signature(sheet: Sheet, note: str, language: str) -> None:
    sheet.keep(140)
    sheet.text(word(language, "signature"), size=12, bold=True, gap=12)
    for text in (word(language, "limits"), word(language, "signed"), word(language, "key", key=key_id_of(note))):
        sheet.text(text)
    sheet.text(signature_of(note), size=8)
    sheet.text(word(language, "how"))


def _remarks(note: str, language: str) -> list[bytes]:
    encoded = base64.b64encode(note.encode())
    parts = [encoded[at : at + _REMARK] for at in range(0, len(encoded), _REMARK)]
    return [MARK[1:] + language.encode(), *parts, END[1:]]
