"""Judges one answer: is this the product's own content, a sign-in page, or what the site says to everything?

Pure. Titles and texts are compared with those of the list and never kept: a title may hold a name.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from primum.exposure.probe.web.http import NO_CONTENT, OK
from primum.exposure.probe.web.json_scan import JSONScan

if TYPE_CHECKING:
    from primum.exposure.probe.web.http import Answer
    from primum.exposure.probe.web.products import Evidence, ListPath

_TITLE: Final = re.compile(rb"<title[^>]{0,200}>([^<]{0,300})<", re.IGNORECASE)
_PASSWORD: Final = re.compile(rb"""<input\b[^>]{0,500}\btype\s*=\s*["']?password""", re.IGNORECASE)
_REDIRECTED: Final = range(300, 400)
_JSON: Final = ("application/json", "application/dicom+json", "text/json", "application/fhir+json")

_TELLING: Final = ("401", "403", "407", "421", "redirected", "405", "404", "nothing-shown")
"""Which code is told of several that refused: who asks for credentials says more than who has no such path."""


def asks_for_password(answer: Answer) -> bool:
    """Tell whether a page has a password field."""
    return bool(_PASSWORD.search(answer.body))


def is_page(answer: Answer) -> bool:
    """Tell whether this is HTML that was answered with success."""
    return answer.status == OK and answer.media_type() in {"text/html", "application/xhtml+xml"}


def shows(evidence: Evidence, answer: Answer) -> bool:
    """Tell whether an answer has all that the evidence names."""
    if answer.status not in evidence.status or evidence.type not in answer.media_type():
        return False
    body = answer.body.lower()
    if evidence.title and not _has_title(evidence.title, body):
        return False
    if not all(one.lower().encode() in body for one in evidence.body):
        return False
    if not all(there.lower() in answer.value(name).lower() for name, there in evidence.fields.items()):
        return False
    return not evidence.keys or has_keys(evidence.keys, answer)


def shown(evidence: Evidence, answer: Answer, impossible: Answer) -> bool:
    """Tell whether an answer shows the product's own content to who has not signed in."""
    return shows(evidence, answer) and not shows(evidence, impossible) and not asks_for_password(answer)


def has_keys(keys: tuple[str, ...], answer: Answer) -> bool:
    """Tell whether JSON has these keys, in its object or in the objects of its list."""
    scan = JSONScan(keys=keys)
    scan.feed(answer.body)
    return not scan.broken and scan.seen >= set(keys)


def found(wanted: ListPath, answer: Answer, scan: JSONScan, product: str) -> bool:
    """Tell whether a search was answered: with rows, or with nothing in the form of rows."""
    if wanted.reads == "dicom":
        return found_dicom(answer, scan)
    if answer.status != OK or scan.broken or answer.media_type() not in _JSON:
        return False
    if wanted.reads == "orthanc":
        return bool(scan.identifiers) or (scan.is_empty_list() and product == "Orthanc")
    if wanted.reads == "words":
        return bool(scan.valued)
    if wanted.reads == "list":
        return scan.outermost == "[" and product == wanted.of
    return scan.seen >= set(wanted.keys)


def found_dicom(answer: Answer, scan: JSONScan) -> bool:
    """Tell whether QIDO-RS answered (PS3.18 8.3.4, 10.6.3)."""
    if answer.status == NO_CONTENT:
        return True
    if answer.status != OK or scan.broken or answer.media_type() not in _JSON:
        return False
    return scan.is_dicom() or scan.is_empty_list()


def code_of(answer: Answer) -> str:
    """Name how an answer refused: its status, or that it showed nothing of what was asked."""
    if answer.status in _REDIRECTED:
        return "redirected"
    return "nothing-shown" if answer.status in {OK, NO_CONTENT} else str(answer.status)


def most_telling(codes: list[str]) -> str:
    """Choose the code of several refusals that says most."""
    return min(codes, key=lambda one: _TELLING.index(one) if one in _TELLING else len(_TELLING))


def _has_title(words: tuple[str, ...], body: bytes) -> bool:
    title = _TITLE.search(body)
    return title is not None and any(one.lower().encode() in title.group(1) for one in words)
