"""The tables of retention in records.db, and what it reads of the index. Rows in, values out; no rule is here."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from datetime import date, datetime
from typing import Any

from sqlalchemy import Connection

from primum.ground.clock import from_text, to_text
from primum.identity import Way
from primum.imaging.retention.judging import OLDEST, Facts
from primum.imaging.retention.model import (
    LIVE,
    Decision,
    Erasure,
    Hold,
    HoldReason,
    Part,
    Reason,
    Return,
    State,
    Subject,
)
from primum.imaging.retention.rules import DEFAULT, Kind
from primum.imaging.tombstones import mark_of

_ERASURE = (
    "id, controller_id, study_ref, patient_id, study_uid, level, part_uid, reason, note, rule, floor_on, ceiling_on,"
    " below_floor, state, way, proposed_by, proposed_at, effective_at, decided_by, decided_at, done_at, series,"
    " instances, bytes, committed, followed"
)
_HOLD = "id, controller_id, study_ref, patient_id, reason, note, until_on, opened_by, opened_at"
_SOPS = (
    """
    SELECT e.series_uid, i.sop_uid FROM studies s JOIN series e ON e.study_id = s.id
    JOIN instances i ON i.series_id = e.id WHERE s.ref = ?
    """,
    """
    SELECT e.series_uid, i.sop_uid FROM studies s JOIN rejected i ON i.study_id = s.id
    JOIN series e ON e.id = i.series_id WHERE s.ref = ?
    """,
)
_LIVE = json.dumps(LIVE)


# -- what the index says --


def subject(index: Connection, ref: str) -> Subject | None:
    """Find a study by its reference."""
    row = index.exec_driver_sql(
        "SELECT ref, controller_id, patient_id, study_uid, confidential, shown, series, instances FROM studies"
        " WHERE ref = ?",
        (ref,),
    ).first()
    if row is None:
        return None
    referrer = (json.loads(row[5]).get("00080090", {}).get("Value") or [None])[0] or {}
    return Subject(row[0], row[1], row[2], row[3], bool(row[4]), referrer.get("Alphabetic", ""), row[6], row[7])


def sop_uids(index: Connection, ref: str, part: Part) -> list[tuple[str, str]]:
    """List the instances of a part of a study, rejected ones included: series and SOP Instance UIDs."""
    found: dict[tuple[str, str], None] = {}
    for sql in _SOPS:
        for row in index.exec_driver_sql(sql, (ref,)):
            if part.uid == {"study": "", "series": row[0], "instance": row[1]}[part.level]:
                found[row[0], row[1]] = None
    return list(found)


def committed(records: Connection, sops: Sequence[str]) -> int:
    """Count of these instances those that a device was promised (PS3.4 J)."""
    return int(
        records.exec_driver_sql(
            "SELECT count(DISTINCT sop_uid) FROM commitment_references WHERE reason IS NULL AND commitment_id IN"
            " (SELECT id FROM commitments WHERE checked_at IS NOT NULL)"
            " AND sop_uid IN (SELECT value FROM json_each(?))",
            (json.dumps(list(sops)),),
        ).scalar_one()
    )


def own_accession(index: Connection, ref: str) -> str:
    """Give the accession number of a study; empty where another study of the controller has it too."""
    row = index.exec_driver_sql(
        "SELECT s.accession FROM studies s WHERE s.ref = ? AND NOT EXISTS (SELECT 1 FROM studies o"
        " WHERE o.accession = s.accession AND o.controller_id = s.controller_id AND o.ref <> s.ref)",
        (ref,),
    ).first()
    return "" if row is None else str(row[0])


def returned_uids(index: Connection, ref: str) -> list[str]:
    """List the instances of a study that came back."""
    rows = index.exec_driver_sql("SELECT DISTINCT sop_uid FROM returned WHERE study_ref = ?", (ref,))
    return list(rows.scalars())


def due_candidates(index: Connection, before: date, after: tuple[str, str], limit: int) -> list[tuple[str, str]]:
    """List studies dated before a day, in order of (date, reference), from beyond `after` on."""
    rows = index.exec_driver_sql(
        "SELECT study_date, ref FROM studies WHERE study_date < ? AND (study_date, ref) > (?, ?)"
        " ORDER BY study_date, ref LIMIT ?",
        (before.strftime("%Y%m%d"), *after, limit),
    )
    return [(row[0], row[1]) for row in rows]


def studies_of_patients(index: Connection, patients: Iterable[str]) -> list[str]:
    """List the studies of these patients."""
    rows = index.exec_driver_sql(
        "SELECT ref FROM studies WHERE patient_id IN (SELECT value FROM json_each(?)) ORDER BY ref",
        (json.dumps(list(patients)),),
    )
    return list(rows.scalars())


def facts_of(index: Connection, records: Connection, refs: Sequence[str], today: date) -> dict[str, Facts]:
    """Gather what the judgement of each study depends on."""
    rows = index.exec_driver_sql(
        "SELECT ref, patient_id, controller_id, study_date, first, modalities, birth_date FROM studies"
        " WHERE ref IN (SELECT value FROM json_each(?))",
        (json.dumps(list(refs)),),
    ).fetchall()
    patients = json.dumps(sorted({row[1] for row in rows}))
    visits = index.exec_driver_sql(
        "SELECT patient_id, controller_id, max(study_date), min(nullif(birth_date, '')) FROM studies"
        " WHERE patient_id IN (SELECT value FROM json_each(?)) AND study_date BETWEEN ? AND ?"
        " GROUP BY patient_id, controller_id",
        (patients, OLDEST.strftime("%Y%m%d"), _tomorrow(today)),
    )
    last = {(row[0], row[1]): row[2] for row in visits}
    died = dict(
        map(
            tuple,
            records.exec_driver_sql(
                "SELECT patient_id, died_on FROM retention_deaths WHERE patient_id IN (SELECT value FROM json_each(?))",
                (patients,),
            ),
        )
    )
    return {
        row[0]: Facts(
            received_on=from_text(row[4].partition(" ")[0]).date(),
            study_date=_day(row[3]),
            last_visit=_day(last.get((row[1], row[2]), "")),
            birth_date=_day(row[6]),
            died_on=date.fromisoformat(died[row[1]]) if row[1] in died else None,
            modalities=frozenset(filter(None, row[5].split("\\"))),
        )
        for row in rows
    }


def returned_counts(index: Connection) -> list[tuple[str, str, int]]:
    """List what came back: study reference, controller, instances."""
    rows = index.exec_driver_sql(
        "SELECT study_ref, controller_id, count(DISTINCT sop_uid) FROM returned GROUP BY study_ref, controller_id"
    )
    return [(row[0], row[1], row[2]) for row in rows]


# -- kinds and deaths --


def kinds(records: Connection) -> dict[str, Kind]:
    """Give what each controller was said to be."""
    rows = records.exec_driver_sql("SELECT controller_id, kind FROM retention_kinds")
    return {row[0]: Kind(row[1]) for row in rows}


def kind_of(records: Connection, controller_id: str) -> Kind:
    """Give what a controller is."""
    return kinds(records).get(controller_id, DEFAULT)


def set_kind(records: Connection, controller_id: str, kind: Kind, by: str, now: datetime) -> None:
    """Say what a controller is."""
    records.exec_driver_sql(
        "INSERT INTO retention_kinds (controller_id, kind, set_by, set_at) VALUES (?, ?, ?, ?)"
        " ON CONFLICT (controller_id) DO UPDATE SET kind = excluded.kind,"
        " set_by = excluded.set_by, set_at = excluded.set_at",
        (controller_id, kind, by, to_text(now)),
    )


def dead(records: Connection) -> list[str]:
    """List the patients of whom a death is known."""
    return list(records.exec_driver_sql("SELECT patient_id FROM retention_deaths ORDER BY patient_id").scalars())


def state_death(records: Connection, patient_id: str, died_on: date, by: str, now: datetime) -> None:
    """Say when a patient died; said again, it replaces."""
    records.exec_driver_sql(
        "INSERT INTO retention_deaths (patient_id, died_on, stated_by, stated_at) VALUES (?, ?, ?, ?)"
        " ON CONFLICT (patient_id) DO UPDATE SET died_on = excluded.died_on, stated_by = excluded.stated_by,"
        " stated_at = excluded.stated_at",
        (patient_id, died_on.isoformat(), by, to_text(now)),
    )


# -- holds --


def add_hold(records: Connection, one: Hold) -> None:
    """Write a hold."""
    until = one.until_on.isoformat() if one.until_on else ""
    records.exec_driver_sql(
        f"INSERT INTO retention_holds ({_HOLD}, released_by, released_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, '', '')",  # noqa: S608
        (one.id, one.controller_id, one.study_ref, one.patient_id, one.reason, one.note, until, one.opened_by,
         to_text(one.opened_at)),
    )  # fmt: skip


def release_hold(records: Connection, hold_id: str, by: str, now: datetime) -> None:
    """End a hold; its note goes."""
    records.exec_driver_sql(
        "UPDATE retention_holds SET released_by = ?, released_at = ?, note = '' WHERE id = ?",
        (by, to_text(now), hold_id),
    )


def holds(records: Connection, today: date) -> list[Hold]:
    """List the holds that last today."""
    rows = records.exec_driver_sql(
        f"SELECT {_HOLD} FROM retention_holds WHERE released_at = '' AND (until_on = '' OR until_on >= ?)"  # noqa: S608
        " ORDER BY opened_at, id",
        (today.isoformat(),),
    )
    return [_hold(row) for row in rows]


def hold_on(records: Connection, ref: str, patient_id: str, today: date) -> Hold | None:
    """Find what freezes a study today; None where nothing does."""
    row = records.exec_driver_sql(
        f"SELECT {_HOLD} FROM retention_holds WHERE released_at = '' AND (until_on = '' OR until_on >= ?)"  # noqa: S608
        " AND (study_ref = ? OR (study_ref = '' AND patient_id = ?)) ORDER BY opened_at LIMIT 1",
        (today.isoformat(), ref, patient_id),
    ).first()
    return _hold(row) if row is not None else None


# -- erasures --


def add_erasure(records: Connection, one: Erasure) -> None:
    """Write a proposal."""
    marks = ", ".join("?" * 26)
    records.exec_driver_sql(
        f"INSERT INTO erasures ({_ERASURE}) VALUES ({marks})",  # noqa: S608 (our own columns)
        (one.id, one.controller_id, one.study_ref, one.patient_id, one.study_uid, one.part.level, one.part.uid,
         one.reason, one.note, one.rule, _day_text(one.floor_on), _day_text(one.ceiling_on), int(one.below_floor),
         one.state, one.way,
         one.proposed_by, to_text(one.proposed_at), _instant_text(one.effective_at), one.decided_by,
         _instant_text(one.decided_at), _instant_text(one.done_at), one.series, one.instances, one.bytes,
         one.committed, json.dumps(dict(one.followed)) if one.followed else ""),
    )  # fmt: skip


def erasure(records: Connection, erasure_id: str) -> Erasure | None:
    """Find an erasure."""
    sql = f"SELECT {_ERASURE} FROM erasures WHERE id = ?"  # noqa: S608 (our own columns)
    row = records.exec_driver_sql(sql, (erasure_id,)).first()
    return _erasure(row) if row is not None else None


def live_of(records: Connection, ref: str) -> Erasure | None:
    """Find the erasure that is under way for a study."""
    sql = f"SELECT {_ERASURE} FROM erasures WHERE study_ref = ? AND state IN (SELECT value FROM json_each(?))"  # noqa: S608
    row = records.exec_driver_sql(sql, (ref, _LIVE)).first()
    return _erasure(row) if row is not None else None


def live(records: Connection) -> list[Erasure]:
    """List the erasures under way, the oldest first."""
    rows = records.exec_driver_sql(
        f"SELECT {_ERASURE} FROM erasures WHERE state IN (SELECT value FROM json_each(?)) ORDER BY proposed_at, id",  # noqa: S608
        (_LIVE,),
    )
    return [_erasure(row) for row in rows]


def done(records: Connection, limit: int) -> list[Erasure]:
    """List the erasures done, the latest first."""
    rows = records.exec_driver_sql(
        f"SELECT {_ERASURE} FROM erasures WHERE state = 'done' ORDER BY done_at DESC, id LIMIT ?",  # noqa: S608
        (limit,),
    )
    return [_erasure(row) for row in rows]


def erased_since(records: Connection, controller_id: str, since: datetime) -> list[tuple[str, str]]:
    """List the whole studies of a controller that were erased since an instant: erasure and reference."""
    rows = records.exec_driver_sql(
        "SELECT id, study_ref FROM erasures WHERE state = 'done' AND level = 'study' AND controller_id = ?"
        " AND done_at >= ? ORDER BY done_at, id",
        (controller_id, to_text(since)),
    )
    return [(row[0], row[1]) for row in rows]


def not_to_propose(records: Connection, refs: Sequence[str], refused_since: datetime) -> set[str]:
    """Of these studies, those that are proposed already, or were refused lately."""
    rows = records.exec_driver_sql(
        "SELECT DISTINCT study_ref FROM erasures WHERE study_ref IN (SELECT value FROM json_each(?)) AND"
        " (state IN (SELECT value FROM json_each(?)) OR (state = 'refused' AND level = 'study' AND decided_at > ?))",
        (json.dumps(list(refs)), _LIVE, to_text(refused_since)),
    )
    return set(rows.scalars())


def decide(records: Connection, erasure_id: str, state: State, by: str, now: datetime) -> None:
    """Approve or refuse; a refused one loses its note and the UID of its part."""
    records.exec_driver_sql(
        "UPDATE erasures SET state = ?, decided_by = ?, decided_at = ? WHERE id = ?",
        (state, by, to_text(now), erasure_id),
    )
    if state is State.REFUSED:
        _strip(records, erasure_id)


def to_carry_out(records: Connection, now: datetime) -> list[Erasure]:
    """List what is approved, or whose day is over, or was begun."""
    rows = records.exec_driver_sql(
        f"SELECT {_ERASURE} FROM erasures WHERE state IN ('approved', 'erasing')"  # noqa: S608
        " OR (state = 'waiting' AND effective_at <> '' AND effective_at <= ?) ORDER BY proposed_at, id",
        (to_text(now),),
    )
    return [_erasure(row) for row in rows]


def begin(records: Connection, one: Erasure, now: datetime) -> None:
    """Note that it is being done, and bury what goes. From here on there is no way back."""
    records.exec_driver_sql("UPDATE erasures SET state = 'erasing' WHERE id = ?", (one.id,))
    mark = mark_of(one.study_ref, one.part.level, one.part.uid)
    if one.part.level == "study":
        records.exec_driver_sql("DELETE FROM tombstones WHERE study_ref = ?", (one.study_ref,))
    records.exec_driver_sql(
        "INSERT OR REPLACE INTO tombstones (study_ref, mark, level, controller_id, erasure_id, erased_at)"
        " VALUES (?, ?, ?, ?, ?, ?)",
        (one.study_ref, mark, one.part.level, one.controller_id, one.id, to_text(now)),
    )


def bury_records(records: Connection, one: Erasure, doomed: Iterable[tuple[str, str]], now: datetime) -> None:
    """Bury decisions that name what goes: (study in whose packs they are, what stands as their SOP Instance UID)."""
    for study, sop in doomed:
        records.exec_driver_sql(
            "INSERT OR IGNORE INTO tombstones (study_ref, mark, level, controller_id, erasure_id, erased_at)"
            " VALUES (?, ?, 'instance', ?, ?, ?)",
            (study, mark_of(study, "instance", sop), one.controller_id, one.id, to_text(now)),
        )


def buried_by(records: Connection, erasure_id: str) -> list[str]:
    """List the studies in which an erasure buried anything."""
    rows = records.exec_driver_sql(
        "SELECT DISTINCT study_ref FROM tombstones WHERE erasure_id = ? ORDER BY study_ref", (erasure_id,)
    )
    return list(rows.scalars())


def note_followed(records: Connection, erasure_id: str, followed: str) -> None:
    """Write what went with the study."""
    records.exec_driver_sql("UPDATE erasures SET followed = ? WHERE id = ?", (followed, erasure_id))


def note_bytes(records: Connection, erasure_id: str, size: int) -> None:
    """Add what the vault gave up: a step that is repeated finds nothing more."""
    records.exec_driver_sql("UPDATE erasures SET bytes = bytes + ? WHERE id = ?", (size, erasure_id))


def finish(records: Connection, erasure_id: str, now: datetime) -> None:
    """Note that it is done, and forget the UIDs and the note."""
    records.exec_driver_sql(
        "UPDATE erasures SET state = 'done', done_at = ?, study_uid = '', patient_id = '',"
        " floor_on = '', ceiling_on = '' WHERE id = ?",
        (to_text(now), erasure_id),
    )
    _strip(records, erasure_id)
    # what was refused, or erased in part, before the whole of it went
    records.exec_driver_sql(
        "UPDATE erasures SET study_uid = '', patient_id = '', floor_on = '', ceiling_on = '' WHERE study_ref IN"
        " (SELECT study_ref FROM erasures WHERE id = ? AND level = 'study') AND state IN ('refused', 'done')",
        (erasure_id,),
    )


def _strip(records: Connection, erasure_id: str) -> None:
    records.exec_driver_sql("UPDATE erasures SET note = '', part_uid = '' WHERE id = ?", (erasure_id,))


# -- returns --


def note_return(records: Connection, one: Return) -> bool:
    """Write down, or bring up to date, what came back; tell whether it is new."""
    known = records.exec_driver_sql(
        "SELECT id, instances FROM erasure_returns WHERE study_ref = ? AND done_at = ''", (one.study_ref,)
    ).first()
    if known is None:
        records.exec_driver_sql(
            "INSERT INTO erasure_returns (id, study_ref, controller_id, instances, seen_at, decision, decided_by,"
            " decided_at, done_at) VALUES (?, ?, ?, ?, ?, '', '', '', '')",
            (one.id, one.study_ref, one.controller_id, one.instances, to_text(one.seen_at)),
        )
    elif known[1] != one.instances:
        records.exec_driver_sql("UPDATE erasure_returns SET instances = ? WHERE id = ?", (one.instances, known[0]))
    return known is None


def returns(records: Connection) -> list[Return]:
    """List what came back and is not settled."""
    rows = records.exec_driver_sql(
        "SELECT id, study_ref, controller_id, instances, seen_at, decision, decided_by, (SELECT t.erasure_id"
        " FROM tombstones t WHERE t.study_ref = r.study_ref ORDER BY t.erased_at DESC LIMIT 1)"
        " FROM erasure_returns r WHERE done_at = '' ORDER BY seen_at, id"
    )
    return [
        Return(row[0], row[1], row[2], row[3], from_text(row[4]), Decision(row[5]) if row[5] else None, row[6],
               row[7] or "")
        for row in rows
    ]  # fmt: skip


def decide_return(records: Connection, return_id: str, decision: Decision, by: str, now: datetime) -> None:
    """Keep or erase again; kept, the tombstones are lifted."""
    records.exec_driver_sql(
        "UPDATE erasure_returns SET decision = ?, decided_by = ?, decided_at = ? WHERE id = ?",
        (decision, by, to_text(now), return_id),
    )


def tombstones(records: Connection) -> list[tuple[str, str, int]]:
    """Count what must not come back unseen: controller, level, how many."""
    rows = records.exec_driver_sql(
        "SELECT controller_id, level, count(*) FROM tombstones GROUP BY controller_id, level"
    )
    return [(row[0], row[1], row[2]) for row in rows]


def by_month(records: Connection) -> list[tuple[str, str, int, int, int, int]]:
    """Sum what was erased: month, controller, whole studies, parts of studies, instances, bytes; the latest first."""
    rows = records.exec_driver_sql(
        "SELECT substr(done_at, 1, 7), controller_id, sum(level = 'study'), sum(level <> 'study'), sum(instances),"
        " sum(bytes) FROM erasures WHERE state = 'done' GROUP BY 1, 2 ORDER BY 1 DESC, 2"
    )
    return [(row[0], row[1], row[2], row[3], row[4], row[5]) for row in rows]


def lift(records: Connection, ref: str) -> None:
    """Take a study's tombstones away."""
    records.exec_driver_sql("DELETE FROM tombstones WHERE study_ref = ?", (ref,))


def settle_return(records: Connection, return_id: str, now: datetime) -> None:
    """Note that it was done as decided."""
    records.exec_driver_sql("UPDATE erasure_returns SET done_at = ? WHERE id = ?", (to_text(now), return_id))


# -- rows --


def _erasure(row: Sequence[Any]) -> Erasure:
    return Erasure(
        row[0], row[1], row[2], row[3], row[4], Part(row[5], row[6]), Reason(row[7]), row[8], row[9],
        _iso(row[10]), _iso(row[11]), bool(row[12]), State(row[13]), Way(row[14]), row[15],
        from_text(row[16]), _instant(row[17]), row[18], _instant(row[19]), _instant(row[20]), row[21], row[22], row[23],
        row[24], json.loads(row[25] or "{}"),
    )  # fmt: skip


def _hold(row: Sequence[Any]) -> Hold:
    return Hold(
        row[0], row[1], row[2], row[3], HoldReason(row[4]), row[5],
        date.fromisoformat(row[6]) if row[6] else None, row[7], from_text(row[8]),
    )  # fmt: skip


def _instant(text: str) -> datetime | None:
    return from_text(text) if text else None


def _instant_text(at: datetime | None) -> str:
    return to_text(at) if at else ""


def _iso(text: str) -> date | None:
    return date.fromisoformat(text) if text else None


def _day_text(day: date | None) -> str:
    return day.isoformat() if day else ""


def _day(text: str) -> date | None:
    try:
        return date(int(text[:4]), int(text[4:6]), int(text[6:8])) if len(text) == 8 else None  # noqa: PLR2004
    except ValueError:
        return None


def _tomorrow(today: date) -> str:
    return date.fromordinal(today.toordinal() + 1).strftime("%Y%m%d")
