"""Tables as an OpenDocument spreadsheet (OASIS ODF 1.3, ISO/IEC 26300): typed cells, no formula anywhere.

A text is a text cell whatever it begins with: nothing that somebody typed is calculated. Instants are dates in the
zone of the book; XML has no sign for control characters, which become U+FFFD. The same tables make the same bytes.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Final
from xml.sax.saxutils import escape, quoteattr

from primum.ground.zipped import zipped
from primum.incidents.register.tables import Book, Cell, Table
from primum.incidents.register.words import word

MEDIA_TYPE: Final = "application/vnd.oasis.opendocument.spreadsheet"
_VERSION: Final = "1.3"
_URN: Final = "urn:oasis:names:tc:opendocument:xmlns:"
_SPACES: Final = {
    "office": _URN + "office:1.0", "table": _URN + "table:1.0", "text": _URN + "text:1.0", "style": _URN + "style:1.0",
    "fo": _URN + "xsl-fo-compatible:1.0", "number": _URN + "datastyle:1.0", "meta": _URN + "meta:1.0",
    "dc": "http://purl.org/dc/elements/1.1/",
}  # fmt: skip
_HEAD: Final = '<?xml version="1.0" encoding="UTF-8"?>\n'
_DECLARED: Final = " ".join(f'xmlns:{name}="{uri}"' for name, uri in _SPACES.items())
_NO_XML: Final = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""What no XML 1.0 file may hold (section 2.2, Char)."""
_STYLES: Final = (
    '<number:date-style style:name="D"><number:year number:style="long"/><number:text>-</number:text>'
    '<number:month number:style="long"/><number:text>-</number:text><number:day number:style="long"/>'
    '<number:text> </number:text><number:hours number:style="long"/><number:text>:</number:text>'
    '<number:minutes number:style="long"/></number:date-style>'
    '<style:style style:name="date" style:family="table-cell" style:data-style-name="D"/>'
    '<style:style style:name="text" style:family="table-cell">'
    '<style:table-cell-properties fo:wrap-option="wrap"/></style:style>'
    '<style:style style:name="head" style:family="table-cell">'
    '<style:table-cell-properties fo:wrap-option="wrap"/><style:text-properties fo:font-weight="bold"/></style:style>'
    '<style:style style:name="wide" style:family="table-column">'
    '<style:table-column-properties style:column-width="4.5cm"/></style:style>'
)


def ods(book: Book) -> bytes:
    """Write a book: a sheet that says what it is, then one for each table."""
    about = Table("about", word(book.language, "table.about"), (), book.about)
    sheets = "".join(_sheet(one, book) for one in (about, *book.tables))
    parts = [
        ("mimetype", MEDIA_TYPE),
        ("META-INF/manifest.xml", _manifest()),
        ("content.xml", _root(
            "document-content",
            f"<office:automatic-styles>{_STYLES}</office:automatic-styles>"
            f"<office:body><office:spreadsheet>{sheets}</office:spreadsheet></office:body>",
        )),
        ("meta.xml", _root("document-meta", f"<office:meta>{_meta(book)}</office:meta>")),
        ("styles.xml", _root("document-styles", "<office:styles/>")),
    ]  # fmt: skip
    return zipped([(name, text.encode()) for name, text in parts], stored={"mimetype"})


def _root(name: str, inside: str) -> str:
    return f'{_HEAD}<office:{name} {_DECLARED} office:version="{_VERSION}">{inside}</office:{name}>'


def _manifest() -> str:
    spaces = f'xmlns:manifest="{_URN}manifest:1.0" manifest:version="{_VERSION}"'
    listed = "".join(
        f'<manifest:file-entry manifest:full-path="{path}" manifest:media-type="{media}"/>'
        for path, media in (
            ("/", MEDIA_TYPE),
            *((one, "text/xml") for one in ("content.xml", "meta.xml", "styles.xml")),
        )
    )
    return f"{_HEAD}<manifest:manifest {spaces}>{listed}</manifest:manifest>"


def _meta(book: Book) -> str:
    at = book.made_at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    return (
        f"<meta:generator>Primum</meta:generator><dc:title>{_text(book.title)}</dc:title>"
        f"<meta:initial-creator>{_text(book.by)}</meta:initial-creator>"
        f"<meta:creation-date>{at}</meta:creation-date><dc:language>{book.language}</dc:language>"
    )


def _sheet(one: Table, book: Book) -> str:
    wide = max([len(one.columns), *(len(row) for row in one.rows), 1])
    rows = "".join(_rows(one, book))
    name = quoteattr(_text(one.title))
    column = f'<table:table-column table:style-name="wide" table:number-columns-repeated="{wide}"/>'
    return f"<table:table table:name={name}>{column}{rows}</table:table>"


def _rows(one: Table, book: Book) -> Iterator[str]:
    if book.exercise:
        yield _row((book.exercise,), book, "head")
    if one.columns:
        yield _row(one.columns, book, "head")
    for row in one.rows:
        yield _row(row, book, "text")
    if not one.rows:
        yield _row((word(book.language, "empty"),), book, "text")


def _row(cells: tuple[Cell, ...], book: Book, style: str) -> str:
    return f"<table:table-row>{''.join(_cell(one, book, style) for one in cells)}</table:table-row>"


def _cell(cell: Cell, book: Book, style: str) -> str:
    match cell:
        case None | "":
            return "<table:table-cell/>"
        case datetime():
            local = cell.astimezone(book.zone)
            kind = f'table:style-name="date" office:value-type="date" office:date-value="{local:%Y-%m-%dT%H:%M:%S}"'
            return f"<table:table-cell {kind}><text:p>{local:%Y-%m-%d %H:%M}</text:p></table:table-cell>"
        case int():
            kind = f'office:value-type="float" office:value="{cell}"'
            return f"<table:table-cell {kind}><text:p>{cell}</text:p></table:table-cell>"
        case str():
            kind = f'table:style-name="{style}" office:value-type="string"'
            paragraphs = "".join(f"<text:p>{_spaced(line)}</text:p>" for line in re.split(r"\r\n|\r|\n", cell))
            return f"<table:table-cell {kind}>{paragraphs}</table:table-cell>"


def _spaced(line: str) -> str:
    """Keep the spaces that a reader would fold (ODF 1.3, part 3, 6.1.2): all but a single one between two words."""
    parts, made = re.split("(\t| +)", _text(line)), []
    for at, part in enumerate(parts):
        if part == "\t":
            made.append("<text:tab/>")
        elif part.startswith(" ") and not (part == " " and parts[at - 1] and parts[at + 1]):
            made.append(f'<text:s text:c="{len(part)}"/>')
        else:
            made.append(part)
    return "".join(made)


def _text(text: str) -> str:
    return escape(_NO_XML.sub("\ufffd", text))
