"""Long answers: the same bytes, in blocks; what they read from is closed, however the answer ends."""

import asyncio
import threading
import time
from contextlib import aclosing

import anyio
import anyio.to_thread
import pytest
from hypothesis import given, strategies as st

from primum.doors.http import streams
from primum.doors.http.streams import SHORT_BYTES, gathered, in_blocks

LONG = b"l" * (SHORT_BYTES + 1)
PIECES = st.lists(st.one_of(st.binary(max_size=40), st.just(LONG)), max_size=30)


@given(PIECES, st.integers(1, 3 * len(LONG)))
def test_gathering_changes_no_byte_and_makes_no_short_block_but_the_last(pieces, size):
    blocks = [b"".join(one) for one in gathered(pieces, size)]
    assert b"".join(blocks) == b"".join(pieces)
    assert all(len(one) >= size for one in blocks[:-1])


@given(PIECES)
def test_a_long_piece_is_passed_on_and_never_copied(pieces):
    given_on = [one for block in gathered(pieces, 1 << 20) for one in block]
    assert sum(one is LONG for one in given_on) == pieces.count(LONG)
    assert len(given_on) <= 2 * pieces.count(LONG) + len(pieces) // 30 + 1


async def everything(pieces, size=8):
    return b"".join([bytes(one) async for one in in_blocks(pieces, size)])


@given(st.lists(st.binary(max_size=40), max_size=30))
def test_an_answer_in_blocks_has_all_bytes_in_order(pieces):
    assert asyncio.run(everything(iter(pieces))) == b"".join(pieces)


class Source:
    def __init__(self, count, error=None):
        self.given, self.closed, self.count, self.error = 0, 0, count, error

    def pieces(self):
        try:
            for _ in range(self.count):
                self.given += 1
                yield b"x" * 8
            if self.error:
                raise self.error
        finally:
            self.closed += 1


def test_nothing_is_opened_before_what_came_before_it_was_taken():
    source = Source(100)

    async def read_three():
        stream = in_blocks(source.pieces(), 8)
        for _ in range(3):
            await anext(stream)
        await stream.aclose()

    asyncio.run(read_three())
    assert source.given == 3
    assert source.closed == 1


def test_what_goes_wrong_in_the_middle_is_raised_there_and_the_source_is_closed():
    source = Source(2, OSError("gone"))
    with pytest.raises(OSError, match="gone"):
        asyncio.run(everything(source.pieces()))
    assert source.closed == 1


def test_a_reader_who_is_cancelled_where_it_waits_leaves_nothing_open():
    """Starlette cancels who streams when the client has gone: within a scope that cancels each wait that follows."""
    source, opened = Source(3), threading.Event()

    def slow():
        for piece in source.pieces():
            opened.set()
            time.sleep(0.05)
            yield piece

    async def read():
        async with aclosing(in_blocks(slow(), 8)) as stream:  # not left to the collector: that would be another day
            await anext(stream)

    async def hang_up():
        async with anyio.create_task_group() as group:
            group.start_soon(read)
            await anyio.to_thread.run_sync(opened.wait)
            group.cancel_scope.cancel()

    asyncio.run(hang_up())
    assert source.closed == 1


def places(took):
    """Tell in which thread each block was opened, of which the seconds are given: the event loop's, or another's."""
    opened = []

    def pieces():
        for seconds in took:
            time.sleep(seconds)
            opened.append(threading.current_thread() is threading.main_thread())
            yield b"x" * 8

    assert asyncio.run(everything(pieces())) == b"x" * 8 * len(took)
    return opened


def test_what_is_opened_quickly_is_opened_where_it_is_sent(monkeypatch):
    monkeypatch.setattr(streams, "_QUICK_SECONDS", 1.0)
    assert places([0.0] * 4) == [False, True, True, True]


def test_the_first_that_is_slow_sends_the_rest_back_to_threads(monkeypatch):
    monkeypatch.setattr(streams, "_QUICK_SECONDS", 0.1)
    assert places([0.2, 0.2, 0.0, 0.0, 0.2, 0.0, 0.0]) == [False, False, False, True, True, False, False]


def test_a_reader_who_takes_everything_at_once_leaves_others_their_turn(monkeypatch):
    monkeypatch.setattr(streams, "_QUICK_SECONDS", 1.0)

    async def both():
        reading = asyncio.create_task(everything(iter([b"x" * 8] * 100)))
        turns = 0
        while not reading.done():
            await asyncio.sleep(0)
            turns += 1
        return turns

    assert asyncio.run(both()) >= 99
