"""What is remembered of a database is never older than its last commit, whoever committed it."""

from __future__ import annotations

import subprocess
import sys
import threading
from pathlib import Path

import pytest
from sqlalchemy.engine import Engine

from primum.ground.db import open_database
from primum.ground.memo import Memo

KEY = bytes(range(32))
_ELSEWHERE = """
import sys
from pathlib import Path
from primum.ground.db import open_database
with open_database(Path(sys.argv[1]), bytes(range(32)), durability="full").begin() as connection:
    connection.exec_driver_sql("UPDATE t SET n = 7")
"""


class Counter:
    """A row of a database, and how often it was read."""

    def __init__(self, engine: Engine) -> None:
        self.engine, self.reads = engine, 0
        with engine.begin() as connection:
            connection.exec_driver_sql("CREATE TABLE t (n INTEGER)")
            connection.exec_driver_sql("INSERT INTO t VALUES (1)")

    def read(self) -> int | None:
        self.reads += 1
        with self.engine.connect().execution_options(reading=True) as connection:
            found = connection.exec_driver_sql("SELECT n FROM t").scalar()
        return None if found is None else int(found)

    def write(self, number: int) -> None:
        with self.engine.begin() as connection:
            connection.exec_driver_sql("UPDATE t SET n = ?", (number,))


@pytest.fixture
def counter(tmp_path: Path) -> Counter:
    return Counter(open_database(tmp_path / "x.db", KEY, durability="full"))


def test_what_did_not_change_is_read_once(counter: Counter) -> None:
    memo = Memo(counter.engine, 8)
    assert [memo.get("n", counter.read) for _ in range(5)] == [1] * 5
    assert counter.reads == 1


def test_a_commit_in_this_process_is_seen_by_the_next_question(counter: Counter) -> None:
    memo = Memo(counter.engine, 8)
    for number in range(2, 30):
        counter.write(number)
        assert memo.get("n", counter.read) == number
        assert memo.get("n", counter.read) == number
    assert counter.reads == 28


def test_a_commit_of_another_process_is_seen_by_the_next_question(counter: Counter, tmp_path: Path) -> None:
    memo = Memo(counter.engine, 8)
    assert memo.get("n", counter.read) == 1
    subprocess.run([sys.executable, "-c", _ELSEWHERE, str(tmp_path / "x.db")], check=True)
    assert memo.get("n", counter.read) == 7


def test_a_reader_that_may_not_write_sees_it_as_well(counter: Counter, tmp_path: Path) -> None:
    reader = open_database(tmp_path / "x.db", KEY, durability="normal", read_only=True)
    memo = Memo(reader, 8)
    assert memo.get("n", counter.read) == 1
    counter.write(2)
    assert memo.get("n", counter.read) == 2


def test_what_changed_while_it_was_read_is_not_remembered(counter: Counter) -> None:
    memo = Memo(counter.engine, 8)

    def slow() -> int | None:
        found = counter.read()
        counter.write(2)
        memo.get("another", lambda: 1)
        return found

    assert memo.get("n", slow) == 1
    assert memo.get("n", counter.read) == 2


def test_what_is_not_there_is_asked_again(counter: Counter) -> None:
    memo = Memo(counter.engine, 8)
    counter.write(3)
    with counter.engine.begin() as connection:
        connection.exec_driver_sql("DELETE FROM t")
    assert [memo.get("n", counter.read), memo.get("n", counter.read)] == [None, None]
    assert counter.reads == 2


def test_it_forgets_what_was_used_longest_ago(counter: Counter) -> None:
    memo = Memo(counter.engine, 2)
    for key in ("a", "b", "a", "c", "a", "b"):
        memo.get(key, counter.read)
    assert counter.reads == 4


def test_a_second_question_is_told_from_a_first_until_something_changes(counter: Counter) -> None:
    memo = Memo(counter.engine, 8)
    assert [memo.again("a"), memo.again("a"), memo.again("b")] == [False, True, False]
    counter.write(2)
    assert memo.again("a") is False


def test_threads_that_ask_while_another_commits_are_never_told_what_was_before(counter: Counter) -> None:
    memo, wrong, done = Memo(counter.engine, 8), list[tuple[int, int]](), threading.Event()
    committed = [1]

    def ask() -> None:
        while not done.is_set():
            before = committed[0]
            found = memo.get("n", counter.read) or 0
            if found < before:
                wrong.append((before, found))

    threads = [threading.Thread(target=ask) for _ in range(3)]
    for one in threads:
        one.start()
    for number in range(2, 60):
        counter.write(number)
        committed[0] = number
    done.set()
    for one in threads:
        one.join()
    assert not wrong
