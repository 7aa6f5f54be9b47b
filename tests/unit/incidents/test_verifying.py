"""Entries held against the journal: a real store, a real journal, and somebody who holds the key of records.db."""

import hashlib

import pytest
from hypothesis import given, strategies as st
from tests.unit.exposure import kit as exposure
from tests.unit.incidents.kit import DOCTOR, MINE, TUESDAY, House

from primum.app.joints import Recorder
from primum.ground.clock import FixedClock
from primum.ground.disc import RealDisc
from primum.incidents.model import EntryKind, Origin
from primum.incidents.service import Incidents
from primum.incidents.store import prepare_incidents
from primum.incidents.verifying import Kept, Line, Verification, Wrong, compare
from primum.journal import Journal

NOTE = {"text": "la box a été photographiée"}


class Home:
    """Files with the journal that tells of them."""

    def __init__(self, folder):
        self.clock = FixedClock(TUESDAY)
        self.engine = exposure.records(folder)
        prepare_incidents(self.engine)
        (folder / "journal").mkdir()
        self.journal = Journal(folder / "journal", "worker", self.clock, RealDisc(), "hom_1")
        self.files = Incidents(self.engine, self.clock, Recorder(self.journal), House())
        self.file = self.files.open(DOCTOR, Origin.PERSON, "portable perdu", MINE.id)
        self.note = self.files.write(DOCTOR, self.file.id, EntryKind.NOTE, NOTE)
        self.fact = self.files.answer(DOCTOR, self.file.id, "system", {"product": "Orthanc"})

    def verify(self):
        return Verification(self.files, self.journal.folder, self.journal.flush).verify()

    def forge(self, sql, *values):
        """Write as whoever holds the key of records.db may: past the triggers."""
        with self.engine.begin() as tx:
            names = tx.exec_driver_sql("SELECT name FROM sqlite_master WHERE type = 'trigger'").scalars().all()
            for name in (one for one in names if one.startswith("incident_entries")):
                tx.exec_driver_sql(f"DROP TRIGGER {name}")
            tx.exec_driver_sql(sql, values)


@pytest.fixture
def home(tmp_path):
    made = Home(tmp_path)
    yield made
    made.journal.close()


def wrongs(verified):
    return {(one.wrong, one.entry) for one in verified.differences}


def test_what_was_written_by_the_rules_is_what_the_journal_tells(home):
    found = home.verify()
    assert (found.entries, found.lines, found.differences) == (4, 4, ())
    assert home.fact.of == home.file.case_id  # kept with the record, told of the file


@pytest.mark.parametrize(
    ("column", "value", "wrong"),
    [
        ("body", '{"text":"rien"}', Wrong.BODY), ("body", '{"text": "la box a été photographiée"}', Wrong.BODY),
        ("body", "no JSON", Wrong.BODY), ("kind", "evidence", Wrong.KIND), ("kind", "no-such-kind", Wrong.KIND),
        ('"by"', "system", Wrong.AUTHOR), ('"of"', "inc_elsewhere", Wrong.FILE),
    ],
)  # fmt: skip
def test_an_entry_that_was_changed_is_named_with_what_changed(home, column, value, wrong):
    home.forge(f"UPDATE incident_entries SET {column} = ? WHERE id = ?", value, home.note.id)
    (found,) = home.verify().differences
    assert (found.wrong, found.entry, found.file) == (wrong, home.note.id, home.file.id)
    assert found.line.startswith("account/")
    assert "photographiée" not in str(found)


def test_an_entry_that_was_taken_out_is_named(home):
    home.forge("DELETE FROM incident_entries WHERE id = ?", home.note.id)
    assert wrongs(home.verify()) == {(Wrong.NO_ENTRY, home.note.id)}


def test_an_entry_that_was_slipped_in_is_named(home):
    home.forge(
        'INSERT INTO incident_entries (id, "of", kind, at, "by", body) VALUES (?, ?, ?, ?, ?, ?)',
        "ent_forged", home.file.id, "note", "2026-11-24T22:40:00.000Z", DOCTOR.person_id, '{"text":"vu hier"}',
    )  # fmt: skip
    assert wrongs(home.verify()) == {(Wrong.NO_LINE, "ent_forged")}


def test_a_line_whose_transaction_was_taken_back_is_told(home):
    """A line is written first: a crash before the commit leaves it alone, and that is to be seen."""
    with home.files.transaction() as tx:
        lost = home.files.write_within(tx, home.file, EntryKind.NOTE, NOTE)
        tx.rollback()
    assert wrongs(home.verify()) == {(Wrong.NO_ENTRY, lost.id)}


def test_a_document_that_was_changed_taken_out_or_slipped_in_is_named(home):
    one = home.files.attach(DOCTOR, home.file.id, "box.jpg", b"photographie")
    other = home.files.attach(DOCTOR, home.file.id, "lettre.pdf", b"%PDF-1.7")
    first, second = (each for each in home.files.dossier(DOCTOR, home.file.id).entries if "document" in each.body)
    assert (home.verify().documents, home.verify().differences) == (2, ())
    forged = hashlib.sha256(b"une autre").hexdigest()
    home.forge("UPDATE incident_documents SET body = ?, sha256 = ? WHERE id = ?", b"une autre", forged, one.id)
    assert wrongs(home.verify()) == {(Wrong.DOCUMENT, first.id)}
    home.forge("UPDATE incident_documents SET id = 'doc_other' WHERE id = ?", other.id)
    assert wrongs(home.verify()) == {
        (Wrong.DOCUMENT, first.id), (Wrong.NO_DOCUMENT, second.id), (Wrong.UNTOLD_DOCUMENT, "doc_other"),
    }  # fmt: skip


ROWS = st.builds(
    Kept, st.sampled_from(["ent_1", "ent_2", "ent_3"]), st.sampled_from(["inc_1", "cas_1", "inc_2"]),
    st.sampled_from(["note", "fact"]), st.sampled_from(["per_1", "system"]), st.sampled_from(["aa", "bb"]),
)  # fmt: skip


def line_of(one, file="inc_1"):
    return Line(one.id, file, one.kind, one.by, one.digest, "account/worker:1")


@given(st.lists(ROWS, unique_by=lambda one: one.id), st.lists(ROWS, unique_by=lambda one: one.id))
def test_nothing_is_said_exactly_where_both_say_the_same(kept, told):
    records = {"inc_1": "cas_1"}
    found = compare(kept, [line_of(one) for one in told], records)
    same = {one.id: one for one in kept} == {one.id: one for one in told} and "inc_2" not in {one.of for one in kept}
    assert (found.differences == ()) is same


def test_a_line_that_comes_twice_is_told():
    one = Kept("ent_1", "inc_1", "note", "per_1", "aa")
    found = compare([one], [line_of(one), line_of(one)], {"inc_1": "cas_1"})
    assert [each.wrong for each in found.differences] == [Wrong.TWO_LINES]
