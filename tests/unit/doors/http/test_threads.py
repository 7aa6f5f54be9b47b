"""Handing a request to a thread: the same bound as ever, and nobody waits for ever."""

import asyncio
import threading

import anyio.to_thread
import pytest

from primum.doors.http.threads import in_thread, set_threads


def run(work, places=12):
    async def bounded():
        set_threads(places)
        return await work()

    return asyncio.run(bounded())


def test_a_call_is_answered_by_a_thread_that_serves_the_next_one_too():
    async def work():
        return [await in_thread(lambda by: (by, threading.current_thread()), number) for number in range(5)]

    answered = run(work)
    assert [number for number, _ in answered] == list(range(5))
    (by,) = {thread for _, thread in answered}
    assert by is not threading.current_thread()


@pytest.mark.parametrize(("raised", "told"), [(ValueError, ValueError), (StopIteration, RuntimeError)])
def test_what_a_call_raises_is_raised_where_it_is_awaited(raised, told):
    def call():
        raise raised

    with pytest.raises(told):
        run(lambda: in_thread(call))


def test_no_more_are_at_work_than_there_are_places_streams_included():
    at_work, most, guard = 0, 0, threading.Lock()
    pause = threading.Event()

    def call():
        nonlocal at_work, most
        with guard:
            at_work += 1
            most = max(most, at_work)
        pause.wait(0.01)
        with guard:
            at_work -= 1

    async def work():
        both = [in_thread(call) for _ in range(9)] + [anyio.to_thread.run_sync(call) for _ in range(9)]
        await asyncio.gather(*both)

    run(work, places=3)
    assert most == 3


def test_who_is_cancelled_amid_it_leaves_the_thread_to_the_next():
    begun, go_on = threading.Event(), threading.Event()

    def call():
        begun.set()
        go_on.wait(5)

    async def work():
        waiting = asyncio.create_task(in_thread(call))
        await anyio.to_thread.run_sync(begun.wait)
        waiting.cancel()
        with pytest.raises(asyncio.CancelledError):
            await waiting
        go_on.set()
        return await in_thread(lambda: 7)

    assert run(work, places=2) == 7


def test_threads_end_with_their_loop():
    by = run(lambda: in_thread(threading.current_thread))
    by.join(5)
    assert not by.is_alive()
