"""A report as a signed note, and back: c2sp.org/signed-note under the journal's key (docs/design/exposure.md)."""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Callable
from typing import Final

from primum.exposure.checks.errors import NotAReport, ReportTooLarge, SignatureWrong
from primum.exposure.checks.limits import LIMITS, Limits
from primum.exposure.checks.model import FORMAT, Json, canonical
from primum.journal.note import open_text

ORIGIN: Final = "check.primum.invalid"
"""The first line of what is signed; no server answers there (RFC 2606), and no checkpoint begins so."""
_HEAD: Final = re.compile(rf"{re.escape(ORIGIN)}/(hom_[a-z2-7]{{26}})\n")

Sign = Callable[[str], str]
"""Signs a text of whole lines: the journal's signer."""


def sign(report: Json, signer: Sign, limits: Limits = LIMITS) -> str:
    """Return the note. Raises ReportTooLarge."""
    text = f"{ORIGIN}/{report['home']}\n{canonical(report)}\n"
    if len(text) > limits.report_bytes:
        raise ReportTooLarge
    return signer(text)


def read(note: str, limits: Limits = LIMITS) -> Json:
    """Read the report of a note without asking who signed it. Raises NotAReport."""
    head = _HEAD.match(note)
    if head is None or len(note) > limits.report_bytes + 1024:
        raise NotAReport
    body = note[head.end() :].partition("\n")[0]
    try:
        report = json.loads(body)
    except (ValueError, RecursionError):
        raise NotAReport from None
    if not isinstance(report, dict) or report.get("primum_check") != FORMAT or report.get("home") != head[1]:
        raise NotAReport
    if canonical(report) != body:
        raise NotAReport
    return report


def verify(note: str, verifier_key: str) -> Json:
    """Return the report that this key signed. Raises NotAReport, SignatureWrong."""
    report = read(note)
    try:
        open_text(note, verifier_key.strip())
    except ValueError:
        raise SignatureWrong from None
    return report


def signature_of(note: str) -> str:
    """Return the note's signature line: the key's name, then its id and the signature in base 64."""
    return note.rstrip("\n").rpartition("\n")[2].removeprefix("\N{EM DASH} ")


def key_id_of(note: str) -> str:
    """Return the id of the key that signed, as a verifier key has it: eight hexadecimal digits."""
    encoded = signature_of(note).rpartition(" ")[2]
    try:
        return base64.b64decode(encoded, validate=True)[:4].hex()
    except ValueError:
        raise NotAReport from None
