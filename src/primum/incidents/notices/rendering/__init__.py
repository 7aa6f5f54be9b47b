"""A notification as people read it and copy from it: HTML, PDF, JSON, drawn from its frozen content alone."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from primum.incidents.notices.rendering.html import html
from primum.incidents.notices.rendering.pdf import pdf
from primum.incidents.notices.rendering.shape import Layout, shape, statement
from primum.incidents.notices.words import LANGUAGES

__all__ = ["FORMS", "Layout", "Rendered", "render"]

FORMS: Final = {"html": "text/html; charset=utf-8", "pdf": "application/pdf", "json": "application/json"}
"""What a notification is given as, with its media type."""


@dataclass(frozen=True, slots=True)
class Rendered:
    """A file."""

    name: str
    media_type: str
    body: bytes


def render(content: Mapping[str, Any], digest: str, form: str, language: str, layout: Layout = Layout.CNIL) -> Rendered:
    """Draw a content; without `digest` it says that it is a preview. KeyError for a form that does not exist."""
    media_type = FORMS[form]
    if form == "json":
        body = _json(content, digest)
    else:
        shown = shape(content, digest, language, layout)
        body = html(shown, language) if form == "html" else pdf(shown, language)
    name = f"{content['file']}-{content['type']}-v{content['version']}{'' if digest else '-preview'}.{form}"
    return Rendered(name, media_type, body)


def _json(content: Mapping[str, Any], digest: str) -> bytes:
    told = {"content": content, "digest": digest, "statement": {one: statement(content, one) for one in LANGUAGES}}
    return (json.dumps(told, ensure_ascii=False, sort_keys=True, indent=1) + "\n").encode()
