"""Where files of breaches are kept: tables of records.db, which is sealed. Reads and writes, no rule.

Entries are written and never changed: the tables refuse it themselves.
"""

from __future__ import annotations

import hashlib
import json
from importlib.resources import as_file, files
from typing import TYPE_CHECKING, Any

from primum.ground.clock import from_text, to_text
from primum.ground.db import migrate
from primum.ground.ids import new_id
from primum.incidents.model import Document, Entry, EntryKind, File, Role
from primum.incidents.texts import written

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from datetime import datetime

    from sqlalchemy import Connection
    from sqlalchemy.engine import Engine

_FILE = "id, case_id, controller_id, role, opened_at, exercise"
_ENTRY = 'id, "of", seq, kind, at, "by", body'
_DOCUMENT = 'id, "of", name, size, sha256, at, "by"'


def prepare_incidents(engine: Engine) -> None:
    """Bring the tables to their newest shape."""
    with as_file(files("primum.incidents").joinpath("migrations")) as folder:
        migrate(engine, folder, "incidents_version")


def add_case(tx: Connection, at: datetime, *, exercise: bool) -> str:
    """Make a common record; return its id."""
    made = new_id("cas")
    tx.exec_driver_sql("INSERT INTO incident_cases VALUES (?, ?, ?)", (made, to_text(at), int(exercise)))
    return made


def add_file(tx: Connection, one: File) -> None:
    """Keep a new file."""
    values = (one.id, one.case_id, one.controller_id, one.role.value, to_text(one.opened_at), int(one.exercise))
    tx.exec_driver_sql(f"INSERT INTO incident_files ({_FILE}) VALUES (?, ?, ?, ?, ?, ?)", values)  # noqa: S608 (ours)


def add_entry(  # noqa: PLR0917 (a row)
    tx: Connection, of: str, kind: EntryKind, at: datetime, by: str, body: Mapping[str, Any]
) -> Entry:
    """Write an entry at the end; return it with its place."""
    entry_id, text = new_id("ent"), written(body)
    sql = 'INSERT INTO incident_entries (id, "of", kind, at, "by", body) VALUES (?, ?, ?, ?, ?, ?)'
    done = tx.exec_driver_sql(sql, (entry_id, of, kind.value, to_text(at), by, text))
    return Entry(entry_id, of, int(done.lastrowid), kind, from_text(to_text(at)), by, json.loads(text))


def file(tx: Connection, file_id: str) -> File | None:
    """Find a file."""
    found = _files(tx, "id = ?", (file_id,))
    return found[0] if found else None


def every_file(tx: Connection, most: int) -> list[File]:
    """List files, the last opened first."""
    return _files(tx, "1 ORDER BY opened_at DESC, id LIMIT ?", (most,))


def files_of(tx: Connection, case_id: str) -> list[File]:
    """List the files of a common record."""
    return _files(tx, "case_id = ? ORDER BY id", (case_id,))


def count_files(tx: Connection) -> int:
    """Count them."""
    return int(tx.exec_driver_sql("SELECT count(*) FROM incident_files").scalar_one())


def entries(tx: Connection, of: Iterable[str]) -> list[Entry]:
    """List the entries of records and files, in the order in which they were written."""
    among = tuple(of)
    marks = ", ".join("?" * len(among))
    sql = f'SELECT {_ENTRY} FROM incident_entries WHERE "of" IN ({marks}) ORDER BY seq'  # noqa: S608 (marks alone)
    return [
        Entry(row[0], row[1], row[2], EntryKind(row[3]), from_text(row[4]), row[5], json.loads(row[6]))
        for row in tx.exec_driver_sql(sql, among)
    ]


def every_entry_as_kept(tx: Connection) -> list[tuple[str, str, str, str, bytes]]:
    """List every entry of the store as its row has it, unread: id, of, kind, by, SHA-256 of the text of its body."""
    rows = tx.exec_driver_sql('SELECT id, "of", kind, "by", CAST(body AS BLOB) FROM incident_entries ORDER BY seq')
    return [(row[0], row[1], row[2], row[3], hashlib.sha256(row[4]).digest()) for row in rows]


def add_document(tx: Connection, one: Document, body: bytes) -> None:
    """Keep a document."""
    values = (one.id, one.of, one.name, one.size, one.sha256, to_text(one.at), one.by, body)
    tx.exec_driver_sql(f"INSERT INTO incident_documents ({_DOCUMENT}, body) VALUES (?, ?, ?, ?, ?, ?, ?, ?)", values)  # noqa: S608 (ours)


def every_document_as_kept(tx: Connection) -> Iterator[tuple[str, str, str]]:
    """Give every document of the store, one at a time: id, of, SHA-256 of its bytes in hexadecimal."""
    for row in tx.exec_driver_sql('SELECT id, "of" FROM incident_documents ORDER BY id').all():
        body = document_body(tx, row[1], row[0])
        yield row[0], row[1], hashlib.sha256(body or b"").hexdigest()


def every_document_told(tx: Connection) -> list[tuple[str, str, str, str]]:
    """List the documents that entries tell of: entry, of, document, SHA-256. What is no JSON tells of none."""
    sql = """
        SELECT id, "of", json_extract(body, '$.document'), json_extract(body, '$.digest') FROM incident_entries
        WHERE kind = ? AND json_valid(body) AND json_extract(body, '$.document') IS NOT NULL ORDER BY seq
    """
    rows = tx.exec_driver_sql(sql, (EntryKind.EVIDENCE.value,))
    return [(row[0], row[1], str(row[2]), str(row[3])) for row in rows]


def documents(tx: Connection, of: str) -> list[Document]:
    """List the documents of a file."""
    sql = f'SELECT {_DOCUMENT} FROM incident_documents WHERE "of" = ? ORDER BY at, id'  # noqa: S608 (ours)
    return [
        Document(row[0], row[1], row[2], row[3], row[4], from_text(row[5]), row[6])
        for row in tx.exec_driver_sql(sql, (of,))
    ]


def document_body(tx: Connection, of: str, document_id: str) -> bytes | None:
    """Give the bytes of a document."""
    sql = 'SELECT body FROM incident_documents WHERE "of" = ? AND id = ?'
    row = tx.exec_driver_sql(sql, (of, document_id)).first()
    return bytes(row[0]) if row is not None else None


def considered(tx: Connection, finding_id: str) -> tuple[str, str] | None:
    """Tell how a finding was when it was last considered, and the record it belongs to ("": to none)."""
    sql = "SELECT digest, case_id FROM incident_considered WHERE finding_id = ?"
    row = tx.exec_driver_sql(sql, (finding_id,)).first()
    return (row[0], row[1]) if row is not None else None


def all_considered(tx: Connection) -> dict[str, tuple[str, str]]:
    """Tell of everything that was considered: how it was, and the record it belongs to ("": to none)."""
    rows = tx.exec_driver_sql("SELECT finding_id, digest, case_id FROM incident_considered")
    return {row[0]: (row[1], row[2]) for row in rows}


def consider(tx: Connection, finding_id: str, digest: str, case_id: str, at: datetime) -> None:
    """Keep that a finding was considered as it is."""
    sql = "INSERT OR REPLACE INTO incident_considered VALUES (?, ?, ?, ?)"
    tx.exec_driver_sql(sql, (finding_id, digest, case_id, to_text(at)))


def consider_again(tx: Connection, case_ids: Iterable[str]) -> None:
    """Have the findings of records be looked at anew by the next sweep, as if they were not as they were."""
    for one in case_ids:
        tx.exec_driver_sql("UPDATE incident_considered SET digest = '' WHERE case_id = ?", (one,))


def _files(tx: Connection, which: str, values: tuple[object, ...]) -> list[File]:
    sql = f"SELECT {_FILE} FROM incident_files WHERE {which}"  # noqa: S608 (texts of ours)
    return [
        File(row[0], row[1], row[2], Role(row[3]), from_text(row[4]), bool(row[5]))
        for row in tx.exec_driver_sql(sql, values)
    ]
