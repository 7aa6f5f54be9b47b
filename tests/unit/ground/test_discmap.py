"""A mapping on disc is a mapping, whatever is done to it; and nobody else can read it."""

from __future__ import annotations

import json
import resource
from pathlib import Path

import pytest
from hypothesis import given, strategies as st

from primum.ground.discmap import CodedMap, DiscMap


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("aside")


NAMES = st.sampled_from([f"n{number}" for number in range(200)])
STEPS = st.lists(st.tuples(st.sampled_from(["set", "del", "pop"]), NAMES, st.binary(max_size=5)), max_size=300)


@given(STEPS)
def test_it_is_a_mapping_in_the_order_in_which_names_came(folder: Path, steps: list[tuple[str, str, bytes]]) -> None:
    ours, theirs = DiscMap(folder), dict[str, bytes]()
    for what, name, value in steps:
        if what == "set":
            ours[name] = theirs[name] = value
        elif what == "pop":
            assert ours.pop(name, b"none") == theirs.pop(name, b"none")
        elif name in theirs:
            del ours[name], theirs[name]
        else:
            with pytest.raises(KeyError):
                del ours[name]
    assert list(ours.rows()) == list(theirs.items())
    assert (len(ours), bool(ours), list(ours)) == (len(theirs), bool(theirs), list(theirs))
    assert all(name in ours for name in theirs)


def test_it_may_be_changed_while_it_is_gone_through(folder: Path) -> None:
    ours = DiscMap(folder)
    for number in range(1000):
        ours.add(f"{number}")
    for name in ours:
        if int(name) % 2:
            del ours[name]
    assert list(ours) == [f"{number}" for number in range(0, 1000, 2)]


def test_things_come_back_as_they_are_read(folder: Path) -> None:
    ours: CodedMap[list[int]] = CodedMap(folder, lambda one: json.dumps(one).encode(), json.loads)
    ours["a"], ours["b"] = [1, 2], [3]
    assert dict(ours) == {"a": [1, 2], "b": [3]}
    assert list(ours.values()) == [[1, 2], [3]]
    assert [3] in ours.values()
    assert ours.pop("a") == [1, 2]
    assert (len(ours), bool(ours), "a" in ours) == (1, True, False)


def test_it_has_no_name_and_says_nothing(tmp_path: Path) -> None:
    ours = DiscMap(tmp_path)
    for number in range(20_000):
        ours[f"vault/{number:05}"] = b"of a study"
    assert list(tmp_path.iterdir()) == []
    handle = next(one for one in Path("/proc/self/fd").iterdir() if str(tmp_path) in str(one.readlink()))
    content = handle.read_bytes()
    assert len(content) > 20_000 * 20
    assert b"vault/" not in content
    assert b"SQLite" not in content


def test_a_disc_that_refuses_is_an_error_of_the_disc(tmp_path: Path) -> None:
    ours = DiscMap(tmp_path)
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, hard))
    try:
        with pytest.raises(OSError, match=r"No space left|Input/output"):
            ours.update({f"vault/{number:05}": b"of a study" for number in range(20_000)})
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
