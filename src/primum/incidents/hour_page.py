"""The page of the next hour, drawn: an HTML file that prints, and one page of PDF. The same page, the same bytes."""

from __future__ import annotations

from functools import cache
from html import escape
from importlib.resources import files
from typing import Final

from primum.ground.sheets import HTML_END, Sheet, html_top
from primum.incidents.hour import Hour, Line, Part

_NUMBERED: Final = frozenset({"keep", "close"})
"""What is done in order."""


def hour_html(page: Hour) -> bytes:
    """Draw it as a file of its own: no script, nothing fetched."""
    parts = [html_top(page.title, page.language, _style()), f"<h1>{escape(page.title)}</h1>\n"]
    if page.exercise:
        parts.append(f'<p class="exercise">{escape(page.exercise)}</p>\n')
    parts.append(f'<p class="situation">{escape(page.situation)}</p>\n')
    parts += [_part(one) for one in page.parts]
    if page.sources:
        parts.append(f'<p class="minor">{escape(page.sources_title)}</p>\n')
    parts += [f'<p class="minor">{escape(one)}</p>\n' for one in (*page.sources, *page.foot)]
    return "".join([*parts, HTML_END]).encode()


def hour_pdf(page: Hour) -> bytes:
    """Draw it on A4: one page."""
    sheet = Sheet()
    sheet.text(page.title, size=15, bold=True)
    if page.exercise:
        sheet.text(page.exercise, size=10, bold=True)
    sheet.text(page.situation, size=11, bold=True, gap=1)
    for one in page.parts:
        sheet.text(one.title, size=10.5, bold=True, gap=7)
        for number, line in enumerate(one.lines, 1):
            mark = f"{number}. " if one.name in _NUMBERED else "- "
            sheet.text(mark + line.text + _reference(line), size=9.4, indent=8)
    sheet.rule()
    if page.sources:
        sheet.text(f"{page.sources_title} - " + " ; ".join(page.sources), size=7.5)
    sheet.text(" ".join(page.foot), size=7.5)
    return sheet.pdf(title=page.title, language=page.language, number=lambda at, of: f"{at}/{of}")


def _part(one: Part) -> str:
    kind = "ol" if one.name in _NUMBERED else "ul"
    lines = "".join(f"<li>{escape(line.text)}{_mark(line)}</li>\n" for line in one.lines)
    return f'<section class="{one.name}">\n<h2>{escape(one.title)}</h2>\n<{kind}>\n{lines}</{kind}>\n</section>\n'


def _mark(line: Line) -> str:
    return f" <sup>{line.source}</sup>" if line.source else ""


def _reference(line: Line) -> str:
    return f" [{line.source}]" if line.source else ""


@cache
def _style() -> str:
    return files("primum.incidents").joinpath("hour.css").read_text("utf-8")
