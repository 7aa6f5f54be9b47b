"""A report as one HTML file: no script, nothing fetched, its signed note inside. The same note gives the same bytes."""

from __future__ import annotations

from functools import cache
from html import escape
from importlib.resources import files
from typing import Final

from primum.exposure.checks.model import Json
from primum.exposure.checks.rendering.shape import Shown, ShownLine, shape
from primum.exposure.checks.rendering.words import word
from primum.exposure.checks.signing import key_id_of, signature_of
from primum.ground.sheets import HTML_END, html_top

BEGIN: Final = '<pre id="note">'
END: Final = "</pre>"
LANGUAGE: Final = '<html lang="'


@cache
def _style() -> str:
    return (files(__package__) / "report.css").read_text("utf-8")


def html(report: Json, note: str, language: str) -> bytes:
    """Draw it."""
    shown = shape(report, language)
    parts = [
        html_top(shown.title, language, _style()),
        _head(shown),
        _changes(shown),
        f"<h2>{escape(shown.lines_title)}</h2>\n",
        *(_line(one, language) for one in shown.lines),
        f"<h2>{word(language, 'sources')}</h2>\n<ul>\n",
        *(f"<li>{escape(one)}</li>\n" for one in shown.sources),
        "</ul>\n",
        _signature(note, language),
        HTML_END,
    ]
    return "".join(parts).encode()


def _head(shown: Shown) -> str:
    return (
        f'<h1>{escape(shown.title)}</h1>\n<p class="answer {shown.state}">{escape(shown.answer)}</p>\n'
        f'<p>{escape(shown.counts)}</p>\n<p class="minor">{escape(shown.made)}</p>\n'
    )


def _changes(shown: Shown) -> str:
    listed = "".join(f"<li>{escape(one)}</li>\n" for one in shown.changes)
    return f"<h2>{escape(shown.changes_title)}</h2>\n" + (f"<ul>\n{listed}</ul>\n" if listed else "")


def _line(one: ShownLine, language: str) -> str:
    items = "".join(f"<li><code>{escape(item)}</code></li>" for item in one.items)
    do = f"<p><strong>{word(language, 'do')}</strong> — {escape(one.do)}</p>\n" if one.do else ""
    evidence = f" · {word(language, 'evidence')}: {escape(one.evidence)}" if one.evidence else ""
    return (
        f'<article>\n<h3>{escape(one.title)} — <span class="state {one.state}">{escape(one.state_word)}</span></h3>\n'
        f"<p>{escape(one.says)}</p>\n{do}{f'<ul>{items}</ul>' if items else ''}"
        f'<p class="minor">{escape(one.how)}{evidence}</p>\n<p class="minor">{escape(one.answers_to)}</p>\n</article>\n'
    )


def _signature(note: str, language: str) -> str:
    return (
        f"<h2>{word(language, 'signature')}</h2>\n<p>{escape(word(language, 'limits'))}</p>\n"
        f"<p>{escape(word(language, 'signed'))}</p>\n<p>{escape(word(language, 'key', key=key_id_of(note)))}</p>\n"
        f"<p><code>{escape(signature_of(note))}</code></p>\n<p>{escape(word(language, 'how'))}</p>\n"
        f"<details><summary>{word(language, 'note')}</summary>\n{BEGIN}{escape(note)}{END}\n</details>\n"
    )
