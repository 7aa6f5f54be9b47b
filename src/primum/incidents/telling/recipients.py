"""A list of people, as the practice's software exports it, read into who is to be told. Pure.

A person declares where it comes from: images rarely have an address. What cannot be read is refused with its line,
and never with its value; nothing is guessed, and nothing is kept of a list that was refused.
"""

from __future__ import annotations

import csv
import io
import re
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Final

from primum.incidents.dated import read_dated
from primum.incidents.telling.errors import ListUnreadable
from primum.incidents.telling.limits import LIMITS
from primum.incidents.telling.model import Recipient

_MAIL: Final = re.compile(
    r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(\.[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*"
    r"@([A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?\.)+[A-Za-z]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?"
)
"""RFC 5321 4.1.2 without what no provider gives: quoted names, addresses of machines, other letters (RFC 6531)."""
_LOCAL: Final = 64
"""Octets before the sign (RFC 5321 4.5.3.1.1)."""
_SEPARATORS: Final = ";,\t|"
_PIECES: Final = 2
"""A letter is delivered to a street and a place: one piece alone is no address."""


@dataclass(frozen=True, slots=True)
class ReadList:
    """What was read. `repeated`: rows that said the same again and were counted once."""

    people: tuple[Recipient, ...]
    repeated: int


def read_list(body: bytes) -> ReadList:
    """Read a list. Raises ListUnreadable."""
    if not 0 < len(body) <= LIMITS.list_bytes:
        raise ListUnreadable(what=f"it is empty, or larger than {LIMITS.list_bytes >> 20} MiB")
    rows = _rows(_text(body))
    places = _places(next(rows, (1, []))[1])
    found: dict[str, Recipient] = {}
    repeated, bad = 0, _Bad()
    for line, cells in rows:
        if not any(one.strip() for one in cells):
            continue
        if len(found) >= LIMITS.rows:
            raise ListUnreadable(what=f"it has more than {LIMITS.rows} people")
        one = _person(_cells(cells, places), line, bad)
        if one is None:
            continue
        known = found.setdefault(one.reference, one)
        if known is not one:
            repeated += 1
            if known != one:
                bad.add(line, "the same patient number again, with something else")
    bad.refuse()
    if not found:
        raise ListUnreadable(what="it names nobody")
    return ReadList(tuple(found.values()), repeated)


class _Bad:
    """Lines that cannot be read, and what is wrong with each."""

    def __init__(self) -> None:
        self._told: list[str] = []
        self._more = 0

    def add(self, line: int, what: str) -> None:
        if len(self._told) < LIMITS.told_lines:
            self._told.append(f"line {line}: {what}")
        else:
            self._more += 1

    def refuse(self) -> None:
        if self._told:
            more = f"; and {self._more} more" if self._more else ""
            raise ListUnreadable(what="; ".join(self._told) + more)


def plain(text: str) -> str:
    """Write a name without capitals, accents and signs, to be compared."""
    apart = unicodedata.normalize("NFKD", text.casefold())
    return " ".join(re.findall(r"[^\W_]+", "".join(one for one in apart if not unicodedata.combining(one))))


@cache
def _columns() -> Mapping[str, str]:
    return {name: field for field, names in _data()["columns"].items() for name in names}


@cache
def _languages() -> Mapping[str, str]:
    return {name: language for language, names in _data()["languages"].items() for name in names}


@cache
def _data() -> dict[str, dict[str, list[str]]]:
    return read_dated("primum.incidents.telling", "columns.toml")


def _text(body: bytes) -> str:
    """Read UTF-8, or else Windows' Western alphabet: what spreadsheets in France write."""
    if body[:2] in {b"\xff\xfe", b"\xfe\xff"} or b"\0" in body:
        raise ListUnreadable(what="it is not a CSV file in UTF-8 or Windows-1252")
    for encoding in ("utf-8-sig", "cp1252"):
        try:
            return unicodedata.normalize("NFC", body.decode(encoding))
        except UnicodeDecodeError:
            continue
    raise ListUnreadable(what="it is neither UTF-8 nor Windows-1252")


def _rows(text: str) -> Iterator[tuple[int, list[str]]]:
    first = text.split("\n", 1)[0]
    separator = max(_SEPARATORS, key=first.count)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=separator, strict=True)
    while True:
        try:
            row = next(reader)
        except StopIteration:
            return
        except csv.Error:
            raise ListUnreadable(
                what=f"line {reader.line_num}: the quotes or the fields are not those of a CSV"
            ) from None
        yield reader.line_num, row


def _places(head: Sequence[str]) -> Mapping[str, int]:
    found: dict[str, int] = {}
    for at, title in enumerate(head):
        field = _columns().get(plain(title))
        if field is None:
            continue
        if field in found:
            raise ListUnreadable(what=f"columns {found[field] + 1} and {at + 1} are both the {field}")
        found[field] = at
    missing = [one for one in ("reference", "name") if one not in found]
    if not {"mail", "address"} & set(found):
        missing.append("mail or address")
    if missing:
        raise ListUnreadable(what=f"no column of its first line is known as the {', the '.join(missing)}")
    return found


def _cells(row: Sequence[str], places: Mapping[str, int]) -> dict[str, str]:
    nothing = _data()["nothing"]["words"]
    told = {field: row[at].strip() if at < len(row) else "" for field, at in places.items()}
    return {field: "" if plain(value) in nothing else value for field, value in told.items()}


def _person(told: Mapping[str, str], line: int, bad: _Bad) -> Recipient | None:
    """Read one row; None, with the reason told to `bad`, where it cannot be read."""
    name = " ".join(told.get(one, "") for one in ("title", "given", "name")).split()
    made = Recipient(
        reference=told["reference"],
        name=" ".join(name),
        guardian=" ".join(told.get("guardian", "").split()),
        mail=told.get("mail", ""),
        address=_address(told),
        language=_languages().get(plain(told.get("language", "")), ""),
    )
    wrong = _wrong(made, told)
    if wrong:
        bad.add(line, wrong)
        return None
    return made


def _wrong(one: Recipient, told: Mapping[str, str]) -> str:
    """Say what is wrong with a row; nothing where it can be kept."""
    lines = (one.reference, one.name, one.guardian, *one.address)
    found = {
        "no patient number: a patient who is erased later could not be found": not one.reference,
        "no name": not told["name"],
        f"a number of more than {LIMITS.reference} characters": len(one.reference) > LIMITS.reference,
        f"a name of more than {LIMITS.name} characters": max(len(one.name), len(one.guardian)) > LIMITS.name,
        "something that is not text": not all(each.isprintable() for each in lines),
        "the e-mail is not one address": bool(one.mail) and not _is_mail(one.mail),
        f"the address has more than {LIMITS.address_lines} lines": len(one.address) > LIMITS.address_lines,
        f"a line of the address has more than {LIMITS.address_line} characters": any(
            len(each) > LIMITS.address_line for each in one.address
        ),
        "the language is neither French nor English": bool(told.get("language", "")) and not one.language,
    }
    return next((what for what, wrong in found.items() if wrong), "")


def _is_mail(text: str) -> bool:
    return len(text) <= LIMITS.mail and _MAIL.fullmatch(text) is not None and text.index("@") <= _LOCAL


def _address(told: Mapping[str, str]) -> tuple[str, ...]:
    """Give the lines below the name; none where they would not bring a letter anywhere."""
    street = [
        " ".join(one.split())
        for field in ("address", "address2", "address3")
        for one in told.get(field, "").splitlines()
        if one.strip()
    ]
    place = " ".join(f"{told.get('postcode', '')} {told.get('city', '')}".split())
    pieces = [*street, place] if place else street
    if len(pieces) == 1 and not place:
        pieces = [" ".join(one.split()) for one in pieces[0].split(",") if one.strip()]
    if len(pieces) < _PIECES or (place and not street):
        return ()
    return (*pieces, *([told["country"]] if told.get("country") else []))
