"""Texts as lines: an alphabet of our own, for annotations. Pure.

A letter is drawn in a cell of five by nine: capitals from 0 to the line at 6, small letters from 2, tails down to 8;
marks are put above or below their letter. What has no letter here is refused: another sign would be another text.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator
from typing import Final

from primum.imaging.codecs.errors import NotAPicture

WIDTH, HEIGHT = 6, 12
"""Of a cell, with the room to the next."""
_ABOVE, _BASE = 2, 9
"""Room above capitals for their marks; where a cell's tails end."""

Points = list[tuple[float, float]]

_LETTERS: Final[dict[str, str]] = {
    "A": "06 20 46,14 34", "B": "03 33 44 45 36 06 00 30 41 42 33", "C": "41 30 10 01 05 16 36 45",
    "D": "00 06 26 44 42 20 00", "E": "40 00 06 46,03 33", "F": "40 00 06,03 33", "G": "41 30 10 01 05 16 36 45 43 23",
    "H": "00 06,40 46,03 43", "I": "10 30,20 26,16 36", "J": "40 45 36 16 05", "K": "00 06,40 03 46", "L": "00 06 46",
    "M": "06 00 23 40 46", "N": "06 00 46 40", "O": "10 30 41 45 36 16 05 01 10", "P": "06 00 30 41 42 33 03",
    "Q": "10 30 41 45 36 16 05 01 10,34 47", "R": "06 00 30 41 42 33 03,23 46",
    "S": "41 30 10 01 02 13 33 44 45 36 16 05", "T": "00 40,20 26", "U": "00 05 16 36 45 40", "V": "00 26 40",
    "W": "00 16 23 36 40", "X": "00 46,40 06", "Y": "00 23 40,23 26", "Z": "00 40 06 46",
    "a": "12 32 43 46,44 14 05 16 46", "b": "00 06,03 12 32 43 45 36 16 05", "c": "43 32 12 03 05 16 36 45",
    "d": "40 46,43 32 12 03 05 16 36 45", "e": "04 44 43 32 12 03 05 16 36 45", "f": "40 30 21 26,12 42",
    "g": "43 32 12 03 05 16 36 45,42 47 38 18 07", "h": "00 06,03 12 32 43 46", "i": "22 26,20 20",
    "j": "32 37 28 18,30 30", "k": "00 06,42 04 46", "l": "10 20 26,16 36", "m": "02 06,03 12 23 26,23 32 43 46",
    "n": "02 06,03 12 32 43 46", "o": "12 32 43 45 36 16 05 03 12", "p": "02 08,03 12 32 43 45 36 16 05",
    "q": "42 48,43 32 12 03 05 16 36 45", "r": "02 06,03 12 32 43", "s": "43 32 12 03 14 34 45 36 16 05",
    "t": "20 25 36 46,02 42", "u": "02 05 16 36 45,42 46", "v": "02 26 42", "w": "02 16 24 36 42", "x": "02 46,42 06",
    "y": "02 05 16 36 45,42 47 38 18 07", "z": "02 42 06 46",
    "0": "10 30 41 45 36 16 05 01 10,41 05", "1": "11 20 26,16 36", "2": "01 10 30 41 42 06 46",
    "3": "00 40 22 32 43 45 36 16 05", "4": "36 30 04 44", "5": "40 00 02 32 43 45 36 16 05",
    "6": "30 20 02 05 16 36 45 44 33 03", "7": "00 40 16", "9": "16 26 44 41 30 10 01 02 13 43",
    "8": "10 30 41 42 33 13 02 01 10,13 04 05 16 36 45 44 33",
    " ": "", "!": "20 24,26 26", '"': "10 12,30 32", "#": "10 16,30 36,02 42,04 44", "'": "20 22",
    "$": "41 30 10 01 02 13 33 44 45 36 16 05,20 26", "%": "40 06,00 10 11 01 00,35 45 46 36 35",
    "&": "46 02 01 10 20 21 04 05 16 26 44", "(": "30 12 14 36", ")": "10 32 34 16", "*": "20 24,01 43,41 03",
    "+": "21 25,03 43", ",": "25 26 17", "-": "03 43", ".": "26 26", "/": "40 06", ":": "22 22,26 26",
    ";": "22 22,25 26 17", "<": "41 03 45", "=": "02 42,04 44", ">": "01 43 05", "?": "01 10 30 41 42 23 24,26 26",
    "@": "34 32 22 13 14 24 34 44 41 30 10 01 05 16 46", "[": "30 10 16 36", "\\": "00 46", "]": "10 30 36 16",
    "^": "02 20 42", "_": "07 47", "`": "10 21", "{": "30 20 22 13 24 26 36", "|": "20 27",
    "}": "10 20 22 33 24 26 16", "~": "03 12 34 43",
    "°": "10 20 21 11 10", "±": "20 24,02 42,06 46", "\N{MULTIPLICATION SIGN}": "13 35,33 15", "÷": "03 43,21 21,25 25",
    "²": "00 10 11 02 12", "³": "00 10 11,01 11 12 02", "·": "23 23", "ß": "06 01 10 20 31 22 33 35 26 16",
    "µ": "02 08,05 16 36 45,42 46", "Ø": "10 30 41 45 36 16 05 01 10,06 40", "ø": "12 32 43 45 36 16 05 03 12,06 42",
    "Ł": "00 06 46,04 22", "ł": "10 20 26,16 36,14 32", "Đ": "00 06 26 44 42 20 00,03 23",
    "đ": "40 46,43 32 12 03 05 16 36 45,31 41", "€": "41 30 10 01 05 16 36 45,02 32,04 34",
    "\N{LATIN SMALL LETTER DOTLESS I}": "22 26",
}  # fmt: skip
_MARKS: Final[dict[str, str]] = {
    "\u0300": "10 21", "\u0301": "21 30", "\u0302": "11 20 31", "\u0303": "01 10 31 40", "\u0304": "10 30",
    "\u0306": "10 11 31 30", "\u0307": "20 20", "\u0308": "10 10,30 30", "\u030a": "10 30 31 11 10",
    "\u030b": "11 20,31 40", "\u030c": "10 21 30", "\u0327": "26 27 18", "\u0328": "36 37 48",
}  # fmt: skip
_BELOW: Final = frozenset({"\u0327", "\u0328"})
_TALL: Final = frozenset("bdfhklt")
_AS: Final = str.maketrans({
    "æ": "ae", "œ": "oe", "Æ": "AE", "Œ": "OE", "…": "...", "\N{EN DASH}": "-", "\N{EM DASH}": "-", "\u2011": "-",
    "\N{RIGHT SINGLE QUOTATION MARK}": "'", "\N{LEFT SINGLE QUOTATION MARK}": "'", "“": '"', "”": '"', "«": '"',
    "»": '"', "\N{GREEK SMALL LETTER MU}": "µ", "\u00a0": " ", "\u202f": " ", "\t": " ",
})  # fmt: skip
"""Signs that are written as others without another meaning."""


def strokes(text: str) -> tuple[list[Points], int, int]:
    """Draw a text: its lines, each through points (x, y), and the width and height of the whole. Raises NotAPicture."""
    rows = [row.rstrip() for row in text.replace("\r\n", "\n").replace("\r", "\n").translate(_AS).split("\n")]
    found: list[Points] = []
    longest = 0
    for number, row in enumerate(rows):
        column = -1
        capital = False
        for sign in unicodedata.normalize("NFD", row):
            if sign in _MARKS:
                up = -_ABOVE if capital and sign not in _BELOW else 0
                found += _moved(_MARKS[sign], column * WIDTH, number * HEIGHT + _ABOVE + up)
                continue
            if sign not in _LETTERS:
                raise NotAPicture(why="a text has a sign that is not drawn")
            column += 1
            capital = sign.isupper() or sign in _TALL
            found += _moved(_LETTERS[sign], column * WIDTH, number * HEIGHT + _ABOVE)
        longest = max(longest, column + 1)
    return found, longest * WIDTH - 1, (len(rows) - 1) * HEIGHT + _ABOVE + _BASE


def _moved(drawn: str, x: float, y: float) -> Iterator[Points]:
    for line in filter(None, drawn.split(",")):
        yield [(x + int(point[0]), y + int(point[1])) for point in line.split(" ")]
