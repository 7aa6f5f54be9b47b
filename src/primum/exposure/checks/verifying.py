"""Verifies a report: the signature by the key, then that the file shows what was signed and nothing else."""

from __future__ import annotations

import base64
import json
from dataclasses import dataclass
from html import unescape

from primum.exposure.checks.errors import DrawnOtherwise, NotAReport
from primum.exposure.checks.limits import LIMITS, Limits
from primum.exposure.checks.model import Json
from primum.exposure.checks.rendering import html, pdf
from primum.exposure.checks.rendering.words import LANGUAGES
from primum.exposure.checks.signing import key_id_of, verify


@dataclass(frozen=True, slots=True)
class Verified:
    """What was verified: `kind` is json, note, html or pdf."""

    report: Json
    kind: str
    key_id: str


def verify_file(data: bytes, verifier_key: str, limits: Limits = LIMITS) -> Verified:
    """Verify a file. Raises NotAReport, SignatureWrong, DrawnOtherwise."""
    if len(data) > limits.file_bytes:
        raise NotAReport
    if data.startswith(b"%PDF-"):
        kind, (language, note) = "pdf", _of_pdf(data)
    elif data.startswith(b"<!doctype html>"):
        kind, (language, note) = "html", _of_html(data)
    elif data.lstrip()[:1] == b"{":
        return _of_json(data, verifier_key)
    else:
        kind, language, note = "note", "", _text(data)
    report = verify(note, verifier_key)
    if kind == "pdf" and pdf.pdf(report, note, language) != data:
        raise DrawnOtherwise
    if kind == "html" and html.html(report, note, language) != data:
        raise DrawnOtherwise
    return Verified(report, kind, key_id_of(note))


def _of_json(data: bytes, verifier_key: str) -> Verified:
    try:
        given = json.loads(data)
    except (ValueError, RecursionError):
        raise NotAReport from None
    if not isinstance(given, dict) or not isinstance(given.get("note"), str):
        raise NotAReport
    report = verify(given["note"], verifier_key)
    if given.get("report") != report:
        raise DrawnOtherwise
    return Verified(report, "json", key_id_of(given["note"]))


def _of_html(data: bytes) -> tuple[str, str]:
    text = _text(data)
    before, begin, rest = text.partition(html.BEGIN)
    escaped, end, _ = rest.partition(html.END)
    language = before.partition(html.LANGUAGE)[2][:2]
    if not begin or not end or language not in LANGUAGES:
        raise NotAReport
    return language, unescape(escaped)


def _of_pdf(data: bytes) -> tuple[str, str]:
    marked = data.partition(pdf.MARK)[2].partition(pdf.END)[0]
    language, _, encoded = marked.partition(b"\n")
    try:
        note = base64.b64decode(encoded.replace(b"\n", b"").replace(b"%", b""), validate=True)
    except ValueError:
        raise NotAReport from None
    if language.decode("ascii", "replace") not in LANGUAGES or not note:
        raise NotAReport
    return language.decode("ascii"), _text(note)


def _text(data: bytes) -> str:
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError:
        raise NotAReport from None
