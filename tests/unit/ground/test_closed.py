"""The file that keeps a home's doors closed."""

import pytest

from primum.ground.closed import FILE, Closed, close_doors, read_closed, reopen_doors
from primum.ground.disc import RealDisc

WHO = Closed("2026-11-24T22:40:00.000Z", "per_" + "a" * 26, "inc_" + "b" * 26)


def test_doors_are_open_until_they_are_closed_and_closed_until_they_are_reopened(tmp_path):
    assert read_closed(tmp_path) is None
    close_doors(RealDisc(), tmp_path, WHO)
    assert read_closed(tmp_path) == WHO
    assert reopen_doors(RealDisc(), tmp_path)
    assert read_closed(tmp_path) is None
    assert not reopen_doors(RealDisc(), tmp_path)


BAD = [b"", b"{", b"[]", b'{"at": 1}', b"\xff" * 9000, b'{"at":"","by":"x","incident":""}']


@pytest.mark.parametrize("content", BAD)
def test_what_cannot_be_read_counts_as_closed(tmp_path, content):
    (tmp_path / FILE).write_bytes(content)
    assert read_closed(tmp_path) == Closed()


def test_closing_again_is_the_same(tmp_path):
    close_doors(RealDisc(), tmp_path, WHO)
    close_doors(RealDisc(), tmp_path, WHO)
    assert read_closed(tmp_path) == WHO
