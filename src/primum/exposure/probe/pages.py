"""The report as one HTML file: no script, no request, everything that a stranger said escaped."""

from __future__ import annotations

from html import escape
from typing import Final

from primum.exposure.probe.model import Verdict
from primum.exposure.probe.report import Report
from primum.exposure.probe.saying import Part, first_line, first_page, rest, when_line
from primum.exposure.probe.words import say

_POLICY: Final = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'"
"""What a browser may do with the file: show it. Whatever a stranger's name contained would not run either."""

_STYLE: Final = """
body { font: 1rem/1.5 system-ui, sans-serif; color: #1a1a1a; background: #fff }
main { max-width: 56rem; margin: 2rem auto; padding: 0 1rem }
h1 { font-size: 1.6rem; line-height: 1.25; border-left: .5rem solid; padding-left: .75rem }
h1.open, h1.void { border-color: #a40000 } h1.closed { border-color: #1b6e1b } h1.other { border-color: #8a5a00 }
h2, h3 { font-size: 1.1rem; margin-bottom: .25rem } h3 { font-size: 1rem }
ul { margin-top: 0; padding-left: 1.25rem } p { color: #444 }
pre { white-space: pre-wrap; overflow-wrap: anywhere; font-size: .9rem } li { overflow-wrap: anywhere }
@media print { main { margin: 0; max-width: none } section.rest { break-before: page } }
"""

_CLASSES: Final = {Verdict.OPEN: "open", Verdict.VOID: "void", Verdict.CLOSED: "closed"}


def as_html(report: Report, language: str) -> str:
    """Write the report as a page."""
    kind = _CLASSES.get(report.verdict(), "other")
    detail = rest(report, language)
    lines = [
        "<!doctype html>",
        f'<html lang="{language}"><head><meta charset="utf-8">',
        f'<meta http-equiv="Content-Security-Policy" content="{_POLICY}">',
        '<meta name="viewport" content="width=device-width"><meta name="referrer" content="no-referrer">',
        f"<title>{escape(say(language, 'head.title'))}</title><style>{_STYLE}</style></head><body><main>",
        f'<h1 class="{kind}">{escape(first_line(report, language))}</h1>',
        f"<p>{escape(when_line(report, language))}</p>",
        *(_part(one) for one in first_page(report, language)),
    ]
    if detail:
        lines += ['<section class="rest">', f"<h2>{escape(say(language, 'head.rest'))}</h2>"]
        lines += [*(_lines(one) for one in detail), "</section>"]
    return "\n".join([*lines, "</main></body></html>", ""])


def _part(part: Part) -> str:
    items = "".join(f"<li>{escape(line)}</li>" for line in part.lines)
    return f"<section><h2>{escape(part.head)}</h2><ul>{items}</ul></section>"


def _lines(part: Part) -> str:
    return f"<h3>{escape(part.head)}</h3><pre>{escape(chr(10).join(part.lines))}</pre>"
