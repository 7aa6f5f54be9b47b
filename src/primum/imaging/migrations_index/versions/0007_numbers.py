"""Studies are numbered by date and time (numbering.py), so that every index lists them newest first."""  # noqa: INP001 (found by Alembic, not imported)

import json
from itertools import groupby, islice

from alembic import op

from primum.imaging.numbering import OF_STUDY, first_of

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

_WORDS = """
    INSERT INTO words (rowid, name, patient_number, accession, description)
    SELECT id, flat_a || '=' || coalesce(flat_i, '') || '=' || coalesce(flat_p, '') || '=', patient_number || '=',
           accession || '=', description || '=' FROM studies ORDER BY id
"""


def upgrade() -> None:
    """Number the studies that there are anew, wherever they are named."""
    op.execute(
        # what is neither F nor M is rare, and would be looked for among all others
        "CREATE INDEX studies_by_rare_sex ON studies (sex) WHERE sex NOT IN ('', 'F', 'M')"
    )
    # what there is of trigrams, so that two letters are looked for too
    op.execute("CREATE VIRTUAL TABLE trigrams USING fts5vocab('words', 'row')")
    bind = op.get_bind()
    if bind.exec_driver_sql("SELECT 1 FROM studies LIMIT 1").first() is None:
        return
    bind.exec_driver_sql("PRAGMA defer_foreign_keys = ON")
    bind.exec_driver_sql(f"PRAGMA cache_size = {_CACHE}")
    bind.exec_driver_sql("CREATE TABLE renumbered (old INTEGER PRIMARY KEY, new INTEGER NOT NULL) STRICT")
    rows = bind.exec_driver_sql("SELECT id, study_date, study_time FROM studies ORDER BY study_date, study_time")
    numbered = (
        (row[0], first + place)
        for first, same in groupby(rows, lambda row: first_of(row[1], row[2]))
        for place, row in enumerate(same)
    )
    while some := list(islice(numbered, _BATCH)):
        bind.exec_driver_sql("INSERT INTO renumbered VALUES (?, ?)", some)
    known = {row[0] for row in bind.exec_driver_sql("SELECT name FROM sqlite_master WHERE type = 'table'")}
    tables = [name for name, _ in OF_STUDY if name in known] + ["studies"]
    indexes = bind.exec_driver_sql(_INDEXES, (json.dumps(tables),)).fetchall()
    for name, _ in indexes:  # made anew afterwards: in order, which takes a fraction of the time
        bind.exec_driver_sql(f"DROP INDEX {name}")
    for table in tables:
        column = "id" if table == "studies" else "study_id"
        bind.exec_driver_sql(f"UPDATE {table} SET {column} = (SELECT new FROM renumbered WHERE old = {column})")  # noqa: S608
    bind.exec_driver_sql("DROP TABLE renumbered")
    for _, text in indexes:
        bind.exec_driver_sql(text)
    bind.exec_driver_sql("INSERT INTO words (words) VALUES ('delete-all')")
    bind.exec_driver_sql(_WORDS)
    bind.exec_driver_sql("PRAGMA cache_size = -2000")  # as it is unless something is said


_INDEXES = """
    SELECT name, sql FROM sqlite_master WHERE type = 'index' AND sql IS NOT NULL
    AND tbl_name IN (SELECT value FROM json_each(?))
"""
_BATCH = 50_000
_CACHE = -262_144
"""Kibibytes, while every table is written in another order than it lies in."""
