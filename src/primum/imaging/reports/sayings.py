"""What an object says of itself: verified or not, by whom, what it follows (PS3.3 C.17.2, C.24.2; HL7 CDA R2 4.2).

Reads the few attributes that tell it, whatever else the object holds. What cannot be read says nothing.
"""

from __future__ import annotations

import contextlib
import re
import tomllib
from collections.abc import Iterator
from functools import cache
from importlib import resources

from primum.imaging.dicomjson import Encoder
from primum.imaging.errors import ImagingRefusal
from primum.imaging.limits import Limits as WalkLimits
from primum.imaging.names import fold
from primum.imaging.reports import cda
from primum.imaging.reports.limits import LIMITS, Limits
from primum.imaging.reports.model import FORMATS, Format, Relation, Said, Sayings
from primum.imaging.reports.values import Json, code, first, item, items, spoken
from primum.imaging.syntaxes import Syntax
from primum.imaging.walker import Element, Short, elements

ADDENDUM = ("55107-7", "LN")
"""LOINC: Addendum Document."""
_DOCUMENT, _DOCUMENT_LENGTH = 0x00420011, 0x00420015
_WANTED = frozenset({
    0x00080005, 0x00080023, 0x0008002A, 0x00080033, 0x0008103E, 0x0040A043, 0x0040A073, 0x0040A078, 0x0040A360,
    0x0040A491, 0x0040A493, 0x0040A496, 0x00420010,
})  # fmt: skip
_TITLE = 200
"""Characters of a title that are kept."""


def sayings_of(sop_class_uid: str, header: memoryview, syntax: Syntax, limits: Limits = LIMITS) -> Sayings:
    """Read them; what cannot be read says nothing."""
    kind = FORMATS[sop_class_uid]
    try:
        said = attributes_of(header, syntax, _WANTED, limits)
        if kind is Format.SR:
            return _of_report(said)
        return _of_document(said, _cda(header, syntax, limits) if kind is Format.CDA else None)
    except ImagingRefusal:
        return Sayings()


def _cda(header: memoryview, syntax: Syntax, limits: Limits) -> cda.Document | None:
    try:
        return cda.read(document_of(header, syntax, limits), limits)
    except ImagingRefusal:
        return None  # its wrapping still has a title


def attributes_of(header: memoryview, syntax: Syntax, wanted: frozenset[int], limits: Limits = LIMITS) -> Json:
    """Read some attributes of the top level, stepping over all others. Raises DamagedDataSet, DataSetTooLarge."""
    found, at = bytearray(), 0
    for one in _elements(header, syntax, limits):
        if one.tag in wanted:
            found += header[at : one.end]
        at = one.end
    return Encoder(memoryview(bytes(found)), syntax, "", WalkLimits(elements=limits.elements)).data_set()


def _elements(header: memoryview, syntax: Syntax, limits: Limits) -> Iterator[Element]:
    with contextlib.suppress(Short):  # cut short: what came before says what it says
        yield from elements(header, syntax, WalkLimits(elements=limits.elements))


def document_of(header: memoryview, syntax: Syntax, limits: Limits = LIMITS) -> bytes:
    """Give the encapsulated document as it was before it was wrapped. Raises as `attributes_of`."""
    whole = next(
        (bytes(header[one.at : one.end]) for one in _elements(header, syntax, limits) if one.tag == _DOCUMENT), b""
    )
    length = first(attributes_of(header, syntax, frozenset({_DOCUMENT_LENGTH}), limits), f"{_DOCUMENT_LENGTH:08X}")
    if length.isdigit() and 0 < int(length) <= len(whole):
        return whole[: int(length)]
    return whole.removesuffix(b"\0")  # a value has an even length


def _of_report(said: Json) -> Sayings:
    verified = first(said, "0040A493") == "VERIFIED"
    unfinished = first(said, "0040A491") == "PARTIAL" or first(said, "0040A496") == "PRELIMINARY"
    observer = _observer(said)
    value, scheme, meaning = code(said, "0040A043")
    title = first(said, "00420010") or meaning or first(said, "0008103E")
    about = _predecessor(said)
    adds = (value, scheme) == ADDENDUM or _holds(title, "addendum")
    relation = Relation.ADDENDUM if adds else Relation.VERSION if about else Relation.NONE
    return Sayings(
        Said.VERIFIED if verified and not unfinished else Said.UNVERIFIED,
        title[:_TITLE],
        _name(observer, "0040A075") or _name(item(said, "0040A078"), "0040A123"),
        (first(observer, "0040A030") or _moment(said))[:32],
        relation,
        about,
    )


def _of_document(said: Json, document: cda.Document | None) -> Sayings:
    title = first(said, "00420010") or (document.title if document is not None else "") or first(said, "0008103E")
    flag = first(said, "0040A493")
    word = {"VERIFIED": Said.VERIFIED, "UNVERIFIED": Said.UNVERIFIED}.get(flag, Said.NOTHING)
    author, at, relation = "", _moment(said), Relation.NONE
    if document is not None:
        word = document.said if document.said is not Said.NOTHING else word
        author, at, relation = document.author, document.at or at, document.relation
    if word is Said.NOTHING and _holds(title, "draft"):
        word = Said.UNVERIFIED
    about = _predecessor(said)
    if code(said, "0040A043")[:2] == ADDENDUM or _holds(title, "addendum"):
        relation = Relation.ADDENDUM
    elif about and relation is Relation.NONE:
        relation = Relation.VERSION
    observer = _observer(said)
    return Sayings(
        word,
        title[:_TITLE],
        (_name(observer, "0040A075") or author)[:_TITLE],
        (first(observer, "0040A030") or at)[:32],
        relation,
        about,
    )


def _observer(said: Json) -> Json:
    """Give the verifying observer who signed last."""
    return max(items(said, "0040A073"), key=lambda one: first(one, "0040A030"), default={})


def _name(observer: Json, tag: str) -> str:
    return spoken(first(observer, tag))[:_TITLE]


def _moment(said: Json) -> str:
    return first(said, "0008002A") or first(said, "00080023") + first(said, "00080033")


def _predecessor(said: Json) -> str:
    """Give the SOP Instance UID of the last document that this one follows."""
    found = ""
    for study in items(said, "0040A360"):
        for series in items(study, "00081115"):
            for sop in items(series, "00081199"):
                found = first(sop, "00081155") or found
    return found


@cache
def _words() -> dict[str, re.Pattern[str]]:
    table = tomllib.loads((resources.files(__package__) / "words.toml").read_text("utf-8"))["words"]
    return {kind: re.compile(rf"\b(?:{'|'.join(map(re.escape, each))})\b") for kind, each in table.items()}


def _holds(title: str, kind: str) -> bool:
    return bool(_words()[kind].search(fold(title)))
