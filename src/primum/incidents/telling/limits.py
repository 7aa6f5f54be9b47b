"""How much of a list and of a letter is taken: each bound with its reason."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class TellingLimits:
    """Bounds of what comes from outside."""

    list_bytes: int = 32 << 20  # a hundred thousand rows of three hundred bytes
    rows: int = 100_000  # the patients of twenty years of a large practice
    name: int = 120  # a line of an envelope's window, twice over
    reference: int = 64  # an LO of DICOM has 64 characters
    mail: int = 254  # RFC 5321 4.5.3.1.3, without the brackets
    address_lines: int = 6  # AFNOR NF Z 10-011 has six, and the first is the name
    address_line: int = 80  # twice the standard's 38 characters: they are printed, not squeezed
    told_lines: int = 20  # lines of a list that one refusal names
    lists: int = 20  # of one file: the first, and corrections
    batches: int = 60  # of one file
    paragraph: int = 2000  # of a letter: half a page
    items: int = 12  # consequences, measures or counsels: more are not read
    source: int = 200


LIMITS: Final = TellingLimits()
