"""How the command line speaks: facts on standard output, refusals and progress on standard error."""

from __future__ import annotations

import sys
import time
from typing import Any, ClassVar

from primum.ground.errors import PrimumError


class Refused(PrimumError):
    """{fact}."""

    code: ClassVar[str] = "cli.refused"
    hint: ClassVar[str] = "{way_out_text}"

    def way_out(self) -> str:
        """Give the daemon's own hint, as it is."""
        return str(self.facts["way_out_text"])

    def __str__(self) -> str:
        """Give the daemon's own sentence, as it is."""
        return str(self.facts["fact"])


class NotRunning(PrimumError):
    """Primum is not running on the home {folder}."""

    code: ClassVar[str] = "cli.not-running"
    hint: ClassVar[str] = "primum --home {folder} up"


class Interrupted(PrimumError):
    """The daemon ended before it had answered."""

    code: ClassVar[str] = "cli.interrupted"
    hint: ClassVar[str] = "look at its log, start it again, and repeat the command: nothing was half done"


def say(text: str = "") -> None:
    """Print a line of the answer."""
    print(text, flush=True)


def note(text: str) -> None:
    """Print a line that is not part of the answer."""
    print(text, file=sys.stderr)


def complain(refusal: PrimumError) -> None:
    """Print a refusal: the fact, then the way out."""
    note(f"primum: error: {refusal} [{refusal.facts.get('remote_code', refusal.code)}]")
    hint = refusal.way_out()
    if hint:
        note(f"primum: hint: {hint}")


def table(rows: list[dict[str, Any]], columns: list[str]) -> None:
    """Print rows under headings, each column as wide as its widest cell."""
    cells = [[_printable(row.get(column, "")) for column in columns] for row in rows]
    widths = [max([len(column), *(len(line[i]) for line in cells)]) for i, column in enumerate(columns)]
    for line in [columns, *cells]:
        say("  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip())


def _printable(value: object) -> str:
    # what came over the wire must not drive the terminal
    return "".join(c if c.isprintable() else "\N{REPLACEMENT CHARACTER}" for c in str(value))


class Bar:
    """A progress bar on standard error; silent where nobody watches, but for its last line."""

    WIDTH = 32

    def __init__(self, label: str) -> None:
        """Begin at nothing."""
        self._label = label
        self._began = time.monotonic()
        self._drawn = 0.0
        self._live = sys.stderr.isatty()

    def show(self, done: int, total: int) -> None:
        """Draw, at most ten times a second."""
        now = time.monotonic()
        if not self._live or (now - self._drawn < 0.1 and done < total):  # noqa: PLR2004
            return
        self._drawn = now
        filled = self.WIDTH * done // max(total, 1)
        rate = done / max(now - self._began, 1e-3)
        left = (total - done) / rate if rate else 0
        bar = "█" * filled + "░" * (self.WIDTH - filled)
        print(f"\r{self._label} {bar} {done}/{total}  {rate:.0f}/s  {left:.0f} s left ", end="", file=sys.stderr)

    def end(self, sentence: str) -> None:
        """Replace the bar by a sentence."""
        note(("\r\033[K" if self._live else "") + sentence)
