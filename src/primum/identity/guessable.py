"""What somebody who guesses passwords tries first, and what is left of a password without it. Pure.

The password is covered with known pieces: words of common_passwords.txt and of the person, walks on a
keyboard, sequences, repetitions, dates. What no piece covers must be long enough by itself.
"""

from __future__ import annotations

import re
import unicodedata
from functools import cache
from importlib import resources

_LEET = str.maketrans({"0": "o", "1": "i", "3": "e", "4": "a", "5": "s", "7": "t", "8": "b", "9": "g",
                       "@": "a", "$": "s", "!": "i", "€": "e", "£": "l", "+": "t"})  # fmt: skip
_WALKS = (
    "azertyuiopqsdfghjklmwxcvbn", "qwertyuiopasdfghjklzxcvbnm", "qwertzuiopasdfghjklyxcvbnm",
    "abcdefghijklmnopqrstuvwxyz", "01234567890123456789", "&é\"'(-è_çà)", "!@#$%^&*()_+",
    "1aqw2zsx3edc4rfv5tgb6yhn7ujm8ik9ol0pm", "1qaz2wsx3edc4rfv5tgb6yhn7ujm8ik9ol0p",
    "aqwzsxedcrfvtgbyhnujmikolpm", "qazwsxedcrfvtgbyhnujmikolp", "147258369", "159753", "13579", "24680",
)  # fmt: skip
_SHORTEST_WALK = 4
_SHORTEST_WORD = 4
_SHORTEST_OWN = 3
_SHORTEST_REPEAT = 3
_FEWEST_DIFFERENT = 5
"""A password of fewer different characters is a repetition, whatever its length."""


@cache
def common_words() -> frozenset[str]:
    """Read the list of words, folded."""
    text = (resources.files(__package__) / "common_passwords.txt").read_text("utf-8")
    lines = (line.strip() for line in text.splitlines())
    return frozenset(_plain(line) for line in lines if line and not line.startswith("#"))


def why_guessable(password: str, about: tuple[str, ...], fewest: int) -> str:
    """Return "common", "personal", "sequence" or "repetition"; "" where enough is left that is none of it."""
    folded = _plain(password)
    if len(set(folded)) < _FEWEST_DIFFERENT or _period(folded) * 2 <= len(folded):
        block = folded[: _period(folded)]
        if len(set(folded)) < _FEWEST_DIFFERENT or len(block) < fewest or why_guessable(block, about, fewest):
            return "repetition"
    own = frozenset(word for text in about for word in _words(text) if len(word) >= _SHORTEST_OWN)
    found: dict[str, int] = {}
    left = _left_over(folded, own, found)
    if left >= fewest:
        return ""
    return max(found, key=lambda why: found[why]) if found else "repetition"


def _words(text: str) -> list[str]:
    folded = _plain(text)
    return "".join(one if one.isalnum() else " " for one in folded).split()


def _plain(text: str) -> str:
    decomposed = unicodedata.normalize("NFKD", text.casefold())
    return "".join(one for one in decomposed if not unicodedata.combining(one))


def _period(text: str) -> int:
    """Return the length of the block whose repetition the text is (perhaps cut short)."""
    for length in range(1, len(text)):
        if text.startswith(text[length:]):
            return length
    return max(len(text), 1)


def _left_over(text: str, own: frozenset[str], found: dict[str, int]) -> int:
    """Count the characters that no known piece covers, taking the longest piece at each place."""
    spelt = text.translate(_LEET)
    at = left = 0
    while at < len(text):
        length, why = max(
            (_word(text, spelt, at, own, _SHORTEST_OWN), "personal"),
            (_word(text, spelt, at, common_words(), _SHORTEST_WORD), "common"),
            (_walk(text, at), "sequence"),
            (_repeat(text, at), "repetition"),
            (_date(text, at), "sequence"),
        )
        if length:
            found[why] = found.get(why, 0) + length
        else:
            left += 1
        at += length or 1
    return left


_LONGEST_WORD = 40


def _word(text: str, spelt: str, at: int, words: frozenset[str], shortest: int) -> int:
    for length in range(min(_LONGEST_WORD, len(text) - at), shortest - 1, -1):
        if text[at : at + length] in words or spelt[at : at + length] in words:
            return length
    return 0


def _walk(text: str, at: int) -> int:
    best = 0
    for walk in _WALKS:
        for way in (walk, walk[::-1]):
            length = _SHORTEST_WALK
            while at + length <= len(text) and text[at : at + length] in way:
                best = max(best, length)
                length += 1
    return best


def _repeat(text: str, at: int) -> int:
    length = 1
    while at + length < len(text) and text[at + length] == text[at]:
        length += 1
    return length if length >= _SHORTEST_REPEAT else 0


_DATE = re.compile(
    r"(?:(?:0?[1-9]|[12]\d|3[01])[/. -]?(?:0?[1-9]|1[0-2])[/. -]?)?(?:19|20)\d\d"  # 12/07/1975, 12071975, 1975
    r"|(?:19|20)\d\d[/. -]?(?:0[1-9]|1[0-2])[/. -]?(?:0[1-9]|[12]\d|3[01])"  # 1975-07-12
)


def _date(text: str, at: int) -> int:
    found = _DATE.match(text, at)
    return len(found[0]) if found else 0
