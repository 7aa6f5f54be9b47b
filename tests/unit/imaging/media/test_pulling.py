from __future__ import annotations

import threading

import pytest

from primum.imaging.media.pulling import PIECE, ReaderGone, Write, pulled


def test_all_that_is_written_is_read_in_order() -> None:
    def run(write: Write) -> None:
        for number in range(1000):
            write(number.to_bytes(2, "big") * 1000)

    assert b"".join(pulled(run)) == b"".join(number.to_bytes(2, "big") * 1000 for number in range(1000))


def test_a_writer_ends_when_its_reader_goes_and_is_only_a_little_ahead() -> None:
    written, ended = [0], threading.Event()

    def run(write: Write) -> None:
        try:
            while True:
                write(bytes(PIECE))
                written[0] += 1
        except ReaderGone:
            ended.set()
            raise

    pieces = pulled(run)
    next(pieces)
    pieces.close()  # type: ignore[attr-defined]
    assert ended.wait(10)
    assert written[0] < 16


def test_what_goes_wrong_in_the_writer_breaks_the_reading() -> None:
    def run(write: Write) -> None:
        write(bytes(PIECE))
        raise ValueError("x")

    pieces = pulled(run)
    assert next(pieces) == bytes(PIECE)
    with pytest.raises(ValueError, match="x"):
        next(pieces)
