"""A notification as one HTML file to copy from: no script, nothing fetched; a click on a value selects it whole."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from html import escape
from importlib.resources import files

from primum.ground.sheets import HTML_END, html_top
from primum.incidents.notices.rendering.shape import Shown, ShownChange, ShownField, ShownLine
from primum.incidents.notices.words import word


@cache
def _style() -> str:
    return (files(__package__) / "notice.css").read_text("utf-8")


def html(shown: Shown, language: str) -> bytes:
    """Draw it."""
    parts = [
        html_top(shown.title, language, _style()),
        f"<h1>{escape(shown.title)}</h1>\n",
        *(f'<p class="warning">{escape(one)}</p>\n' for one in shown.warnings),
        *(f"<p>{escape(one)}</p>\n" for one in shown.statement),
        _listed(shown.facts),
        _changes(shown, language),
        *(_section(title, fields, language) for title, fields in shown.sections),
        f'<h2>{escape(shown.signature)}</h2>\n<p class="sign"></p>\n',
        *(f'<p class="minor">{escape(one)}</p>\n' for one in shown.foot),
        HTML_END,
    ]
    return "".join(parts).encode()


def _listed(texts: Sequence[str]) -> str:
    items = "".join(f"<li>{escape(one)}</li>\n" for one in texts)
    return f"<ul>\n{items}</ul>\n"


def _changes(shown: Shown, language: str) -> str:
    if not shown.changes_title:
        return ""
    return f"<h2>{escape(shown.changes_title)}</h2>\n" + "".join(_change(one, language) for one in shown.changes)


def _change(one: ShownChange, language: str) -> str:
    was, now = word(language, "was"), word(language, "now")
    return (
        f"<h3>{escape(one.title)}</h3>\n<dl>\n<dt>{escape(was)}</dt><dd>{escape(one.was)}</dd>\n"
        f"<dt>{escape(now)}</dt><dd>{escape(one.now)}</dd>\n</dl>\n"
    )


def _section(title: str, fields: Sequence[ShownField], language: str) -> str:
    drawn = "".join(_field(one, language) for one in fields)
    return f"<h2>{escape(title)}</h2>\n{drawn}"


def _field(one: ShownField, language: str) -> str:
    confirm = f' <span class="confirm">({escape(one.confirm)})</span>' if one.confirm else ""
    question = f'<p class="question">{escape(one.question)}</p>\n' if one.question else ""
    named = word(language, "labelled", label=word(language, "evidence"), text="")
    evidence = f'<p class="minor">{escape(named)}<code>{escape(one.evidence)}</code></p>\n' if one.evidence else ""
    lines = "".join(_line(each, language) for each in one.lines)
    return (
        f'<article id="field-{one.number}">\n<h3>{one.number}. {escape(one.title)}{confirm}</h3>\n'
        f'<p class="minor state {one.state}">{escape(one.state_word)}</p>\n'
        f"{lines}{question}{evidence}</article>\n"
    )


def _line(one: ShownLine, language: str) -> str:
    label = f'<p class="label">{escape(one.label)}</p>\n' if one.label else ""
    if not one.form:
        return f'{label}<p class="value">{escape(one.text)}</p>\n'
    told = f'<p class="minor">{escape(one.text)} ({escape(word(language, "form-words"))})</p>\n'
    return f'{label}<p class="value" lang="fr">{escape(one.form)}</p>\n{told}'
