import random
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings, strategies as st
from tests.unit.imaging.conftest import EXPLICIT, House, data_set, slice_of

from primum.imaging import EVERYTHING, Criteria, Stored, tails, tails_on_disc
from primum.imaging.store import dump, reading
from primum.vault import Record

NOON = datetime(2026, 1, 2, 12, tzinfo=UTC)


def test_the_same_bytes_twice_are_one_instance(house: House) -> None:
    house.indexed(slice_of(), slice_of(), slice_of(sop="1.2.3.4.6"))
    (study,) = house.archive.rows(Criteria(), EVERYTHING)
    assert (study.entry.instances, study.conflicts) == (2, 0)
    with reading(house.index) as connection:
        copies = connection.exec_driver_sql("SELECT copies FROM instances ORDER BY sop_uid").scalars().all()
    assert copies == [2, 1]


def test_nothing_is_read_of_an_instance_that_is_sent_again(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Record, "chunks", lambda _: pytest.fail("it was read"))
    house.indexed(slice_of(), slice_of(), slice_of())
    with reading(house.index) as connection:
        assert connection.exec_driver_sql("SELECT copies, digest FROM instances").all() == [(3, None)]


@pytest.mark.parametrize("first", ["same", "other"])
def test_copies_are_counted_alike_whichever_came_between(house: House, first: str) -> None:
    same, other = slice_of(pixels=b"same...."), slice_of(pixels=b"other...")
    order = [same, same, other, same, other] if first == "same" else [same, other, same, other, same]
    house.indexed(*order)
    with reading(house.index) as connection:
        assert connection.exec_driver_sql("SELECT copies FROM instances").scalars().all() == [3]
        assert connection.exec_driver_sql("SELECT copies FROM versions").scalars().all() == [2]


def test_other_bytes_under_the_same_uid_are_a_conflict_version_and_the_first_is_served(house: House) -> None:
    house.indexed(slice_of(pixels=b"first..."), slice_of(pixels=b"second.."), slice_of(pixels=b"first..."))
    (study,) = house.archive.rows(Criteria(), EVERYTHING)
    assert (study.entry.instances, study.conflicts) == (1, 1)
    assert house.archive.frame("1.2.3", "1.2.3.4", "1.2.3.4.5", 1, EVERYTHING).data == b"first..."
    (other,) = house.archive.versions(study.entry.ref, EVERYTHING)
    assert house.archive.frame_of(other, 1).data == b"second.."
    assert house.archive.instance("1.2.3", "1.2.3.4", "1.2.3.4.5", EVERYTHING).versions == 1


def test_an_earlier_record_that_is_indexed_later_takes_its_place(house: House) -> None:
    late = house.device.store(slice_of(pixels=b"later...", name="LATER^X"), at=NOON)
    early = house.device.store(
        slice_of(pixels=b"earlier.", name="EARLIER^X"), at=NOON - timedelta(minutes=1), new_pack=True
    )
    house.indexer.take([late])
    house.indexer.take([early])
    assert house.archive.frame("1.2.3", "1.2.3.4", "1.2.3.4.5", 1, EVERYTHING).data == b"earlier."
    (study,) = house.archive.rows(Criteria(), EVERYTHING)
    assert study.text("00100010") == "EARLIER^X"
    assert study.conflicts == 1


def test_a_hint_of_what_is_indexed_does_nothing(house: House) -> None:
    stored = [house.device.store(slice_of(sop=f"1.2.3.4.{n}")) for n in range(3)]
    assert house.indexer.take(stored) == 3
    before = dump(house.index)
    assert house.indexer.take(stored) == 0
    assert house.indexer.take(stored[1:]) == 0
    assert dump(house.index) == before


def test_what_lost_hints_did_not_bring_is_read_from_the_pack(house: House) -> None:
    stored = [house.device.store(slice_of(sop=f"1.2.3.4.{n}")) for n in range(5)]
    assert house.indexer.take([stored[0], stored[3]]) >= 4
    assert house.archive.count(Criteria(), EVERYTHING) == 1
    house.indexer.take([stored[4]])
    (study,) = house.archive.rows(Criteria(), EVERYTHING)
    assert study.entry.instances == 5


def test_what_no_hint_told_of_is_caught_up(house: House) -> None:
    for number in range(450):
        house.device.store(slice_of(sop=f"1.2.3.4.{number}"), hint_header=False)
    caught = house.indexer.catch_up()
    assert (caught.records, caught.illnesses) == (450, 0)
    assert house.indexer.catch_up().records == 0
    (study,) = house.archive.rows(Criteria(), EVERYTHING)
    assert study.entry.instances == 450


def test_a_hint_without_a_header_is_read_from_the_pack(house: House) -> None:
    house.indexer.take([house.device.store(slice_of(), hint_header=False)])
    (study,) = house.archive.rows(Criteria(), EVERYTHING)
    assert study.text("00100010") == "DUPONT^JEAN"


def _some_studies(house: House) -> list[Stored]:
    chance = random.Random(7)
    stored = []
    for number in range(40):
        values = slice_of(
            study=f"1.2.{number % 5}",
            series=f"1.2.{number % 5}.{number % 3}",
            sop=f"1.2.9.{number % 25}",
            pixels=bytes([chance.randrange(2)]) * 8,
            name=chance.choice(["DUPONT^JEAN", "DUPONT^PAUL", "MARTIN^ANNE", ""]),
            number=chance.choice(["P1", "P2", ""]),
            modality=chance.choice(["CT", "SR"]),
        )
        at = NOON + timedelta(seconds=chance.randrange(60))
        stored.append(house.device.store(values, at=at, new_pack=number % 7 == 0))
    return stored


def test_an_index_that_was_deleted_comes_back_the_same(house: House) -> None:
    house.indexer.take(_some_studies(house))
    house.indexer.mark_confidential(house.archive.locate_study("1.2.3", EVERYTHING).ref, confidential=True)
    before = dump(house.index)
    assert before["versions"]
    other, indexer = house.fresh_index("other.db")
    indexer.rebuild()
    assert dump(other) == before
    house.indexer.rebuild()
    assert dump(house.index) == before
    other.dispose()


@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.randoms(use_true_random=False))
def test_rows_do_not_depend_on_the_order_in_which_records_come(house: House, chance: random.Random) -> None:
    if not house.device.sent:
        house.indexer.take(_some_studies(house))
    expected = dump(house.index)
    stored = list(house.device.sent)
    packs = {pack: [one for one in stored if one.position.pack == pack] for pack in {s.position.pack for s in stored}}
    other, indexer = house.fresh_index(f"{chance.getrandbits(64)}.db")
    while any(packs.values()):
        # a pack has one writer, whose hints come in order; those of different packs overtake each other
        batch = []
        for _ in range(chance.randrange(1, 9)):
            rest = [pack for pack, left in packs.items() if left]
            if rest:
                batch.append(packs[chance.choice(rest)].pop(0))
        indexer.take(batch)
    assert dump(other) == expected
    other.dispose()


def test_a_crash_between_the_two_stores_leaves_a_study_with_its_patient(house: House) -> None:
    stored = house.device.store(slice_of())
    other, indexer = house.fresh_index("lost.db")
    indexer.take([stored])
    other.dispose()
    house.indexer.take([stored])
    with reading(house.records) as connection:
        assert connection.exec_driver_sql("SELECT count(*) FROM patients").scalar_one() == 1
        patient = connection.exec_driver_sql("SELECT patient_id FROM study_patients").scalar_one()
    assert house.archive.locate_study("1.2.3", EVERYTHING).patient_id == patient


def test_tails_are_kept_for_the_check_of_the_vault(house: House, tmp_path: Path) -> None:
    house.indexed(slice_of(), slice_of(sop="1.2.3.4.6"))
    (tail,) = tails(house.records).values()
    assert tail == house.vault.tail(tail.study, tail.pack)
    assert list(house.vault.check(tails(house.records))) == []
    assert tails_on_disc(house.records, tmp_path) == tails(house.records)


def test_a_pack_cut_short_after_indexing_is_noticed(house: House) -> None:
    house.indexed(slice_of(), slice_of(sop="1.2.3.4.6"))
    house.device.close()
    (pack,) = house.folder.glob("vault/*/*/*.pack")
    with pack.open("r+b") as file:
        file.truncate(house.device.sent[0].position.end)
    (illness,) = [one for one in house.vault.check(tails(house.records)) if one.severity == "damage"]
    assert illness.code == "vault.records-missing"


def test_an_illness_in_a_pack_does_not_stop_the_rest(house: House) -> None:
    stored = [house.device.store(slice_of(sop=f"1.2.3.4.{n}"), hint_header=False) for n in range(4)]
    house.device.close()
    (pack,) = house.folder.glob("vault/*/*/*.pack")
    with pack.open("r+b") as file:
        file.seek(stored[1].position.offset)
        file.write(bytes(stored[1].position.end - stored[1].position.offset))
    caught = house.indexer.catch_up()
    assert caught.records == 3
    assert caught.illnesses == 1


def test_a_hint_of_a_study_erased_meanwhile_does_not_stop_the_others(house: House) -> None:
    gone = house.device.store(slice_of(), hint_header=False)
    other = house.device.store(slice_of(study="1.2.4", series="1.2.4.1", sop="1.2.4.1.1"))
    house.device.close()
    house.vault.erase(gone.position.study)
    house.indexer.take([gone, other])
    assert house.archive.locate_study("1.2.4", EVERYTHING)


def test_a_conflict_with_a_record_that_became_unreadable_keeps_both(house: House) -> None:
    first, second = house.device.store(slice_of()), house.device.store(slice_of(), new_pack=True)
    house.indexer.take([first])
    house.device.close()
    (pack,) = house.folder.glob(f"vault/*/*/{first.position.pack}*")
    with pack.open("r+b") as file:
        file.seek(first.position.end - 4096)
        file.write(bytes(4096))
    house.indexer.take([second])
    (study,) = house.archive.rows(Criteria(), EVERYTHING)
    assert (study.entry.instances, study.conflicts) == (1, 1)


def test_an_amendment_moves_the_position_and_nothing_else(house: House) -> None:
    house.indexed(slice_of())
    house.indexer.take([house.device.store(slice_of(sop="1.2.3.4.6"), kind="amendment")])
    (study,) = house.archive.rows(Criteria(), EVERYTHING)
    assert study.entry.instances == 1
    assert house.indexer.catch_up().records == 0


def test_a_header_that_cannot_be_read_is_indexed_by_its_facts(house: House) -> None:
    stored = house.device.store(slice_of())
    house.indexer.take([Stored(stored.position, stored.facts, b"\xff" * 100)])
    entry = house.archive.instance("1.2.3", "1.2.3.4", "1.2.3.4.5", EVERYTHING)
    assert entry.sop_class_uid == "1.2.840.10008.5.1.4.1.1.2"


def test_an_erased_study_leaves_no_row(house: House) -> None:
    house.indexed(slice_of(), slice_of(study="1.2.4", series="1.2.4.1", sop="1.2.4.1.1", number="P9"))
    ref = house.archive.locate_study("1.2.3", EVERYTHING).ref
    house.device.close()
    house.vault.erase(ref)
    house.indexer.forget(ref)
    left = repr(dump(house.index))
    assert ref not in left
    assert "1.2.3.4" not in left
    with reading(house.records) as connection:
        assert connection.exec_driver_sql("SELECT count(*) FROM patients").scalar_one() == 1
        assert connection.exec_driver_sql("SELECT count(*) FROM vault_tails").scalar_one() == 1
    assert house.indexer.catch_up().records == 0


def test_two_controllers_with_the_same_study_have_two_studies(house: House) -> None:
    other = "ctl_" + "c" * 26
    house.indexed(slice_of())
    house.indexer.take([house.device.store(slice_of(), controller=other)])
    assert house.archive.count(Criteria(), EVERYTHING) == 2
    assert house.archive.locate_study("1.2.3", EVERYTHING).controller_id == house.device.controller


@pytest.mark.parametrize("name", ["", "LEF\xc8VRE"])
def test_a_study_whose_name_is_missing_or_broken_is_stored_and_flagged(house: House, name: str) -> None:
    house.indexed(data_set(slice_of() | {0x00100010: ("PN", name.encode("latin-1"))}))
    (study,) = house.archive.rows(Criteria(), EVERYTHING)
    assert study.damaged is bool(name)


def test_a_study_that_does_not_agree_on_its_patient_is_flagged(house: House) -> None:
    house.indexed(slice_of(), slice_of(sop="1.2.3.4.6", number="P2"))
    (study,) = house.archive.rows(Criteria(), EVERYTHING)
    assert study.mixed
    assert EXPLICIT


def test_a_mark_of_confidentiality_that_a_crash_kept_from_the_index_follows_at_the_next_start(house: House) -> None:
    house.indexed(slice_of(), slice_of(study="1.2.9", series="1.2.9.1", sop="1.2.9.1.1", number="P9"))
    one, other = (stored.position.study for stored in house.device.sent)
    house.indexer.mark_confidential(other, confidential=True)
    with house.records.begin() as connection:  # and there it died, both times
        connection.exec_driver_sql("UPDATE study_patients SET confidential = (study_ref = ?)", (one,))
    house.indexer.catch_up()
    assert {ref: house.archive.study(ref, EVERYTHING).confidential for ref in (one, other)} == {one: 1, other: 0}
    engine, indexer = house.fresh_index("again.db")
    indexer.rebuild()
    assert dump(engine) == dump(house.index)
    engine.dispose()
