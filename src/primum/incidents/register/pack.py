"""The control pack: what a delegation of the authority asks for, from one file, as a ZIP. Pure but for the documents.

Volumetry, the line of the register, measures with their dates, letters, notices, documents. Of patients it holds
counts, and what people wrote into the file. A document that did not pass between the house and an authority is listed,
and put in only where somebody names it. The same file, at the same instant, by the same person, makes the same bytes.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import tzinfo
from typing import Final, Protocol

from primum.exposure.findings.model import Finding
from primum.ground.zipped import zipped
from primum.incidents.correspondence import PUBLIC
from primum.incidents.model import BadEntry, Document, Dossier, EntryKind
from primum.incidents.notices.words import LANGUAGES
from primum.incidents.register.dealt import correspondence_table, order_table, request_table
from primum.incidents.register.jsonld import jsonld
from primum.incidents.register.measures import measure_table, volumetry_table
from primum.incidents.register.ods import ods
from primum.incidents.register.pages import html, pdf
from primum.incidents.register.register import Register
from primum.incidents.register.tables import Book, Row, about, book_of, chronologies, message_table, table
from primum.incidents.register.words import word

SUMS: Final = "SHA256SUMS"
"""As `sha256sum -c` reads it."""


@dataclass(frozen=True, slots=True)
class Part:
    """A file of the pack. `title`: what it is, in the reader's language."""

    path: str
    title: str
    body: bytes


class Extra(Protocol):
    """Further parts that other rooms have: reports of checks, the history of the configuration."""

    def parts(self, dossier: Dossier) -> Iterable[Part]:
        """Give them; their paths begin with a folder of their own."""
        ...


class NoExtra:
    """Nothing further."""

    def parts(self, dossier: Dossier) -> Iterable[Part]:
        """Give nothing."""
        del dossier
        return ()


@dataclass(frozen=True, slots=True)
class Papers:
    """What the pack is made of. `register`: of this file alone."""

    dossier: Dossier
    register: Register
    documents: tuple[Document, ...]
    findings: tuple[Finding, ...]
    extra: tuple[Part, ...]


def pack(
    papers: Papers, body_of: Callable[[str], bytes], chosen: Collection[str], language: str, zone: tzinfo
) -> bytes:
    """Make the ZIP. `body_of`: the bytes of a document; `chosen`: further documents to put in. Raises BadEntry."""
    if language not in LANGUAGES:
        raise BadEntry(what=f"the language is one of {', '.join(LANGUAGES)}")
    if unknown := set(chosen) - {one.id for one in papers.documents}:
        raise BadEntry(what=f"{len(unknown)} of the documents are not of this file")
    given = _authorities(papers.dossier) | set(chosen)
    parts = [*_register(papers.register, language, zone), *_notices(papers.dossier, language)]
    parts += [_document(one, body_of(one.id), language) for one in papers.documents if one.id in given]
    parts += [replace(one, path=f"extra/{one.path.lstrip('/')}") for one in papers.extra]
    if len({one.path for one in parts}) != len(parts) or any(".." in one.path.split("/") for one in parts):
        raise BadEntry(what="two parts of the pack have one name, or a name that leads out of it")
    book = _book(papers, parts, given, language, zone)
    contents = word(language, "part.index")
    whole = [Part("index.html", contents, html(book)), Part("index.pdf", contents, pdf(book)), *parts]
    sums = "".join(f"{hashlib.sha256(one.body).hexdigest()}  {one.path}\n" for one in whole)
    return zipped([*((one.path, one.body) for one in whole), (SUMS, sums.encode())])


def _register(register: Register, language: str, zone: tzinfo) -> Iterator[Part]:
    title, book = word(language, "part.register"), book_of(register, language, zone)
    yield Part("register/register.ods", title, ods(book))
    yield Part("register/register.pdf", title, pdf(book))
    yield Part("register/register.jsonld", title, jsonld(register, language))


def _notices(dossier: Dossier, language: str) -> Iterator[Part]:
    for number, one in enumerate(dossier.of_kind(EntryKind.NOTICE), 1):
        body = json.dumps(dict(one.body), ensure_ascii=False, indent=1, sort_keys=True).encode()
        yield Part(f"notices/{number:02}-{one.id}.json", word(language, "part.notice"), body)


def _document(one: Document, body: bytes, language: str) -> Part:
    return Part(f"documents/{one.id}-{one.name}", word(language, "part.document"), body)


def _authorities(dossier: Dossier) -> set[str]:
    """Name the documents of letters with an authority, of orders and of receipts."""
    letters = [one for one in dossier.of_kind(EntryKind.CORRESPONDENCE) if one.body["other"] in PUBLIC]
    others = dossier.of_kind(EntryKind.ORDER, EntryKind.RECEIPT)
    return {str(one.body["document"]) for one in (*letters, *others) if one.body.get("document")}


def _book(papers: Papers, parts: list[Part], given: set[str], language: str, zone: tzinfo) -> Book:
    register, dossier = papers.register, papers.dossier
    lines = (*register.lines, *register.alerts)
    tables = (
        volumetry_table(dossier, language, zone, register.people),
        measure_table(dossier, papers.findings, language, zone, register.people),
        request_table(dossier, register.made_at, language, zone),
        order_table(dossier, register.made_at, language, zone),
        correspondence_table(dossier, register.made_at, language, zone),
        message_table(lines, language, zone),
        chronologies(lines, language, zone, register.people),
        table("documents", language, ("document", "name", "bytes", "at", "given", "digest"),
              (_listed(one, given, language) for one in papers.documents)),
        table("parts", language, ("name", "what", "bytes", "digest"),
              ((one.path, one.title, len(one.body), hashlib.sha256(one.body).hexdigest()) for one in parts)),
    )  # fmt: skip
    return Book(
        word(language, "pack.title"), about(register, "pack", language, zone),
        word(language, "exercise") if dossier.file.exercise else "", tables, register.made_at, register.by, language,
        zone,
    )  # fmt: skip


def _listed(one: Document, given: set[str], language: str) -> Row:
    """List a document; the name that somebody gave one that is not in the pack is not told."""
    inside = one.id in given
    shown = word(language, "given.yes" if inside else "given.no")
    return (one.id, one.name if inside else "", one.size, one.at, shown, one.sha256)
