"""Pages that somebody reads: text that is wrapped onto A4, and an HTML file that fetches nothing and runs nothing."""

from __future__ import annotations

import base64
import hashlib
import textwrap
from collections.abc import Callable, Sequence
from html import escape
from typing import Final

from primum.ground.pdf import HEIGHT, WIDTH, Page, Pdf, writable

_LEFT: Final = 50.0
_TOP: Final = HEIGHT - 60
_BOTTOM: Final = 56.0
_CHARACTERS: Final = 1080
"""Of Helvetica on a line, times its size: an average character is less than half as wide as it is high."""
_POLICY: Final = "default-src 'none'; style-src 'sha256-{hash}'"


class Sheet:
    """Pages, filled from the top; their numbers are written once all are known."""

    def __init__(self, top: float = _TOP) -> None:
        """Begin the first line at `top`, in points from the bottom."""
        self.pages = [Page()]
        self._top = self._y = top

    def text(self, text: str, *, size: float = 9.5, bold: bool = False, indent: float = 0, gap: float = 0) -> None:
        """Write a paragraph."""
        self._y -= gap
        width = max(20, int((_CHARACTERS - 2.2 * indent) / size))
        for line in textwrap.wrap(written(text), width, break_long_words=True) or [""]:
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

    def pdf(
        self, *, title: str, language: str, number: Callable[[int, int], str], remarks: Sequence[bytes] = ()
    ) -> bytes:
        """Bind the pages. `title` and `remarks`: as `Pdf` takes them; `number`: the words for page n of m."""
        made = bytearray()
        book = Pdf(made.extend, title=title, language=language, remarks=remarks)
        for at, page in enumerate(self.pages, 1):
            page.text(WIDTH - _LEFT - 30, 34, number(at, len(self.pages)), size=8)
            book.add(page)
        book.close()
        return bytes(made)

    def _room(self, height: float) -> None:
        if self._y - height < _BOTTOM:
            self._next()
        self._y -= height

    def _next(self) -> None:
        self.pages.append(Page())
        self._y = self._top


def written(text: str) -> str:
    """Write what PDF's own fonts have no sign for as a question mark: for facts of this machine, mostly ASCII."""
    return "".join(one if writable(one) else "?" for one in text)


def html_top(title: str, language: str, style: str) -> str:
    """Begin an HTML file: its policy allows this style and nothing else. `</main></body></html>` ends it."""
    policy = _POLICY.format(hash=base64.b64encode(hashlib.sha256(style.encode()).digest()).decode())
    return (
        f'<!doctype html>\n<html lang="{language}">\n<head>\n<meta charset="utf-8">\n'
        f'<meta http-equiv="content-security-policy" content="{escape(policy)}">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n<meta name="robots" content="noindex">\n'
        f"<title>{escape(title)}</title>\n<style>{style}</style>\n</head>\n<body>\n<main>\n"
    )


HTML_END: Final = "</main>\n</body>\n</html>\n"
