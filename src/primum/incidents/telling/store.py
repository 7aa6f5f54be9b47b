"""Where lists and letters are kept: five tables of records.db, which is sealed. Reads and writes, no rule.

What names somebody stands in `telling_people` alone, and can be erased; counts and fates stay.
"""

from __future__ import annotations

import json
from collections import Counter
from importlib.resources import as_file, files
from typing import TYPE_CHECKING, Any

from primum.ground.clock import from_text, to_text
from primum.ground.db import migrate
from primum.incidents.telling.model import (
    DUE,
    UNDER_WAY,
    Batch,
    Channel,
    Fate,
    Letter,
    Listed,
    Reach,
    Recipient,
    Taken,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from datetime import datetime

    from sqlalchemy import Connection
    from sqlalchemy.engine import Engine

_LIST = "id, file_id, source, at, digest, count"
_PERSON = "id, list_id, reach, reference, name, guardian, mail, address, language, gone"
_BATCH = 'id, file_id, list_id, channel, letter, at, "by", domain, over, trouble, trouble_at'
_LETTER = "id, batch_id, number, fate, attempts, tried_at, next_at, code, detail"
_AMONG = "IN (SELECT value FROM json_each(?))"
_WIPED = "reference = '', name = '', guardian = '', mail = '', address = '[]', language = ''"

# ruff: noqa: S608 (every piece of SQL is of this file, every value is bound)


def prepare_telling(engine: Engine) -> None:
    """Bring the tables to their newest shape. Those of the files come first (`prepare_incidents`)."""
    with as_file(files("primum.incidents.telling").joinpath("migrations")) as folder:
        migrate(engine, folder, "telling_version")


# -- lists and people --


def add_list(tx: Connection, one: Taken, people: Sequence[Listed]) -> None:
    """Keep a list."""
    values = (one.id, one.file_id, one.source, to_text(one.at), one.digest, one.count)
    tx.exec_driver_sql(f"INSERT INTO telling_lists ({_LIST}) VALUES (?, ?, ?, ?, ?, ?)", values)
    rows = [
        (
            each.id, one.id, place, each.reach.value, each.who.reference, each.who.name, each.who.guardian,
            each.who.mail, json.dumps(each.who.address, ensure_ascii=False), each.who.language,
        )
        for place, each in enumerate(people)
    ]  # fmt: skip
    marks = ", ".join("?" * 10)
    columns = "id, list_id, place, reach, reference, name, guardian, mail, address, language"
    tx.exec_driver_sql(f"INSERT INTO telling_people ({columns}) VALUES ({marks})", rows)


def lists(tx: Connection, file_ids: Iterable[str]) -> list[Taken]:
    """List the lists of files, the first taken first."""
    sql = f"SELECT {_LIST} FROM telling_lists WHERE file_id {_AMONG} ORDER BY seq"
    return [
        Taken(row[0], row[1], row[2], from_text(row[3]), row[4], row[5])
        for row in tx.exec_driver_sql(sql, (json.dumps(list(file_ids)),))
    ]


def files_with_addresses(tx: Connection) -> list[str]:
    """List the files of which some person's content is kept."""
    sql = (
        "SELECT DISTINCT l.file_id FROM telling_lists l WHERE EXISTS"
        " (SELECT 1 FROM telling_people p WHERE p.list_id = l.id AND p.gone = '')"
    )
    return list(tx.exec_driver_sql(sql).scalars())


def people(tx: Connection, list_id: str) -> list[Listed]:
    """List the people of a list, in its order."""
    sql = f"SELECT {_PERSON} FROM telling_people WHERE list_id = ? ORDER BY place"
    return [_listed(row) for row in tx.exec_driver_sql(sql, (list_id,))]


def addressees(tx: Connection, batch_id: str) -> dict[str, list[Listed]]:
    """Give those whom each letter of a batch is for, by the letter's id."""
    columns = ", ".join(f"p.{one}" for one in _PERSON.split(", "))
    sql = (
        f"SELECT t.letter_id, {columns} FROM telling_letters l JOIN telling_to t ON t.letter_id = l.id"
        " JOIN telling_people p ON p.id = t.person_id WHERE l.batch_id = ? ORDER BY l.number, p.place"
    )
    found: dict[str, list[Listed]] = {}
    for row in tx.exec_driver_sql(sql, (batch_id,)):
        found.setdefault(row[0], []).append(_listed(row[1:]))
    return found


def addressed(tx: Connection, letter_id: str) -> list[Listed]:
    """List those whom a letter is for, and whose content is there."""
    columns = ", ".join(f"p.{one}" for one in _PERSON.split(", "))
    sql = (
        f"SELECT {columns} FROM telling_to t JOIN telling_people p ON p.id = t.person_id"
        " WHERE t.letter_id = ? AND p.gone = '' ORDER BY p.place"
    )
    return [_listed(row) for row in tx.exec_driver_sql(sql, (letter_id,))]


def fates(tx: Connection, file_ids: Iterable[str], letter: str = "") -> list[tuple[Fate, Listed]]:
    """List, for files and where it is given for one text, what became of each letter for each person."""
    columns = ", ".join(f"p.{one}" for one in _PERSON.split(", "))
    sql = (
        f"SELECT l.fate, {columns} FROM telling_batches b JOIN telling_letters l ON l.batch_id = b.id"
        " JOIN telling_to t ON t.letter_id = l.id JOIN telling_people p ON p.id = t.person_id"
        f" WHERE b.file_id {_AMONG} AND (? = '' OR b.letter = ?)"
    )
    values = (json.dumps(list(file_ids)), letter, letter)
    return [(Fate(row[0]), _listed(row[1:])) for row in tx.exec_driver_sql(sql, values)]


def wipe_references(tx: Connection, references: Iterable[str], now: datetime, controller_id: str = "") -> int:
    """Take the content of whoever has one of these numbers, and the letters that then are for nobody.

    `controller_id`: in the lists of its files alone; a number is somebody else's in another practice.
    """
    named = json.dumps([one for one in references if one])
    sql = (
        f"UPDATE telling_people SET {_WIPED}, gone = 'erased', gone_at = ?1 WHERE reference"
        f" {_AMONG.replace('?', '?2')} AND (?3 = '' OR list_id IN (SELECT l.id FROM telling_lists l"
        " JOIN incident_files f ON f.id = l.file_id WHERE f.controller_id = ?3))"
    )
    count = tx.exec_driver_sql(sql, (to_text(now), named, controller_id)).rowcount
    if count:
        _end_letters_for_nobody(tx)
    return count


def wipe_files(tx: Connection, file_ids: Iterable[str], now: datetime) -> int:
    """Take the content of all lists of files."""
    sql = (
        f"UPDATE telling_people SET {_WIPED}, gone = 'closed', gone_at = ? WHERE gone = ''"
        f" AND list_id IN (SELECT id FROM telling_lists WHERE file_id {_AMONG})"
    )
    count = tx.exec_driver_sql(sql, (to_text(now), json.dumps(list(file_ids)))).rowcount
    if count:
        _end_letters_for_nobody(tx)
    return count


def _end_letters_for_nobody(tx: Connection) -> None:
    tx.exec_driver_sql(
        "UPDATE telling_letters SET fate = 'erased', next_at = NULL WHERE fate IN ('waiting', 'deferred')"
        " AND NOT EXISTS (SELECT 1 FROM telling_to t JOIN telling_people p ON p.id = t.person_id"
        " WHERE t.letter_id = telling_letters.id AND p.gone = '')"
    )


# -- batches and letters --


def add_batch(tx: Connection, one: Batch, letters: Sequence[tuple[Letter, Sequence[str]]]) -> None:
    """Keep a batch, with its letters and the people that each is for."""
    values = (one.id, one.file_id, one.list_id, one.channel.value, one.letter, to_text(one.at), one.by, one.domain)
    tx.exec_driver_sql(
        'INSERT INTO telling_batches (id, file_id, list_id, channel, letter, at, "by", domain)'
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        values,
    )
    tx.exec_driver_sql(
        "INSERT INTO telling_letters (id, batch_id, number, fate) VALUES (?, ?, ?, ?)",
        [(each.id, one.id, each.number, each.fate.value) for each, _ in letters],
    )
    tx.exec_driver_sql(
        "INSERT INTO telling_to VALUES (?, ?)", [(each.id, person) for each, people in letters for person in people]
    )


def batch(tx: Connection, batch_id: str) -> Batch | None:
    """Find a batch."""
    found = _batches(tx, "id = ?", (batch_id,))
    return found[0] if found else None


def batches(tx: Connection, file_ids: Iterable[str]) -> list[Batch]:
    """List the batches of files, the first first."""
    return _batches(tx, f"file_id {_AMONG} ORDER BY seq", (json.dumps(list(file_ids)),))


def running(tx: Connection) -> list[Batch]:
    """List the batches by mail that are not over."""
    return _batches(tx, "channel = 'mail' AND over = 0 ORDER BY seq", ())


def end(tx: Connection, batch_id: str, *, over: bool) -> None:
    """Keep that a batch is over, or goes on."""
    tx.exec_driver_sql("UPDATE telling_batches SET over = ? WHERE id = ?", (int(over), batch_id))


def trouble(tx: Connection, batch_ids: Iterable[str], step: str, at: datetime | None) -> None:
    """Keep that the server took nothing from us, or does again."""
    sql = f"UPDATE telling_batches SET trouble = ?, trouble_at = ? WHERE id {_AMONG}"
    tx.exec_driver_sql(sql, (step, to_text(at) if at else None, json.dumps(list(batch_ids))))


def letters(tx: Connection, batch_id: str) -> list[Letter]:
    """List the letters of a batch, by number."""
    return _letters(tx, "batch_id = ? ORDER BY number", (batch_id,))


def due(tx: Connection, batch_id: str, now: datetime, most: int) -> list[Letter]:
    """List letters that are to be tried now: those never tried first."""
    which = (
        "batch_id = ? AND (fate = 'waiting' OR (fate = 'deferred' AND next_at <= ?))"
        " ORDER BY fate = 'deferred', number LIMIT ?"
    )
    return _letters(tx, which, (batch_id, to_text(now), most))


def counts(tx: Connection, batch_id: str) -> Mapping[Fate, int]:
    """Count the letters of a batch by fate."""
    sql = "SELECT fate, count(*) FROM telling_letters WHERE batch_id = ? GROUP BY fate"
    return Counter({Fate(row[0]): int(row[1]) for row in tx.exec_driver_sql(sql, (batch_id,))})


def tried_between(tx: Connection, since: datetime, until: datetime) -> int:
    """Count the letters that were tried last between two instants."""
    sql = "SELECT count(*) FROM telling_letters WHERE tried_at > ? AND tried_at <= ?"
    return int(tx.exec_driver_sql(sql, (to_text(since), to_text(until))).scalar_one())


def claim(tx: Connection, one: Letter, now: datetime) -> bool:
    """Write that the end of a letter goes now; False where it is no longer this attempt's to send.

    What the server said of an attempt before is no answer to this one, whatever becomes of it.
    """
    sql = (
        "UPDATE telling_letters SET fate = 'sending', attempts = attempts + 1, tried_at = ?, next_at = NULL,"
        " code = 0, detail = ''"
        " WHERE id = ? AND fate = ? AND attempts = ?"
    )
    return tx.exec_driver_sql(sql, (to_text(now), one.id, one.fate.value, one.attempts)).rowcount == 1


def settle(
    tx: Connection, one: Letter, now: datetime, *, claimed: bool, fate: Fate, next_at: datetime | None, code: int,
    detail: str,
) -> bool:  # fmt: skip
    """Write what became of an attempt, where the letter is still this attempt's.

    One that was not claimed is as it was when it was picked; of one that was, nobody else knows better.
    """
    attempts = one.attempts + 1
    among = [Fate.SENDING, Fate.UNCERTAIN, *DUE] if claimed else [one.fate]
    sql = (
        "UPDATE telling_letters SET fate = ?, attempts = ?, tried_at = ?, next_at = ?, code = ?, detail = ?"
        f" WHERE id = ? AND attempts = ? AND fate {_AMONG}"
    )
    values = (
        fate.value, attempts, to_text(now), to_text(next_at) if next_at else None, code, detail, one.id,
        attempts if claimed else one.attempts, json.dumps([each.value for each in among]),
    )  # fmt: skip
    return tx.exec_driver_sql(sql, values).rowcount == 1


def doubt(tx: Connection, before: datetime, after: datetime) -> int:
    """Make uncertain what is being sent without an outcome since an instant, or, by this clock, from the future."""
    sql = "UPDATE telling_letters SET fate = 'uncertain' WHERE fate = 'sending' AND (tried_at < ? OR tried_at > ?)"
    return tx.exec_driver_sql(sql, (to_text(before), to_text(after))).rowcount


def turn(tx: Connection, letter_ids: Iterable[str], among: Iterable[Fate], fate: Fate) -> int:
    """Give letters another fate, where a person says so."""
    sql = f"UPDATE telling_letters SET fate = ?, next_at = NULL, attempts = 0 WHERE id {_AMONG} AND fate {_AMONG}"
    values = (fate.value, json.dumps(list(letter_ids)), json.dumps([one.value for one in among]))
    return tx.exec_driver_sql(sql, values).rowcount


def is_over(tx: Connection, batch_id: str) -> bool:
    """Tell whether nothing of a batch leaves any more by itself."""
    found = counts(tx, batch_id)
    return not any(found.get(one) for one in UNDER_WAY)


def _batches(tx: Connection, which: str, values: tuple[object, ...]) -> list[Batch]:
    return [
        Batch(
            row[0], row[1], row[2], Channel(row[3]), row[4], from_text(row[5]), row[6], row[7], bool(row[8]),
            row[9], from_text(row[10]) if row[10] else None,
        )
        for row in tx.exec_driver_sql(f"SELECT {_BATCH} FROM telling_batches WHERE {which}", values)
    ]  # fmt: skip


def _letters(tx: Connection, which: str, values: tuple[object, ...]) -> list[Letter]:
    return [
        Letter(
            row[0], row[1], row[2], Fate(row[3]), row[4], from_text(row[5]) if row[5] else None,
            from_text(row[6]) if row[6] else None, row[7], row[8],
        )
        for row in tx.exec_driver_sql(f"SELECT {_LETTER} FROM telling_letters WHERE {which}", values)
    ]  # fmt: skip


def _listed(row: Any) -> Listed:  # noqa: ANN401 (a row)
    number, list_id, reach, reference, name, guardian, mail, address, language, gone = row
    who = Recipient(reference, name, guardian, mail, tuple(json.loads(address)), language)
    return Listed(number, list_id, Reach(reach), who, gone)
