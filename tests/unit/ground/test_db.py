"""A database is sealed whole, opens with its own key only, and a reader cannot write."""

import pytest
import sqlalchemy

from primum.ground.db import WrongDatabaseKey, open_database

KEY = bytes(range(32))


@pytest.fixture
def filled(tmp_path):
    path = tmp_path / "x.db"
    engine = open_database(path, KEY, durability="full")
    with engine.begin() as connection:
        connection.exec_driver_sql("CREATE TABLE t (name TEXT)")
        connection.exec_driver_sql("INSERT INTO t VALUES ('canary-of-the-mine')")
    engine.dispose()
    return path


def test_the_file_holds_no_clear_text(filled):
    content = b"".join(file.read_bytes() for file in filled.parent.iterdir())
    assert b"canary" not in content
    assert b"SQLite format" not in content


def test_another_key_is_refused(filled):
    with pytest.raises(WrongDatabaseKey):
        open_database(filled, bytes(32), durability="full")


def test_a_reader_reads_and_cannot_write(filled):
    engine = open_database(filled, KEY, durability="full", read_only=True)
    with engine.begin() as connection:
        assert connection.exec_driver_sql("SELECT name FROM t").scalar() == "canary-of-the-mine"
    with pytest.raises(sqlalchemy.exc.DatabaseError), engine.begin() as connection:
        connection.exec_driver_sql("DELETE FROM t")
    engine.dispose()


def test_an_error_shows_no_parameter(filled):
    engine = open_database(filled, KEY, durability="full")
    with pytest.raises(sqlalchemy.exc.DatabaseError) as error, engine.begin() as connection:
        connection.execute(sqlalchemy.text("INSERT INTO absent VALUES (:name)"), {"name": "canary"})
    assert "canary" not in str(error.value)
    engine.dispose()


def test_who_read_last_reads_next_so_that_one_cache_is_warm(filled):
    engine = open_database(filled, KEY, durability="full", read_only=True)
    with engine.connect() as first, engine.connect() as second:
        used = [one.connection.driver_connection for one in (first, second)]
    last = []
    for _ in range(4):
        with engine.connect() as connection:
            last.append(connection.connection.driver_connection)
    assert used[0] is not used[1]
    assert {id(one) for one in last} == {id(last[0])}
    engine.dispose()
