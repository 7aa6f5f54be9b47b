"""Names of people as they are compared and searched: accents, case and punctuation do not tell two apart.

PS3.5 6.2 (PN): up to three component groups (alphabetic, ideographic, phonetic) joined by `=`, each of up to five
components (family, given, middle, prefix, suffix) joined by `^`.
"""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache
from typing import NamedTuple

_SPELT = str.maketrans(
    {
        "œ": "oe",
        "æ": "ae",
        "ø": "o",
        "ł": "l",
        "đ": "d",
        "ð": "d",
        "þ": "th",
        "\u0131": "i",
        "ŋ": "n",
        "ħ": "h",
        "ŧ": "t",
    }
)
_SEPARATORS = re.compile(r"[\s\-'.,_`\u00b4\u2010-\u2015\u2018\u2019\u02bc\u00ad\u30fb\u00b7]+")
_ACCENTS = re.compile("[\u0300-\u036f]+")


@lru_cache(maxsize=1024)
def fold(text: str) -> str:
    """Drop case and accents, spell ligatures out; spaces and punctuation stay."""
    if text.isascii():
        return text.lower()
    # the dot of a Turkish İ comes out of casefold as a mark, so marks are dropped last
    spread = unicodedata.normalize("NFKD", text).casefold().translate(_SPELT)
    return unicodedata.normalize("NFC", _ACCENTS.sub("", unicodedata.normalize("NFKD", spread)))


@lru_cache(maxsize=1024)
def squeeze(text: str) -> str:
    """Fold, and drop what separates words too: `Jean-François` and `JEAN FRANCOIS` are one."""
    return _SEPARATORS.sub("", fold(text))


class PersonName(NamedTuple):
    """The three groups of a name, as written."""

    alphabetic: str = ""
    ideographic: str = ""
    phonetic: str = ""

    def folded(self) -> tuple[str, str, str]:
        """Return the groups as they are searched: components squeezed, trailing empty ones dropped."""
        return fold_group(self.alphabetic), fold_group(self.ideographic), fold_group(self.phonetic)

    def text(self) -> str:
        """Write the name as a data set would."""
        return "=".join(self).rstrip("=")

    def components(self) -> list[str]:
        """Return the components of the first group that there is."""
        return (self.alphabetic or self.ideographic or self.phonetic).split("^")

    def json(self) -> dict[str, str]:
        """Return the name as the DICOM JSON model has it (PS3.18 F.2.2)."""
        groups = zip(("Alphabetic", "Ideographic", "Phonetic"), self, strict=True)
        return {group: text for group, text in groups if text}


def parse_name(text: str) -> PersonName:
    """Split a name into its groups; what comes after the third is dropped, and padding with it."""
    groups = [group.rstrip("^ \0").lstrip(" ") for group in text.split("=")[:3]]
    return PersonName(*groups)


def fold_group(group: str) -> str:
    """Squeeze each component of a group."""
    return "^".join(squeeze(component) for component in group.split("^")).rstrip("^")


class NameKey(NamedTuple):
    """What of a name decides whether two may be of one person."""

    family: str
    given: str

    def text(self) -> str:
        """Write the key as one text; empty when there is no name."""
        return f"{self.family}^{self.given}".rstrip("^")


def name_key(name: PersonName) -> NameKey:
    """Take the folded family name and the first given name."""
    family, given, *_ = [*name.components(), "", ""]
    words = [word for word in _SEPARATORS.split(fold(given)) if word]
    return NameKey(squeeze(family), words[0] if words else "")


def compatible(one: PersonName, other: PersonName) -> bool:
    """Tell whether two names may be of one person; a missing name or given name may be anybody's."""
    a, b = name_key(one), name_key(other)
    if not a.text() or not b.text():
        return True
    if a.family == b.family:
        return not a.given or not b.given or a.given == b.given
    # a device without `^` writes the family and given names in one component
    whole_a, whole_b = squeeze("".join(one.components()[:2])), squeeze("".join(other.components()[:2]))
    return (not a.given or not b.given) and whole_a == whole_b
