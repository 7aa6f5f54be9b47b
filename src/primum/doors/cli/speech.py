"""How the command line speaks: facts on standard output, refusals and progress on standard error."""

from __future__ import annotations

import sys
import time
import unicodedata
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


class SystemRefused(PrimumError):
    """The system refused: {reason} ({path})."""

    code: ClassVar[str] = "cli.system"
    hint: ClassVar[str] = "look at the path, at who owns it, and at the disc"


class Unexpected(PrimumError):
    """Something unexpected happened: {error} at {where}."""

    code: ClassVar[str] = "cli.unexpected"
    hint: ClassVar[str] = "report this line with the answer of primum version; it says nothing about a patient"


def say(text: str = "") -> None:
    """Print lines of the answer."""
    print(_lines(text), flush=True)


def note(text: str) -> None:
    """Print lines that are not part of the answer."""
    print(_lines(text), file=sys.stderr)


def printable(value: object) -> str:
    """Write a value on one line without what would drive the terminal: it may have come over the wire."""
    return "".join(one if harmless(one) else "\N{REPLACEMENT CHARACTER}" for one in str(value))


def harmless(character: str) -> bool:
    """Tell whether a character only shows, or spaces: French is written with spaces that Python calls unprintable."""
    return character.isprintable() or unicodedata.category(character) == "Zs"


def _lines(text: str) -> str:
    return "\n".join(printable(line) for line in text.split("\n"))


def complain(refusal: PrimumError) -> None:
    """Print a refusal: the fact, then the way out."""
    note(printable(f"primum: error: {refusal} [{refusal.facts.get('remote_code', refusal.code)}]"))
    hint = refusal.way_out()
    if hint:
        note(printable(f"primum: hint: {hint}"))


def table(rows: list[dict[str, Any]], columns: list[str]) -> None:
    """Print rows under headings, each column as wide as its widest cell."""
    cells = [[printable(row.get(column, "")) for column in columns] for row in rows]
    widths = [max([len(column), *(len(line[i]) for line in cells)]) for i, column in enumerate(columns)]
    for line in [columns, *cells]:
        say("  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip())


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
        if self._live:
            print("\r\033[K", end="", file=sys.stderr)
        note(sentence)


class Count:
    """How much was done, where nobody knows how much there is: one line on standard error that is written over."""

    def __init__(self, label: str) -> None:
        """Begin at nothing."""
        self._label, self._live = label, sys.stderr.isatty()

    def show(self, size: int, what: str) -> None:
        """Write bytes in MiB, and what is under way."""
        if self._live:
            told = f"{self._label} {size / (1 << 20):.1f} MiB  {printable(what)}"
            print(f"\r\033[K{told[:100]}", end="", file=sys.stderr, flush=True)

    def end(self) -> None:
        """Take the line away."""
        if self._live:
            print("\r\033[K", end="", file=sys.stderr, flush=True)
